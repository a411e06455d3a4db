/*
 * test_lookup - what the engine asks about a name, and which answers count.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "engine/host/managers.h"
#include "engine/session/lookup.h"

static struct engine engine;
static struct io_loop *loop;
static int manager;
static struct lookup lookup;
static unsigned done;
static char why[256];

static void on_done(struct lookup *l, const char *reason)
{
	done++;
	strncpy(why, reason ? reason : "", sizeof(why) - 1);
}

static int set_up(void **state)
{
	int fd[2];

	done = 0;
	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_NONBLOCK, 0, fd) ||
	    io_loop_new(64, 0, &loop))
		return -1;
	manager = fd[0];
	engine_init(&engine, loop, fd[1], -1);
	lookup_init(&lookup, &engine, 7, on_done);
	return 0;
}

static int tear_down(void **state)
{
	lookup_stop(&lookup);
	close(manager);
	if (engine.fd >= 0)
		close(engine.fd);
	engine_fini(&engine);
	io_loop_free(loop);
	return 0;
}

static bool ask(void)
{
	const struct addr name = { "nas.example", 3261, 5 };

	return lookup_start(&lookup, &name);
}

static void answer(const char *text)
{
	struct msg_in m;

	assert_int_equal(msg_read(&m, text, strlen(text)), 0);
	lookup_answer(&lookup, &m);
}

#define ABOUT "resolved id=7 host=nas.example port=3261 "

static void test_the_manager_is_asked_for_host_and_port(void **state)
{
	char text[512];
	int fd, n;

	assert_true(ask());
	assert_int_equal(io_loop_run_once(loop, 0), 0);
	n = msg_recv(manager, text, sizeof(text) - 1, &fd);
	assert_true(n > 0);
	text[n] = '\0';
	assert_string_equal(text, "resolve id=7 host=nas.example port=3261");
}

static void test_addresses_come_in_their_order_with_port_and_tag(void **state)
{
	const struct addr *a;

	ask();
	answer(ABOUT "portal=[::1]:3261 portal=192.0.2.7:99");
	assert_int_equal(done, 1);
	assert_string_equal(why, "");
	a = lookup_next(&lookup);
	assert_string_equal(a->host, "::1");
	a = lookup_next(&lookup);
	assert_string_equal(a->host, "192.0.2.7");
	assert_int_equal(a->port, 3261);
	assert_int_equal(a->tag, 5);
	assert_null(lookup_next(&lookup));
}

static void test_no_more_addresses_are_taken_than_fit(void **state)
{
	ask();
	answer(ABOUT "portal=192.0.2.1 portal=192.0.2.2 portal=192.0.2.3 "
		     "portal=192.0.2.4 portal=192.0.2.5");
	for (unsigned i = 0; i < LOOKUP_MAX; i++)
		assert_non_null(lookup_next(&lookup));
	assert_null(lookup_next(&lookup));
}

static void test_a_name_is_no_answer_to_a_name(void **state)
{
	ask();
	answer(ABOUT "portal=other.example:3261 portal=%01");
	assert_int_equal(done, 1);
	assert_string_equal(why, "no address");
	assert_null(lookup_next(&lookup));
}

static void test_the_reason_is_passed_on_printable(void **state)
{
	ask();
	answer(ABOUT "error=not%20known%0a");
	assert_string_equal(why, "not known?");
}

static void test_an_answer_to_another_question_is_ignored(void **state)
{
	ask();
	answer("resolved id=7 host=other.example port=3261 portal=192.0.2.1");
	answer("resolved id=7 host=nas.example port=3260 portal=192.0.2.1");
	answer("resolved id=7 port=3261 portal=192.0.2.1");
	answer("resolved id=7 host=nas.example portal=192.0.2.1");
	assert_int_equal(done, 0);
	answer(ABOUT "portal=192.0.2.1");
	assert_int_equal(done, 1);
}

static void test_a_second_answer_is_ignored(void **state)
{
	ask();
	answer(ABOUT "portal=192.0.2.1");
	answer(ABOUT "portal=192.0.2.2");
	assert_int_equal(done, 1);
	assert_string_equal(lookup_next(&lookup)->host, "192.0.2.1");
	assert_null(lookup_next(&lookup));
}

static void test_who_stopped_waiting_hears_no_answer(void **state)
{
	ask();
	lookup_stop(&lookup);
	answer(ABOUT "portal=192.0.2.1");
	assert_int_equal(done, 0);
	assert_null(lookup_next(&lookup));
}

static void test_a_silent_manager_is_not_waited_for_for_ever(void **state)
{
	ask();
	lookup.late.fn(&lookup.late);
	assert_int_equal(done, 1);
	assert_string_equal(why, "no answer in time");
	answer(ABOUT "portal=192.0.2.1");
	assert_int_equal(done, 1);
}

static void test_without_a_manager_nobody_is_asked(void **state)
{
	close(engine.fd);
	engine.fd = -1;
	assert_false(ask());
}

#define T(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(test_the_manager_is_asked_for_host_and_port),
		T(test_addresses_come_in_their_order_with_port_and_tag),
		T(test_no_more_addresses_are_taken_than_fit),
		T(test_a_name_is_no_answer_to_a_name),
		T(test_the_reason_is_passed_on_printable),
		T(test_an_answer_to_another_question_is_ignored),
		T(test_a_second_answer_is_ignored),
		T(test_who_stopped_waiting_hears_no_answer),
		T(test_a_silent_manager_is_not_waited_for_for_ever),
		T(test_without_a_manager_nobody_is_asked),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
