/*
 * script - a fault and what becomes of it, as lines of text.
 *
 * HACKING.md has the language; the table of verbs is in script.c.  Reading a
 * script knows nothing of where it is played.
 */
#ifndef SCRIPTS_SCRIPT_H
#define SCRIPTS_SCRIPT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define SCRIPT_STEPS   128
#define SCRIPT_TEXT    256
#define SCRIPT_WORD    16
#define SCRIPT_OPTIONS 24
#define SCRIPT_FOREVER UINT64_MAX

enum verb {
	VERB_START,
	VERB_ASK,
	VERB_BEGIN,
	VERB_END,
	VERB_TARGET,
	VERB_CRASH,
	VERB_POWER_CUT,
	VERB_KILL_ENGINE,
	VERB_KILL_MANAGER,
	VERB_GONE,
	VERB_BACK,
	VERB_BLOCKS,
	VERB_DEVICE,
	VERB_WAIT,
	VERB_SAW,
	VERB_LOG,
	VERB_FORGET,
	VERB_COUNT,
};

enum ask_kind {
	ASK_READ,
	ASK_WRITE,
	ASK_FLUSH,
	ASK_TRIM,
};

/* A request of the user. */
struct want {
	enum ask_kind kind;
	unsigned lun;
	uint32_t first, n;	   /* blocks of 512 bytes */
	char data[2][SCRIPT_WORD]; /* written; or read: either of them */
	bool fua;
};

struct step {
	enum verb verb;
	unsigned line;
	char name[SCRIPT_WORD]; /* begin, end */
	struct want want;
	int err;		/* expected: 0 or an errno */
	bool there;		/* device */
	uint64_t after, within; /* ms */
	uint64_t min, max;	/* saw, log: how many; blocks, wait: min */
	char text[SCRIPT_TEXT];
};

/* What there is before the first step. */
struct setup {
	unsigned portals, groups, luns;
	uint32_t blocks;
	bool cache, thin;
	uint32_t command_timeout; /* ms; 0: the driver's own */
	/* Why it takes a virtual clock, or real processes; or "". */
	char virtual_only[128], real_only[128];
	char conf[2048];		 /* lines of iscsi.conf */
	char option[SCRIPT_OPTIONS][64]; /* of the target, word by word */
	size_t noptions;
};

struct script {
	char title[SCRIPT_TEXT]; /* the first line, a sentence */
	struct setup setup;
	struct step steps[SCRIPT_STEPS];
	size_t nsteps;
};

/*
 * Returns 0, or -errno or -EINVAL with err saying what is wrong, and in which
 * line.
 */
int script_read(const char *path, struct script *out, char *err, size_t size);

/* The 512 bytes that a word puts into a block. */
void script_fill(const char *word, uint64_t block, uint8_t *dst);

#endif
