/*
 * engines - all engine processes together: started, renewed, asked to end.
 *
 * What becomes of one of them is supervise.c's.
 */
#include "iscsid/engines/supervise_internal.h"

#include <errno.h>
#include <stdlib.h>

#include "iscsid/host/outside.h"

int engines_start(struct engines *es, unsigned count)
{
	es->list = calloc(ENGINES_MAX, sizeof(*es->list));
	if (!es->list)
		return -ENOMEM;
	es->count = count;
	for (unsigned i = 0; i < ENGINES_MAX; i++) {
		engine_process_init(es, i);
		if (engine_find(&es->list[i])) {
			if (es->count <= i)
				es->count = i + 1;
		} else if (i < count) {
			engine_step(&es->list[i], ENGINE_SPAWN);
		}
	}
	return 0;
}

bool engines_are_adopted(const struct engines *es)
{
	for (unsigned i = 0; i < es->count; i++)
		if (es->list[i].state == ENGINE_ADOPTING)
			return false;
	return true;
}

/* One at a time, so that few disks wait at once. */
void engines_renew_next(struct engines *es)
{
	struct engine_process *next = NULL;

	for (unsigned i = 0; i < es->count; i++) {
		struct engine_process *e = &es->list[i];

		if (e->renewing)
			return;
		if (!next && e->old && e->state == ENGINE_READY)
			next = e;
	}
	if (next) {
		next->renewing = true;
		engine_step(next, ENGINE_RENEW);
	}
}

void engines_renew(struct engines *es)
{
	for (unsigned i = 0; i < es->count; i++)
		es->list[i].old = es->list[i].adopted;
	engines_renew_next(es);
}

unsigned engines_old(const struct engines *es)
{
	unsigned n = 0;

	for (unsigned i = 0; i < es->count; i++)
		n += es->list[i].old || es->list[i].renewing;
	return n;
}

void engines_set_topics(struct engines *es, unsigned mask)
{
	es->topics = mask;
	for (unsigned i = 0; i < es->count; i++)
		if (es->list[i].state == ENGINE_READY)
			engine_send_topics(&es->list[i]);
}

void engines_quit(struct engines *es)
{
	for (unsigned i = 0; i < es->count; i++)
		engine_step(&es->list[i], ENGINE_QUIT);
}

bool engines_are_gone(const struct engines *es)
{
	for (unsigned i = 0; i < es->count; i++)
		if (es->list[i].state != ENGINE_GONE)
			return false;
	return true;
}

void engines_kill(struct engines *es)
{
	for (unsigned i = 0; i < es->count; i++)
		engine_kill(&es->list[i]);
}

void engines_free(struct engines *es)
{
	for (unsigned i = 0; i < (es->list ? ENGINES_MAX : 0u); i++)
		engine_release(&es->list[i]);
	free(es->list);
	es->list = NULL;
	es->count = 0;
}
