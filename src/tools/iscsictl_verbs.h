/*
 * iscsictl_verbs - what iscsictl makes of the verbs of words/control_verbs.h:
 * requests of the words behind them, and text of their answers.
 */
#ifndef TOOLS_ISCSICTL_VERBS_H
#define TOOLS_ISCSICTL_VERBS_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "ctl/msg.h"

struct control_verb;

/* NULL when there is none of that name. */
const struct control_verb *verb_find(const char *name);

/* NULL with the request in m, or what is wrong. */
const char *verb_request(const struct control_verb *v, int argc, char **argv,
			 struct msg_out *m);
/* One row of the answer. */
void verb_print(const struct control_verb *v, const struct msg_in *row,
		FILE *to);
/* What follows an "ok"; false: it came to nothing. */
bool verb_finish(const struct control_verb *v, const char *rundir,
		 uint64_t timeout);

#endif
