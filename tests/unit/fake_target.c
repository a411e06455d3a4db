/*
 * fake_target - a session with one LUN behind it, for the tests of disk/.
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/bytes.h"
#include "fake_target.h"
#include "scsi/cdb.h"
#include "scsi/reservation.h"
#include "scsi/status.h"
#include "scsi/vpd.h"

struct session {
	int unused;
};

struct fake fake;
struct session fake_session;

void fake_reset(void)
{
	memset(&fake, 0, sizeof(fake));
	fake.version = 5;
	fake.vendor = "ACME";
	fake.product = "ROCKET";
	fake.serial = "S1";
	fake.t10 = "ACME    0001";
	fake.b0 = fake.b1 = fake.b2 = true;
	fake.blocks = 2048;
	fake.block_size = 512;
	fake.wce = true;
	fake.holder = -1;
}

void fake_script(struct fake_answer a)
{
	assert_true(fake.nscript < 32);
	fake.script[fake.nscript++] = a;
}

void fake_sense(int opcode, unsigned times, uint8_t key, uint8_t asc,
		uint8_t ascq)
{
	fake_script((struct fake_answer){
		.opcode = opcode,
		.times = times,
		.status = STATUS_CHECK_CONDITION,
		.key = key,
		.asc = asc,
		.ascq = ascq,
	});
}

void fake_status(int opcode, unsigned times, uint8_t status)
{
	fake_script((struct fake_answer){
		.opcode = opcode,
		.times = times,
		.status = status,
	});
}

static void put_sense(struct cmd *c, uint8_t key, uint8_t asc, uint8_t ascq,
		      bool deferred)
{
	c->status = STATUS_CHECK_CONDITION;
	memset(c->sense, 0, sizeof(c->sense));
	c->sense[0] = deferred ? 0x71 : 0x70;
	c->sense[2] = key;
	c->sense[7] = 10;
	c->sense[12] = asc;
	c->sense[13] = ascq;
	c->sense_len = 18;
}

static bool answer_by_script(struct cmd *c)
{
	for (unsigned i = 0; i < fake.nscript; i++) {
		struct fake_answer *a = &fake.script[i];

		if (!a->times || (a->opcode >= 0 && a->opcode != c->cdb[0]))
			continue;
		a->times--;
		c->outcome = a->outcome;
		c->underflow = a->underflow;
		c->overflow = a->overflow;
		if (a->status == STATUS_CHECK_CONDITION && !a->no_sense)
			put_sense(c, a->key, a->asc, a->ascq, a->deferred);
		c->status = a->status;
		return true;
	}
	return false;
}

static void reply(struct cmd *c, const uint8_t *p, size_t n)
{
	size_t k;

	if (c->cdb[0] == SCSI_INQUIRY && c->cdb[1] & 1 &&
	    c->cdb[2] == fake.cut_page && fake.cut_times) {
		fake.cut_times--;
		n -= fake.cut_bytes;
	}
	k = n < c->len ? n : c->len;
	memcpy(c->buf, p, k);
	c->underflow = c->len - (uint32_t)k;
	c->overflow = (uint32_t)(n - k);
}

static size_t put_id(uint8_t *p)
{
	size_t n = strlen(fake.t10), at = 4;

	while (at < 4u + fake.id_padding) { /* names of the port */
		p[at] = 2;
		p[at + 1] = 0x11;
		p[at + 3] = 1;
		at += 5;
	}
	p[at] = 2;
	p[at + 1] = 1;
	p[at + 3] = (uint8_t)n;
	memcpy(p + at + 4, fake.t10, n);
	return at + n;
}

static size_t put_page(uint8_t *p, uint8_t page)
{
	switch (page) {
	case VPD_PAGES: {
		size_t n = 1;

		if (fake.serial)
			p[4 + n++] = VPD_SERIAL;
		if (fake.t10)
			p[4 + n++] = VPD_ID;
		if (fake.b0)
			p[4 + n++] = VPD_LIMITS;
		if (fake.b1)
			p[4 + n++] = VPD_CHARACTERISTICS;
		if (fake.b2)
			p[4 + n++] = VPD_PROVISIONING;
		return n;
	}
	case VPD_SERIAL:
		memcpy(p + 4, fake.serial, strlen(fake.serial));
		return strlen(fake.serial);
	case VPD_ID:
		return put_id(p);
	case VPD_LIMITS:
		put_be32(p + 8, fake.max_transfer);
		put_be32(p + 20, fake.max_unmap);
		put_be32(p + 24, fake.max_descriptors);
		put_be32(p + 28, fake.granularity);
		put_be32(p + 32, fake.alignment | 1u << 31);
		put_be64(p + 36, fake.max_same);
		return 60;
	case VPD_CHARACTERISTICS:
		put_be16(p + 4, fake.rate);
		return 60;
	case VPD_PROVISIONING:
		p[5] = fake.provisioning;
		return 4;
	}
	return 0;
}

static void answer_inquiry(struct cmd *c)
{
	uint8_t p[1024] = { 0 };

	if (c->cdb[1] & 1 && c->cdb[2] == fake.refuse_page &&
	    fake.refuse_times) {
		fake.refuse_times--;
		put_sense(c, 5, 0x24, 0, false);
		return;
	}
	if (c->cdb[1] & 1) {
		p[1] = c->cdb[2];
		put_be16(p + 2, (uint16_t)put_page(p, c->cdb[2]));
		reply(c, p, get_be16(p + 2) + 4u);
		return;
	}
	p[0] = (uint8_t)(fake.qualifier << 5 | fake.type);
	p[2] = fake.version;
	p[4] = 31;
	memset(p + 8, ' ', 28);
	memcpy(p + 8, fake.vendor, strlen(fake.vendor));
	memcpy(p + 16, fake.product, strlen(fake.product));
	reply(c, p, 36);
}

static void answer_capacity10(struct cmd *c)
{
	uint64_t last = fake.blocks - 1;
	uint8_t p[8];

	put_be32(p, last < 0xffffffff ? (uint32_t)last : 0xffffffff);
	put_be32(p + 4, fake.block_size);
	reply(c, p, 8);
}

static void answer_capacity16(struct cmd *c)
{
	uint8_t p[32] = { 0 };

	put_be64(p, fake.blocks - 1);
	put_be32(p + 8, fake.block_size);
	p[13] = fake.exponent;
	p[14] = (uint8_t)(fake.lbpme << 7 | fake.lbprz << 6);
	reply(c, p, 32);
}

static void answer_mode(struct cmd *c, bool ten)
{
	uint8_t p[32] = { 0 };
	uint8_t flags = (uint8_t)(fake.wp << 7 | fake.dpofua << 4);
	size_t n = ten ? 8 : 4;

	if (fake.no_caching && c->cdb[2] == 0x08) {
		put_sense(c, 5, 0x24, 0, false);
		return;
	}
	if (c->cdb[2] == 0x0a) {
		p[n] = 0x0a;
		p[n + 1] = 10;
		p[n + 2] = (uint8_t)(fake.tst << 5);
		n += 12;
	} else if (!fake.no_caching) {
		p[n] = 0x08;
		p[n + 1] = 18;
		p[n + 2] = fake.wce ? 4 : 0;
		n += 20;
	}
	if (ten) {
		put_be16(p, (uint16_t)(n - 2));
		p[3] = flags;
	} else {
		p[0] = (uint8_t)(n - 1);
		p[2] = flags;
	}
	reply(c, p, n);
}

static void answer_pr_in(struct cmd *c)
{
	uint8_t p[PR_HEADER + FAKE_PORTS * PR_KEY_LEN] = { 0 };
	size_t n = PR_HEADER;

	if (c->cdb[1] == PR_READ_RESERVATION && fake.holder >= 0) {
		put_be64(p + n, fake.keys[fake.holder]);
		p[n + 13] = PR_WRITE_EXCLUSIVE_REGISTRANTS;
		n = PR_RESERVATION_LEN;
	}
	for (int i = 0; c->cdb[1] == PR_READ_KEYS && i < FAKE_PORTS; i++) {
		if (!fake.keys[i])
			continue;
		put_be64(p + n, fake.keys[i]);
		n += PR_KEY_LEN;
	}
	put_be32(p + 4, (uint32_t)(n - PR_HEADER));
	reply(c, p, n);
}

/* Returns whether there was one. */
static bool preempt(uint64_t key)
{
	bool any = false;

	for (int i = 0; i < FAKE_PORTS; i++) {
		if (fake.keys[i] != key)
			continue;
		any = true;
		fake.keys[i] = 0;
		if (fake.holder == i)
			fake.holder = (int)fake.port;
	}
	return any;
}

static bool may_pr_out(uint8_t action, uint64_t key, uint64_t other)
{
	uint64_t *mine = &fake.keys[fake.port];

	if (action == PR_REGISTER_AND_IGNORE) {
		*mine = other;
		return true;
	}
	if (*mine != key)
		return false;
	switch (action) {
	case PR_REGISTER:
		*mine = other;
		break;
	case PR_RESERVE:
		if (fake.holder >= 0 && fake.holder != (int)fake.port)
			return false;
		fake.holder = (int)fake.port;
		break;
	case PR_RELEASE:
		break;
	case PR_PREEMPT:
		return preempt(other);
	}
	if (fake.holder == (int)fake.port && (action == PR_RELEASE || !*mine))
		fake.holder = -1;
	return true;
}

static bool is_shut_out(const struct cmd *c)
{
	bool writes = cdb_changes_medium(c->cdb) ||
		      c->cdb[0] == SCSI_SYNCHRONIZE_CACHE_10;

	return writes && fake.holder >= 0 && !fake.keys[fake.port];
}

static void answer_by_model(struct cmd *c)
{
	if (fake.unknown[c->cdb[0]]) {
		put_sense(c, 5, 0x20, 0, false);
		return;
	}
	if (is_shut_out(c))
		c->status = STATUS_RESERVATION_CONFLICT;
	switch (c->cdb[0]) {
	case SCSI_PERSISTENT_RESERVE_IN:
		answer_pr_in(c);
		break;
	case SCSI_PERSISTENT_RESERVE_OUT:
		if (!may_pr_out(c->cdb[1], get_be64(c->buf),
				get_be64(c->buf + 8)))
			c->status = STATUS_RESERVATION_CONFLICT;
		break;
	case SCSI_INQUIRY:
		answer_inquiry(c);
		break;
	case SCSI_READ_CAPACITY_10:
		answer_capacity10(c);
		break;
	case SCSI_SERVICE_ACTION_IN_16:
		answer_capacity16(c);
		break;
	case SCSI_MODE_SENSE_6:
		answer_mode(c, false);
		break;
	case SCSI_MODE_SENSE_10:
		answer_mode(c, true);
		break;
	}
}

static void answer(struct cmd *c)
{
	c->outcome = CMD_DONE;
	c->status = STATUS_GOOD;
	c->response = c->sense_len = 0;
	c->underflow = c->overflow = 0;
	c->exposed = !fake.unsent;
	if (fake.down)
		c->outcome = CMD_LOST;
	else if (!answer_by_script(c))
		answer_by_model(c);
	c->done(c);
}

static void record(const struct cmd *c)
{
	assert_true(fake.ngot < FAKE_MAX);
	memcpy(fake.got[fake.ngot].cdb, c->cdb, CDB_LEN);
	fake.got[fake.ngot].len = c->len;
	fake.got[fake.ngot].port = fake.port;
	if (c->dir == CMD_WRITE) {
		uint32_t n = c->len < 24 ? c->len : 24;
		bool zeros = true;

		memcpy(fake.got[fake.ngot].data, c->buf, n);
		for (uint32_t i = 0; i < c->len; i++)
			zeros &= c->buf[i] == 0;
		fake.got[fake.ngot].zeros = zeros;
	}
	fake.ngot++;
}

void session_submit(struct session *s, struct cmd *c)
{
	assert_ptr_equal(s, &fake_session);
	record(c);
	if (fake.sync || fake.down) {
		answer(c);
		return;
	}
	assert_true(fake.npending < FAKE_MAX);
	fake.pending[fake.npending++] = c;
}

static bool take_back(struct cmd *c)
{
	for (unsigned i = 0; i < fake.npending; i++) {
		if (fake.pending[i] != c)
			continue;
		fake.npending--;
		memmove(fake.pending + i, fake.pending + i + 1,
			(fake.npending - i) * sizeof(fake.pending[0]));
		return true;
	}
	return false;
}

void session_expire(struct session *s, struct cmd *c, uint64_t now)
{
	assert_ptr_equal(s, &fake_session);
	assert_true(fake.nexpired < 16);
	fake.expired[fake.nexpired++] = c;
}

void fake_end_expired(void)
{
	unsigned n = fake.nexpired;

	fake.nexpired = 0;
	for (unsigned i = 0; i < n; i++) {
		if (!take_back(fake.expired[i])) /* it was answered */
			continue;
		fake.expired[i]->outcome = CMD_ABORTED;
		fake.expired[i]->exposed = true;
		fake.expired[i]->done(fake.expired[i]);
	}
}

void session_clear_lun(struct session *s, struct clear_req *r)
{
	assert_ptr_equal(s, &fake_session);
	assert_null(fake.clear);
	r->pending = true;
	fake.clear = r;
	fake.clears++;
}

static void end_clear(int err)
{
	struct clear_req *r = fake.clear;

	assert_non_null(r);
	fake.clear = NULL;
	r->pending = false;
	r->done(r, err);
}

void fake_clear(void)
{
	end_clear(0);
}

bool fake_answer_one(void)
{
	struct cmd *c = fake.pending[0];

	if (!fake.npending)
		return false;
	fake.npending--;
	memmove(fake.pending, fake.pending + 1,
		fake.npending * sizeof(fake.pending[0]));
	answer(c);
	return true;
}

void fake_answer_all(void)
{
	unsigned n = 0;

	while (fake_answer_one())
		assert_true(++n < 500);
}

void fake_lose(void)
{
	unsigned n = 0;

	fake.down = true;
	/* As the session does: whoever asks again is answered again. */
	while (fake.clear) {
		assert_true(++n < 5);
		end_clear(-ENOTCONN);
	}
	fake_answer_all();
}

unsigned fake_count(uint8_t opcode)
{
	unsigned n = 0;

	for (unsigned i = 0; i < fake.ngot; i++)
		n += fake.got[i].cdb[0] == opcode;
	return n;
}

const uint8_t *fake_got(uint8_t opcode, unsigned n)
{
	for (unsigned i = 0; i < fake.ngot; i++)
		if (fake.got[i].cdb[0] == opcode && n-- == 0)
			return fake.got[i].cdb;
	fail_msg("no such command came");
	return NULL;
}

bool fake_asked_page(uint8_t page)
{
	for (unsigned i = 0; i < fake.ngot; i++)
		if (fake.got[i].cdb[0] == SCSI_INQUIRY &&
		    fake.got[i].cdb[1] == 1 && fake.got[i].cdb[2] == page)
			return true;
	return false;
}

void fake_forget(void)
{
	fake.ngot = 0;
}
