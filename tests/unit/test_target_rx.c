/* Tests of target/rx.c and tx.c: framing and digests. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "unit/target_peer.h"

#include "base/bytes.h"

static struct world *w;
static struct peer *p;
static struct result r;

static int setup(void **state)
{
	w = world_new();
	p = peer_new(w);
	return 0;
}

static int teardown(void **state)
{
	peer_free(p);
	world_free(w);
	return 0;
}

static uint8_t data[65536];

static void login_with_digests(void)
{
	w->tt->wishes.header_digest = TGT_DIGEST_REQUIRE;
	w->tt->wishes.data_digest = TGT_DIGEST_REQUIRE;
	assert_int_equal(peer_login_with(p, TEXT(WHO "\0HeaderDigest=CRC32C\0"
						     "DataDigest=CRC32C")),
			 LOGIN_OK);
	p->hdigest = p->ddigest = true;
}

static void write_and_read_back(void)
{
	for (size_t i = 0; i < 1024; i++)
		data[i] = (uint8_t)(i * 11);
	peer_run_out(p, CDB(0x2a, 0, 0, 0, 0, 3, 0, 0, 2), data, 1024, &r);
	assert_int_equal(result_sense(&r), 0);
	peer_run(p, CDB(0x28, 0, 0, 0, 0, 3, 0, 0, 2), 1024, &r);
	assert_memory_equal(r.data, data, 1024);
	assert_false(p->bad_hdigest || p->bad_ddigest);
}

static void test_digests_protect_everything_after_login(void **state)
{
	login_with_digests();
	write_and_read_back();
}

static void test_digests_are_told_apart(void **state)
{
	w->tt->wishes.data_digest = TGT_DIGEST_PREFER;
	assert_int_equal(peer_login_with(p, TEXT(WHO "\0HeaderDigest=None\0"
						     "DataDigest=CRC32C")),
			 LOGIN_OK);
	p->ddigest = true;
	write_and_read_back();
}

static void test_bytes_may_come_one_by_one(void **state)
{
	login_with_digests();
	p->greedy = true;
	write_and_read_back();
}

static void test_padding_is_under_the_digest(void **state)
{
	login_with_digests();
	peer_run(p, CDB(0x12, 0, 0, 0, 5, 0), 5, &r);
	assert_int_equal(r.len, 5);
	assert_false(p->bad_ddigest);
}

static void test_bad_header_digest_closes_the_connection(void **state)
{
	struct pdu_scsi_cmd c;

	login_with_digests();
	peer_command(p, &c);
	p->bad_hdigest = true;
	peer_command_send(p, &c, NULL, 0);
	assert_true(tgt_conn_over(p->c));
	peer_expect_silence(p);
}

static void test_segment_larger_than_declared_closes(void **state)
{
	struct pdu_scsi_cmd c;

	w->tt->wishes.max_recv = 512;
	peer_login(p);
	peer_write10(p, &c, 0, 2);
	peer_command_send(p, &c, data, 513);
	assert_true(tgt_conn_over(p->c));
}

static void test_login_segment_above_8192_closes(void **state)
{
	peer_login_send(p, STAGE_OPERATIONAL, STAGE_FULL_FEATURE, true,
			(const char *)data, 8193);
	assert_true(tgt_conn_over(p->c));
}

static void test_additional_header_is_skipped(void **state)
{
	struct pdu_scsi_cmd c;
	uint8_t bhs[BHS_LEN], ahs[8] = { 0, 5, 1 };

	peer_login(p);
	peer_command(p, &c);
	c.ahs_len = sizeof(ahs);
	pdu_put_scsi_cmd(bhs, &c);
	tgt_conn_rx(p->c, bhs, sizeof(bhs), w->now);
	tgt_conn_rx(p->c, ahs, sizeof(ahs), w->now);
	peer_finish(p, c.itt, &r);
	assert_int_equal(r.status, TGT_GOOD);
}

static void test_many_pdus_may_come_at_once(void **state)
{
	uint8_t burst[64 * BHS_LEN];
	struct pdu_scsi_cmd c[64];

	peer_login(p);
	for (int i = 0; i < 64; i++) {
		peer_command(p, &c[i]);
		pdu_put_scsi_cmd(burst + i * BHS_LEN, &c[i]);
	}
	tgt_conn_rx(p->c, burst, sizeof(burst), w->now);
	for (int i = 0; i < 64; i++)
		peer_finish(p, c[i].itt, &r);
}

static void test_data_out_is_received_in_its_place(void **state)
{
	struct pdu_scsi_cmd c;
	struct pdu_data_out d = { .final = true, .data_len = 512 };
	struct iovec iov[TGT_RX_IOV];
	uint8_t bhs[BHS_LEN], byte = 0;

	assert_int_equal(peer_login_with(p, TEXT(WHO "\0InitialR2T=Yes")),
			 LOGIN_OK);
	peer_write10(p, &c, 0, 1);
	peer_command_send(p, &c, NULL, 0);
	peer_expect(p, OP_R2T);
	d.itt = c.itt;
	d.ttt = get_be32(p->bhs + 20);
	pdu_put_data_out(bhs, &d);
	put_be24(bhs + 5, 512);
	tgt_conn_rx(p->c, bhs, sizeof(bhs), w->now);
	assert_int_equal(tgt_conn_rx_want(p->c, iov), 2);
	assert_int_equal(iov[0].iov_len, 512);
	memset(iov[0].iov_base, 0x5a, 512);
	tgt_conn_rx_done(p->c, 512, w->now);
	peer_finish(p, c.itt, &r);
	w->lun->backend->ops->read(w->lun->backend, 511, &byte, 1);
	assert_int_equal(byte, 0x5a);
}

static void test_snack_is_rejected(void **state)
{
	uint8_t bhs[BHS_LEN] = { OP_SNACK, 0x80 };

	peer_login(p);
	peer_send(p, bhs, NULL, 0);
	peer_expect(p, OP_REJECT);
	assert_int_equal(p->bhs[2], REJECT_SNACK);
	assert_memory_equal(p->data, bhs, BHS_LEN);
}

static void test_unknown_opcode_is_rejected(void **state)
{
	uint8_t bhs[BHS_LEN] = { 0x1f, 0x80 };

	peer_login(p);
	peer_send(p, bhs, data, 100);
	peer_expect(p, OP_REJECT);
	assert_int_equal(p->bhs[2], REJECT_NOT_SUPPORTED);
	peer_run(p, CDB(0), 0, &r);
	assert_int_equal(r.status, TGT_GOOD);
}

static void test_scsi_in_a_discovery_session_is_rejected(void **state)
{
	struct pdu_scsi_cmd c;

	assert_int_equal(peer_login_with(p, TEXT(WHO_D)), LOGIN_OK);
	peer_command(p, &c);
	peer_command_send(p, &c, NULL, 0);
	peer_expect(p, OP_REJECT);
	assert_int_equal(p->bhs[2], REJECT_PROTOCOL);
}

static void test_reserved_tag_is_rejected(void **state)
{
	struct pdu_scsi_cmd c;
	uint8_t bhs[BHS_LEN];

	peer_login(p);
	peer_command(p, &c);
	pdu_put_scsi_cmd(bhs, &c);
	put_be32(bhs + 16, TAG_NONE);
	peer_send(p, bhs, NULL, 0);
	peer_expect(p, OP_REJECT);
}

static void test_answers_leave_in_small_pieces_too(void **state)
{
	struct iovec iov[TGT_TX_IOV];
	struct pdu_scsi_cmd c;
	uint8_t got[4096];
	size_t n = 0;

	peer_login(p);
	peer_read10(p, &c, 0, 2);
	peer_command_send(p, &c, NULL, 0);
	while (tgt_conn_tx_want(p->c, iov, TGT_TX_IOV)) {
		got[n++] = *(uint8_t *)iov[0].iov_base;
		tgt_conn_tx_done(p->c, 1, w->now);
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
