/*
 * pdu_fault - what happens to PDUs and commands by chance, at the target.
 *
 * Only what an initiator can notice: a target that lies in a way no rule of
 * the protocol forbids may lose data, and nobody can help it.
 */
#include "pdu_fault.h"

#include <string.h>

#include "base/bytes.h"
#include "box.h"
#include "sim.h"
#include "base/str.h"
#include "target/journal.h"
#include "target/session.h"
#include "wire/pdu.h"

struct event {
	const struct tgt_pdu_event *e;
	enum opcode op; /* of a PDU */
	bool full;	/* full feature phase */
};

static bool is_login(const struct event *v)
{
	return v->op == OP_LOGIN_REQ || v->op == OP_LOGIN_RSP;
}

/* PDUs ---------------------------------------------------------------- */

static bool do_close(const struct event *v, struct tgt_verdict *out)
{
	out->kind = TGT_CLOSE;
	return !v->e->scsi;
}

static bool do_late(const struct event *v, struct tgt_verdict *out)
{
	out->kind = TGT_DELAY;
	out->delay = (uint32_t)dice_skewed(&sim.dice, 1, 4000);
	return !v->e->scsi;
}

static bool do_twice(const struct event *v, struct tgt_verdict *out)
{
	out->kind = TGT_DUP;
	return v->e->tx && v->full;
}

/*
 * What nothing that follows reveals is only lost where a request has a time
 * limit.
 */
static bool do_lost(const struct event *v, struct tgt_verdict *out)
{
	bool reveals = v->e->tx && v->op != OP_R2T;

	out->kind = TGT_DROP;
	return !v->e->scsi && (reveals || config.disk_timeout || is_login(v));
}

static bool do_bad_header(const struct event *v, struct tgt_verdict *out)
{
	out->kind = TGT_CORRUPT_HEADER;
	out->offset = dice_below(&sim.dice, BHS_LEN);
	return v->full && v->e->conn->params.header_digest;
}

static bool do_bad_data(const struct event *v, struct tgt_verdict *out)
{
	uint32_t n = get_be24(v->e->bhs + 5);

	out->kind = TGT_CORRUPT_DATA;
	out->offset = dice_below(&sim.dice, n);
	return v->full && n && v->e->conn->params.data_digest;
}

/* Fields whose wrong values an initiator has to notice. */
static const struct field {
	enum opcode op;
	uint8_t offset, width;
	uint64_t value; /* 0: any */
} fields[] = {
	{ OP_SCSI_RSP, 0, 1, 0x3c },	   /* no such opcode */
	{ OP_SCSI_RSP, 16, 4, 0 },	   /* ITT */
	{ OP_SCSI_RSP, 24, 4, 0 },	   /* StatSN */
	{ OP_SCSI_RSP, 4, 1, 0x10 },	   /* TotalAHSLength */
	{ OP_DATA_IN, 16, 4, 0 },	   /* ITT */
	{ OP_DATA_IN, 36, 4, 0x00777777 }, /* DataSN */
	{ OP_DATA_IN, 40, 4, 0xffff0000 }, /* Buffer Offset */
	{ OP_R2T, 16, 4, 0 },		   /* ITT */
	{ OP_R2T, 40, 4, 0xffff0000 },	   /* Buffer Offset */
	{ OP_R2T, 44, 4, 0xffffff00 },	   /* Desired Length */
	{ OP_NOP_IN, 5, 3, 0xffffff },	   /* DataSegmentLength */
	{ OP_TMF_RSP, 16, 4, 0 },	   /* ITT */
	{ OP_TMF_RSP, 2, 1, 255 },	   /* rejected, although it was done */
	{ OP_TMF_RSP, 2, 1, 5 },	   /* not supported */
	{ OP_LOGIN_RSP, 0, 1, 0x3f },
};

#define FIELDS (sizeof(fields) / sizeof(fields[0]))

static bool do_malformed(const struct event *v, struct tgt_verdict *out)
{
	size_t at = dice_below(&sim.dice, FIELDS);

	for (size_t i = 0; i < FIELDS; i++) {
		const struct field *f = &fields[(at + i) % FIELDS];

		if (f->op != v->op || !v->e->tx)
			continue;
		out->kind = TGT_SET;
		out->offset = f->offset;
		out->width = f->width;
		out->value = f->value ? f->value : dice_roll(&sim.dice);
		return true;
	}
	return false;
}

static bool do_reject(const struct event *v, struct tgt_verdict *out)
{
	out->kind = TGT_REJECT;
	out->value = dice_between(&sim.dice, 2, 0x0b);
	return !v->e->tx && v->full && !v->e->scsi;
}

/* Commands ------------------------------------------------------------ */

static bool status(const struct event *v, struct tgt_verdict *out,
		   uint64_t value)
{
	out->kind = TGT_STATUS;
	out->value = value;
	return v->e->scsi;
}

static bool sense(const struct event *v, struct tgt_verdict *out, uint8_t key,
		  uint8_t asc, uint8_t ascq)
{
	out->key = key;
	out->asc = asc;
	out->ascq = ascq;
	return status(v, out, TGT_CHECK_CONDITION);
}

static bool do_slow(const struct event *v, struct tgt_verdict *out)
{
	out->kind = TGT_DELAY;
	out->delay = (uint32_t)dice_skewed(&sim.dice, 1, 20000);
	return v->e->scsi;
}

static bool do_busy(const struct event *v, struct tgt_verdict *out)
{
	return status(v, out, TGT_BUSY);
}

static bool do_full(const struct event *v, struct tgt_verdict *out)
{
	return status(v, out, TGT_TASK_SET_FULL);
}

static bool do_attention(const struct event *v, struct tgt_verdict *out)
{
	static const uint8_t codes[][2] = {
		{ 0x29, 0x00 }, { 0x29, 0x07 }, { 0x2a, 0x01 }, { 0x2f, 0x00 },
		{ 0x3f, 0x03 }, { 0x3f, 0x0e }, { 0x28, 0x00 },
	};
	uint32_t i = dice_below(&sim.dice, sizeof(codes) / sizeof(codes[0]));

	return sense(v, out, 0x06, codes[i][0], codes[i][1]);
}

static bool do_aborted(const struct event *v, struct tgt_verdict *out)
{
	return sense(v, out, 0x0b, 0x47, 0x05);
}

static bool do_not_ready(const struct event *v, struct tgt_verdict *out)
{
	return sense(v, out, 0x02, 0x04, 0x01);
}

static bool do_deferred(const struct event *v, struct tgt_verdict *out)
{
	out->deferred = true;
	return sense(v, out, 0x0b, 0x00, 0x00);
}

static const struct kind {
	const char *name;
	bool (*fn)(const struct event *v, struct tgt_verdict *out);
} kinds[] = {
	{ "connection closed at a PDU", do_close },
	{ "PDU late", do_late },
	{ "PDU twice", do_twice },
	{ "PDU lost", do_lost },
	{ "header digest wrong", do_bad_header },
	{ "data digest wrong", do_bad_data },
	{ "PDU malformed", do_malformed },
	{ "PDU rejected", do_reject },
	{ "command slow", do_slow },
	{ "BUSY", do_busy },
	{ "TASK SET FULL", do_full },
	{ "unit attention", do_attention },
	{ "aborted command", do_aborted },
	{ "not ready", do_not_ready },
	{ "deferred sense", do_deferred },
};

unsigned pdu_fault_kinds(void)
{
	return sizeof(kinds) / sizeof(kinds[0]);
}

const char *pdu_fault_name(unsigned i)
{
	return kinds[i].name;
}

/* The hook ------------------------------------------------------------ */

static void trace_pdu(const struct tgt_pdu_event *e)
{
	char line[TGT_JOURNAL_LINE];
	struct strbuf text;

	sb_init(&text, line, sizeof(line));
	tgt_journal_line(e, &text);
	sim_trace(wire_path(tgt_conn_owner(e->conn))->name, "%s sn %u", line,
		  get_be32(e->bhs + 24));
}

static bool by_chance(const struct tgt_pdu_event *e, struct tgt_verdict *out)
{
	unsigned n = pdu_fault_kinds(), i = dice_below(&sim.dice, n);
	struct event v = { .e = e };
	struct tgt_verdict o = { .kind = TGT_PASS };

	if (!e->scsi) {
		v.op = pdu_opcode(e->bhs);
		v.full = e->conn->state == TGT_CONN_FULL;
	}
	if (!(config.pdu_kinds >> i & 1) || !kinds[i].fn(&v, &o))
		return false;
	*out = o;
	sim.figures->faults[PDU_FAULT_FIRST + i]++;
	sim_trace("fault", "%s", kinds[i].name);
	return true;
}

void pdu_fault_see(struct tgt_fault_hook *h, const struct tgt_pdu_event *e,
		   struct tgt_verdict *out)
{
	struct box *b = container_of(h, struct box, hook);
	struct tgt_fault_hook *script = tgt_script_hook(b->script);

	if (!e->scsi && sim.trace)
		trace_pdu(e);
	script->see(script, e, out);
	if (out->kind != TGT_PASS) {
		sim_trace("fault", "by the script: %d", out->kind);
		return;
	}
	if (!e->conn || dice_below(&sim.dice, 1000000) >= config.pdu_rate)
		return;
	by_chance(e, out);
}
