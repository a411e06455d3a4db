/*
 * core - what the parts of iscsid ask of the whole.
 */
#include "iscsid/core/core.h"

#include "base/log.h"

uint64_t manager_new_id(struct manager *m)
{
	return ++m->last_id;
}

void manager_skip_id(struct manager *m, uint64_t id)
{
	/* An engine may say anything; so many are never given. */
	if (m->last_id < id && id <= INT64_MAX)
		m->last_id = id;
}

struct engine_process *manager_pick_engine(struct manager *m)
{
	struct engine_process *best = NULL;

	for (unsigned i = 0; i < m->engines.count; i++) {
		struct engine_process *e = &m->engines.list[i];

		if (e->state == ENGINE_READY && (!best || e->load < best->load))
			best = e;
	}
	return best;
}

static void put_fault(void *ctx, int level, const char *line)
{
	log_line(level, NULL, "%s", line);
}

struct report manager_report(void)
{
	return (struct report){ .put = put_fault };
}

bool manager_is_sole(struct manager *m)
{
	return m->out->is_sole(m->out, m->initiator.name);
}

bool manager_is_stopping(const struct manager *m)
{
	return m->state != MANAGER_RUNNING;
}

#define RECORD_AGAIN 1000 /* ms */

void manager_record_later(struct manager *m)
{
	if (!m->unrecorded.set)
		manager_set_timer(m, &m->unrecorded, RECORD_AGAIN);
}

void manager_check_stop(struct manager *m)
{
	if (m->check)
		m->check(m);
}
