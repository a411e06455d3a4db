/*
 * pdu - iSCSI headers as C structs and back (RFC 7143 section 11): their
 * names, and those an initiator sends.
 *
 * Offsets are the RFC's byte numbers.  The other direction is pdu_rsp.c.
 */
#include "wire/pdu.h"

#include <errno.h>

#include "wire/pdu_common.h"

#define CMD_READ_BIT  0x40 /* byte 1 of a SCSI Command, 11.3.1 */
#define CMD_WRITE_BIT 0x20
#define CMD_ATTR_MASK 0x07

static const char *const names[0x40] = {
	[OP_NOP_OUT] = "NOP-Out",
	[OP_SCSI_CMD] = "SCSI Command",
	[OP_TMF_REQ] = "Task Management Function Request",
	[OP_LOGIN_REQ] = "Login Request",
	[OP_TEXT_REQ] = "Text Request",
	[OP_DATA_OUT] = "SCSI Data-Out",
	[OP_LOGOUT_REQ] = "Logout Request",
	[OP_SNACK] = "SNACK Request",
	[OP_NOP_IN] = "NOP-In",
	[OP_SCSI_RSP] = "SCSI Response",
	[OP_TMF_RSP] = "Task Management Function Response",
	[OP_LOGIN_RSP] = "Login Response",
	[OP_TEXT_RSP] = "Text Response",
	[OP_DATA_IN] = "SCSI Data-In",
	[OP_LOGOUT_RSP] = "Logout Response",
	[OP_R2T] = "Ready To Transfer",
	[OP_ASYNC] = "Asynchronous Message",
	[OP_REJECT] = "Reject",
};

const char *pdu_name(uint8_t opcode)
{
	return opcode < 0x40 ? names[opcode] : NULL;
}

/* A request with a CmdSN (24) and ExpStatSN (28). */
static void begin_request(uint8_t *bhs, enum opcode op, bool immediate,
			  unsigned flags, uint32_t itt)
{
	pdu_begin(bhs, op, flags, itt);
	if (immediate)
		bhs[0] |= OPCODE_IMMEDIATE;
}

static void put_sn(uint8_t *bhs, uint32_t cmdsn, uint32_t expstatsn)
{
	put_be32(bhs + 24, cmdsn);
	put_be32(bhs + 28, expstatsn);
}

void pdu_put_nop_out(uint8_t bhs[static BHS_LEN], const struct pdu_nop_out *p)
{
	begin_request(bhs, OP_NOP_OUT, p->immediate, FLAG_FINAL, p->itt);
	put_be24(bhs + 5, p->data_len);
	memcpy(bhs + 8, p->lun, LUN_LEN);
	put_be32(bhs + 20, p->ttt);
	put_sn(bhs, p->cmdsn, p->expstatsn);
}

int pdu_get_nop_out(const uint8_t bhs[static BHS_LEN], struct pdu_nop_out *out)
{
	struct pdu_nop_out p = {
		.immediate = pdu_immediate(bhs),
		.itt = get_be32(bhs + 16),
		.ttt = get_be32(bhs + 20),
		.cmdsn = get_be32(bhs + 24),
		.expstatsn = get_be32(bhs + 28),
		.data_len = pdu_data_len(bhs),
	};

	if (!pdu_is(bhs, OP_NOP_OUT))
		return -EBADMSG;
	if (p.itt == TAG_NONE && !p.immediate) /* 11.18.1 */
		return -EBADMSG;
	memcpy(p.lun, bhs + 8, LUN_LEN);
	*out = p;
	return 0;
}

void pdu_put_scsi_cmd(uint8_t bhs[static BHS_LEN], const struct pdu_scsi_cmd *p)
{
	unsigned flags = flag_if(p->final, FLAG_FINAL) |
			 flag_if(p->read, CMD_READ_BIT) |
			 flag_if(p->write, CMD_WRITE_BIT) | (unsigned)p->attr;

	begin_request(bhs, OP_SCSI_CMD, p->immediate, flags, p->itt);
	bhs[4] = (uint8_t)(p->ahs_len / 4);
	put_be24(bhs + 5, p->data_len);
	memcpy(bhs + 8, p->lun, LUN_LEN);
	put_be32(bhs + 20, p->edtl);
	put_sn(bhs, p->cmdsn, p->expstatsn);
	memcpy(bhs + 32, p->cdb, CDB_LEN);
}

static bool scsi_cmd_fits(const struct pdu_scsi_cmd *p)
{
	if (!p->final && !p->write) /* 11.3.1 */
		return false;
	if (p->edtl && !p->read && !p->write) /* 11.3.1 */
		return false;
	if (p->data_len && (!p->write || p->data_len > p->edtl))
		return false;
	if (!p->final && p->data_len == p->edtl) /* 11.3.4 */
		return false;
	return p->attr <= ATTR_ACA && p->itt != TAG_NONE;
}

int pdu_get_scsi_cmd(const uint8_t bhs[static BHS_LEN],
		     struct pdu_scsi_cmd *out)
{
	struct pdu_scsi_cmd p = {
		.immediate = pdu_immediate(bhs),
		.final = bhs[1] & FLAG_FINAL,
		.read = bhs[1] & CMD_READ_BIT,
		.write = bhs[1] & CMD_WRITE_BIT,
		.attr = (enum task_attr)(bhs[1] & CMD_ATTR_MASK),
		.itt = get_be32(bhs + 16),
		.edtl = get_be32(bhs + 20),
		.cmdsn = get_be32(bhs + 24),
		.expstatsn = get_be32(bhs + 28),
		.data_len = pdu_data_len(bhs),
		.ahs_len = (uint16_t)pdu_ahs_len(bhs),
	};

	if (pdu_opcode(bhs) != OP_SCSI_CMD || !scsi_cmd_fits(&p))
		return -EBADMSG;
	memcpy(p.lun, bhs + 8, LUN_LEN);
	memcpy(p.cdb, bhs + 32, CDB_LEN);
	*out = p;
	return 0;
}

void pdu_put_tmf_req(uint8_t bhs[static BHS_LEN], const struct pdu_tmf_req *p)
{
	begin_request(bhs, OP_TMF_REQ, p->immediate,
		      FLAG_FINAL | (unsigned)p->function, p->itt);
	memcpy(bhs + 8, p->lun, LUN_LEN);
	put_be32(bhs + 20, p->ref_itt);
	put_sn(bhs, p->cmdsn, p->expstatsn);
	put_be32(bhs + 32, p->ref_cmdsn);
	put_be32(bhs + 36, p->exp_datasn);
}

int pdu_get_tmf_req(const uint8_t bhs[static BHS_LEN], struct pdu_tmf_req *out)
{
	struct pdu_tmf_req p = {
		.immediate = pdu_immediate(bhs),
		.function = (enum tmf)(bhs[1] & 0x7f),
		.itt = get_be32(bhs + 16),
		.ref_itt = get_be32(bhs + 20),
		.cmdsn = get_be32(bhs + 24),
		.expstatsn = get_be32(bhs + 28),
		.ref_cmdsn = get_be32(bhs + 32),
		.exp_datasn = get_be32(bhs + 36),
	};

	if (!pdu_is_bare(bhs, OP_TMF_REQ) || p.itt == TAG_NONE)
		return -EBADMSG;
	if (p.function < TMF_ABORT_TASK || p.function > TMF_TASK_REASSIGN)
		return -EBADMSG;
	memcpy(p.lun, bhs + 8, LUN_LEN);
	*out = p;
	return 0;
}

void pdu_put_login_req(uint8_t bhs[static BHS_LEN],
		       const struct pdu_login_req *p)
{
	begin_request(bhs, OP_LOGIN_REQ, true,
		      pdu_stages(p->transit, p->cont, p->csg, p->nsg), p->itt);
	bhs[2] = p->version_max;
	bhs[3] = p->version_min;
	put_be24(bhs + 5, p->data_len);
	memcpy(bhs + 8, p->isid, ISID_LEN);
	put_be16(bhs + 14, p->tsih);
	put_be16(bhs + 20, p->cid);
	put_sn(bhs, p->cmdsn, p->expstatsn);
}

int pdu_get_login_req(const uint8_t bhs[static BHS_LEN],
		      struct pdu_login_req *out)
{
	struct pdu_login_req p = {
		.transit = bhs[1] & FLAG_FINAL,
		.cont = bhs[1] & FLAG_CONTINUE,
		.csg = (enum login_stage)(bhs[1] >> 2 & 3),
		.version_max = bhs[2],
		.version_min = bhs[3],
		.tsih = get_be16(bhs + 14),
		.cid = get_be16(bhs + 20),
		.itt = get_be32(bhs + 16),
		.cmdsn = get_be32(bhs + 24),
		.expstatsn = get_be32(bhs + 28),
		.data_len = pdu_data_len(bhs),
	};

	if (!pdu_is(bhs, OP_LOGIN_REQ) || !pdu_immediate(bhs))
		return -EBADMSG;
	if (!pdu_stages_fit(bhs[1]) || p.itt == TAG_NONE)
		return -EBADMSG;
	if (p.transit)
		p.nsg = (enum login_stage)(bhs[1] & 3);
	memcpy(p.isid, bhs + 8, ISID_LEN);
	*out = p;
	return 0;
}

void pdu_put_text_req(uint8_t bhs[static BHS_LEN], const struct pdu_text_req *p)
{
	begin_request(bhs, OP_TEXT_REQ, p->immediate,
		      flag_if(p->final, FLAG_FINAL) |
			      flag_if(p->cont, FLAG_CONTINUE),
		      p->itt);
	put_be24(bhs + 5, p->data_len);
	memcpy(bhs + 8, p->lun, LUN_LEN);
	put_be32(bhs + 20, p->ttt);
	put_sn(bhs, p->cmdsn, p->expstatsn);
}

int pdu_get_text_req(const uint8_t bhs[static BHS_LEN],
		     struct pdu_text_req *out)
{
	struct pdu_text_req p = {
		.immediate = pdu_immediate(bhs),
		.final = bhs[1] & FLAG_FINAL,
		.cont = bhs[1] & FLAG_CONTINUE,
		.itt = get_be32(bhs + 16),
		.ttt = get_be32(bhs + 20),
		.cmdsn = get_be32(bhs + 24),
		.expstatsn = get_be32(bhs + 28),
		.data_len = pdu_data_len(bhs),
	};

	if (!pdu_is(bhs, OP_TEXT_REQ) || p.itt == TAG_NONE)
		return -EBADMSG;
	if (p.final && p.cont) /* 11.10.2 */
		return -EBADMSG;
	memcpy(p.lun, bhs + 8, LUN_LEN);
	*out = p;
	return 0;
}

void pdu_put_data_out(uint8_t bhs[static BHS_LEN], const struct pdu_data_out *p)
{
	pdu_begin(bhs, OP_DATA_OUT, flag_if(p->final, FLAG_FINAL), p->itt);
	put_be24(bhs + 5, p->data_len);
	memcpy(bhs + 8, p->lun, LUN_LEN);
	put_be32(bhs + 20, p->ttt);
	put_be32(bhs + 28, p->expstatsn);
	put_be32(bhs + 36, p->datasn);
	put_be32(bhs + 40, p->offset);
}

int pdu_get_data_out(const uint8_t bhs[static BHS_LEN],
		     struct pdu_data_out *out)
{
	struct pdu_data_out p = {
		.final = bhs[1] & FLAG_FINAL,
		.itt = get_be32(bhs + 16),
		.ttt = get_be32(bhs + 20),
		.expstatsn = get_be32(bhs + 28),
		.datasn = get_be32(bhs + 36),
		.offset = get_be32(bhs + 40),
		.data_len = pdu_data_len(bhs),
	};

	if (!pdu_is(bhs, OP_DATA_OUT) || p.itt == TAG_NONE)
		return -EBADMSG;
	if (!pdu_range_fits(p.offset, p.data_len))
		return -EBADMSG;
	memcpy(p.lun, bhs + 8, LUN_LEN);
	*out = p;
	return 0;
}

void pdu_put_logout_req(uint8_t bhs[static BHS_LEN],
			const struct pdu_logout_req *p)
{
	begin_request(bhs, OP_LOGOUT_REQ, p->immediate,
		      FLAG_FINAL | (unsigned)p->reason, p->itt);
	put_be16(bhs + 20, p->cid);
	put_sn(bhs, p->cmdsn, p->expstatsn);
}

int pdu_get_logout_req(const uint8_t bhs[static BHS_LEN],
		       struct pdu_logout_req *out)
{
	struct pdu_logout_req p = {
		.immediate = pdu_immediate(bhs),
		.reason = (enum logout_reason)(bhs[1] & 0x7f),
		.cid = get_be16(bhs + 20),
		.itt = get_be32(bhs + 16),
		.cmdsn = get_be32(bhs + 24),
		.expstatsn = get_be32(bhs + 28),
	};

	if (!pdu_is_bare(bhs, OP_LOGOUT_REQ) || p.itt == TAG_NONE)
		return -EBADMSG;
	if (p.reason > LOGOUT_FOR_RECOVERY)
		return -EBADMSG;
	*out = p;
	return 0;
}
