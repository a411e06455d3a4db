/*
 * answers - what a discovery found: the answer that comes in, record by record,
 * and the one before it, whose names are looked up meanwhile.
 */
#ifndef ISCSID_ANSWERS_H
#define ISCSID_ANSWERS_H

#include <stdbool.h>
#include <stddef.h>

#include "iscsid/messages/reported.h"

#define ANSWER_RECORDS 4096 /* kept of one answer */

struct answers {
	struct reported_found *coming;
	size_t ncoming, room;
	bool complete; /* it is whole, and waits to be taken */
	struct reported_found *taken;
	size_t ntaken;
};

/* Of what comes in; one that nobody took in time makes room for the next. */
void answers_add(struct answers *a, const struct reported_found *f);
/* It is whole, be it an empty one. */
void answers_end(struct answers *a);
/* What came in is taken: the next one may come. */
void answers_take(struct answers *a);
/* Nobody needs what was taken any more. */
void answers_done(struct answers *a);
void answers_drop(struct answers *a);

#endif
