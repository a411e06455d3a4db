/*
 * test_fsm - a small machine: a door with a lock.
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>
#include <cmocka.h>

#include "base/fsm.h"
#include "base/str.h"

enum {
	OPEN,
	SHUT,
	LOCKED
};
enum {
	PUSH,
	PULL,
	TURN
};

static const char *const states[] = { "OPEN", "SHUT", "LOCKED" };
static const char *const events[] = { "PUSH", "PULL", "TURN" };

struct door {
	uint8_t state, seen_state;
	unsigned turned, alarms;
	const void *arg;
};

static void on_turn(void *obj, const void *arg)
{
	struct door *d = obj;

	d->turned++;
	d->arg = arg;
	d->seen_state = d->state;
}

static void on_alarm(void *obj, const void *arg)
{
	struct door *d = obj;

	(void)arg;
	d->alarms++;
}

static const struct fsm_row rows[] = {
	{ IN(OPEN), PUSH, SHUT, NULL, "D1" },
	{ IN(SHUT), PULL, OPEN, NULL, NULL },
	{ IN(SHUT), TURN, LOCKED, on_turn, "D2" },
	{ IN(LOCKED), TURN, SHUT, on_turn, "D3" },
	{ IN(SHUT) | IN(LOCKED), PULL, LOCKED, on_alarm, "D4" },
};

static const struct fsm machine = {
	"door", states, events, rows, sizeof(rows) / sizeof(rows[0]),
};

static void test_step_moves_to_the_state_of_the_row(void **state)
{
	struct door d = { .state = OPEN };

	(void)state;
	assert_int_equal(fsm_step(&machine, &d.state, PUSH, &d, NULL), 0);
	assert_int_equal(d.state, SHUT);
}

static void test_action_runs_after_the_move_with_its_argument(void **state)
{
	struct door d = { .state = SHUT };

	(void)state;
	assert_int_equal(fsm_step(&machine, &d.state, TURN, &d, "key"), 0);
	assert_int_equal(d.turned, 1);
	assert_string_equal(d.arg, "key");
	assert_int_equal(d.seen_state, LOCKED);
}

static void test_event_without_a_row_changes_nothing(void **state)
{
	struct door d = { .state = OPEN };

	(void)state;
	assert_int_equal(fsm_step(&machine, &d.state, TURN, &d, NULL), -EPROTO);
	assert_int_equal(d.state, OPEN);
	assert_int_equal(d.turned, 0);
}

static void test_first_row_that_fits_counts(void **state)
{
	struct door d = { .state = SHUT };

	(void)state;
	assert_int_equal(fsm_step(&machine, &d.state, PULL, &d, NULL), 0);
	assert_int_equal(d.state, OPEN);
	assert_int_equal(d.alarms, 0);
}

static void test_row_of_several_states_serves_each(void **state)
{
	struct door d = { .state = LOCKED };

	(void)state;
	assert_int_equal(fsm_step(&machine, &d.state, PULL, &d, NULL), 0);
	assert_int_equal(d.alarms, 1);
	assert_int_equal(d.state, LOCKED);
}

static void test_state_beyond_the_set_has_no_row(void **state)
{
	uint8_t broken = 32;

	(void)state;
	assert_int_equal(fsm_step(&machine, &broken, PUSH, NULL, NULL),
			 -EPROTO);
}

static void test_dump_has_a_line_for_each_pair(void **state)
{
	char text[512];
	struct strbuf sb;

	(void)state;
	sb_init(&sb, text, sizeof(text));
	fsm_dump(&machine, &sb);
	assert_string_equal(text, "OPEN  PUSH -> SHUT  D1\n"
				  "SHUT  PULL -> OPEN\n"
				  "SHUT  TURN -> LOCKED  D2\n"
				  "LOCKED  TURN -> SHUT  D3\n"
				  "LOCKED  PULL -> LOCKED  D4\n");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		/* clang-format off */
		cmocka_unit_test(test_step_moves_to_the_state_of_the_row),
		cmocka_unit_test(test_action_runs_after_the_move_with_its_argument),
		cmocka_unit_test(test_event_without_a_row_changes_nothing),
		cmocka_unit_test(test_first_row_that_fits_counts),
		cmocka_unit_test(test_row_of_several_states_serves_each),
		cmocka_unit_test(test_state_beyond_the_set_has_no_row),
		cmocka_unit_test(test_dump_has_a_line_for_each_pair),
		/* clang-format on */
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
