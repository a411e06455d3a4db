/*
 * test_resolve - names into numbers, without a network.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "base/str.h"
#include "iscsid/host/resolve.h"

static struct io_loop *loop;
static struct workers workers;
static struct resolved answer[4];
static size_t answers;
static bool over;

static int set_up(void **state)
{
	answers = 0;
	over = false;
	if (io_loop_new(64, 0, &loop))
		return -1;
	workers_init(&workers, loop);
	workers.low_uid = workers.low_gid = 65534;
	return 0;
}

static int tear_down(void **state)
{
	io_loop_free(loop);
	return 0;
}

static void keep(void *ctx, int err, const struct resolved *list, size_t n)
{
	assert_int_equal(err, 0);
	assert_true(n <= 4);
	memcpy(answer, list, n * sizeof(*list));
	answers = n;
	over = true;
}

static struct addr addr_of(const char *text)
{
	struct addr a;

	assert_int_equal(addr_parse(text, strlen(text), &a), 0);
	return a;
}

/* Whether there was a name to look up. */
static bool look_up(const struct addr *addrs, size_t n)
{
	int err;
	struct worker *w = resolve_start(&workers, addrs, n, keep, NULL, &err);

	assert_int_equal(err, 0);
	while (w && !over)
		assert_int_equal(io_loop_run_once(loop, UINT64_MAX), 0);
	return w != NULL;
}

static void test_numbers_need_no_looking_up(void **state)
{
	const struct addr a[] = { addr_of("192.0.2.1"),
				  addr_of("[2001:db8::1]:3260"),
				  addr_of("[fe80::1%lo]") };

	assert_false(look_up(a, 3));
}

static void test_a_name_of_this_host_is_found(void **state)
{
	const struct addr a = addr_of("localhost:3261");
	struct addr number;

	assert_true(look_up(&a, 1));
	assert_int_equal(answers, 1);
	assert_string_equal(answer[0].host, "localhost");
	assert_true(answer[0].count >= 1);
	number = addr_of(strchr(answer[0].number[0], ':') ? "[::1]"
							  : "127.0.0.1");
	assert_string_equal(answer[0].number[0], number.host);
}

static void test_a_name_that_cannot_be_has_a_reason(void **state)
{
	const struct addr a = addr_of("no-such-host.invalid");

	assert_true(look_up(&a, 1));
	assert_int_equal(answer[0].count, 0);
	assert_true(*answer[0].reason);
}

static void test_a_name_asked_twice_is_answered_once(void **state)
{
	const struct addr a[] = { addr_of("localhost:1"), addr_of("192.0.2.1"),
				  addr_of("localhost:2") };

	assert_true(look_up(a, 3));
	assert_int_equal(answers, 1);
}

static void test_addresses_nobody_can_reach_are_told(void **state)
{
	static const struct {
		const char *text;
		bool useless;
	} table[] = {
		{ "0.0.0.0", true },	    { "[::]", true },
		{ "[fe80::1]", true },	    { "[fe80::1%eth0]", false },
		{ "192.0.2.1", false },	    { "127.0.0.1", false },
		{ "[2001:db8::1]", false }, { "host.example", false },
	};

	for (size_t i = 0; i < sizeof(table) / sizeof(*table); i++) {
		const struct addr a = addr_of(table[i].text);

		assert_int_equal(resolve_useless(&a) != NULL, table[i].useless);
	}
}

#define CASE(t) cmocka_unit_test_setup_teardown(t, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(test_numbers_need_no_looking_up),
		CASE(test_a_name_of_this_host_is_found),
		CASE(test_a_name_that_cannot_be_has_a_reason),
		CASE(test_a_name_asked_twice_is_answered_once),
		CASE(test_addresses_nobody_can_reach_are_told),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
