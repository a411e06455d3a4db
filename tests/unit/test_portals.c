/*
 * test_portals - where the next attempt goes (engine/target/portals.h).
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "engine/target/portals.h"

/*
 * A script is a word per event; the portals are letters, their groups digits:
 *
 *   x   the attempt failed            u   the session came up
 *   l   the session was lost          sB  somebody asks for portal B
 *   tB  temporary redirection to B    pB  permanent redirection to B
 *   tZ  ... to an address that is not in the list
 *
 * The result is where each attempt goes, "!" after one that begins a round.
 */
struct script {
	const char *groups; /* of A, B, ... */
	unsigned preferred;
	bool failover;
	int32_t group;
	const char *events;
	const char *attempts;
};

static struct addr letter(char c, int32_t tag)
{
	struct addr a = { .port = 3260, .tag = tag };

	snprintf(a.host, sizeof(a.host), "192.0.2.%d", c - 'A' + 1);
	return a;
}

static char name_of(const struct addr *a)
{
	return (char)('A' + atoi(strrchr(a->host, '.') + 1) - 1);
}

static void start(struct portals *p, const struct script *s)
{
	struct addr list[PORTALS_MAX];
	unsigned n = (unsigned)strlen(s->groups);

	for (unsigned i = 0; i < n; i++)
		list[i] = letter((char)('A' + i), s->groups[i] - '0');
	portals_init(p, list, n, s->preferred, s->failover);
}

/* Returns what is to be added to the attempts. */
static const char *play_one(struct portals *p, const struct script *s,
			    const char *ev, bool *attempt)
{
	struct addr to = letter(ev[1], -1);

	*attempt = true;
	switch (ev[0]) {
	case 'x':
	case 'l':
		return portals_next(p, ev[0] == 'l', s->group) ? "!" : "";
	case 't':
	case 'p':
		portals_redirect(p, &to, ev[0] == 'p');
		return "";
	case 's':
		assert_int_equal(portals_ask(p, &to), 0);
		break;
	case 'u':
		portals_up(p);
		break;
	}
	*attempt = false;
	return "";
}

static void play(const struct script *s, char *out, size_t size)
{
	struct portals p;
	size_t len = 0;

	start(&p, s);
	len += (size_t)snprintf(out, size, "%c", name_of(portals_at(&p)));
	for (const char *ev = s->events; *ev; ev += 1 + (ev[1] == ' ')) {
		bool attempt;
		const char *mark = play_one(&p, s, ev, &attempt);

		if (strchr("tps", *ev))
			ev++;
		if (attempt)
			len += (size_t)snprintf(out + len, size - len, "%s%c",
						mark, name_of(portals_at(&p)));
	}
}

static void check(const struct script *list, size_t n)
{
	char got[128];

	for (size_t i = 0; i < n; i++) {
		play(&list[i], got, sizeof(got));
		if (strcmp(got, list[i].attempts) != 0)
			fail_msg("%s: %s, not %s", list[i].events, got,
				 list[i].attempts);
	}
}

#define CHECK(...)                                                             \
	do {                                                                   \
		static const struct script list[] = { __VA_ARGS__ };           \
		check(list, sizeof(list) / sizeof(*list));                     \
	} while (0)

static void test_failures_go_through_the_list_round_and_round(void **state)
{
	CHECK({ "111", 0, true, -1, "x x x x x x x", "ABC!ABC!AB" },
	      { "1", 0, true, -1, "x x x", "A!A!A!A" });
}

static void test_a_lost_session_goes_to_another_portal(void **state)
{
	CHECK({ "111", 0, true, -1, "u l", "AB" },
	      { "111", 0, true, -1, "u l u l x", "ABAC" });
}

static void test_a_success_forgets_what_was_tried(void **state)
{
	CHECK({ "111", 0, true, -1, "x u l", "ABA" },
	      { "111", 0, true, -1, "x x u l x x", "ABCAB!A" });
}

static void test_preferred_portals_come_first_at_each_failover(void **state)
{
	CHECK({ "1111", 1, true, -1, "x u l", "ABA" },
	      { "1111", 2, true, -1, "x x u l x x", "ABCABD" },
	      { "1122", 1, true, 2, "x x u l x", "ACDAC" });
}

static void test_the_old_portal_group_comes_before_the_others(void **state)
{
	CHECK({ "1212", 0, true, 2, "x x x x", "ABDC!A" },
	      { "1212", 0, true, 1, "u l x x", "ACBD" },
	      { "1212", 0, true, 7, "x x x", "ABCD" });
}

static void test_without_failover_the_portal_stays(void **state)
{
	CHECK({ "111", 0, false, -1, "x x u l x", "A!A!A!A!A" },
	      { "12", 0, false, 2, "x", "A!A" });
}

static void test_a_switch_goes_there_at_once(void **state)
{
	CHECK({ "111", 0, true, -1, "u sC l", "AC" },
	      { "111", 2, true, -1, "u sC l u l", "ACA" });
}

static void test_a_switch_that_fails_falls_back(void **state)
{
	CHECK({ "111", 0, true, -1, "x u sC l x u", "ABCB" },
	      { "111", 0, true, -1, "x u sC l x x x", "ABCBA!A" });
}

static void test_a_temporary_redirection_falls_back(void **state)
{
	CHECK({ "111", 0, true, -1, "tC x", "ACA" },
	      { "111", 0, true, -1, "tC u l", "ACA" },
	      { "111", 0, true, -1, "tZ x", "AZB" });
}

static void test_a_place_outside_the_list_is_for_one_session(void **state)
{
	CHECK({ "111", 0, true, -1, "tZ u l", "AZA" },
	      { "111", 0, true, -1, "tZ u l tZ u l", "AZAZA" },
	      { "111", 0, false, -1, "tZ u l x", "AZA!A" });
}

static void test_a_permanent_redirection_replaces_the_portal(void **state)
{
	CHECK({ "111", 0, true, -1, "pZ x x x", "AZBC!Z" },
	      { "111", 0, true, -1, "pC x x x", "ACB!BC" },
	      { "1", 0, true, -1, "pZ u l", "AZ!Z" });
}

static void test_when_all_portals_moved_they_are_asked_again(void **state)
{
	CHECK({ "11", 0, true, -1, "pB pA x x", "ABA!A!A" });
}

static void test_a_switch_needs_failover_and_another_portal(void **state)
{
	static const struct script s = { "111", 0, true, -1, "", "" };
	static const struct script off = { "111", 0, false, -1, "", "" };
	struct addr a = letter('A', -1), b = letter('B', -1),
		    z = letter('Z', -1);
	struct portals p;

	start(&p, &off);
	assert_int_equal(portals_ask(&p, &b), -EPERM);
	start(&p, &s);
	assert_int_equal(portals_ask(&p, &a), -EALREADY);
	assert_int_equal(portals_ask(&p, &z), -ENOENT);
	assert_int_equal(portals_ask(&p, &b), 0);
}

static void test_an_attempt_that_we_end_is_made_once_more(void **state)
{
	static const struct script s = { "12", 0, true, -1, "", "" };
	struct portals p;

	start(&p, &s);
	portals_stay(&p);
	assert_false(portals_next(&p, false, -1));
	assert_int_equal(name_of(portals_at(&p)), 'A');
	assert_false(portals_next(&p, false, -1));
	assert_int_equal(name_of(portals_at(&p)), 'B');
}

static void test_what_was_asked_for_goes_before_staying(void **state)
{
	static const struct script s = { "12", 0, true, -1, "", "" };
	struct addr b = letter('B', -1);
	struct portals p;

	start(&p, &s);
	assert_int_equal(portals_ask(&p, &b), 0);
	portals_stay(&p);
	portals_next(&p, false, -1);
	assert_int_equal(name_of(portals_at(&p)), 'B');
}

static void test_the_next_portal_of_another_group_can_be_asked_for(void **state)
{
	static const struct script s = { "1122", 0, true, -1, "", "" };
	static const struct script alone = { "11", 0, true, -1, "", "" };
	static const struct script fixed = { "12", 0, false, -1, "", "" };
	struct portals p;

	start(&p, &s);
	assert_int_equal(portals_ask_other_group(&p, 1), 0);
	portals_next(&p, true, 1);
	assert_int_equal(name_of(portals_at(&p)), 'C');
	portals_up(&p);
	assert_int_equal(portals_ask_other_group(&p, 2), 0);
	portals_next(&p, true, 2);
	assert_int_equal(name_of(portals_at(&p)), 'A');
	start(&p, &alone);
	assert_int_equal(portals_ask_other_group(&p, 1), -ENOENT);
	start(&p, &fixed);
	assert_int_equal(portals_ask_other_group(&p, 1), -EPERM);
}

static void test_a_changed_list_keeps_the_portal_in_use(void **state)
{
	static const struct script s = { "111", 0, true, -1, "", "" };
	struct addr list[] = { letter('D', 1), letter('C', 1), letter('A', 1) };
	struct portals p;

	start(&p, &s);
	assert_true(portals_change(&p, list, 3, 1));
	assert_int_equal(name_of(portals_at(&p)), 'A');
	portals_next(&p, true, -1);
	assert_int_equal(name_of(portals_at(&p)), 'D');
	assert_false(portals_change(&p, list + 1, 2, 0));
	assert_int_equal(name_of(portals_at(&p)), 'C');
}

static void test_a_restart_stays_in_the_portal_group(void **state)
{
	static const struct script s = { "1212", 0, true, -1, "", "" };
	static const struct script preferred = { "1212", 1, true, -1, "", "" };
	struct portals p;

	start(&p, &s);
	portals_follow(&p, 2);
	assert_int_equal(name_of(portals_at(&p)), 'B');
	start(&p, &preferred);
	portals_follow(&p, 2);
	assert_int_equal(name_of(portals_at(&p)), 'A');
}

static void test_thirty_two_portals_all_have_their_turn(void **state)
{
	static const struct script s = {
		"11111111111111111111111111111111", 0, true, -1, "", ""
	};
	struct portals p;

	start(&p, &s);
	for (int i = 1; i < 32; i++) {
		assert_false(portals_next(&p, false, -1));
		assert_int_equal(p.at, i);
	}
	assert_true(portals_next(&p, false, -1));
	assert_int_equal(p.at, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(
			test_failures_go_through_the_list_round_and_round),
		cmocka_unit_test(test_a_lost_session_goes_to_another_portal),
		cmocka_unit_test(test_a_success_forgets_what_was_tried),
		cmocka_unit_test(
			test_preferred_portals_come_first_at_each_failover),
		cmocka_unit_test(
			test_the_old_portal_group_comes_before_the_others),
		cmocka_unit_test(test_without_failover_the_portal_stays),
		cmocka_unit_test(test_a_switch_goes_there_at_once),
		cmocka_unit_test(test_a_switch_that_fails_falls_back),
		cmocka_unit_test(test_a_temporary_redirection_falls_back),
		cmocka_unit_test(
			test_a_place_outside_the_list_is_for_one_session),
		cmocka_unit_test(
			test_a_permanent_redirection_replaces_the_portal),
		cmocka_unit_test(
			test_when_all_portals_moved_they_are_asked_again),
		cmocka_unit_test(
			test_a_switch_needs_failover_and_another_portal),
		cmocka_unit_test(test_an_attempt_that_we_end_is_made_once_more),
		cmocka_unit_test(test_what_was_asked_for_goes_before_staying),
		cmocka_unit_test(
			test_the_next_portal_of_another_group_can_be_asked_for),
		cmocka_unit_test(test_a_changed_list_keeps_the_portal_in_use),
		cmocka_unit_test(test_a_restart_stays_in_the_portal_group),
		cmocka_unit_test(test_thirty_two_portals_all_have_their_turn),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
