/*
 * settings - what a `target` or `discover` message asks for, checked.
 *
 * The manager is trusted, but it may be of another version: every value is
 * held against its limits, and a key that is not there keeps its default.
 */
#ifndef ENGINE_SETTINGS_H
#define ENGINE_SETTINGS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "proto/session.h"
#include "wire/addr.h"
#include "words/words.h"

struct msg_in;
struct strbuf;

#define PORTALS_MAX	  WORDS_PORTALS /* of one target */
#define SETTINGS_NO_GROUP UINT32_MAX

enum reinstates { /* in the order of reinstates_words */
	REINSTATES_UNKNOWN,
	REINSTATES_YES,
	REINSTATES_NO,
};

enum reinstatement {	   /* SessionReinstatement of iscsi.conf */
	REINSTATEMENT_SEE, /* found out at a login */
	REINSTATEMENT_YES, /* believed */
	REINSTATEMENT_NO,  /* not relied on */
};

/* What may be another at each portal: rows with WORD_AT_PORTAL. */
#define OWN_SETTINGS                                                           \
	struct session_config session;                                         \
	uint32_t connfail_timeout; /* ms; 0: requests wait for ever */         \
	uint32_t disk_timeout;	   /* ms a request gets in all; 0: for ever */ \
	uint32_t window;	   /* bytes of TCP buffer; 0: what fits */

struct own_settings {
	OWN_SETTINGS
};

struct settings {
	uint64_t id;
	union {
		struct own_settings own; /* all of them */
		struct {
			OWN_SETTINGS
		};
	};
	struct addr portals[PORTALS_MAX]; /* in order of preference */
	unsigned nportals;		  /* stays behind them */
	uint32_t preferred; /* so many of them go before all others */
	bool failover;
	uint32_t group; /* of the last session, SETTINGS_NO_GROUP: none */
	bool doubt;	/* writes of a session before may arrive, on any LUN */
	uint32_t resumes; /* disks to come that an engine before us served */
	struct addr old_portal; /* its last connection went there */
	uint32_t old_port;	/* from this port; 0: not known */
	bool continuous;	/* discovery: the session stays */
	uint32_t linger; /* ms: else so long, to let the target show life */
	uint32_t task_timeout;	/* ms a command gets; 0: for ever */
	uint32_t fence_timeout; /* ms: the network delivers within it */
	enum reinstatement reinstatement;
	bool barrier_resets;	/* FenceBarrier=reset */
	bool fence_reservation; /* no other host uses its LUNs */
	enum reinstates seen;	/* before, by an engine */
	uint32_t seen_ms;
};

/*
 * Reads a whole message into *out, which is defined only on success and then
 * holds secrets: settings_wipe() it.  Returns 0 or -EINVAL with the reason,
 * without any value in it, in why.
 */
int settings_read(const struct msg_in *m, enum session_type type,
		  struct settings *out, struct strbuf *why);

/* The portals of a message that has nothing else of it: 0 or -EINVAL. */
int settings_portals(const struct msg_in *m, struct settings *out,
		     struct strbuf *why);

/*
 * The portal of an `at` message, and what it says of the session there, over
 * what *io holds; credentials that are not given are none.  0 or -EINVAL.
 */
int settings_own(const struct msg_in *m, struct addr *portal,
		 struct settings *io, struct strbuf *why);
/* Those that may change while a session stands. */
void settings_take_times(struct settings *s, const struct settings *from);

/* Overwrites everything, the secrets above all. */
void settings_wipe(struct settings *s);

#endif
