/*
 * test_pulse - what one process shows, and another sees.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "io/loop.h"
#include "io/pulse.h"

static int fd = -1;
static const struct pulse *page;

static int begin(void **state)
{
	return pulse_make(&fd, &page);
}

static int end(void **state)
{
	pulse_hide();
	pulse_free(page);
	if (fd >= 0)
		close(fd);
	fd = -1;
	return 0;
}

static void test_what_is_shown_is_seen(void **state)
{
	struct pulse_seen before, after;

	assert_int_equal(pulse_show(fd), 0);
	before = pulse_see(page);
	pulse_beat();
	pulse_beat();
	pulse_took();
	after = pulse_see(page);
	assert_int_equal(after.beats, before.beats + 2);
	assert_int_equal(after.taken, before.taken + 1);
	assert_int_equal(after.answered, before.answered);
}

static void test_another_process_is_seen(void **state)
{
	pid_t child = fork();

	if (child == 0) {
		if (pulse_show(fd))
			_exit(1);
		for (int i = 0; i < 100; i++)
			pulse_answered();
		_exit(0);
	}
	assert_int_equal(waitpid(child, NULL, 0), child);
	assert_true(pulse_see(page).answered >= 100);
}

static void test_a_page_that_comes_later_goes_on_counting(void **state)
{
	uint64_t taken;
	const struct pulse *second;
	int other;

	assert_int_equal(pulse_show(fd), 0);
	pulse_took();
	taken = pulse_see(page).taken;
	assert_int_equal(pulse_make(&other, &second), 0);
	pulse_hide();
	assert_int_equal(pulse_show(other), 0);
	assert_int_equal(pulse_see(second).taken, taken);
	pulse_took();
	assert_int_equal(pulse_see(second).taken, taken + 1);
	assert_int_equal(pulse_see(page).taken, taken);
	pulse_hide();
	pulse_free(second);
	close(other);
}

static void test_what_is_no_page_changes_nothing(void **state)
{
	int s = socket(AF_UNIX, SOCK_STREAM, 0);
	uint64_t beats;

	assert_int_equal(pulse_show(fd), 0);
	assert_true(pulse_show(s) < 0);
	assert_int_equal(pulse_show(-1), -EBADF);
	beats = pulse_see(page).beats;
	pulse_beat();
	assert_int_equal(pulse_see(page).beats, beats + 1);
	close(s);
}

static void test_nobody_can_take_the_page_away(void **state)
{
	assert_int_equal(ftruncate(fd, 0), -1);
	assert_int_equal(errno, EPERM);
	assert_int_equal(ftruncate(fd, 2 * PULSE_SIZE), -1);
	assert_int_equal(fcntl(fd, F_ADD_SEALS, F_SEAL_WRITE), -1);
}

static void test_anything_may_stand_in_it(void **state)
{
	uint8_t *at = mmap(NULL, PULSE_SIZE, PROT_READ | PROT_WRITE, MAP_SHARED,
			   fd, 0);

	assert_ptr_not_equal(at, MAP_FAILED);
	memset(at, 0xff, PULSE_SIZE);
	assert_int_equal(pulse_see(page).beats, UINT64_MAX);
	assert_int_equal(munmap(at, PULSE_SIZE), 0);
}

static void test_each_turn_of_a_loop_is_a_beat(void **state)
{
	struct io_loop *loop;
	uint64_t before;

	if (io_loop_new(8, 0, &loop))
		skip();
	assert_int_equal(pulse_show(fd), 0);
	before = pulse_see(page).beats;
	for (int i = 0; i < 10; i++)
		assert_int_equal(io_loop_run_once(loop, 0), 0);
	assert_true(pulse_see(page).beats >= before + 10);
	io_loop_free(loop);
}

#define T(name) cmocka_unit_test_setup_teardown(name, begin, end)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(test_what_is_shown_is_seen),
		T(test_another_process_is_seen),
		T(test_a_page_that_comes_later_goes_on_counting),
		T(test_what_is_no_page_changes_nothing),
		T(test_nobody_can_take_the_page_away),
		T(test_anything_may_stand_in_it),
		T(test_each_turn_of_a_loop_is_a_beat),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
