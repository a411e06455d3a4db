/*
 * settings - what iscsi.conf means for one session, as plain values.
 *
 * Precedence of a value, for each keyword by itself: network sections
 * (TargetIPAddress, Subnet, Address) that hold the portal, then TargetName
 * sections of the target, then the DiscoveryAddress section that found it
 * (credentials only: its other values are for the discovery session), then
 * the global line.  Of several sections of one rank the last in the file
 * wins.  A global line counts as it stood where the deciding section begins;
 * for a target without any section, as it stands at the end of the file.
 */
#ifndef CONF_SETTINGS_H
#define CONF_SETTINGS_H

#include <stdbool.h>
#include <stdint.h>

#include "conf/keywords.h"
#include "conf/net.h"
#include "wire/addr.h"

#define CONF_STRING_SIZE 256 /* user names and secrets, with the NUL */
#define CONF_NETS	 16  /* addresses in one PreferredSubnet */
#define CONF_LUNS	 256

enum conf_digest { /* in the order of proto's enum digest_offer */
	CONF_DIGEST_NEVER,
	CONF_DIGEST_PREFER_OFF,
	CONF_DIGEST_PREFER_ON,
	CONF_DIGEST_ALWAYS,
};

enum conf_multipath {
	CONF_MULTIPATH_NO,
	CONF_MULTIPATH_PORTAL,	    /* a session per portal */
	CONF_MULTIPATH_PORTALGROUP, /* a session per portal group */
};

/* Export=: auto, or the exporter of this number (base/exporters.h). */
#define CONF_EXPORT_AUTO    0u
#define CONF_EXPORT(number) ((number) + 1u)

/* Is a session ended by the next one with its ISID (RFC 7143 6.3.5)? */
enum conf_reinstatement {
	CONF_REINSTATEMENT_SEE, /* found out at a login */
	CONF_REINSTATEMENT_YES, /* believed */
	CONF_REINSTATEMENT_NO,	/* not relied on */
};

/* What waits for the writes that an old session left running? */
enum conf_barrier {
	CONF_BARRIER_ORDERED, /* an ORDERED command */
	CONF_BARRIER_RESET,   /* LUN RESET before it: it ends others', too */
};

struct conf_credentials {
	char user[CONF_STRING_SIZE];   /* "": none */
	char secret[CONF_STRING_SIZE]; /* "": none configured */
};

struct conf_portal {
	char host[ADDR_HOST_SIZE]; /* "": none */
	uint16_t port;		   /* 0: any */
};

struct conf_nets {
	struct conf_net net[CONF_NETS];
	unsigned count;
};

struct conf_luns {
	uint8_t map[CONF_LUNS / 8];
};

/* Where a value was written. */
enum conf_scope {
	CONF_FROM_DEFAULT,
	CONF_FROM_GLOBAL,
	CONF_FROM_DISCOVERY,
	CONF_FROM_TARGET,
	CONF_FROM_NETWORK,
};

struct conf_origin {
	uint32_t line; /* 0: the built-in default */
	uint8_t scope; /* enum conf_scope */
};

/*
 * One session's settings.  It borrows nothing and outlives its struct conf.
 * It holds secrets: conf_settings_wipe() it after use.  Of a discovery
 * session only the credentials, the first five times and the last two
 * switches mean something.
 */
struct conf_settings {
	/*
	 * NULL, or why no session may be made with these credentials, in
	 * words.  They are cleared then; a login must not be tried without.
	 */
	const char *unusable;
	struct conf_credentials out; /* we prove who we are */
	struct conf_credentials in;  /* the target proves who it is */
	/* Times in milliseconds; 0 means never or for ever. */
	uint32_t login_timeout, auth_timeout;
	uint32_t active_timeout, idle_timeout, ping_timeout;
	uint32_t connfail_timeout;
	uint32_t abort_timeout, reset_timeout;
	uint32_t min_disk_command_timeout, max_disk_command_timeout;
	uint32_t header_digest, data_digest; /* enum conf_digest */
	bool initial_r2t, immediate_data;
	uint32_t max_recv_data; /* bytes, as the next three */
	uint32_t first_burst;	/* never above max_burst */
	uint32_t max_burst;
	uint32_t tcp_window;
	uint32_t fence_timeout; /* ms; 0: no wait */
	uint32_t reinstatement; /* enum conf_reinstatement */
	uint32_t barrier;	/* enum conf_barrier */
	bool fence_reservation;
	bool portal_failover;
	struct conf_portal preferred_portal;
	struct conf_nets preferred_subnet;
	uint32_t multipath; /* enum conf_multipath */
	uint32_t export;    /* CONF_EXPORT() */
	struct conf_luns luns;
	uint32_t engine_timeout; /* ms; of all targets */
	bool enabled;
	bool continuous, send_async_text; /* discovery */
	uint32_t poll_interval;		  /* SLP: unused */
	/* By row of the keyword table. */
	struct conf_origin origin[KEYWORD_MAX];
};

struct conf;
struct conf_section;

/*
 * Settings of a session to target name through portal (NULL: not known yet,
 * no network section applies).  found_by is the DiscoveryAddress section of
 * conf that found the target, NULL for a target that stands in the file.
 */
void conf_target_settings(const struct conf *conf, const char *name,
			  const struct addr *portal,
			  const struct conf_section *found_by,
			  struct conf_settings *out);

/* Settings of the discovery session of a DiscoveryAddress section. */
void conf_discovery_settings(const struct conf *conf,
			     const struct conf_section *discovery,
			     struct conf_settings *out);

/* Overwrites everything, so that no secret stays in memory. */
void conf_settings_wipe(struct conf_settings *s);

/* May this LUN be used (LUNs=)?  LUNs above 255 never may. */
bool conf_lun_enabled(const struct conf_settings *s, uint32_t lun);

/*
 * Order of preference of a portal: 0 the PreferredPortal, 1 inside the
 * PreferredSubnet, 2 any other.
 */
#define CONF_PORTAL_OTHER 2
unsigned conf_portal_rank(const struct conf_settings *s,
			  const struct addr *portal);

/* EngineTimeout, in milliseconds. */
uint32_t conf_engine_timeout(const struct conf *conf);

/* The time a disk command gets in all: milliseconds, 0 for ever. */
uint32_t conf_disk_timeout(const struct conf_settings *s);

/* Where a setting is from: the line in conf->file, 0 for the default. */
struct conf_origin conf_settings_origin(const struct conf_settings *s,
					const struct keyword *k);

/*
 * The i-th line of the listing of a target's effective values,
 * "LoginTimeout=20s" and "/etc/iscsi.conf:12" or "default"; false at the end.
 */
bool conf_settings_list(const struct conf *conf, const struct conf_settings *s,
			size_t i, char *value, size_t value_size, char *origin,
			size_t origin_size);
#define CONF_LIST_SIZE 4096 /* enough for any value */

#endif
