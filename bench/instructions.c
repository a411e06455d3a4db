/*
 * instructions - the same requests again and again through a session whose
 * target is a script, for bench/regress to count instructions.
 *
 * No clock, no kernel, no chance: the calls that face the network and the
 * disks (session_submit, conn_rx_want, conn_rx_done, conn_tx_want,
 * conn_tx_done) meet the same bytes in the same pieces in every run.
 */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/bytes.h"
#include "proto/stage.h"
#include "proto/state.h"
#include "puppet.h"
#include "wire/digest.h"

#define MAX_DEPTH 32
#define MAX_DATA  131072
#define PDU_MAX	  (BHS_LEN + DIGEST_LEN + MAX_DATA + DIGEST_LEN)

static const struct mode {
	const char *name;
	enum cmd_dir dir;
	uint32_t len;
	unsigned depth, batches;
	bool digests;
} modes[] = {
	{ "read-4k", CMD_READ, 4096, 32, 500, false },
	{ "read-4k-alone", CMD_READ, 4096, 1, 5000, false },
	{ "read-4k-digests", CMD_READ, 4096, 32, 500, true },
	{ "read-128k", CMD_READ, 131072, 8, 200, false },
	{ "write-4k", CMD_WRITE, 4096, 32, 500, false },
	{ "write-4k-digests", CMD_WRITE, 4096, 32, 500, true },
};

static const struct mode *mode;
static struct puppet *puppet;
static struct order orders[MAX_DEPTH];
static uint8_t buffers[MAX_DEPTH][MAX_DATA];
static uint8_t stream[MAX_DEPTH * PDU_MAX];

/* What the target accepts, besides the defaults. */
static const char plain[] =
	"MaxRecvDataSegmentLength=262144\0ImmediateData=Yes";
static const char digests[] = "MaxRecvDataSegmentLength=262144\0"
			      "ImmediateData=Yes\0"
			      "HeaderDigest=CRC32C\0DataDigest=CRC32C";

static void begin(void)
{
	static struct stages stages;

	puppet = puppet_new();
	stages_init(&stages, malloc(STAGES_MEMORY));
	session_share(puppet->s, &stages);
	if (mode->digests)
		puppet->cfg.header_digest = puppet->cfg.data_digest =
			DIGEST_ALWAYS;
	if (mode->digests)
		PUPPET_UP(puppet, digests);
	else
		PUPPET_UP(puppet, plain);
}

static size_t add_digest(uint8_t *at, const uint8_t *of, size_t n)
{
	if (!mode->digests || !n)
		return 0;
	put_le32(at, digest_of(of, n));
	return DIGEST_LEN;
}

/* The answer to a command, behind n bytes of the stream. */
static size_t add_answer(size_t n, uint32_t itt)
{
	struct pdu_data_in in = {
		.final = true,
		.has_status = true,
		.itt = itt,
		.ttt = TAG_NONE,
		.data_len = mode->len,
		.sn = puppet_sn(puppet),
	};
	struct pdu_scsi_rsp rsp = { .itt = itt, .sn = in.sn };
	uint8_t *bhs = stream + n, *data;

	if (mode->dir == CMD_READ)
		pdu_put_data_in(bhs, &in);
	else
		pdu_put_scsi_rsp(bhs, &rsp);
	n += BHS_LEN;
	n += add_digest(stream + n, bhs, BHS_LEN);
	if (mode->dir == CMD_WRITE)
		return n;
	data = stream + n; /* any bytes: those of before */
	n += mode->len;
	return n + add_digest(stream + n, data, mode->len);
}

static void send_all(void)
{
	struct iovec iov[CONN_TX_IOV];
	int pieces;

	while ((pieces = conn_tx_want(puppet->c, iov, CONN_TX_IOV)) > 0) {
		size_t n = 0;

		for (int i = 0; i < pieces; i++)
			n += iov[i].iov_len;
		conn_tx_done(puppet->c, n, puppet->now);
	}
}

static void batch(void)
{
	size_t n = 0;

	puppet->expcmdsn += mode->depth;
	puppet->maxcmdsn += mode->depth;
	for (unsigned i = 0; i < mode->depth; i++) {
		order_init(&orders[i], mode->dir, buffers[i], mode->len);
		session_submit(puppet->s, &orders[i].cmd);
	}
	send_all();
	for (unsigned i = 0; i < mode->depth; i++)
		n = add_answer(
			n, puppet->c->session->tasks[orders[i].cmd.task].itt);
	puppet_raw(puppet, stream, n, n);
	for (unsigned i = 0; i < mode->depth; i++)
		assert_int_equal(orders[i].done, 1);
}

static void run(void **state)
{
	begin();
	for (unsigned i = 0; i < mode->batches; i++)
		batch();
	puppet_free(puppet);
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(run) };

	for (size_t i = 0; i < sizeof(modes) / sizeof(*modes); i++) {
		mode = &modes[i];
		if (argc < 2)
			printf("%s %u\n", mode->name,
			       mode->depth * mode->batches);
		else if (!strcmp(argv[1], mode->name))
			return cmocka_run_group_tests(tests, NULL, NULL);
	}
	return argc > 1;
}
