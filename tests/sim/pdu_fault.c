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

#define MAX_SHORTS 3 /* of one command, in the last SHORTS_KEPT */

struct event {
	struct box *box;
	const struct tgt_pdu_event *e;
	enum opcode op; /* of a PDU */
	bool full;	/* full feature phase */
};

static bool is_login(const struct event *v)
{
	return v->op == OP_LOGIN_REQ || v->op == OP_LOGIN_RSP;
}

static bool has_limit(void)
{
	return config.disk_timeout || config.task_timeout != FOR_EVER;
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
	/* A target that asks spares us the question whose answer would. */
	bool reveals = v->e->tx && v->op != OP_R2T && !config.ping_every;

	out->kind = TGT_DROP;
	return !v->e->scsi && (reveals || has_limit() || is_login(v));
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

/* Data refused, but not ended as 7.8 wants it: like a loss. */
static bool do_reject(const struct event *v, struct tgt_verdict *out)
{
	if (v->op == OP_DATA_OUT && !has_limit())
		return false;
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
	out->delay = (uint32_t)dice_skewed(&sim.dice, config.slow_least, 20000);
	return v->e->scsi;
}

static uint64_t hash_of(const struct tgt_pdu_event *e)
{
	uint64_t h = e->bhs[9];

	for (unsigned i = 32; i < 48; i++)
		h = h * 31 + e->bhs[i];
	return h;
}

/* False: so often that a driver may take it for an error. */
static bool note_short(struct box *b, const struct tgt_pdu_event *e)
{
	uint64_t h = hash_of(e);
	unsigned n = 0;

	for (unsigned i = 0; i < SHORTS_KEPT; i++)
		n += b->shorts[i] == h;
	if (n < MAX_SHORTS)
		b->shorts[b->nshorts++ % SHORTS_KEPT] = h;
	return n < MAX_SHORTS;
}

/* Of a command that moves blocks, or tells who the disk is. */
static bool do_short(const struct event *v, struct tgt_verdict *out)
{
	uint8_t op = v->e->scsi ? v->e->bhs[32] : 0;

	out->kind = TGT_SHORT;
	out->value = dice_between(&sim.dice, 1, 2 * config.block_size);
	if (op == 0x12)
		out->value = dice_between(&sim.dice, 1, 40);
	return (op == 0x12 || op == 0x28 || op == 0x2a || op == 0x88 ||
		op == 0x8a) &&
	       note_short(v->box, v->e);
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
	{ "transfer short", do_short },
	{ "BUSY", do_busy },
	{ "TASK SET FULL", do_full },
	{ "unit attention", do_attention },
	{ "aborted command", do_aborted },
	{ "not ready", do_not_ready },
	{ "deferred sense", do_deferred },
};

#define STORM_FIRST 10 /* from here on: what may last */

unsigned pdu_fault_kinds(void)
{
	return sizeof(kinds) / sizeof(kinds[0]);
}

const char *pdu_fault_name(unsigned i)
{
	return kinds[i].name;
}

uint64_t pdu_fault_bit(const char *name)
{
	unsigned i = 0;

	while (strcmp(kinds[i].name, name) != 0)
		i++;
	return UINT64_C(1) << i;
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

/* The first kind from i on that fits; false: none does. */
static bool any_from(unsigned i, const struct event *v, struct tgt_verdict *out)
{
	unsigned n = pdu_fault_kinds();

	for (unsigned end = i + n; i < end; i++) {
		struct tgt_verdict o = { .kind = TGT_PASS };

		if (!(config.pdu_kinds >> i % n & 1) || !kinds[i % n].fn(v, &o))
			continue;
		*out = o;
		sim.figures->faults[PDU_FAULT_FIRST + i % n]++;
		sim_trace("fault", "%s", kinds[i % n].name);
		return true;
	}
	return false;
}

static struct event event_of(struct box *b, const struct tgt_pdu_event *e)
{
	struct event v = { .box = b, .e = e };

	if (!e->scsi) {
		v.op = pdu_opcode(e->bhs);
		v.full = e->conn->state == TGT_CONN_FULL;
	}
	return v;
}

/* A target that hangs still answers pings. */
static bool hangs(const struct box *b, const struct event *v,
		  struct tgt_verdict *out)
{
	if (sim.now >= b->hangs_until)
		return false;
	if (v->e->scsi) {
		out->kind = TGT_DELAY;
		out->delay = (uint32_t)((b->hangs_until - sim.now) / MS + 1);
	} else if (v->op == OP_TMF_REQ && !v->e->tx) {
		out->kind = TGT_DROP;
	}
	return out->kind != TGT_PASS;
}

static bool is_struck(struct box *b, const struct event *v,
		      struct tgt_verdict *out)
{
	uint32_t rate = v->e->scsi ? config.cmd_rate : config.pdu_rate;

	if (hangs(b, v, out))
		return true;
	if (v->e->scsi && sim.now < b->storm_until)
		return kinds[b->storm].fn(v, out);
	return dice_below(&sim.dice, 1000000) < rate &&
	       any_from(dice_below(&sim.dice, pdu_fault_kinds()), v, out);
}

unsigned pdu_fault_storm(void)
{
	return STORM_FIRST +
	       dice_below(&sim.dice, pdu_fault_kinds() - STORM_FIRST);
}

void pdu_fault_see(struct tgt_fault_hook *h, const struct tgt_pdu_event *e,
		   struct tgt_verdict *out)
{
	struct box *b = container_of(h, struct box, hook);
	struct tgt_fault_hook *script = tgt_script_hook(b->script);
	struct tgt_verdict o = { .kind = TGT_PASS };
	struct event v;

	if (!e->scsi && sim.trace)
		trace_pdu(e);
	script->see(script, e, out);
	if (out->kind != TGT_PASS) {
		sim_trace("fault", "by the script: %d", out->kind);
		return;
	}
	if (!e->conn)
		return;
	v = event_of(b, e);
	if (is_struck(b, &v, &o))
		*out = o;
}
