/* Tests of target/duty.c: what a target owes, and what is not done. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <errno.h>
#include <string.h>
#include <cmocka.h>

#include "unit/target_peer.h"

static struct world *world;
static struct peer *peer, *other;
static struct result result;

static int setup(void **state)
{
	world = world_new();
	peer = peer_new(world);
	other = peer_new(world);
	return 0;
}

static int teardown(void **state)
{
	peer_free(other);
	peer_free(peer);
	world_free(world);
	return 0;
}

static void duty(const char *name, const char *value)
{
	assert_int_equal(tgt_duty_set(&world->tt->duties, name, value), 0);
}

/* With immediate data, carried out in half a second. */
static uint32_t slow_write(struct peer *who, uint8_t byte)
{
	struct tgt_inject slow = { .opcode = 0x2a, .times = 1, .delay = 500 };
	struct pdu_scsi_cmd c;
	uint8_t data[512];

	memset(data, byte, sizeof(data));
	tgt_lun_inject(world->lun, &slow);
	peer_write10(who, &c, 0, 1);
	peer_command_send(who, &c, data, 512);
	peer_expect_silence(who);
	return c.itt;
}

/* A write that waits for the data of its R2T. */
static struct pdu_r2t waiting_write(struct peer *who)
{
	struct pdu_scsi_cmd c;
	struct pdu_r2t r2t;

	peer_write10(who, &c, 0, 1);
	peer_command_send(who, &c, NULL, 0);
	peer_expect(who, OP_R2T);
	assert_int_equal(pdu_get_r2t(who->bhs, &r2t), 0);
	return r2t;
}

static uint8_t byte_on_disk(void)
{
	uint8_t b;

	world->lun->backend->ops->read(world->lun->backend, 0, &b, 1);
	return b;
}

static void login_with_r2t(struct peer *who)
{
	assert_int_equal(peer_login_with(who, TEXT(WHO "\0InitialR2T=Yes")),
			 LOGIN_OK);
}

static void login_by_security(struct peer *who)
{
	struct pdu_login_rsp rsp =
		peer_login_step(who, STAGE_SECURITY, STAGE_FULL_FEATURE, true,
				TEXT(WHO "\0AuthMethod=None"));

	assert_int_equal(rsp.status, LOGIN_OK);
	assert_true(rsp.transit);
}

static bool stands(struct peer *who)
{
	return !tgt_conn_over(who->c);
}

static void test_words_and_numbers_are_checked(void **state)
{
	struct tgt_duties d = { 0 };

	assert_int_equal(tgt_duty_set(&d, "reinstate", "late"), 0);
	assert_int_equal(d.reinstate, TGT_REINSTATE_LATE);
	assert_int_equal(tgt_duty_set(&d, "run-on", "250"), 0);
	assert_int_equal(d.run_on, 250);
	assert_int_equal(tgt_duty_set(&d, "reinstate", "2"), -EINVAL);
	assert_int_equal(tgt_duty_set(&d, "run-on", "long"), -EINVAL);
	assert_int_equal(tgt_duty_set(&d, "sleep", "1"), -ENOENT);
}

static void test_login_ends_the_old_session(void **state)
{
	peer_login(peer);
	peer_login(other);
	assert_false(stands(peer));
}

static void test_two_sessions_of_one_isid_stand(void **state)
{
	duty("reinstate", "never");
	peer_login(peer);
	peer_login(other);
	peer_run(peer, CDB(0), 0, &result);
	assert_int_equal(result.status, TGT_GOOD);
}

static void test_operational_stage_ends_no_session(void **state)
{
	duty("reinstate", "security");
	peer_login(peer);
	peer_login(other);
	assert_true(stands(peer));
}

static void test_security_stage_ends_the_old_session(void **state)
{
	duty("reinstate", "security");
	peer_login(peer);
	login_by_security(other);
	assert_false(stands(peer));
}

static void test_old_session_is_served_for_a_while(void **state)
{
	duty("reinstate", "late");
	duty("reinstate-after", "100");
	peer_login(peer);
	peer_login(other);
	world_pass(world, 99);
	assert_true(stands(peer));
	world_pass(world, 1);
	assert_false(stands(peer));
}

static void test_running_write_outlives_its_session(void **state)
{
	duty("run-on", "200");
	peer_login(peer);
	slow_write(peer, 5);
	peer_login(other);
	assert_false(stands(peer));
	assert_int_equal(byte_on_disk(), 0);
	world_pass(world, 200);
	assert_int_equal(byte_on_disk(), 5);
	assert_true(world->t->sessions.next == world->t->sessions.prev);
}

static void ordered_sync(struct peer *who)
{
	struct pdu_scsi_cmd c;

	peer_command(who, &c);
	c.attr = ATTR_ORDERED;
	c.cdb[0] = 0x35;
	peer_command_send(who, &c, NULL, 0);
}

static void test_ordered_command_waits_for_another_nexus(void **state)
{
	peer_login(peer);
	other->isid[5] = 77;
	peer_login(other);
	peer_run(other, CDB(0), 0, &result); /* takes the attention */
	slow_write(peer, 5);
	ordered_sync(other);
	peer_expect_silence(other);
	world_pass(world, 500);
	peer_expect(other, OP_SCSI_RSP);
	assert_int_equal(byte_on_disk(), 5);
}

static void test_ordered_command_waits_for_an_ended_session(void **state)
{
	world->tt->quiet_login = true;
	duty("run-on", "200");
	peer_login(peer);
	slow_write(peer, 5);
	peer_login(other);
	ordered_sync(other);
	peer_expect_silence(other);
	world_pass(world, 200);
	peer_expect(other, OP_SCSI_RSP);
}

static void test_younger_commands_wait_for_an_ordered_one(void **state)
{
	struct pdu_scsi_cmd c;

	world->tt->quiet_login = true;
	peer_login(peer);
	slow_write(peer, 5);
	ordered_sync(peer);
	peer_command(peer, &c);
	peer_command_send(peer, &c, NULL, 0);
	peer_expect_silence(peer);
	world_pass(world, 500);
	peer_expect(peer, OP_SCSI_RSP);
	peer_expect(peer, OP_SCSI_RSP);
	peer_expect(peer, OP_SCSI_RSP);
	assert_int_equal(world->t->ordered, 0);
}

static void test_ordered_may_be_ignored(void **state)
{
	world->tt->quiet_login = true;
	duty("ordered", "ignored");
	peer_login(peer);
	slow_write(peer, 5);
	ordered_sync(peer);
	peer_expect(peer, OP_SCSI_RSP);
}

static void test_reset_that_lies_ends_nothing(void **state)
{
	duty("lun-reset", "lies");
	peer_login(peer);
	slow_write(peer, 5);
	assert_int_equal(peer_tmf(peer, TMF_LUN_RESET, TAG_NONE), TMF_COMPLETE);
	world_pass(world, 500);
	assert_int_equal(byte_on_disk(), 5);
}

static void test_early_reset_gives_no_answer_but_writes(void **state)
{
	duty("lun-reset", "early");
	peer_login(peer);
	slow_write(peer, 5);
	assert_int_equal(peer_tmf(peer, TMF_LUN_RESET, TAG_NONE), TMF_COMPLETE);
	world_pass(world, 500);
	peer_expect_silence(peer);
	assert_int_equal(byte_on_disk(), 5);
}

static void test_hanging_reset_is_answered_in_time(void **state)
{
	duty("lun-reset", "hangs");
	duty("tmf-hang", "300");
	peer_login(peer);
	peer_tmf_send(peer, TMF_LUN_RESET, TAG_NONE, 0);
	world_pass(world, 299);
	peer_expect_silence(peer);
	world_pass(world, 1);
	peer_expect(peer, OP_TMF_RSP);
}

static void test_reset_spares_a_write_that_waits_for_data(void **state)
{
	uint8_t data[512] = { 7 };
	struct pdu_r2t r2t;

	duty("lun-reset", "arrived");
	login_with_r2t(peer);
	other->isid[5] = 77;
	peer_login(other);
	r2t = waiting_write(peer);
	assert_int_equal(peer_tmf(other, TMF_LUN_RESET, TAG_NONE),
			 TMF_COMPLETE);
	peer_data_out(peer, r2t.itt, r2t.ttt, 0, 0, data, 512, true);
	assert_int_equal(byte_on_disk(), 7);
}

static void test_aborted_write_may_run_on(void **state)
{
	uint32_t itt;

	duty("abort-task", "early");
	peer_login(peer);
	itt = slow_write(peer, 5);
	assert_int_equal(peer_tmf(peer, TMF_ABORT_TASK, itt), TMF_COMPLETE);
	world_pass(world, 500);
	peer_expect_silence(peer);
	assert_int_equal(byte_on_disk(), 5);
}

static void test_refused_flush_is_no_operation(void **state)
{
	world->tt->quiet_login = true;
	duty("sync", "refused");
	peer_login(peer);
	peer_run(peer, CDB(0x35, 0, 0, 0, 0, 0, 0, 0, 0, 0), 0, &result);
	assert_int_equal(result_sense(&result), 0x052000);
}

static void test_second_session_is_refused(void **state)
{
	duty("sessions", "1");
	peer_login(peer);
	other->isid[5] = 77;
	assert_int_equal(peer_login_with(other, TEXT(WHO)), LOGIN_NO_RESOURCES);
	assert_true(stands(peer));
}

static void test_security_stage_without_credentials_is_refused(void **state)
{
	struct pdu_login_rsp rsp;

	duty("auth-none", "0x0201");
	rsp = peer_login_step(peer, STAGE_SECURITY, STAGE_OPERATIONAL, true,
			      TEXT(WHO "\0AuthMethod=None"));
	assert_int_equal(rsp.status, LOGIN_AUTH_FAILED);
	peer_login(other);
}

static void test_r2t_never_comes(void **state)
{
	struct pdu_scsi_cmd c;

	world->tt->quiet_login = true;
	duty("r2t-never", "1");
	login_with_r2t(peer);
	peer_write10(peer, &c, 0, 1);
	peer_command_send(peer, &c, NULL, 0);
	peer_expect_silence(peer);
	assert_int_equal(peer_tmf(peer, TMF_ABORT_TASK, c.itt), TMF_COMPLETE);
}

static void test_short_good_lacks_its_data_and_no_residual(void **state)
{
	struct pdu_scsi_cmd c;

	world->tt->quiet_login = true;
	duty("short-good", "1");
	login_with_r2t(peer);
	peer_write10(peer, &c, 0, 1);
	peer_command_send(peer, &c, NULL, 0);
	peer_finish(peer, c.itt, &result);
	assert_int_equal(result.status, TGT_GOOD);
	assert_false(result.underflow);
	assert_int_equal(world->lun->written_bytes, 0);
}

#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(test_words_and_numbers_are_checked),
		T(test_login_ends_the_old_session),
		T(test_two_sessions_of_one_isid_stand),
		T(test_operational_stage_ends_no_session),
		T(test_security_stage_ends_the_old_session),
		T(test_old_session_is_served_for_a_while),
		T(test_running_write_outlives_its_session),
		T(test_ordered_command_waits_for_another_nexus),
		T(test_ordered_command_waits_for_an_ended_session),
		T(test_younger_commands_wait_for_an_ordered_one),
		T(test_ordered_may_be_ignored),
		T(test_reset_that_lies_ends_nothing),
		T(test_early_reset_gives_no_answer_but_writes),
		T(test_hanging_reset_is_answered_in_time),
		T(test_reset_spares_a_write_that_waits_for_data),
		T(test_aborted_write_may_run_on),
		T(test_refused_flush_is_no_operation),
		T(test_second_session_is_refused),
		T(test_security_stage_without_credentials_is_refused),
		T(test_r2t_never_comes),
		T(test_short_good_lacks_its_data_and_no_residual),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
