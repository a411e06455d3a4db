/*
 * verbs - what may be asked of the manager over its control socket
 * (docs/control-protocol.md), but for the listing of iscsi-ls.
 */
#ifndef WORDS_VERBS_H
#define WORDS_VERBS_H

#include <stdbool.h>

#define CONTROL_KEYS 4 /* of a kind, of one verb */

enum control_verb_id {
#define VERB(name, when, needs, takes, row, words, help) CONTROL_##name,
#include "words/control_verbs.h"
	CONTROL_VERBS,
};

struct control_verb {
	const char *name;
	bool while_stopping;
	const char *needs[CONTROL_KEYS], *takes[CONTROL_KEYS]; /* or NULL */
	const char *row;	  /* verb of the rows of its answer, or NULL */
	const char *words, *help; /* what follows it, what it does */
};

/* By enum control_verb_id. */
extern const struct control_verb control_verbs[CONTROL_VERBS];

#endif
