/*
 * fault - what a peer or the path can do wrong, as one table.
 *
 * A fault is never an errno: it says in words what happened, and whether
 * trying again makes sense.  At ErrorRecoveryLevel 0 each ends the session.
 */
#ifndef PROTO_FAULT_H
#define PROTO_FAULT_H

enum fault_retry {    /* what happens next with the login */
	RETRY_NOW,    /* at once: elsewhere (redirected), or otherwise */
	RETRY_QUICK,  /* soon, and never much later: asking costs little */
	RETRY_SOON,   /* with the usual back-off */
	RETRY_RARELY, /* an administrator has to change something first */
	RETRY_NEVER,  /* we ended it ourselves */
};

struct fault {
	const char *name; /* for tables and scripts: "login-timeout" */
	enum fault_retry retry;
	const char *text; /* for people: "the target did not answer ..." */
};

/* fault_login_timeout, fault_ping_timeout, ... */
#define FAULT_DECLARE(id, retry, text) extern const struct fault fault_##id;
#include "proto/fault_table.h"
#undef FAULT_DECLARE

/* All of them, NULL at the end. */
extern const struct fault *const faults[];

#endif
