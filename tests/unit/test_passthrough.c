/*
 * test_passthrough - CDBs of others go to the target and back as they are.
 *
 * Through a real session to the demo target's library (wire_rig.h), whose LUN
 * says that it is a tape.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <errno.h>
#include <string.h>
#include <cmocka.h>

#include "disk/passthrough.h"
#include "scsi/cdb.h"
#include "scsi/inquiry.h"
#include "scsi/status.h"
#include "wire_rig.h"

#define SECTOR 512

struct command {
	struct scsi_io io;
	unsigned done;
	int err;
};

struct fixture {
	struct rig *rig;
	struct passthrough pass;
	unsigned woken;
};

static void on_wake(void *ctx)
{
	((struct fixture *)ctx)->woken++;
}

static void on_done(struct scsi_io *io, int err)
{
	struct command *k = (struct command *)io;

	k->done++;
	k->err = err;
}

static int setup(void **state)
{
	static struct fixture f;
	static const uint8_t lun[LUN_LEN];

	f = (struct fixture){ .rig = rig_new() };
	*state = &f;
	if (!f.rig)
		return -1;
	f.rig->lun->cfg.type = TYPE_TAPE;
	passthrough_init(&f.pass, lun, on_wake, &f);
	if (!rig_login(f.rig))
		return -1;
	passthrough_set_session(&f.pass, f.rig->s);
	passthrough_open(&f.pass, true);
	return 0;
}

static int teardown(void **state)
{
	rig_free(((struct fixture *)*state)->rig);
	return 0;
}

static void submit(struct fixture *f, struct command *k, enum cmd_dir dir,
		   uint8_t *buf, uint32_t len)
{
	k->done = 0;
	k->io.cmd.dir = dir;
	k->io.cmd.buf = buf;
	k->io.cmd.len = len;
	k->io.done = on_done;
	passthrough_submit(&f->pass, &k->io);
}

static void run(struct fixture *f, struct command *k, enum cmd_dir dir,
		uint8_t *buf, uint32_t len)
{
	submit(f, k, dir, buf, len);
	rig_run(f->rig);
	assert_int_equal(k->done, 1);
	assert_int_equal(k->err, 0);
	assert_true(passthrough_is_idle(&f->pass));
}

/* A new nexus has something to say first. */
static void clear_attention(struct fixture *f)
{
	struct command k = { 0 };

	cdb_test_unit_ready(k.io.cmd.cdb);
	run(f, &k, CMD_NO_DATA, NULL, 0);
}

static void test_a_read_brings_the_data_of_the_target(void **state)
{
	struct fixture *f = *state;
	struct command k = { 0 };
	struct inquiry inq;
	uint8_t buf[INQUIRY_LEN];

	cdb_inquiry(k.io.cmd.cdb, sizeof(buf));
	run(f, &k, CMD_READ, buf, sizeof(buf));
	assert_int_equal(k.io.cmd.status, STATUS_GOOD);
	assert_int_equal(inquiry_parse(buf, sizeof(buf), &inq), 0);
	assert_int_equal(inq.type, TYPE_TAPE);
}

static void test_what_is_written_arrives(void **state)
{
	struct fixture *f = *state;
	struct command k = { 0 };
	uint8_t out[8 * SECTOR], in[8 * SECTOR];

	clear_attention(f);
	memset(out, 0x5a, sizeof(out));
	cdb_write_10(k.io.cmd.cdb, 3, 8, false);
	run(f, &k, CMD_WRITE, out, sizeof(out));
	assert_int_equal(k.io.cmd.status, STATUS_GOOD);
	cdb_read_10(k.io.cmd.cdb, 3, 8);
	run(f, &k, CMD_READ, in, sizeof(in));
	assert_memory_equal(in, out, sizeof(in));
	assert_int_equal(k.io.cmd.underflow, 0);
}

static void test_less_data_than_asked_for_is_a_residual(void **state)
{
	struct fixture *f = *state;
	struct command k = { 0 };
	uint8_t buf[3 * SECTOR];

	clear_attention(f);
	cdb_read_10(k.io.cmd.cdb, 0, 1);
	run(f, &k, CMD_READ, buf, sizeof(buf));
	assert_int_equal(k.io.cmd.underflow, 2 * SECTOR);
	assert_int_equal(k.io.cmd.overflow, 0);
}

static void test_more_data_than_there_is_room_for_is_an_overflow(void **state)
{
	struct fixture *f = *state;
	struct command k = { 0 };
	uint8_t buf[SECTOR];

	clear_attention(f);
	cdb_read_10(k.io.cmd.cdb, 0, 4);
	run(f, &k, CMD_READ, buf, sizeof(buf));
	assert_int_equal(k.io.cmd.overflow, 3 * SECTOR);
}

static void test_sense_comes_back_as_the_target_sent_it(void **state)
{
	struct fixture *f = *state;
	struct command k = { 0 };
	uint8_t buf[SECTOR];

	clear_attention(f);
	k.io.cmd.cdb[0] = 0xff; /* no such operation */
	run(f, &k, CMD_READ, buf, sizeof(buf));
	assert_int_equal(k.io.cmd.status, STATUS_CHECK_CONDITION);
	assert_true(k.io.cmd.sense_len >= 14);
	assert_int_equal(k.io.cmd.sense[2] & 0x0f, 5); /* ILLEGAL REQUEST */
	assert_int_equal(k.io.cmd.sense[12], 0x20);    /* ... that is why */
	assert_int_equal(k.io.cmd.underflow, sizeof(buf));
}

static void test_the_owner_is_woken_by_the_first_command(void **state)
{
	struct fixture *f = *state;
	struct command k = { 0 }, other = { 0 };

	cdb_test_unit_ready(k.io.cmd.cdb);
	cdb_test_unit_ready(other.io.cmd.cdb);
	submit(f, &k, CMD_NO_DATA, NULL, 0);
	submit(f, &other, CMD_NO_DATA, NULL, 0);
	assert_int_equal(f->woken, 1);
	assert_false(passthrough_is_idle(&f->pass));
	rig_run(f->rig);
	assert_int_equal(k.done + other.done, 2);
}

static void test_a_command_of_a_lost_nexus_is_not_repeated(void **state)
{
	struct fixture *f = *state;
	struct command k = { 0 };

	cdb_test_unit_ready(k.io.cmd.cdb);
	submit(f, &k, CMD_NO_DATA, NULL, 0);
	f->rig->chunk = 60; /* a header, and no answer yet */
	rig_step(f->rig);
	assert_int_equal(k.done, 0);
	rig_cut(f->rig);
	rig_run(f->rig);
	assert_int_equal(k.done, 1);
	assert_int_equal(k.err, -ENOTCONN);
	assert_true(k.io.cmd.exposed);
	assert_true(rig_login(f->rig));
	rig_run(f->rig);
	assert_int_equal(k.done, 1);
}

static void test_without_a_nexus_nothing_is_sent(void **state)
{
	struct fixture *f = *state;
	struct command k = { .io.cmd.exposed = true };

	passthrough_set_session(&f->pass, NULL);
	cdb_test_unit_ready(k.io.cmd.cdb);
	submit(f, &k, CMD_NO_DATA, NULL, 0);
	assert_int_equal(k.done, 1);
	assert_int_equal(k.err, -ENOTCONN);
	assert_false(k.io.cmd.exposed);
	assert_true(passthrough_is_idle(&f->pass));
}

static void test_nothing_is_sent_before_it_was_seen_what_is_there(void **state)
{
	struct fixture *f = *state;
	struct command k = { 0 };

	passthrough_set_session(&f->pass, f->rig->s);
	cdb_test_unit_ready(k.io.cmd.cdb);
	submit(f, &k, CMD_NO_DATA, NULL, 0);
	assert_int_equal(k.err, -ENOTCONN);
	passthrough_open(&f->pass, true);
	run(f, &k, CMD_NO_DATA, NULL, 0);
	passthrough_open(&f->pass, false); /* it is a disk now */
	submit(f, &k, CMD_NO_DATA, NULL, 0);
	assert_int_equal(k.err, -ENOTCONN);
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
	const struct CMUnitTest tests[] = {
		T(test_a_read_brings_the_data_of_the_target),
		T(test_what_is_written_arrives),
		T(test_less_data_than_asked_for_is_a_residual),
		T(test_more_data_than_there_is_room_for_is_an_overflow),
		T(test_sense_comes_back_as_the_target_sent_it),
		T(test_the_owner_is_woken_by_the_first_command),
		T(test_a_command_of_a_lost_nexus_is_not_repeated),
		T(test_without_a_nexus_nothing_is_sent),
		T(test_nothing_is_sent_before_it_was_seen_what_is_there),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
