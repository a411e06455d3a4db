/*
 * stop - an orderly end of iscsid: devices, sessions, engines, in this order,
 * as a table.
 */
#include "iscsid/life/stop.h"

#include "base/log.h"
#include "iscsid/life/comeback.h"
#include "iscsid/core/core.h"
#include "iscsid/source/sources.h"
#include "iscsid/target/target.h"

static void step(struct manager *m, enum manager_event ev)
{
	/* A failure of it has been dealt with: manager_broken(). */
	(void)fsm_step(&manager_fsm, &m->state, (uint8_t)ev, m, NULL);
}

static void set_deadline(struct manager *m, uint64_t ms)
{
	manager_set_timer(m, &m->deadline, ms);
}

static void act_drain(void *obj, const void *arg)
{
	struct manager *m = obj;

	log_info(NULL, "stopping");
	m->out->ready(m->out, 1);
	manager_clear_timer(m, &m->settle);
	comeback_end(m);
	sources_free(m);
	targets_drain(m, false);
	manager_check_stop(m);
}

static void act_log_out(void *obj, const void *arg)
{
	struct manager *m = obj;

	set_deadline(m, MANAGER_LOGOUT_IN);
	targets_remove(m);
	manager_check_stop(m);
}

static void act_quit(void *obj, const void *arg)
{
	struct manager *m = obj;

	set_deadline(m, MANAGER_QUIT_IN);
	engines_quit(&m->engines);
	manager_check_stop(m);
}

static void act_late_logout(void *obj, const void *arg)
{
	log_warn(NULL, "not all targets could be logged out of within %u s",
		 MANAGER_LOGOUT_IN / 1000);
	act_quit(obj, arg);
}

static void act_over(void *obj, const void *arg)
{
	struct manager *m = obj;

	manager_clear_timer(m, &m->deadline);
	m->out->over(m->out);
}

static void act_late_quit(void *obj, const void *arg)
{
	struct manager *m = obj;

	log_warn(NULL, "not all engines ended within %u s",
		 MANAGER_QUIT_IN / 1000);
	engines_kill(&m->engines);
	act_over(obj, arg);
}

/* What must hold ------------------------------------------------------ */

#define HAS_DEADLINE (IN(MANAGER_LOGGING_OUT) | IN(MANAGER_QUITTING))

static const char *manager_check(const void *obj)
{
	const struct manager *m = obj;
	uint32_t at = IN(m->state);

	if (!list_empty(&m->sources))
		return "targets are still looked for";
	if (m->deadline.set != ((at & HAS_DEADLINE) != 0))
		return "the deadline is not of this state";
	if (at & IN(MANAGER_LOGGING_OUT) && targets_have_devices(m))
		return "there are devices still";
	return NULL;
}

/* The stop goes on; where it has a deadline, not for ever. */
static void manager_broken(void *obj, const char *what)
{
	struct manager *m = obj;

	log_err(NULL, "%s: ignored", what);
	if (IN(m->state) & HAS_DEADLINE && !m->deadline.set)
		set_deadline(m, MANAGER_QUIT_IN);
}

static const char *const state_names[MANAGER_STATES] = {
	"running", "draining", "logging-out", "quitting", "over",
};
static const char *const event_names[MANAGER_EVENTS] = {
	"stop", "no-devices", "no-targets", "no-engines", "late",
};

static const struct fsm_row rows[] = {
	{ IN(MANAGER_RUNNING), MANAGER_STOP, MANAGER_DRAINING, act_drain,
	  "told to stop" },
	{ IN(MANAGER_DRAINING), MANAGER_NO_DEVICES, MANAGER_LOGGING_OUT,
	  act_log_out, "all devices are gone" },
	{ IN(MANAGER_LOGGING_OUT), MANAGER_NO_TARGETS, MANAGER_QUITTING,
	  act_quit, "logged out everywhere" },
	{ IN(MANAGER_LOGGING_OUT), MANAGER_LATE, MANAGER_QUITTING,
	  act_late_logout, "a target does not answer" },
	{ IN(MANAGER_QUITTING), MANAGER_NO_ENGINES, MANAGER_OVER, act_over,
	  "done" },
	{ IN(MANAGER_QUITTING), MANAGER_LATE, MANAGER_OVER, act_late_quit,
	  "an engine hangs" },
};

const struct fsm manager_fsm = {
	.name = "manager",
	.states = state_names,
	.events = event_names,
	.rows = rows,
	.nrows = sizeof(rows) / sizeof(*rows),
	.nstates = MANAGER_STATES,
	.nevents = MANAGER_EVENTS,
	.check = manager_check,
	.broken = manager_broken,
};

static void check_stop(struct manager *m)
{
	if (m->state == MANAGER_DRAINING && !targets_have_devices(m))
		step(m, MANAGER_NO_DEVICES);
	else if (m->state == MANAGER_LOGGING_OUT && targets_are_removed(m))
		step(m, MANAGER_NO_TARGETS);
	else if (m->state == MANAGER_QUITTING && engines_are_gone(&m->engines))
		step(m, MANAGER_NO_ENGINES);
}

static void on_deadline(struct io_timer *t)
{
	step(container_of(t, struct manager, deadline), MANAGER_LATE);
}

static void on_free(struct io_timer *t)
{
	struct manager *m = container_of(t, struct manager, settle);

	manager_stop(m);
	if (!m->forced)
		manager_set_timer(m, t, FREE_WITHIN);
}

void stop_begin_free(struct manager *m)
{
	if (targets_have_devices(m))
		log_info(NULL,
			 "its disks are flushed and taken away, those that are "
			 "in use or wait for their target after %u s",
			 FREE_WITHIN / 1000);
	m->settle.fn = on_free;
	manager_set_timer(m, &m->settle, 1);
}

void stop_init(struct manager *m)
{
	m->deadline.fn = on_deadline;
	m->check = check_stop;
}

void manager_stop(struct manager *m)
{
	if (!manager_is_stopping(m)) {
		step(m, MANAGER_STOP);
	} else if (!m->forced) {
		log_warn(NULL, "what is left goes by force now");
		m->forced = true;
		targets_drain(m, true);
		manager_check_stop(m);
	}
}
