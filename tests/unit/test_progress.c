/*
 * test_progress - which silence of an engine is a hang.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "iscsid/engines/progress.h"

static struct progress progress;
static struct progress_rules rules;
static uint64_t now;

static int begin(void **state)
{
	memset(&progress, 0, sizeof(progress));
	rules = progress_rules(true, 1000, true);
	now = progress.looked = 1000000;
	return 0;
}

static enum progress_next look_after(uint32_t ms, bool moved)
{
	now += ms;
	return progress_look(&progress, &rules, now, moved, false);
}

static enum progress_next look(bool moved)
{
	return look_after(rules.every, moved);
}

/* ms until the first verdict is asked for, of most. */
static uint32_t silence(uint32_t most)
{
	uint64_t from = now;

	while (now - from < most)
		if (look(false) == PROGRESS_JUDGE)
			return (uint32_t)(now - from);
	return most;
}

/* Looking ------------------------------------------------------------- */

static void test_one_that_turns_is_never_asked(void **state)
{
	for (int i = 0; i < 1000; i++)
		assert_int_equal(look(true), PROGRESS_FINE);
}

static void test_one_that_stands_still_is_asked_once(void **state)
{
	assert_int_equal(look(false), PROGRESS_ASK);
	assert_int_equal(look(false), PROGRESS_NOTE);
	assert_int_not_equal(look(false), PROGRESS_ASK);
	assert_int_equal(look(true), PROGRESS_FINE);
	assert_int_equal(look(false), PROGRESS_ASK);
}

static void test_a_hang_is_judged_within_a_second(void **state)
{
	look(true);
	assert_in_range(silence(10000), 500, 1000);
}

static void test_it_is_judged_at_each_look_from_then_on(void **state)
{
	silence(10000);
	assert_int_equal(look(false), PROGRESS_JUDGE);
	assert_int_equal(look(false), PROGRESS_JUDGE);
	assert_int_equal(look(true), PROGRESS_FINE);
}

static void test_without_a_page_it_takes_20_s(void **state)
{
	rules = progress_rules(false, 1000, true);
	assert_in_range(silence(60000), 20000, 25000);
}

static void test_with_the_switch_off_it_takes_20_s(void **state)
{
	rules = progress_rules(true, 0, true);
	assert_in_range(silence(60000), 20000, 25000);
}

static void test_one_without_a_target_is_left_to_sleep(void **state)
{
	unsigned asked = 0;

	rules = progress_rules(true, 1000, false);
	for (int i = 0; i < 400; i++) /* it answers at once */
		if (look(false) == PROGRESS_ASK)
			asked++, look(true);
	assert_in_range(asked, 15, 20);
}

static void test_time_in_which_we_stood_still_ourselves_is_not_its(void **state)
{
	rules.stopped = 1000;
	look(false);
	for (int i = 0; i < 3; i++)
		assert_int_not_equal(look_after(3600000, false),
				     PROGRESS_JUDGE);
	assert_int_equal(progress.silent, 750);
}

static void test_a_suspend_of_the_host_begins_it_anew(void **state)
{
	look(false);
	look(false);
	look(false);
	look(false);
	now += rules.every;
	assert_int_equal(progress_look(&progress, &rules, now, false, true),
			 PROGRESS_FINE);
	assert_in_range(silence(10000), 500, 1000);
}

static void test_a_silence_of_years_does_not_begin_at_zero(void **state)
{
	silence(10000);
	progress.silent = UINT32_MAX / 2 + 1;
	assert_int_equal(look(false), PROGRESS_JUDGE);
	assert_int_equal(look(false), PROGRESS_JUDGE);
}

/* The verdict --------------------------------------------------------- */

struct verdict_case {
	const char *what;
	struct progress_facts facts;
	const char *words; /* NULL: left alone without a word */
	bool replace;
};

#define FACTS(ms, ready, io, ...)                                              \
	{                                                                      \
		.silent = (ms), .patience = (ready), .stopped = (ready) / 2,   \
		.waits = (io), __VA_ARGS__                                     \
	}
#define BUSY(ms, ...) FACTS(ms, 1000, true, __VA_ARGS__)
#define IDLE(ms, ...) FACTS(ms, 1000, false, __VA_ARGS__)
#define BARE(ms, ...) FACTS(ms, PROGRESS_LONG, true, __VA_ARGS__)

/* clang-format off */
static const struct verdict_case cases[] = {
	{ "stopped while I/O waits", BUSY(1000, .state = 'T'), "is stopped", true },
	{ "stopped as under a debugger that went away", BUSY(1000, .state = 't'),
	  "is stopped", true },
	{ "stopped for a moment", BUSY(499, .state = 'T'), NULL, false },
	{ "stopped for half a second", BUSY(500, .state = 'T'), "is stopped",
	  true },
	{ "asleep for half a second", BUSY(500, .state = 'S'), NULL, false },
	{ "traced for half a second", BUSY(500, .state = 't', .tracer = 7),
	  "is traced", false },
	{ "stopped, without a page, for half a second",
	  BARE(500, .state = 'T'), NULL, false },
	{ "stopped, and nobody waits", IDLE(1000, .state = 'T'),
	  NULL, false },
	{ "stopped for long, and nobody waits",
	  IDLE(PROGRESS_LONG, .state = 'T'), "is stopped", true },
	{ "stopped while a device is set up",
	  BUSY(1000, .state = 'T', .steps = true), "is stopped", true },
	{ "stopped by a debugger", BUSY(1000, .state = 't', .tracer = 7),
	  "is traced", false },
	{ "stopped by a debugger for long",
	  BUSY(PROGRESS_LONG, .state = 't', .tracer = 7), "is traced", false },
	{ "slowed down by a tracer", BUSY(1000, .state = 'S', .tracer = 7),
	  "is traced", false },
	{ "in a frozen cgroup", BUSY(1000, .state = 'S', .frozen = true),
	  "is in a frozen cgroup", false },
	{ "in a frozen cgroup of the first version",
	  BUSY(PROGRESS_LONG, .state = 'D', .frozen = true),
	  "is in a frozen cgroup", false },
	{ "stopped, and frozen", BUSY(1000, .state = 'T', .frozen = true),
	  "is in a frozen cgroup", false },
	{ "without a CPU", BUSY(1000, .state = 'R'), "gets no CPU", false },
	{ "without a CPU for long", BUSY(PROGRESS_LONG, .state = 'R'), "gets no CPU",
	  false },
	{ "with one of 40 shares of a CPU", BUSY(1000, .state = 'R', .cpu = 25),
	  "gets no CPU", false },
	{ "with half a CPU", BUSY(1000, .state = 'R', .cpu = 500), "gets no CPU",
	  false },
	{ "without a CPU, and nobody waits",
	  IDLE(1000, .state = 'R'), NULL, false },
	{ "spinning", BUSY(1000, .state = 'R', .cpu = 740), "spins", true },
	{ "spinning with few shares of a CPU, as soon as that counts",
	  BUSY(30000, .state = 'R', .cpu = 750), "spins", true },
	{ "spinning, without a page, for 20 s",
	  BARE(PROGRESS_LONG, .state = 'R', .cpu = 15000),
	  "spins", true },
	{ "busy, without a page, for 20 s with a share",
	  BARE(PROGRESS_LONG, .state = 'R', .cpu = 5000),
	  "gets no CPU", false },
	{ "asleep after a ping", BUSY(1000, .state = 'S'), "does not wake", true },
	{ "asleep while a device is set up",
	  BUSY(1000, .state = 'S', .steps = true), NULL, false },
	{ "asleep while a device is set up, for 5 s",
	  BUSY(5000, .state = 'S', .steps = true), "does not wake",
	  true },
	{ "asleep after a ping, and nobody waits",
	  IDLE(1000, .state = 'S'), NULL, false },
	{ "in the kernel for a second", BUSY(1000, .state = 'D'), NULL, false },
	{ "in the kernel for 5 s", BUSY(5000, .state = 'D'),
	  "is held by the kernel", true },
	{ "dead already", BUSY(PROGRESS_LONG, .state = 'Z'), NULL, false },
	{ "in a state that cannot be read", BUSY(1000, .state = 0), NULL, false },
	{ "in a state that cannot be read, for 20 s", BUSY(PROGRESS_LONG, .state = 0),
	  "does not wake", true },
	{ "in a state of a kernel to come", BUSY(1000, .state = 'Q'),
	  "does not wake", true },
};
/* clang-format on */

static bool is_as_wanted(const struct verdict_case *c)
{
	const struct progress_verdict *v = progress_judge(&c->facts);

	if (v->replace != c->replace || !v->words != !c->words)
		return false;
	return !c->words || strcmp(v->words, c->words) == 0;
}

static void test_each_silence_has_its_verdict(void **state)
{
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++)
		if (!is_as_wanted(&cases[i]))
			fail_msg("%s: %s", cases[i].what,
				 progress_judge(&cases[i].facts)->words);
}

static void test_who_is_replaced_has_a_reason(void **state)
{
	static const char states[] = {
		'R', 'S', 'D', 'T', 't', 'Z', 'X', 'I', 0
	};

	for (unsigned i = 0; i < sizeof(states) * 8; i++) {
		const struct progress_facts f = {
			.silent = PROGRESS_LONG,
			.patience = 1000,
			.state = states[i / 8],
			.waits = i & 1,
			.steps = i & 2,
			.cpu = i & 4 ? UINT32_MAX : 0,
		};
		const struct progress_verdict *v = progress_judge(&f);

		assert_true(v->words || !v->replace);
	}
}

/* Deaf ---------------------------------------------------------------- */

/* ms until it counts as deaf, of most; each look sees so many beats. */
static uint32_t deafness(unsigned beats, uint32_t most)
{
	uint64_t n = 100;

	for (uint32_t ms = 0; ms < most; ms += rules.every, n += beats)
		if (progress_deaf(&progress, &rules, n, true))
			return ms;
	return most;
}

static void test_requests_that_nobody_reads_are_a_hang_after_2_s(void **state)
{
	assert_in_range(deafness(2, 10000), 1750, 2250);
}

static void test_one_that_hardly_turns_is_not_deaf(void **state)
{
	assert_int_equal(deafness(0, 100000), 100000);
}

static void test_each_request_that_is_read_begins_it_anew(void **state)
{
	for (unsigned i = 0; i < 1000; i++)
		assert_false(
			progress_deaf(&progress, &rules, i * 4, i % 7 != 0));
}

static void test_a_suspend_begins_it_anew_too(void **state)
{
	deafness(2, 1500);
	progress_look(&progress, &rules, now, true, true);
	assert_in_range(deafness(2, 10000), 1750, 2250);
}

#define T(name) cmocka_unit_test_setup(name, begin)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(test_one_that_turns_is_never_asked),
		T(test_one_that_stands_still_is_asked_once),
		T(test_a_hang_is_judged_within_a_second),
		T(test_it_is_judged_at_each_look_from_then_on),
		T(test_without_a_page_it_takes_20_s),
		T(test_with_the_switch_off_it_takes_20_s),
		T(test_one_without_a_target_is_left_to_sleep),
		T(test_time_in_which_we_stood_still_ourselves_is_not_its),
		T(test_a_suspend_of_the_host_begins_it_anew),
		T(test_a_silence_of_years_does_not_begin_at_zero),
		T(test_each_silence_has_its_verdict),
		T(test_who_is_replaced_has_a_reason),
		T(test_requests_that_nobody_reads_are_a_hang_after_2_s),
		T(test_one_that_hardly_turns_is_not_deaf),
		T(test_each_request_that_is_read_begins_it_anew),
		T(test_a_suspend_begins_it_anew_too),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
