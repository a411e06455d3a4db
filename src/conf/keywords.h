/*
 * keywords - the words of iscsi.conf, once, as a table.
 *
 * The parser, the listing of effective values, the sample file and the
 * manual page are all fed from it.
 */
#ifndef CONF_KEYWORDS_H
#define CONF_KEYWORDS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* What begins a section; also a bit in keyword.where, see IN_SECTION. */
enum conf_section_kind {
	CONF_DISCOVERY,	     /* DiscoveryAddress= */
	CONF_TARGET,	     /* TargetName= */
	CONF_TARGET_ADDRESS, /* TargetIPAddress= */
	CONF_SUBNET,	     /* Subnet= */
	CONF_ADDRESS,	     /* Address= */
	CONF_OTHER,	     /* SLPMulticast= and such: read, not used */
	CONF_SECTION_KINDS,
};

#define IN_SECTION(kind) (1u << (kind))
#define IN_GLOBAL	 (1u << CONF_SECTION_KINDS)

enum keyword_kind {
	KEY_BOOL,
	KEY_BYTES,	   /* a number of bytes */
	KEY_TIME,	   /* milliseconds; written in s, m or h */
	KEY_STRING,	   /* up to CONF_STRING_SIZE - 1 bytes */
	KEY_SECRET,	   /* same, never shown */
	KEY_DIGEST,	   /* enum conf_digest */
	KEY_MULTIPATH,	   /* enum conf_multipath */
	KEY_EXPORT,	   /* enum conf_export */
	KEY_REINSTATEMENT, /* enum conf_reinstatement */
	KEY_BARRIER,	   /* enum conf_barrier */
	KEY_PORTAL,	   /* struct conf_portal */
	KEY_SUBNETS,	   /* struct conf_nets */
	KEY_LUNS,	   /* struct conf_luns */
	KEY_SECTION,	   /* begins a section */
	KEY_UNUSED,	   /* known, without effect here */
};

#define KEYWORD_ALIASES 2
#define KEYWORD_MAX	64 /* rows of the table at most */

struct keyword {
	const char *name;
	const char *aliases[KEYWORD_ALIASES]; /* NULL: no more */
	enum keyword_kind kind;
	unsigned where;	   /* set of IN_SECTION(kind), IN_GLOBAL */
	const char *deflt; /* as one would write it; NULL: none */
	bool finite;	   /* KEY_TIME: 0 is no time, and infinite no value */
	uint64_t min, max; /* KEY_BYTES: bytes; KEY_TIME: seconds */
	size_t offset;	   /* its field in struct conf_settings */
	enum conf_section_kind section; /* KEY_SECTION: what it begins */
	const char *form;		/* how to write the value, for people */
	const char *help;		/* one sentence */
};

extern const struct keyword keywords[];
extern const size_t keyword_count; /* <= KEYWORD_MAX */

/* The i-th of its names, its aliases last; NULL at the end. */
const char *keyword_name(const struct keyword *k, size_t i);

/* By name or alias, letters' case ignored; NULL when unknown. */
const struct keyword *keyword_find(const char *s, size_t n);

/* The name or alias nearest to a misspelt s[0..n), NULL: none is near. */
const char *keyword_nearest(const char *s, size_t n);

/* The keyword that begins such a section, for messages. */
const char *keyword_section_name(enum conf_section_kind kind);

#endif
