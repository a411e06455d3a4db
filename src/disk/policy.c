/*
 * policy - what an answer means: done, repeat, or which errno.
 */
#include "disk/policy.h"

#include <errno.h>
#include <stdio.h>

#include "base/str.h"
#include "scsi/status.h"

#define ANY_STATUS 0xff
#define ANY_KEY	   0xff
#define KEY_NONE   0xfe /* CHECK CONDITION without readable sense data */

/* More than the session tells: success that did not move all the data. */
#define CMD_INCOMPLETE (CMD_LOST + 1)

struct row {
	unsigned outcome; /* enum cmd_outcome, CMD_INCOMPLETE */
	uint8_t status, key;
	uint16_t code, mask; /* compared under the mask */
	struct policy p;
};

#define ONE 0xffff /* this ASC and ASCQ */
#define FAM 0xff00 /* any ASCQ of this ASC */
#define ALL 0x0000

#define OUTCOME(o, ...)                                                        \
	{                                                                      \
		CMD_##o, ANY_STATUS, ANY_KEY, 0, ALL,                          \
		{                                                              \
			__VA_ARGS__                                            \
		}                                                              \
	}
#define STATUS(s, ...)                                                         \
	{                                                                      \
		CMD_DONE, STATUS_##s, ANY_KEY, 0, ALL,                         \
		{                                                              \
			__VA_ARGS__                                            \
		}                                                              \
	}
#define SENSE(key, asc, ascq, mask, ...)                                       \
	{                                                                      \
		CMD_DONE, STATUS_CHECK_CONDITION, key, ASC(asc, ascq), mask,   \
		{                                                              \
			__VA_ARGS__                                            \
		}                                                              \
	}

/*
 * The first row that fits counts.  Repeats for ever follow the promise that
 * a disk command is retried as long as nobody configured otherwise.
 */
static const struct row rows[] = {
	OUTCOME(LOST, "lost", .next_nexus = true),
	OUTCOME(ABORTED, "aborted", 10, FOREVER, EIO),
	OUTCOME(REFUSED, "refused by iSCSI", 0, 5, EIO),
	/* A PDU that got lost is enough for it, so it is worth a try. */
	OUTCOME(INCOMPLETE, "incomplete", 5, 0, EIO),

	STATUS(GOOD, "good"),
	STATUS(BUSY, "busy", 0, FOREVER, EIO),
	STATUS(TASK_SET_FULL, "task set full", 0, FOREVER, EIO),
	STATUS(TASK_ABORTED, "task aborted", 10, FOREVER, EIO),
	STATUS(ACA_ACTIVE, "aca active", 0, FOREVER, EIO),
	STATUS(RESERVATION_CONFLICT, "reservation conflict", .err = EBADE),

	SENSE(KEY_NONE, 0, 0, ALL, "no sense data", 10, FOREVER, EIO),
	SENSE(KEY_NO_SENSE, 0, 0, ALL, "no sense", 10, FOREVER, EIO),
	SENSE(KEY_RECOVERED_ERROR, 0, 0, ALL, "recovered"),

	SENSE(KEY_NOT_READY, 0x04, 0x01, ONE, "becoming ready", 0, FOREVER,
	      EIO),
	SENSE(KEY_NOT_READY, 0x04, 0x07, ONE, "operation", 0, FOREVER, EIO),
	SENSE(KEY_NOT_READY, 0x04, 0x0a, ONE, "transition", 0, FOREVER, EIO),
	SENSE(KEY_NOT_READY, 0x04, 0x0b, ONE, "standby", 0, FOREVER, EIO,
	      EFFECT_ELSEWHERE),
	SENSE(KEY_NOT_READY, 0x04, 0x0c, ONE, "unavailable", 0, FOREVER, EIO,
	      EFFECT_ELSEWHERE),
	SENSE(KEY_NOT_READY, 0x04, 0x12, ONE, "offline", 0, FOREVER, EIO,
	      EFFECT_ELSEWHERE),
	SENSE(KEY_NOT_READY, 0x04, 0x14, ONE, "allocating", 0, FOREVER, EIO),
	SENSE(KEY_NOT_READY, 0, 0, ALL, "not ready", .err = EIO),

	SENSE(KEY_MEDIUM_ERROR, 0, 0, ALL, "medium", 3, 0, ENODATA),
	SENSE(KEY_HARDWARE_ERROR, 0, 0, ALL, "hardware", .err = EIO),

	SENSE(KEY_ILLEGAL_REQUEST, 0x20, 0x00, ONE, "unknown command",
	      .err = EREMOTEIO, .effect = EFFECT_REFUSED),
	SENSE(KEY_ILLEGAL_REQUEST, 0x24, 0x00, ONE, "unknown field",
	      .err = EREMOTEIO, .effect = EFFECT_REFUSED),
	SENSE(KEY_ILLEGAL_REQUEST, 0x26, 0x00, ONE, "unknown parameter",
	      .err = EREMOTEIO, .effect = EFFECT_REFUSED),
	SENSE(KEY_ILLEGAL_REQUEST, 0x25, 0x00, FAM, "no such lun",
	      .err = ENODEV, .effect = EFFECT_GONE),
	SENSE(KEY_ILLEGAL_REQUEST, 0, 0, ALL, "illegal request",
	      .err = EREMOTEIO),

	SENSE(KEY_UNIT_ATTENTION, 0x29, 0x00, FAM, "reset", 10, FOREVER, EIO,
	      EFFECT_RESET),
	SENSE(KEY_UNIT_ATTENTION, 0x2a, 0x01, ONE, "mode changed", 10, FOREVER,
	      EIO, EFFECT_RESCAN),
	SENSE(KEY_UNIT_ATTENTION, 0x2a, 0x09, ONE, "capacity changed", 10,
	      FOREVER, EIO, EFFECT_RESCAN),
	SENSE(KEY_UNIT_ATTENTION, 0x3f, 0x0e, ONE, "luns changed", 10, FOREVER,
	      EIO, EFFECT_LUNS),
	SENSE(KEY_UNIT_ATTENTION, 0x28, 0x00, FAM, "medium changed", 10,
	      FOREVER, EIO, EFFECT_RECHECK),
	SENSE(KEY_UNIT_ATTENTION, 0x3f, 0x03, ONE, "inquiry changed", 10,
	      FOREVER, EIO, EFFECT_RECHECK),
	SENSE(KEY_UNIT_ATTENTION, 0x3f, 0x05, ONE, "identifier changed", 10,
	      FOREVER, EIO, EFFECT_RECHECK),
	SENSE(KEY_UNIT_ATTENTION, 0, 0, ALL, "attention", 10, FOREVER, EIO),

	SENSE(KEY_DATA_PROTECT, 0x27, 0x07, ONE, "no space", .err = ENOSPC),
	SENSE(KEY_DATA_PROTECT, 0x27, 0x00, FAM, "write protected", .err = EIO,
	      .effect = EFFECT_RESCAN),
	SENSE(KEY_DATA_PROTECT, 0, 0, ALL, "data protect", .err = EIO),
	SENSE(KEY_ABORTED_COMMAND, 0, 0, ALL, "aborted command", 10, FOREVER,
	      EIO),
};

static const struct policy otherwise = { "other", .err = EIO };

#define ROWS (sizeof(rows) / sizeof(rows[0]))

const struct policy *policy_row(size_t i)
{
	return i < ROWS ? &rows[i].p : NULL;
}

/* What a row is compared with. */
struct answer {
	unsigned outcome;
	uint8_t status, key;
	uint16_t code;
};

static bool fits(const struct row *r, const struct answer *a)
{
	if (r->outcome != a->outcome)
		return false;
	if (r->status == ANY_STATUS)
		return true;
	if (r->status != a->status)
		return false;
	return r->key == ANY_KEY ||
	       (r->key == a->key && r->code == (a->code & r->mask));
}

static const struct policy *find(const struct answer *a)
{
	for (size_t i = 0; i < ROWS; i++)
		if (fits(&rows[i], a))
			return &rows[i].p;
	return &otherwise;
}

/*
 * Parameter data may be shorter than asked for.  A parameter list, as that of
 * UNMAP, may not: the target takes all of it, or did not do what it says.
 */
static bool must_move_all(const struct cmd *c)
{
	enum cdb_kind kind = cdb_kind(c->cdb);

	return c->dir == CMD_WRITE || kind == CDB_CHANGES || kind == CDB_READS;
}

static const struct policy *incomplete(void)
{
	return find(&(const struct answer){ .outcome = CMD_INCOMPLETE });
}

static bool is_incomplete(const struct cmd *c)
{
	return (c->underflow || c->overflow) && must_move_all(c);
}

const struct policy *policy_find(const struct cmd *c, struct sense *s)
{
	struct answer a = { c->outcome, c->status, KEY_NONE, 0 };
	const struct policy *p;
	size_t n = c->sense_len;

	*s = (struct sense){ 0 };
	if (n > CMD_SENSE_MAX)
		n = CMD_SENSE_MAX;
	/* For disks deferred sense counts as current: nothing may be lost. */
	if (c->outcome == CMD_DONE && c->status == STATUS_CHECK_CONDITION &&
	    sense_parse(c->sense, n, s) == 0)
		a.key = s->key;
	a.code = s->code;
	p = find(&a);
	if (policy_verdict(p, 0) != VERDICT_OK || !is_incomplete(c))
		return p;
	return incomplete();
}

const struct policy *policy_find_sense(const struct sense *s)
{
	const struct answer a = {
		.outcome = CMD_DONE,
		.status = STATUS_CHECK_CONDITION,
		.key = s->key,
		.code = s->code,
	};

	return find(&a);
}

enum verdict policy_verdict(const struct policy *p, uint32_t tries)
{
	if (p->next_nexus)
		return VERDICT_WAIT;
	if (tries < p->quick)
		return VERDICT_NOW;
	if (p->slow == FOREVER || tries < (uint32_t)p->quick + p->slow)
		return VERDICT_SLOW;
	return p->err ? VERDICT_FAIL : VERDICT_OK;
}

static void incomplete_text(const struct cmd *c, char *dst, size_t size)
{
	if (c->underflow)
		snprintf(dst, size, "%u of %u bytes not transferred",
			 c->underflow, c->len);
	else
		snprintf(dst, size, "%u bytes more than the %u transferred",
			 c->overflow, c->len);
}

void policy_text(const struct cmd *c, char *dst, size_t size)
{
	struct sense s;
	const struct policy *p = policy_find(c, &s);

	if (c->outcome == CMD_REFUSED)
		snprintf(dst, size, "refused, iSCSI response 0x%02x",
			 c->response);
	else if (c->outcome != CMD_DONE)
		snprintf(dst, size, "%s", p->name);
	else if (p == incomplete())
		incomplete_text(c, dst, size);
	else if (c->status != STATUS_CHECK_CONDITION)
		snprintf(dst, size, "%s (status 0x%02x)",
			 scsi_status_name(c->status), c->status);
	else if (c->sense_len == 0)
		snprintf(dst, size, "CHECK CONDITION without sense data");
	else
		sense_text(&s, dst, size);
}
