/*
 * conn - a socket between a manager and an engine, and the messages in it.
 */
#ifndef SIM_CONN_H
#define SIM_CONN_H

#include <stdbool.h>
#include <stddef.h>

#include "base/list.h"
#include "kdev.h"

struct fd;

struct note { /* a message on its way */
	struct list link;
	struct kdev *kdev; /* a handle of it comes along; NULL: none */
	bool lie;	   /* it keeps no true word waiting */
	size_t len;
	char text[];
};

/* A socket between a manager and an engine. */
struct conn {
	struct list to, from; /* the engine's view */
	struct fd *fd;	      /* the engine's end; NULL: not accepted yet */
	bool manager, engine; /* has its end open */
	bool told;	      /* the manager knows that the engine's is not */
};

/* With both ends open. */
struct conn *conn_new(void);

/* Behind the others; d: a handle of it comes along, or NULL. */
struct note *note_add(struct list *l, const char *text, size_t n,
		      struct kdev *d);
void notes_drop(struct list *l);
unsigned notes_count(const struct list *l);

#endif
