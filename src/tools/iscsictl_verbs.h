/*
 * iscsictl_verbs - the verbs of iscsictl as a table: their words, the request
 * they become, and how their rows are printed.
 */
#ifndef TOOLS_ISCSICTL_VERBS_H
#define TOOLS_ISCSICTL_VERBS_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "ctl/msg.h"

struct verb {
	const char *name;
	const char *words, *help; /* of the usage */
	int min, max;		  /* words after the name */
	/* NULL, or what is wrong with the words. */
	const char *(*fill)(struct msg_out *m, int argc, char **argv);
	const char *row; /* verb of its rows, or NULL */
	void (*print)(const struct msg_in *row, FILE *to);
	/* NULL, or what follows an "ok"; false: it came to nothing. */
	bool (*after)(const char *rundir, uint64_t timeout);
};

extern const struct verb verbs[];
extern const size_t verb_count;

/* NULL when there is none of that name. */
const struct verb *verb_find(const char *name);
/* NULL with the request in m, or what is wrong. */
const char *verb_request(const struct verb *v, int argc, char **argv,
			 struct msg_out *m);

#endif
