/*
 * answers - what a discovery found.
 */
#include "iscsid/source/answers.h"

#include <stdlib.h>

#define STEP 32 /* records there is room for at once */

void answers_add(struct answers *a, const struct reported_found *f)
{
	struct reported_found *more;

	if (a->complete) {
		a->complete = false;
		a->ncoming = 0;
	}
	if (a->ncoming == ANSWER_RECORDS)
		return;
	if (a->ncoming == a->room) {
		more = reallocarray(a->coming, a->room + STEP, sizeof(*more));
		if (!more)
			return;
		a->coming = more;
		a->room += STEP;
	}
	a->coming[a->ncoming++] = *f;
}

void answers_end(struct answers *a)
{
	if (a->complete) /* an empty one after one that nobody took */
		a->ncoming = 0;
	a->complete = true;
}

void answers_take(struct answers *a)
{
	free(a->taken);
	a->taken = a->coming;
	a->ntaken = a->ncoming;
	a->coming = NULL;
	a->ncoming = a->room = 0;
	a->complete = false;
}

void answers_done(struct answers *a)
{
	free(a->taken);
	a->taken = NULL;
	a->ntaken = 0;
}

void answers_drop(struct answers *a)
{
	answers_take(a);
	answers_done(a);
}
