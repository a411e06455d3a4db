/* Tests of target/command.c: data both ways, residuals, status. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "unit/target_peer.h"

#include "base/bytes.h"

#define BIG (256 * 1024)

static struct world *world;
static struct peer *peer;
static struct result result;

static int setup(void **state)
{
	world = world_new();
	peer = peer_new(world);
	return 0;
}

static int teardown(void **state)
{
	peer_free(peer);
	world_free(world);
	return 0;
}

static uint8_t data[BIG], back[BIG];

static void fill(uint8_t seed)
{
	for (size_t i = 0; i < sizeof(data); i++)
		data[i] = (uint8_t)(i * 7 + i / 512 + seed);
}

static void login(const char *text, size_t n)
{
	assert_int_equal(peer_login_with(peer, text, n), LOGIN_OK);
}

static const uint8_t *on_disk(uint32_t lba, uint32_t len)
{
	world->lun->backend->ops->read(world->lun->backend, lba * 512ull, back,
				       len);
	return back;
}

static void expect_r2t(struct pdu_r2t *r2t, uint32_t itt, uint32_t sn,
		       uint32_t offset, uint32_t len)
{
	peer_expect(peer, OP_R2T);
	assert_int_equal(pdu_get_r2t(peer->bhs, r2t), 0);
	assert_int_equal(r2t->itt, itt);
	assert_int_equal(r2t->r2tsn, sn);
	assert_int_equal(r2t->offset, offset);
	assert_int_equal(r2t->length, len);
}

static void expect_status(uint32_t itt, uint32_t sense)
{
	peer_finish(peer, itt, &result);
	assert_int_equal(result_sense(&result), sense);
}

static void test_written_blocks_are_read_back(void **state)
{
	fill(1);
	peer_login(peer);
	peer_run_out(peer, CDB(0x2a, 0, 0, 0, 0, 9, 0, 0, 4), data, 2048,
		     &result);
	assert_int_equal(result_sense(&result), 0);
	peer_run(peer, CDB(0x28, 0, 0, 0, 0, 9, 0, 0, 4), 2048, &result);
	assert_int_equal(result.len, 2048);
	assert_memory_equal(result.data, data, 2048);
	assert_false(result.overflow || result.underflow);
}

static void test_status_comes_with_the_last_data(void **state)
{
	struct pdu_data_in d;
	struct pdu_scsi_cmd c;

	peer_login(peer);
	peer_read10(peer, &c, 0, 1);
	peer_command_send(peer, &c, NULL, 0);
	peer_expect(peer, OP_DATA_IN);
	assert_int_equal(pdu_get_data_in(peer->bhs, &d), 0);
	assert_true(d.has_status);
	assert_true(d.final);
	assert_int_equal(d.sn.statsn, peer->statsn + 1);
	peer_expect_silence(peer);
}

static void test_status_can_be_kept_apart(void **state)
{
	struct pdu_data_in d;
	struct pdu_scsi_rsp rsp;
	struct pdu_scsi_cmd c;

	world->tt->split_status = true;
	peer_login(peer);
	peer_read10(peer, &c, 0, 1);
	peer_command_send(peer, &c, NULL, 0);
	peer_expect(peer, OP_DATA_IN);
	assert_int_equal(pdu_get_data_in(peer->bhs, &d), 0);
	assert_false(d.has_status);
	peer_expect(peer, OP_SCSI_RSP);
	assert_int_equal(pdu_get_scsi_rsp(peer->bhs, &rsp), 0);
	assert_int_equal(rsp.exp_datasn, 1);
	assert_int_equal(rsp.sn.statsn, peer->statsn + 1);
}

static void test_data_in_is_cut_by_segment_and_burst(void **state)
{
	struct pdu_data_in d;
	struct pdu_scsi_cmd c;

	login(TEXT(WHO "\0MaxRecvDataSegmentLength=1024\0MaxBurstLength=1536"));
	peer_read10(peer, &c, 0, 7);
	peer_command_send(peer, &c, NULL, 0);
	for (uint32_t i = 0, off = 0; off < 3584; i++, off += d.data_len) {
		peer_expect(peer, OP_DATA_IN);
		assert_int_equal(pdu_get_data_in(peer->bhs, &d), 0);
		assert_int_equal(d.datasn, i);
		assert_int_equal(d.offset, off);
		assert_int_equal(d.data_len, i % 2 || i == 4 ? 512 : 1024);
		/* F ends a burst, S only the last one */
		assert_int_equal(d.final,
				 i % 2 == 1 || off + d.data_len == 3584);
		assert_int_equal(d.has_status, off + d.data_len == 3584);
	}
	peer_expect_silence(peer);
}

/* The four combinations of InitialR2T and ImmediateData. */

static void test_no_r2t_wanted_and_immediate_data(void **state)
{
	struct pdu_scsi_cmd c;

	fill(2);
	login(TEXT(WHO "\0InitialR2T=No\0ImmediateData=Yes"));
	peer_write10(peer, &c, 0, 8);
	c.final = false;
	peer_command_send(peer, &c, data, 512);
	peer_expect_silence(peer);
	peer_data_out(peer, c.itt, TAG_NONE, 0, 512, data + 512, 1024, false);
	peer_data_out(peer, c.itt, TAG_NONE, 1, 1536, data + 1536, 2560, true);
	expect_status(c.itt, 0);
	assert_memory_equal(on_disk(0, 4096), data, 4096);
}

static void test_no_r2t_wanted_and_no_immediate_data(void **state)
{
	struct pdu_scsi_cmd c;

	fill(3);
	login(TEXT(WHO "\0InitialR2T=No\0ImmediateData=No"));
	peer_write10(peer, &c, 0, 2);
	c.final = false;
	peer_command_send(peer, &c, NULL, 0);
	peer_expect_silence(peer);
	peer_data_out(peer, c.itt, TAG_NONE, 0, 0, data, 1024, true);
	expect_status(c.itt, 0);
	assert_memory_equal(on_disk(0, 1024), data, 1024);
}

static void test_r2t_wanted_and_immediate_data(void **state)
{
	struct pdu_scsi_cmd c;
	struct pdu_r2t r2t;

	fill(4);
	login(TEXT(WHO "\0InitialR2T=Yes\0ImmediateData=Yes"));
	peer_write10(peer, &c, 0, 8);
	peer_command_send(peer, &c, data, 1024);
	expect_r2t(&r2t, c.itt, 0, 1024, 3072);
	peer_data_out(peer, c.itt, r2t.ttt, 0, 1024, data + 1024, 3072, true);
	expect_status(c.itt, 0);
	assert_memory_equal(on_disk(0, 4096), data, 4096);
}

static void test_r2t_wanted_and_no_immediate_data(void **state)
{
	struct pdu_scsi_cmd c;
	struct pdu_r2t r2t;

	fill(5);
	login(TEXT(WHO "\0InitialR2T=Yes\0ImmediateData=No"));
	peer_write10(peer, &c, 0, 8);
	peer_command_send(peer, &c, NULL, 0);
	expect_r2t(&r2t, c.itt, 0, 0, 4096);
	peer_data_out(peer, c.itt, r2t.ttt, 0, 0, data, 2048, false);
	peer_data_out(peer, c.itt, r2t.ttt, 1, 2048, data + 2048, 2048, true);
	expect_status(c.itt, 0);
	assert_memory_equal(on_disk(0, 4096), data, 4096);
}

static void test_beyond_the_first_burst_r2ts_follow(void **state)
{
	struct pdu_scsi_cmd c;
	struct pdu_r2t r2t;

	fill(6);
	login(TEXT(WHO "\0InitialR2T=No\0FirstBurstLength=1024\0"
		       "MaxBurstLength=2048"));
	peer_write10(peer, &c, 0, 8);
	c.final = false;
	peer_command_send(peer, &c, data, 512);
	peer_data_out(peer, c.itt, TAG_NONE, 0, 512, data + 512, 512, true);
	expect_r2t(&r2t, c.itt, 0, 1024, 2048);
	peer_expect_silence(peer);
	peer_data_out(peer, c.itt, r2t.ttt, 0, 1024, data + 1024, 2048, true);
	expect_r2t(&r2t, c.itt, 1, 3072, 1024);
	peer_data_out(peer, c.itt, r2t.ttt, 0, 3072, data + 3072, 1024, true);
	expect_status(c.itt, 0);
	assert_memory_equal(on_disk(0, 4096), data, 4096);
}

static void test_several_r2ts_are_out_when_agreed(void **state)
{
	struct pdu_scsi_cmd c;
	struct pdu_r2t a, b, d;

	fill(7);
	login(TEXT(WHO "\0InitialR2T=Yes\0ImmediateData=No\0"
		       "MaxOutstandingR2T=2\0MaxBurstLength=1024"));
	peer_write10(peer, &c, 0, 6);
	peer_command_send(peer, &c, NULL, 0);
	expect_r2t(&a, c.itt, 0, 0, 1024);
	expect_r2t(&b, c.itt, 1, 1024, 1024);
	peer_expect_silence(peer);
	peer_data_out(peer, c.itt, a.ttt, 0, 0, data, 1024, true);
	expect_r2t(&d, c.itt, 2, 2048, 1024);
	peer_data_out(peer, c.itt, b.ttt, 0, 1024, data + 1024, 1024, true);
	peer_data_out(peer, c.itt, d.ttt, 0, 2048, data + 2048, 1024, true);
	expect_status(c.itt, 0);
	assert_memory_equal(on_disk(0, 3072), data, 3072);
}

static void test_r2ts_can_be_made_small(void **state)
{
	struct pdu_scsi_cmd c;
	struct pdu_r2t r2t;

	world->tt->r2t_size = 700;
	login(TEXT(WHO "\0InitialR2T=Yes\0MaxOutstandingR2T=1"));
	peer_write10(peer, &c, 0, 2);
	peer_command_send(peer, &c, NULL, 0);
	expect_r2t(&r2t, c.itt, 0, 0, 700);
	peer_data_out(peer, c.itt, r2t.ttt, 0, 0, data, 700, true);
	expect_r2t(&r2t, c.itt, 1, 700, 324);
}

static void test_an_r2t_does_not_spend_a_statsn(void **state)
{
	struct pdu_scsi_cmd c;
	struct pdu_r2t r2t;

	login(TEXT(WHO "\0InitialR2T=Yes"));
	peer_write10(peer, &c, 0, 1);
	peer_command_send(peer, &c, NULL, 0);
	expect_r2t(&r2t, c.itt, 0, 0, 512);
	assert_int_equal(r2t.sn.statsn, peer->statsn + 1);
	peer_data_out(peer, c.itt, r2t.ttt, 0, 0, data, 512, true);
	peer_expect(peer, OP_SCSI_RSP);
	assert_int_equal(get_be32(peer->bhs + 24), peer->statsn + 1);
}

static void test_two_writes_run_side_by_side(void **state)
{
	struct pdu_scsi_cmd c1, c2;
	struct pdu_r2t a, b;

	fill(8);
	login(TEXT(WHO "\0InitialR2T=Yes\0ImmediateData=No"));
	peer_write10(peer, &c1, 0, 1);
	peer_write10(peer, &c2, 1, 1);
	peer_command_send(peer, &c1, NULL, 0);
	peer_command_send(peer, &c2, NULL, 0);
	expect_r2t(&a, c1.itt, 0, 0, 512);
	expect_r2t(&b, c2.itt, 0, 0, 512);
	peer_data_out(peer, c2.itt, b.ttt, 0, 0, data + 512, 512, true);
	expect_status(c2.itt, 0);
	peer_data_out(peer, c1.itt, a.ttt, 0, 0, data, 512, true);
	expect_status(c1.itt, 0);
	assert_memory_equal(on_disk(0, 1024), data, 1024);
}

static void test_unexpected_immediate_data_is_an_error(void **state)
{
	struct pdu_scsi_cmd c;

	login(TEXT(WHO "\0ImmediateData=No"));
	peer_write10(peer, &c, 0, 1);
	peer_command_send(peer, &c, data, 512);
	expect_status(c.itt, 0x0b0c0c);
}

static void test_unexpected_unsolicited_data_is_an_error(void **state)
{
	struct pdu_scsi_cmd c;

	fill(9);
	login(TEXT(WHO "\0InitialR2T=Yes"));
	peer_write10(peer, &c, 0, 1);
	c.final = false;
	peer_command_send(peer, &c, NULL, 0);
	peer_expect_silence(peer);
	peer_data_out(peer, c.itt, TAG_NONE, 0, 0, data, 512, true);
	expect_status(c.itt, 0x0b0c0c);
	memset(data, 0, 512);
	assert_memory_equal(on_disk(0, 512), data, 512);
}

static void test_too_little_unsolicited_data_is_an_error(void **state)
{
	struct pdu_scsi_cmd c;

	login(TEXT(WHO "\0InitialR2T=No\0ImmediateData=Yes"));
	peer_write10(peer, &c, 0, 4);
	c.final = false;
	peer_command_send(peer, &c, data, 512);
	peer_data_out(peer, c.itt, TAG_NONE, 0, 512, data, 512, true);
	expect_status(c.itt, 0x0b0c0d);
}

static void test_too_little_solicited_data_is_an_error(void **state)
{
	struct pdu_scsi_cmd c;
	struct pdu_r2t r2t;

	login(TEXT(WHO "\0InitialR2T=Yes"));
	peer_write10(peer, &c, 0, 2);
	peer_command_send(peer, &c, NULL, 0);
	expect_r2t(&r2t, c.itt, 0, 0, 1024);
	peer_data_out(peer, c.itt, r2t.ttt, 0, 0, data, 512, true);
	expect_status(c.itt, 0x0b0c0d);
}

static void test_data_outside_its_r2t_ends_the_connection(void **state)
{
	struct pdu_scsi_cmd c;
	struct pdu_r2t r2t;

	login(TEXT(WHO "\0InitialR2T=Yes"));
	peer_write10(peer, &c, 0, 2);
	peer_command_send(peer, &c, NULL, 0);
	expect_r2t(&r2t, c.itt, 0, 0, 1024);
	peer_data_out(peer, c.itt, r2t.ttt, 0, 512, data, 1024, true);
	peer_expect(peer, OP_REJECT);
	assert_int_equal(peer->bhs[2], REJECT_PROTOCOL);
	assert_true(tgt_conn_over(peer->c));
}

static void test_data_far_beyond_the_buffer_is_not_stored(void **state)
{
	struct pdu_scsi_cmd c;

	login(TEXT(WHO "\0InitialR2T=No"));
	peer_write10(peer, &c, 0, 1);
	c.final = false;
	peer_command_send(peer, &c, NULL, 0);
	peer_data_out(peer, c.itt, TAG_NONE, 0, 0xfffffff0, data, 512, true);
	peer_expect(peer, OP_REJECT);
	assert_true(tgt_conn_over(peer->c));
}

static void test_unknown_transfer_tag_ends_the_connection(void **state)
{
	struct pdu_scsi_cmd c;
	struct pdu_r2t r2t;

	login(TEXT(WHO "\0InitialR2T=Yes"));
	peer_write10(peer, &c, 0, 1);
	peer_command_send(peer, &c, NULL, 0);
	expect_r2t(&r2t, c.itt, 0, 0, 512);
	peer_data_out(peer, c.itt, r2t.ttt + 1, 0, 0, data, 512, true);
	peer_expect(peer, OP_REJECT);
	assert_true(tgt_conn_over(peer->c));
}

static void test_data_out_of_nobody_is_ignored(void **state)
{
	peer_login(peer);
	peer_data_out(peer, 0x4242, 1, 0, 0, data, 512, true);
	peer_expect_silence(peer);
	peer_run(peer, CDB(0), 0, &result);
	assert_int_equal(result_sense(&result), 0);
}

static void test_lost_data_pdu_ends_the_task_as_a_digest_error(void **state)
{
	struct pdu_scsi_cmd c;
	struct pdu_r2t r2t;

	login(TEXT(WHO "\0InitialR2T=Yes"));
	peer_write10(peer, &c, 0, 3);
	peer_command_send(peer, &c, NULL, 0);
	expect_r2t(&r2t, c.itt, 0, 0, 1536);
	peer_data_out(peer, c.itt, r2t.ttt, 1, 512, data, 512, false);
	peer_expect_silence(peer);
	peer_data_out(peer, c.itt, r2t.ttt, 2, 1024, data, 512, true);
	expect_status(c.itt, 0x0b4705);
}

static void test_corrupt_data_is_rejected_and_ends_the_task(void **state)
{
	struct pdu_scsi_cmd c;
	struct pdu_r2t r2t;

	fill(10);
	world->tt->wishes.data_digest = TGT_DIGEST_REQUIRE;
	login(TEXT(WHO "\0InitialR2T=Yes\0DataDigest=CRC32C"));
	peer->ddigest = true;
	peer_write10(peer, &c, 0, 2);
	peer_command_send(peer, &c, NULL, 0);
	expect_r2t(&r2t, c.itt, 0, 0, 1024);
	peer->bad_ddigest = true;
	peer_data_out(peer, c.itt, r2t.ttt, 0, 0, data, 512, false);
	peer->bad_ddigest = false;
	peer_expect(peer, OP_REJECT);
	assert_int_equal(peer->bhs[2], REJECT_DATA_DIGEST);
	peer_data_out(peer, c.itt, r2t.ttt, 1, 512, data, 512, true);
	expect_status(c.itt, 0x0b4705);
	memset(data, 0, 1024);
	assert_memory_equal(on_disk(0, 1024), data, 1024);
}

static void test_command_with_corrupt_data_can_be_retried(void **state)
{
	struct pdu_scsi_cmd c;

	fill(11);
	world->tt->wishes.data_digest = TGT_DIGEST_REQUIRE;
	login(TEXT(WHO "\0DataDigest=CRC32C"));
	peer->ddigest = true;
	peer_write10(peer, &c, 0, 1);
	peer->bad_ddigest = true;
	peer_command_send(peer, &c, data, 512);
	peer->bad_ddigest = false;
	peer_expect(peer, OP_REJECT);
	assert_int_equal(peer->bhs[2], REJECT_DATA_DIGEST);
	peer_command_send(peer, &c, data, 512);
	expect_status(c.itt, 0);
	assert_memory_equal(on_disk(0, 512), data, 512);
}

/* Residuals (11.4.5) */

static void test_short_answer_is_an_underflow(void **state)
{
	peer_login(peer);
	peer_run(peer, CDB(0x12, 0, 0, 0, 255, 0), 255, &result);
	assert_int_equal(result.len, 96);
	assert_true(result.underflow);
	assert_int_equal(result.residual, 255 - 96);
}

static void test_small_buffer_is_an_overflow(void **state)
{
	peer_login(peer);
	peer_run(peer, CDB(0x28, 0, 0, 0, 0, 0, 0, 0, 2), 700, &result);
	assert_int_equal(result.len, 700);
	assert_true(result.overflow);
	assert_int_equal(result.residual, 324);
}

static void test_answer_nobody_asked_for_is_an_overflow(void **state)
{
	peer_login(peer);
	peer_run(peer, CDB(0x28, 0, 0, 0, 0, 0, 0, 0, 1), 0, &result);
	assert_int_equal(result.status, TGT_GOOD);
	assert_int_equal(result.len, 0);
	assert_true(result.overflow);
	assert_int_equal(result.residual, 512);
}

static void test_write_of_less_than_asked_writes_whole_blocks(void **state)
{
	fill(12);
	peer_login(peer);
	peer_run_out(peer, CDB(0x2a, 0, 0, 0, 0, 0, 0, 0, 3), data, 1024,
		     &result);
	assert_int_equal(result.status, TGT_GOOD);
	assert_true(result.overflow);
	assert_int_equal(result.residual, 512);
	assert_memory_equal(on_disk(0, 1024), data, 1024);
}

static void test_write_of_more_than_asked_is_an_underflow(void **state)
{
	static const uint8_t zeros[512];

	fill(13);
	peer_login(peer);
	peer_run_out(peer, CDB(0x2a, 0, 0, 0, 0, 0, 0, 0, 1), data, 1024,
		     &result);
	assert_int_equal(result.status, TGT_GOOD);
	assert_true(result.underflow);
	assert_int_equal(result.residual, 512);
	assert_memory_equal(on_disk(1, 512), zeros, 512);
}

static void test_failed_read_moves_nothing(void **state)
{
	peer_login(peer);
	peer_run(peer, CDB(0x28, 0, 0, 1, 0, 0, 0, 0, 1), 512, &result);
	assert_int_equal(result_sense(&result), 0x052100);
	assert_int_equal(result.len, 0);
	assert_true(result.underflow);
	assert_int_equal(result.residual, 512);
}

static void test_failing_write_waits_for_its_unsolicited_data(void **state)
{
	struct pdu_scsi_cmd c;

	login(TEXT(WHO "\0InitialR2T=No"));
	peer_write10(peer, &c, 0x10000, 2);
	c.final = false;
	peer_command_send(peer, &c, data, 512);
	peer_expect_silence(peer);
	peer_data_out(peer, c.itt, TAG_NONE, 0, 512, data, 512, true);
	expect_status(c.itt, 0x052100);
}

static void test_failing_write_asks_for_no_data(void **state)
{
	struct pdu_scsi_cmd c;

	login(TEXT(WHO "\0InitialR2T=Yes"));
	peer_write10(peer, &c, 0x10000, 2);
	peer_command_send(peer, &c, NULL, 0);
	expect_status(c.itt, 0x052100);
}

static void test_immediate_data_above_the_first_burst_is_an_error(void **state)
{
	struct pdu_scsi_cmd c;

	login(TEXT(WHO "\0FirstBurstLength=512"));
	peer_write10(peer, &c, 0, 2);
	peer_command_send(peer, &c, data, 1024);
	expect_status(c.itt, 0x0b0c0c);
}

static void test_more_data_than_expected_length_is_refused(void **state)
{
	struct pdu_scsi_cmd c;

	peer_login(peer);
	peer_write10(peer, &c, 0, 1);
	c.edtl = 256;
	peer_command_send(peer, &c, data, 512);
	peer_expect(peer, OP_REJECT);
	assert_int_equal(peer->bhs[2], REJECT_PROTOCOL);
}

static void test_large_transfer_goes_through(void **state)
{
	struct pdu_scsi_cmd c;
	struct pdu_r2t r2t;
	uint32_t sn = 0;

	fill(14);
	login(TEXT(WHO "\0InitialR2T=Yes\0ImmediateData=No\0"
		       "MaxBurstLength=65536\0MaxOutstandingR2T=1\0"
		       "MaxRecvDataSegmentLength=65536"));
	peer_write10(peer, &c, 100, 512);
	peer_command_send(peer, &c, NULL, 0);
	for (uint32_t off = 0; off < BIG; off += 65536) {
		expect_r2t(&r2t, c.itt, sn++, off, 65536);
		peer_data_out(peer, c.itt, r2t.ttt, 0, off, data + off, 65536,
			      true);
	}
	expect_status(c.itt, 0);
	peer_run(peer, CDB(0x28, 0, 0, 0, 0, 100, 0, 2, 0), BIG, &result);
	assert_int_equal(result.len, BIG);
	assert_memory_equal(result.data, data, BIG);
}

#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(test_written_blocks_are_read_back),
		T(test_status_comes_with_the_last_data),
		T(test_status_can_be_kept_apart),
		T(test_data_in_is_cut_by_segment_and_burst),
		T(test_no_r2t_wanted_and_immediate_data),
		T(test_no_r2t_wanted_and_no_immediate_data),
		T(test_r2t_wanted_and_immediate_data),
		T(test_r2t_wanted_and_no_immediate_data),
		T(test_beyond_the_first_burst_r2ts_follow),
		T(test_several_r2ts_are_out_when_agreed),
		T(test_r2ts_can_be_made_small),
		T(test_an_r2t_does_not_spend_a_statsn),
		T(test_two_writes_run_side_by_side),
		T(test_unexpected_immediate_data_is_an_error),
		T(test_unexpected_unsolicited_data_is_an_error),
		T(test_too_little_unsolicited_data_is_an_error),
		T(test_too_little_solicited_data_is_an_error),
		T(test_data_outside_its_r2t_ends_the_connection),
		T(test_data_far_beyond_the_buffer_is_not_stored),
		T(test_unknown_transfer_tag_ends_the_connection),
		T(test_data_out_of_nobody_is_ignored),
		T(test_lost_data_pdu_ends_the_task_as_a_digest_error),
		T(test_corrupt_data_is_rejected_and_ends_the_task),
		T(test_command_with_corrupt_data_can_be_retried),
		T(test_short_answer_is_an_underflow),
		T(test_small_buffer_is_an_overflow),
		T(test_answer_nobody_asked_for_is_an_overflow),
		T(test_write_of_less_than_asked_writes_whole_blocks),
		T(test_write_of_more_than_asked_is_an_underflow),
		T(test_failed_read_moves_nothing),
		T(test_failing_write_waits_for_its_unsolicited_data),
		T(test_failing_write_asks_for_no_data),
		T(test_immediate_data_above_the_first_burst_is_an_error),
		T(test_more_data_than_expected_length_is_refused),
		T(test_large_transfer_goes_through),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
