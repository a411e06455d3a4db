/*
 * test_fsm - a small machine: a door with a lock.
 *
 * Built twice: as a program that ends at a mistake, and as users have it.
 */
#include <errno.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>
#include <cmocka.h>

#include "base/fsm.h"
#include "base/str.h"

enum {
	OPEN,
	SHUT,
	LOCKED,
	BURNT
};
enum {
	PUSH,
	PULL,
	TURN,
	FIRE
};

static const char *const states[] = { "OPEN", "SHUT", "LOCKED", "BURNT" };
static const char *const events[] = { "PUSH", "PULL", "TURN", "FIRE" };

struct door {
	uint8_t state, seen_state;
	unsigned turned, alarms, checked;
	bool off_its_hinges;
	const void *arg;
	char broken[80];
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

static void on_fire(void *obj, const void *arg)
{
	free(obj);
}

static const struct fsm door_fsm;

/* A step within a step. */
static void on_fire_alarm(void *obj, const void *arg)
{
	struct door *d = obj;

	d->alarms++;
	fsm_step(&door_fsm, &d->state, FIRE, d, NULL);
}

static const char *door_check(const void *obj)
{
	struct door *d = (struct door *)obj;

	d->checked++;
	return d->off_its_hinges ? "it is off its hinges" : NULL;
}

static void door_broken(void *obj, const char *what)
{
	struct door *d = obj;

	str_copy(d->broken, sizeof(d->broken), what);
}

static const struct fsm_row rows[] = {
	{ IN(OPEN), PUSH, SHUT, NULL, "D1" },
	{ IN(SHUT), PULL, OPEN, NULL, NULL },
	{ IN(SHUT), TURN, LOCKED, on_turn, "D2" },
	{ IN(LOCKED), TURN, SHUT, on_turn, "D3" },
	{ IN(SHUT) | IN(LOCKED), PULL, LOCKED, on_alarm, "D4" },
};

/* Some rows overlap. */
static const struct fsm machine = {
	.name = "door",
	.states = states,
	.events = events,
	.rows = rows,
	.nrows = sizeof(rows) / sizeof(rows[0]),
	.nstates = sizeof(states) / sizeof(states[0]),
	.nevents = sizeof(events) / sizeof(events[0]),
	.check = door_check,
	.broken = door_broken,
};

static const struct fsm_row door_rows[] = {
	{ IN(OPEN), PUSH, SHUT, NULL, NULL },
	{ IN(SHUT) | IN(LOCKED), PUSH, FSM_IGNORED, NULL, "it is shut" },
	{ IN(SHUT), PULL, OPEN, NULL, NULL },
	{ IN(LOCKED), PULL, FSM_IGNORED, NULL, "it is locked" },
	{ IN(SHUT), TURN, LOCKED, on_turn, NULL },
	{ IN(LOCKED), TURN, SHUT, on_turn, NULL },
	{ IN(OPEN) | IN(SHUT), FIRE, BURNT, on_fire, NULL },
	{ IN(LOCKED), FIRE, SHUT, on_fire_alarm, NULL },
};

static const struct fsm door_fsm = {
	.name = "door",
	.states = states,
	.events = events,
	.rows = door_rows,
	.nrows = sizeof(door_rows) / sizeof(door_rows[0]),
	.nstates = sizeof(states) / sizeof(states[0]),
	.nevents = sizeof(events) / sizeof(events[0]),
	.ends = IN(BURNT),
	.check = door_check,
	.broken = door_broken,
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
	struct door d = { .state = 32 };

	fsm_set_strict(false);
	assert_int_equal(fsm_step(&machine, &d.state, PUSH, &d, NULL), -EPROTO);
	assert_string_equal(d.broken, "door: PUSH in ? is not foreseen");
}

static void test_dump_has_a_line_for_each_pair(void **state)
{
	char text[512];
	struct strbuf sb;

	(void)state;
	sb_init(&sb, text, sizeof(text));
	fsm_dump(&machine, &sb);
	assert_string_equal(text, "OPEN  PUSH -> SHUT  D1\n"
				  "OPEN  impossible: PULL TURN FIRE\n"
				  "SHUT  PULL -> OPEN\n"
				  "SHUT  TURN -> LOCKED  D2\n"
				  "SHUT  impossible: PUSH FIRE\n"
				  "LOCKED  TURN -> SHUT  D3\n"
				  "LOCKED  PULL -> LOCKED  D4\n"
				  "LOCKED  impossible: PUSH FIRE\n"
				  "BURNT  impossible: PUSH PULL TURN FIRE\n");
}

static void test_an_ignored_event_changes_nothing(void **state)
{
	struct door d = { .state = LOCKED };

	assert_int_equal(fsm_step(&door_fsm, &d.state, PULL, &d, NULL), 0);
	assert_int_equal(d.state, LOCKED);
	assert_string_equal(d.broken, "");
}

static void test_dump_shows_what_is_ignored_and_what_impossible(void **state)
{
	char text[1024];
	struct strbuf sb;

	sb_init(&sb, text, sizeof(text));
	fsm_dump(&door_fsm, &sb);
	assert_string_equal(text, "OPEN  PUSH -> SHUT\n"
				  "OPEN  FIRE -> BURNT\n"
				  "OPEN  impossible: PULL TURN\n"
				  "SHUT  PUSH ignored: it is shut\n"
				  "SHUT  PULL -> OPEN\n"
				  "SHUT  TURN -> LOCKED\n"
				  "SHUT  FIRE -> BURNT\n"
				  "LOCKED  PUSH ignored: it is shut\n"
				  "LOCKED  PULL ignored: it is locked\n"
				  "LOCKED  TURN -> SHUT\n"
				  "LOCKED  FIRE -> SHUT\n"
				  "BURNT  impossible: PUSH PULL TURN FIRE\n");
}

static void the_impossible_is_told_to_the_owner(void)
{
	struct door d = { .state = OPEN };

	assert_int_equal(fsm_step(&door_fsm, &d.state, TURN, &d, NULL),
			 -EPROTO);
	assert_int_equal(d.state, OPEN);
	assert_string_equal(d.broken, "door: TURN in OPEN is not foreseen");
}

/* What a child says that ends by a signal, which is asked for. */
static void last_words(uint8_t event, bool off_its_hinges, char *said,
		       size_t size)
{
	struct door d = { .state = SHUT, .off_its_hinges = off_its_hinges };
	int fds[2], status;
	pid_t pid;
	ssize_t n;

	assert_int_equal(pipe(fds), 0);
	pid = fork();
	assert_true(pid >= 0);
	if (!pid) {
		signal(SIGABRT, SIG_DFL);
		dup2(fds[1], STDERR_FILENO);
		d.state = event == TURN && !off_its_hinges ? OPEN : SHUT;
		fsm_step(&door_fsm, &d.state, event, &d, NULL);
		_exit(0);
	}
	close(fds[1]);
	n = read(fds[0], said, size - 1);
	said[n > 0 ? n : 0] = '\0';
	close(fds[0]);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFSIGNALED(status));
	assert_int_equal(WTERMSIG(status), SIGABRT);
}

static void a_strict_program_ends_at_the_impossible(void)
{
	char said[200];

	last_words(TURN, false, said, sizeof(said));
	assert_string_equal(said, "fsm: door: TURN in OPEN is not foreseen\n");
}

static void a_strict_program_ends_when_a_check_fails(void)
{
	char said[200];

	last_words(TURN, true, said, sizeof(said));
	assert_string_equal(said, "fsm: door: after TURN, which leads to "
				  "LOCKED: it is off its hinges\n");
}

static void users_do_not_pay_for_checks(void)
{
	struct door d = { .state = SHUT, .off_its_hinges = true };

	assert_int_equal(fsm_step(&door_fsm, &d.state, TURN, &d, NULL), 0);
	assert_int_equal(d.checked, 0);
}

static void test_a_program_is_strict_unless_it_is_a_release(void **state)
{
#ifdef NDEBUG
	the_impossible_is_told_to_the_owner();
	users_do_not_pay_for_checks();
#else
	a_strict_program_ends_at_the_impossible();
	a_strict_program_ends_when_a_check_fails();
#endif
}

static void test_a_test_may_have_it_either_way(void **state)
{
	fsm_set_strict(false);
	the_impossible_is_told_to_the_owner();
	users_do_not_pay_for_checks();
	fsm_set_strict(true);
	a_strict_program_ends_at_the_impossible();
	a_strict_program_ends_when_a_check_fails();
}

static void test_a_check_follows_each_step_that_moves(void **state)
{
	struct door d = { .state = SHUT };

	fsm_set_strict(true);
	fsm_step(&door_fsm, &d.state, PUSH, &d, NULL);
	assert_int_equal(d.checked, 0);
	fsm_step(&door_fsm, &d.state, TURN, &d, NULL);
	assert_int_equal(d.checked, 1);
	fsm_step(&door_fsm, &d.state, TURN, &d, NULL);
	assert_int_equal(d.checked, 2);
}

/* The sanitizers see it. */
static void test_what_may_be_freed_is_not_looked_at(void **state)
{
	struct door *d = calloc(1, sizeof(*d));

	fsm_set_strict(true);
	assert_non_null(d);
	d->state = LOCKED;
	assert_int_equal(fsm_step(&door_fsm, &d->state, FIRE, d, NULL), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		/* clang-format off */
		cmocka_unit_test(test_a_program_is_strict_unless_it_is_a_release),
		cmocka_unit_test(test_step_moves_to_the_state_of_the_row),
		cmocka_unit_test(test_action_runs_after_the_move_with_its_argument),
		cmocka_unit_test(test_first_row_that_fits_counts),
		cmocka_unit_test(test_row_of_several_states_serves_each),
		cmocka_unit_test(test_state_beyond_the_set_has_no_row),
		cmocka_unit_test(test_dump_has_a_line_for_each_pair),
		cmocka_unit_test(test_an_ignored_event_changes_nothing),
		cmocka_unit_test(test_dump_shows_what_is_ignored_and_what_impossible),
		cmocka_unit_test(test_a_test_may_have_it_either_way),
		cmocka_unit_test(test_a_check_follows_each_step_that_moves),
		cmocka_unit_test(test_what_may_be_freed_is_not_looked_at),
		/* clang-format on */
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
