/*
 * journal - what came and went, a line each.
 */
#include "target/journal.h"

#include "base/bytes.h"
#include "base/str.h"
#include "target/session.h"
#include "wire/lun.h"

#define WORD(list, i) ((i) < sizeof(list) / sizeof((list)[0]) ? (list)[i] : "?")

static void say_itt(const uint8_t *bhs, struct strbuf *out)
{
	sb_add(out, " itt %08x", get_be32(bhs + 16));
}

static void say_lun(const uint8_t *bhs, struct strbuf *out)
{
	uint32_t number;

	if (lun_number(bhs + 8, &number) == 0)
		sb_add(out, " lun %u", number);
}

/* Name of a command and the blocks it touches; both forms have them here. */
static void say_cdb(const uint8_t *cdb, struct strbuf *out)
{
	const char *name = tgt_scsi_name(cdb[0]);

	if (!name)
		sb_add(out, " 0x%02x", cdb[0]);
	else
		sb_add(out, " %s", name);
	if (tgt_scsi_name_has("read", cdb[0]) ||
	    tgt_scsi_name_has("write", cdb[0])) {
		if (cdb[0] & 0x80)
			sb_add(out, " %llu+%u",
			       (unsigned long long)get_be64(cdb + 2),
			       get_be32(cdb + 10));
		else
			sb_add(out, " %u+%u", get_be32(cdb + 2),
			       get_be16(cdb + 7));
	}
}

static void of_command(const uint8_t *bhs, struct strbuf *out)
{
	say_cdb(bhs + 32, out);
	say_lun(bhs, out);
}

static void of_tmf(const uint8_t *bhs, struct strbuf *out)
{
	static const char *const names[] = {
		"?",	      "abort-task",	"abort-task-set",
		"clear-aca",  "clear-task-set", "lun-reset",
		"warm-reset", "cold-reset",	"task-reassign",
	};
	unsigned function = bhs[1] & 0x7f;

	sb_add(out, " %s", WORD(names, function));
	if (function <= TMF_LUN_RESET)
		say_lun(bhs, out);
}

static void of_tmf_rsp(const uint8_t *bhs, struct strbuf *out)
{
	sb_add(out, " %s", tgt_tmf_word(bhs[2]));
}

static void of_login(const uint8_t *bhs, struct strbuf *out)
{
	static const char *const stages[] = { "security", "operational", "?",
					      "full" };

	sb_add(out, " %s", stages[bhs[1] >> 2 & 3]);
}

/* "full": the session is up. */
static void of_login_rsp(const uint8_t *bhs, struct strbuf *out)
{
	uint16_t status = get_be16(bhs + 36);

	if (status)
		sb_add(out, " 0x%04x", status);
	else if ((bhs[1] & 0x83) == 0x83)
		sb_add(out, " full");
	else
		sb_add(out, " more");
}

static void of_data(const uint8_t *bhs, struct strbuf *out)
{
	sb_add(out, " %u+%u", get_be32(bhs + 40), pdu_data_len(bhs));
}

static void of_r2t(const uint8_t *bhs, struct strbuf *out)
{
	sb_add(out, " %u+%u", get_be32(bhs + 40), get_be32(bhs + 44));
}

static void of_scsi_rsp(const uint8_t *bhs, struct strbuf *out)
{
	sb_add(out, " 0x%02x", bhs[3]);
}

/* Each side says with one tag that it asks, with the other what it answers. */
static void of_nop_out(const uint8_t *bhs, struct strbuf *out)
{
	sb_add(out, get_be32(bhs + 20) == TAG_NONE ? " ping" : " answer");
}

static void of_nop_in(const uint8_t *bhs, struct strbuf *out)
{
	sb_add(out, get_be32(bhs + 16) != TAG_NONE   ? " answer"
		    : get_be32(bhs + 20) != TAG_NONE ? " ping"
						     : " window");
}

static void of_logout(const uint8_t *bhs, struct strbuf *out)
{
	static const char *const reasons[] = { "session", "connection",
					       "recovery" };

	sb_add(out, " %s", WORD(reasons, bhs[1] & 0x7f));
}

static void of_async(const uint8_t *bhs, struct strbuf *out)
{
	sb_add(out, " %u", bhs[36]);
}

static void of_reject(const uint8_t *bhs, struct strbuf *out)
{
	sb_add(out, " 0x%02x", bhs[2]);
}

static const struct {
	enum opcode op;
	void (*say)(const uint8_t *bhs, struct strbuf *out);
} rows[] = {
	{ OP_NOP_OUT, of_nop_out }, { OP_SCSI_CMD, of_command },
	{ OP_TMF_REQ, of_tmf },	    { OP_LOGIN_REQ, of_login },
	{ OP_DATA_OUT, of_data },   { OP_LOGOUT_REQ, of_logout },
	{ OP_NOP_IN, of_nop_in },   { OP_SCSI_RSP, of_scsi_rsp },
	{ OP_TMF_RSP, of_tmf_rsp }, { OP_LOGIN_RSP, of_login_rsp },
	{ OP_DATA_IN, of_data },    { OP_R2T, of_r2t },
	{ OP_ASYNC, of_async },	    { OP_REJECT, of_reject },
};

void tgt_journal_line(const struct tgt_pdu_event *e, struct strbuf *out)
{
	uint8_t op = pdu_opcode(e->bhs);

	if (e->scsi) {
		sb_add(out, "scsi");
		say_cdb(e->bhs + 32, out);
		return;
	}
	sb_add(out, "%s %s", e->tx ? "tx" : "rx", tgt_pdu_word(op));
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		if (rows[i].op == op)
			rows[i].say(e->bhs, out);
	if (op == OP_LOGIN_RSP && e->conn)
		sb_add(out, " portal %d", e->conn->portal + 1);
	say_itt(e->bhs, out);
}
