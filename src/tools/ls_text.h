/*
 * ls_text - the answer to "ls" as iscsi-ls prints it.
 *
 * Labels, their order and their columns are those of the driver's own
 * iscsi-ls of the 3.6 family, because scripts read them; what that one did
 * not have comes after.  What targets said is made printable.
 */
#ifndef TOOLS_LS_TEXT_H
#define TOOLS_LS_TEXT_H

#include <stdbool.h>
#include <stdio.h>

#include "ctl/msg.h"

struct ls_text {
	FILE *to;
	bool luns;   /* -l */
	bool params; /* -c */
	bool one;    /* only target number wanted */
	unsigned wanted;
	/* where in the listing we are; zero at first */
	unsigned shown;	     /* targets */
	bool inside;	     /* a target that is shown */
	const char *heading; /* the last one below it */
};

void ls_text_header(struct ls_text *t);
/* One message of the answer, "end" included.  0, or -EBADMSG. */
int ls_text_add(struct ls_text *t, const struct msg_in *m);

#endif
