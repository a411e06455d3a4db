/*
 * test_contained - what becomes of an object of the manager whose machine met
 * the impossible, where users run it: that one, and nothing else.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "base/log.h"
#include "base/str.h"
#include "iscsid/core/core.h"
#include "iscsid/device/device_internal.h"
#include "iscsid/engines/supervise_internal.h"
#include "iscsid/host/outside.h"
#include "iscsid/life/stop.h"
#include "iscsid/source/source.h"
#include "iscsid/target/target.h"

static unsigned killed, lines;
static char last_line[300];

/* The world ------------------------------------------------------------ */

static uint64_t now(const struct outside *o)
{
	return 1000;
}

static void set_timer(const struct outside *o, struct io_timer *t, uint64_t ms)
{
	t->set = true;
	t->when = 1000 + ms;
}

static void clear_timer(const struct outside *o, struct io_timer *t)
{
	t->set = false;
}

static int kill_it(const struct outside *o, struct engine_process *e)
{
	killed++;
	return 0;
}

static void abandon(const struct outside *o, struct worker *w)
{
	assert_null(w);
}

static void file_path(const struct outside *o, const char *disk, char *dst,
		      size_t size)
{
	str_copy(dst, size, disk);
}

static const struct outside world = {
	.now = now,
	.set_timer = set_timer,
	.clear_timer = clear_timer,
	.kill = kill_it,
	.abandon = abandon,
	.file_path = file_path,
};

static void sink(int level, const char *line)
{
	lines++;
	str_copy(last_line, sizeof(last_line), line);
}

static struct manager manager;

static int setup(void **state)
{
	fsm_set_strict(false);
	log_set_sink(sink);
	killed = lines = 0;
	manager = (struct manager){ .out = &world };
	list_init(&manager.sources);
	list_init(&manager.targets);
	return 0;
}

/* The objects ---------------------------------------------------------- */

static void test_an_engine_is_replaced(void **state)
{
	struct engines engines = { .out = &world };
	struct engine_process e = {
		.all = &engines,
		.name = "engine 0",
		.state = ENGINE_READY,
		.running = true,
		.connected = true,
	};

	engine_step(&e, ENGINE_SPAWN);
	assert_string_equal(last_line, "engine 0: engine: spawn in ready is "
				       "not foreseen: it is replaced");
	assert_int_equal(killed, 1);
	assert_int_equal(e.state, ENGINE_KILLED);
	engine_step(&e, ENGINE_SPAWN);
	assert_int_equal(e.state, ENGINE_KILLED);
}

static void test_a_source_begins_anew_and_takes_its_time(void **state)
{
	struct source *s = source_new(&manager);

	assert_non_null(s);
	s->state = SOURCE_DONE;
	fsm_step(&source_fsm, &s->state, SOURCE_NAMED, s, NULL);
	assert_int_equal(s->state, SOURCE_WAITING);
	assert_true(s->timer.set);
	assert_int_equal(s->timer.when, 1000 + PAUSE_RARELY);
	assert_int_equal(lines, 1);
	source_free(s);
}

static void test_a_device_serves_on_and_is_made_anew_later(void **state)
{
	static const uint8_t lun[LUN_LEN];
	struct bay b = { .m = &manager, .label = "bus 0 target 0" };
	struct device *d = device_new(&b, lun, 0);

	assert_non_null(d);
	d->state = DEVICE_ONLINE;
	device_step(d, DEVICE_BUSY, NULL);
	device_step(d, DEVICE_BUSY, NULL);
	assert_string_equal(
		last_line, "bus 0 target 0 lun 0: device: busy in online is "
			   "not foreseen: it is made anew when nobody uses it");
	assert_int_equal(lines, 1);
	assert_int_equal(d->state, DEVICE_ONLINE);
	assert_true(device_is_served(d));
	assert_int_equal(d->renew, DEVICE_CONFUSED);
	assert_true(d->timer.set);
	/* What its engine reports does not make it well. */
	d->said.online = true;
	device_catch_up(d);
	assert_int_equal(d->renew, DEVICE_CONFUSED);
	device_free(d);
}

static void test_a_stop_goes_on_with_an_end(void **state)
{
	manager.state = MANAGER_QUITTING;
	fsm_step(&manager_fsm, &manager.state, MANAGER_NO_DEVICES, &manager,
		 NULL);
	assert_int_equal(manager.state, MANAGER_QUITTING);
	assert_true(manager.deadline.set);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(test_an_engine_is_replaced, setup),
		cmocka_unit_test_setup(
			test_a_source_begins_anew_and_takes_its_time, setup),
		cmocka_unit_test_setup(
			test_a_device_serves_on_and_is_made_anew_later, setup),
		cmocka_unit_test_setup(test_a_stop_goes_on_with_an_end, setup),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
