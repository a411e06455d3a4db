/*
 * verbs - what may be asked of the manager over its control socket.
 */
#include "words/verbs.h"

#include <stddef.h>

const struct control_verb control_verbs[CONTROL_VERBS] = {
#define VERB(name, when, needs, takes, row, words, help)                       \
	{ #name, when, needs, takes, row, words, help },
#include "words/control_verbs.h"
};
