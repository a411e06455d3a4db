/*
 * words - what the processes say to each other, as tables: which words there
 * are, with what values, and when they may be said.
 *
 * session_keys.h has the settings of a session.  Both ends and the documents
 * are made from the tables or held against them (tests/words).  How a message
 * is written on the wire is ctl/msg.h; what a word means to who reads it
 * stands with the reader.
 */
#ifndef WORDS_WORDS_H
#define WORDS_WORDS_H

#include <stdint.h>

#define WORDS_PORTALS	    32 /* of one target */
#define WORDS_IDENTITY	    300 /* bytes of the identity of a disk, with the NUL */
#define WORDS_REINSTATES_MS 10000 /* an engine watches for a second */
#define WORDS_SERIAL	    128	  /* of its serial number */

enum word_kind {
	WORD_ID,     /* 64 bits, chosen by the manager */
	WORD_NUMBER, /* 32 bits, within bounds */
	WORD_BIG,    /* 64 bits, the same */
	WORD_MS,     /* the same, milliseconds */
	WORD_BOOL,   /* 0 or 1 */
	WORD_TEXT,
	WORD_NAME, /* text without blanks, and not empty */
	WORD_SECRET,
	WORD_ISID,	    /* 12 hex digits */
	WORD_ADDR,	    /* addr:port,tag, numeric */
	WORD_PORTALS,	    /* the same, repeated */
	WORD_TAG,	    /* of a portal group: 0 to 65535 */
	WORD_DIGEST,	    /* one of digest_words */
	WORD_REINSTATEMENT, /* one of reinstatement_words */
	WORD_SEEN,	    /* one of reinstates_words */
	WORD_LUN,	    /* the eight bytes of its field, as hex digits */
	WORD_ISCSI_NAME,    /* a valid one */
	WORD_HOST,	    /* a host name, and no number */
	WORD_HOST_PORT,	    /* host:port,tag, of either */
	WORD_EXACT,	    /* text that is compared: never cut */
	WORD_UP,	    /* `up` or `down` */
	WORD_ONLINE,	    /* `online` or `failed` */
};

/* Which sessions a key of session_keys.h is about, and where. */
enum word_scope {
	WORD_OF_TARGET = 1,    /* `target` and `settings` have it */
	WORD_OF_DISCOVERY = 2, /* `discover` has it */
	WORD_AT_PORTAL = 4,    /* it may differ per network: `at` has it */
	WORD_AT_ONCE = 8,      /* it counts for a session that stands, too */
	WORD_NEEDED = 16,
	WORD_NOT_0 = 32, /* the manager does not say 0 */
};

/* The states of an engine in which it takes a message. */
enum word_when_engine {
	WHEN_NEW = 1,
	WHEN_GREETED = 2, /* by `hello` */
	WHEN_ENDING = 4,  /* after `quit` */
};

/* The states of an engine in which the manager believes a message. */
enum word_when_manager {
	HEARD_STARTING = 1,
	HEARD_ADOPTING = 2,
	HEARD_READY = 4,
	HEARD_KILLED = 8,
	HEARD_QUITTING = 16,
};

/* By enum digest_offer of proto/session.h, and enum conf_digest. */
#define DIGEST_WORDS 4
extern const char *const digest_words[DIGEST_WORDS];

/* SessionReinstatement: by the enums of conf and engine. */
#define REINSTATEMENT_WORDS 3
extern const char *const reinstatement_words[REINSTATEMENT_WORDS];

/* What was seen of a target: by enum reinstates of the engine. */
#define REINSTATES_WORDS 3
extern const char *const reinstates_words[REINSTATES_WORDS];

#endif
