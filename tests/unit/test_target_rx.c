/* Tests of target/rx.c and tx.c: framing and digests. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "unit/target_peer.h"

#include "base/bytes.h"

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

static uint8_t data[65536];

static void login_with_digests(void)
{
	world->tt->wishes.header_digest = TGT_DIGEST_REQUIRE;
	world->tt->wishes.data_digest = TGT_DIGEST_REQUIRE;
	assert_int_equal(
		peer_login_with(peer, TEXT(WHO "\0HeaderDigest=CRC32C\0"
					       "DataDigest=CRC32C")),
		LOGIN_OK);
	peer->hdigest = peer->ddigest = true;
}

static void write_and_read_back(void)
{
	for (size_t i = 0; i < 1024; i++)
		data[i] = (uint8_t)(i * 11);
	peer_run_out(peer, CDB(0x2a, 0, 0, 0, 0, 3, 0, 0, 2), data, 1024,
		     &result);
	assert_int_equal(result_sense(&result), 0);
	peer_run(peer, CDB(0x28, 0, 0, 0, 0, 3, 0, 0, 2), 1024, &result);
	assert_memory_equal(result.data, data, 1024);
	assert_false(peer->bad_hdigest || peer->bad_ddigest);
}

static void test_digests_protect_everything_after_login(void **state)
{
	login_with_digests();
	write_and_read_back();
}

static void test_digests_are_told_apart(void **state)
{
	world->tt->wishes.data_digest = TGT_DIGEST_PREFER;
	assert_int_equal(peer_login_with(peer, TEXT(WHO "\0HeaderDigest=None\0"
							"DataDigest=CRC32C")),
			 LOGIN_OK);
	peer->ddigest = true;
	write_and_read_back();
}

static void test_bytes_may_come_one_by_one(void **state)
{
	login_with_digests();
	peer->greedy = true;
	write_and_read_back();
}

static void test_padding_is_under_the_digest(void **state)
{
	login_with_digests();
	peer_run(peer, CDB(0x12, 0, 0, 0, 5, 0), 5, &result);
	assert_int_equal(result.len, 5);
	assert_false(peer->bad_ddigest);
}

static void test_bad_header_digest_closes_the_connection(void **state)
{
	struct pdu_scsi_cmd c;

	login_with_digests();
	peer_command(peer, &c);
	peer->bad_hdigest = true;
	peer_command_send(peer, &c, NULL, 0);
	assert_true(tgt_conn_over(peer->c));
	peer_expect_silence(peer);
}

static void test_segment_larger_than_declared_closes(void **state)
{
	struct pdu_scsi_cmd c;

	world->tt->wishes.max_recv = 512;
	peer_login(peer);
	peer_write10(peer, &c, 0, 2);
	peer_command_send(peer, &c, data, 513);
	assert_true(tgt_conn_over(peer->c));
}

static void test_login_segment_above_8192_closes(void **state)
{
	peer_login_send(peer, STAGE_OPERATIONAL, STAGE_FULL_FEATURE, true,
			(const char *)data, 8193);
	assert_true(tgt_conn_over(peer->c));
}

static void test_additional_header_is_skipped(void **state)
{
	struct pdu_scsi_cmd c;
	uint8_t bhs[BHS_LEN], ahs[8] = { 0, 5, 1 };

	peer_login(peer);
	peer_command(peer, &c);
	c.ahs_len = sizeof(ahs);
	pdu_put_scsi_cmd(bhs, &c);
	tgt_conn_rx(peer->c, bhs, sizeof(bhs), world->now);
	tgt_conn_rx(peer->c, ahs, sizeof(ahs), world->now);
	peer_finish(peer, c.itt, &result);
	assert_int_equal(result.status, TGT_GOOD);
}

static void test_many_pdus_may_come_at_once(void **state)
{
	uint8_t burst[64 * BHS_LEN];
	struct pdu_scsi_cmd c[64];

	peer_login(peer);
	for (int i = 0; i < 64; i++) {
		peer_command(peer, &c[i]);
		pdu_put_scsi_cmd(burst + i * BHS_LEN, &c[i]);
	}
	tgt_conn_rx(peer->c, burst, sizeof(burst), world->now);
	for (int i = 0; i < 64; i++)
		peer_finish(peer, c[i].itt, &result);
}

static void test_data_out_is_received_in_its_place(void **state)
{
	struct pdu_scsi_cmd c;
	struct pdu_data_out d = { .final = true, .data_len = 512 };
	struct iovec iov[TGT_RX_IOV];
	uint8_t bhs[BHS_LEN], byte = 0;

	assert_int_equal(peer_login_with(peer, TEXT(WHO "\0InitialR2T=Yes")),
			 LOGIN_OK);
	peer_write10(peer, &c, 0, 1);
	peer_command_send(peer, &c, NULL, 0);
	peer_expect(peer, OP_R2T);
	d.itt = c.itt;
	d.ttt = get_be32(peer->bhs + 20);
	pdu_put_data_out(bhs, &d);
	put_be24(bhs + 5, 512);
	tgt_conn_rx(peer->c, bhs, sizeof(bhs), world->now);
	assert_int_equal(tgt_conn_rx_want(peer->c, iov), 2);
	assert_int_equal(iov[0].iov_len, 512);
	memset(iov[0].iov_base, 0x5a, 512);
	tgt_conn_rx_done(peer->c, 512, world->now);
	peer_finish(peer, c.itt, &result);
	world->lun->backend->ops->read(world->lun->backend, 511, &byte, 1);
	assert_int_equal(byte, 0x5a);
}

static void test_snack_is_rejected(void **state)
{
	uint8_t bhs[BHS_LEN] = { OP_SNACK, 0x80 };

	peer_login(peer);
	peer_send(peer, bhs, NULL, 0);
	peer_expect(peer, OP_REJECT);
	assert_int_equal(peer->bhs[2], REJECT_SNACK);
	assert_memory_equal(peer->data, bhs, BHS_LEN);
}

static void test_unknown_opcode_is_rejected(void **state)
{
	uint8_t bhs[BHS_LEN] = { 0x1f, 0x80 };

	peer_login(peer);
	peer_send(peer, bhs, data, 100);
	peer_expect(peer, OP_REJECT);
	assert_int_equal(peer->bhs[2], REJECT_NOT_SUPPORTED);
	peer_run(peer, CDB(0), 0, &result);
	assert_int_equal(result.status, TGT_GOOD);
}

static void test_scsi_in_a_discovery_session_is_rejected(void **state)
{
	struct pdu_scsi_cmd c;

	assert_int_equal(peer_login_with(peer, TEXT(WHO_D)), LOGIN_OK);
	peer_command(peer, &c);
	peer_command_send(peer, &c, NULL, 0);
	peer_expect(peer, OP_REJECT);
	assert_int_equal(peer->bhs[2], REJECT_PROTOCOL);
}

static void test_reserved_tag_is_rejected(void **state)
{
	struct pdu_scsi_cmd c;
	uint8_t bhs[BHS_LEN];

	peer_login(peer);
	peer_command(peer, &c);
	pdu_put_scsi_cmd(bhs, &c);
	put_be32(bhs + 16, TAG_NONE);
	peer_send(peer, bhs, NULL, 0);
	peer_expect(peer, OP_REJECT);
}

static void test_answers_leave_in_small_pieces_too(void **state)
{
	struct iovec iov[TGT_TX_IOV];
	struct pdu_scsi_cmd c;
	uint8_t got[4096];
	size_t n = 0;

	peer_login(peer);
	peer_read10(peer, &c, 0, 2);
	peer_command_send(peer, &c, NULL, 0);
	while (tgt_conn_tx_want(peer->c, iov, TGT_TX_IOV)) {
		got[n++] = *(uint8_t *)iov[0].iov_base;
		tgt_conn_tx_done(peer->c, 1, world->now);
	}
	assert_int_equal(n, BHS_LEN + 1024);
	assert_int_equal(pdu_opcode(got), OP_DATA_IN);
}

#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(test_digests_protect_everything_after_login),
		T(test_digests_are_told_apart),
		T(test_bytes_may_come_one_by_one),
		T(test_padding_is_under_the_digest),
		T(test_bad_header_digest_closes_the_connection),
		T(test_segment_larger_than_declared_closes),
		T(test_login_segment_above_8192_closes),
		T(test_additional_header_is_skipped),
		T(test_many_pdus_may_come_at_once),
		T(test_data_out_is_received_in_its_place),
		T(test_snack_is_rejected),
		T(test_unknown_opcode_is_rejected),
		T(test_scsi_in_a_discovery_session_is_rejected),
		T(test_reserved_tag_is_rejected),
		T(test_answers_leave_in_small_pieces_too),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
