/*
 * Which LUNs a target has: by list, or by trying.
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/bytes.h"
#include "disk/disk.h"
#include "proto/session.h"
#include "scsi/cdb.h"

struct session {
	int unused;
};
static struct session session;

static struct {
	uint32_t total;	     /* LUNs the target says it has */
	bool unknown;	     /* it refuses REPORT LUNS */
	uint8_t present;     /* set of LUNs 0..7 that answer INQUIRY */
	unsigned attentions; /* answered first */
	unsigned busy;
	bool offline;
	uint16_t underflow_all; /* answers are empty */
	bool sync, lost;
	struct cmd *pending;
	unsigned commands;
	uint32_t last_len;
} target;

static struct {
	unsigned calls;
	uint8_t luns[16384][LUN_LEN];
	size_t count;
	int err;
	bool cancel;
} result;

static struct lun_scan *scan;

static void put_sense(struct cmd *c, uint8_t key, uint8_t asc, uint8_t ascq)
{
	c->status = 2;
	memset(c->sense, 0, 18);
	c->sense[0] = 0x70;
	c->sense[2] = key;
	c->sense[7] = 10;
	c->sense[12] = asc;
	c->sense[13] = ascq;
	c->sense_len = 18;
}

static void put_list(struct cmd *c)
{
	uint32_t want = 8 + target.total * 8;

	if (want < target.total)
		want = UINT32_MAX; /* the claim does not fit */
	assert_true(c->len >= 16);
	memset(c->buf, 0, c->len);
	put_be32(c->buf, target.total * 8);
	for (uint32_t i = 0; i < target.total && 16 + i * 8 <= c->len; i++)
		put_be16(c->buf + 8 + i * 8, (uint16_t)(0x4000 | i));
	c->underflow = want < c->len ? c->len - want : 0;
	c->overflow = want > c->len ? want - c->len : 0;
}

static void put_inquiry(struct cmd *c)
{
	memset(c->buf, 0, c->len);
	c->buf[4] = 31;
	if (!(target.present & 1 << c->lun[1]))
		c->buf[0] = 0x7f;
}

static void answer(struct cmd *c)
{
	c->outcome = target.lost ? CMD_LOST : CMD_DONE;
	c->status = 0;
	c->underflow = c->overflow = 0;
	if (target.attentions) {
		target.attentions--;
		put_sense(c, 6, 0x29, 0);
	} else if (target.busy) {
		target.busy--;
		c->status = 8;
	} else if (target.offline) {
		put_sense(c, 2, 0x04, 0x12);
	} else if (target.underflow_all) {
		c->underflow = c->len;
	} else if (c->cdb[0] == SCSI_INQUIRY) {
		put_inquiry(c);
	} else if (target.unknown) {
		put_sense(c, 5, 0x20, 0);
	} else {
		put_list(c);
	}
	c->done(c);
}

void session_submit(struct session *s, struct cmd *c)
{
	assert_ptr_equal(s, &session);
	assert_true(++target.commands < 100);
	target.last_len = c->len;
	if (target.sync)
		answer(c);
	else
		target.pending = c;
}

static void answer_all(void)
{
	while (target.pending) {
		struct cmd *c = target.pending;

		target.pending = NULL;
		answer(c);
	}
}

static void on_done(void *ctx, const uint8_t *luns, size_t count, int err)
{
	assert_ptr_equal(ctx, &result);
	result.calls++;
	result.count = count;
	result.err = err;
	assert_true(count <= 16384);
	if (count)
		memcpy(result.luns, luns, count * LUN_LEN);
	if (result.cancel) {
		lun_scan_cancel(scan);
		scan = NULL;
	}
}

static int setup(void **state)
{
	memset(&target, 0, sizeof(target));
	memset(&result, 0, sizeof(result));
	target.total = 1;
	target.present = 1;
	return 0;
}

static int teardown(void **state)
{
	lun_scan_cancel(scan);
	scan = NULL;
	answer_all();
	return 0;
}

static void run(void)
{
	scan = lun_scan_start(&session, on_done, &result);
	assert_non_null(scan);
	answer_all();
	assert_int_equal(result.calls, 1);
}

static void test_list_is_handed_out_as_it_came(void **state)
{
	target.total = 3;
	run();
	assert_int_equal(result.err, 0);
	assert_int_equal(result.count, 3);
	assert_int_equal(get_be16(result.luns[2]), 0x4002);
	assert_int_equal(target.commands, 1);
}

static void test_longer_list_is_asked_for_again(void **state)
{
	target.total = 1000;
	run();
	assert_int_equal(result.count, 1000);
	assert_int_equal(get_be16(result.luns[999]), 0x4000 | 999);
	assert_int_equal(target.commands, 2);
	assert_int_equal(target.last_len, 8 + 8 * 1000);
}

static void test_absurd_list_is_cut(void **state)
{
	target.total = 0x1fffffff;
	run();
	assert_int_equal(result.count, 16384);
	assert_int_equal(target.commands, 2);
}

static void test_empty_list_is_no_error(void **state)
{
	target.total = 0;
	run();
	assert_int_equal(result.err, 0);
	assert_int_equal(result.count, 0);
}

static void test_refusal_leads_to_trying_eight_luns(void **state)
{
	target.unknown = true;
	target.present = 1 << 0 | 1 << 5 | 1 << 7;
	run();
	assert_int_equal(result.err, 0);
	assert_int_equal(result.count, 3);
	assert_int_equal(result.luns[0][1], 0);
	assert_int_equal(result.luns[1][1], 5);
	assert_int_equal(result.luns[2][1], 7);
	assert_int_equal(target.commands, 9);
}

static void test_attentions_and_busy_are_repeated(void **state)
{
	target.attentions = 3;
	target.busy = 3;
	run();
	assert_int_equal(result.count, 1);
}

static void test_endless_busy_is_to_be_asked_again_later(void **state)
{
	target.busy = 1000;
	run();
	assert_int_equal(result.err, -EAGAIN);
	assert_int_equal(result.count, 0);
	assert_in_range(target.commands, 5, 20);
}

static void test_a_portal_group_that_does_not_serve_it_is_told(void **state)
{
	target.offline = true;
	run();
	assert_int_equal(result.err, -EHOSTUNREACH);
	assert_in_range(target.commands, 5, 20);
}

static void test_empty_answers_end(void **state)
{
	target.underflow_all = true;
	run();
	assert_int_equal(result.err, 0);
	assert_int_equal(result.count, 0);
}

static void test_lost_nexus_ends_with_enotconn(void **state)
{
	target.lost = true;
	run();
	assert_int_equal(result.err, -ENOTCONN);
}

static void test_synchronous_session_works(void **state)
{
	target.sync = true;
	target.unknown = true;
	target.attentions = 2;
	run();
	assert_int_equal(result.count, 1);
}

static void test_cancelled_scan_says_nothing(void **state)
{
	scan = lun_scan_start(&session, on_done, &result);
	lun_scan_cancel(scan);
	scan = NULL;
	answer_all();
	assert_int_equal(result.calls, 0);
}

static void test_scan_may_be_cancelled_from_within_done(void **state)
{
	result.cancel = true;
	run();
	assert_null(scan);
}

static void test_cancelling_nothing_is_fine(void **state)
{
	lun_scan_cancel(NULL);
}

#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(test_list_is_handed_out_as_it_came),
		T(test_longer_list_is_asked_for_again),
		T(test_absurd_list_is_cut),
		T(test_empty_list_is_no_error),
		T(test_refusal_leads_to_trying_eight_luns),
		T(test_attentions_and_busy_are_repeated),
		T(test_endless_busy_is_to_be_asked_again_later),
		T(test_a_portal_group_that_does_not_serve_it_is_told),
		T(test_empty_answers_end),
		T(test_lost_nexus_ends_with_enotconn),
		T(test_synchronous_session_works),
		T(test_cancelled_scan_says_nothing),
		T(test_scan_may_be_cancelled_from_within_done),
		T(test_cancelling_nothing_is_fine),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
