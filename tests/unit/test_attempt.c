/*
 * test_attempt - a target whose machine is told what cannot be: it fails, and
 * nothing else.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <sys/socket.h>
#include <unistd.h>

#include "base/fsm.h"
#include "base/str.h"
#include "engine/host/managers.h"
#include "engine/lun/scan.h"
#include "engine/target/attempt.h"
#include "engine/target/target.h"

static struct io_loop *loop;
static struct engine engine;
static int manager;

static struct engine_target *start(uint64_t id)
{
	static struct settings s;

	s = (struct settings){ .id = id, .nportals = 1 };
	session_config_defaults(&s.session);
	s.session.random = engine_random;
	str_copy(s.session.target_name, sizeof(s.session.target_name),
		 "iqn.2026-01.example:disk");
	str_copy(s.portals[0].host, sizeof(s.portals[0].host), "127.0.0.1");
	s.portals[0].port = 1;
	assert_int_equal(engine_target_start(&engine, &s), 0);
	return engine_target_find(&engine, id);
}

static struct lun *add_lun(struct engine_target *t)
{
	static const uint8_t lun[LUN_LEN];
	struct lun *u;
	int err;

	u = luns_add(&t->luns, lun, NULL, &err);
	assert_non_null(u);
	return u;
}

static int set_up(void **state)
{
	int fd[2];

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_NONBLOCK, 0, fd) ||
	    io_loop_new(64, 0, &loop))
		return -1;
	manager = fd[0];
	engine_init(&engine, loop, fd[1], -1);
	fsm_set_strict(false); /* as in a release */
	return 0;
}

static int tear_down(void **state)
{
	fsm_set_strict(true);
	engine_fini(&engine);
	io_loop_free(loop);
	close(manager);
	close(engine.fd);
	return 0;
}

static void test_what_cannot_be_fails_the_disks_of_that_target(void **state)
{
	struct engine_target *t = start(1), *other = start(2);
	struct lun *u = add_lun(t), *left = add_lun(other);

	attempt_step(t, ATTEMPT_EV_STANDS);
	assert_true(t->broken);
	assert_int_equal(t->attempt, ATTEMPT_PAUSED);
	assert_int_equal(disk_state(u->disk), DISK_FAILED);
	assert_false(other->broken);
	assert_int_not_equal(disk_state(left->disk), DISK_FAILED);
	engine_target_remove(t);
	engine_target_remove(other);
	engine.quitting = true;
	assert_int_equal(io_loop_run(loop), 0);
}

static void test_a_target_that_failed_so_can_be_removed(void **state)
{
	struct engine_target *t = start(1);

	add_lun(t);
	attempt_step(t, ATTEMPT_EV_NO_USE);
	engine_target_remove(t);
	engine.quitting = true;
	assert_int_equal(io_loop_run(loop), 0);
	assert_null(engine_target_find(&engine, 1));
}

static void test_a_scan_that_lost_its_way_is_made_again(void **state)
{
	struct engine_target *t = start(1);
	struct lun *u = add_lun(t);
	struct luns *l = &t->luns;

	l->session = t->nexus->session;
	fsm_step(&scan_fsm, &l->scan_state, SCAN_EV_LOST, l, NULL);
	assert_int_equal(l->scan_state, SCAN_LATER);
	assert_true(l->scan_at > io_now(loop));
	assert_true(luns_next_wake(l) <= l->scan_at);
	assert_int_not_equal(disk_state(u->disk), DISK_FAILED);
	assert_false(t->broken);
	l->session = NULL;
	luns_end_scan(l);
	assert_int_equal(l->scan_state, SCAN_IDLE);
	engine_target_remove(t);
	engine.quitting = true;
	assert_int_equal(io_loop_run(loop), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(
			test_what_cannot_be_fails_the_disks_of_that_target,
			set_up, tear_down),
		cmocka_unit_test_setup_teardown(
			test_a_target_that_failed_so_can_be_removed, set_up,
			tear_down),
		cmocka_unit_test_setup_teardown(
			test_a_scan_that_lost_its_way_is_made_again, set_up,
			tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
