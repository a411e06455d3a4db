/*
 * pdu_rsp - the headers a target sends (RFC 7143 section 11), the second
 * half of wire/pdu.h.
 *
 * Offsets are the RFC's byte numbers.  The other direction is pdu.c.
 */
#include "wire/pdu.h"

#include <errno.h>

#include "wire/pdu_common.h"

#define BIDI_OVERFLOW  0x10 /* byte 1, 11.4.1 */
#define BIDI_UNDERFLOW 0x08
#define OVERFLOW       0x04
#define UNDERFLOW      0x02

#define DATA_IN_ACK    0x40 /* byte 1, 11.7.2 and 11.7.3 */
#define DATA_IN_STATUS 0x01

static void put_sn(uint8_t *bhs, const struct pdu_sn *sn)
{
	put_be32(bhs + 24, sn->statsn);
	put_be32(bhs + 28, sn->expcmdsn);
	put_be32(bhs + 32, sn->maxcmdsn);
}

static struct pdu_sn get_sn(const uint8_t *bhs)
{
	return (struct pdu_sn){
		.statsn = get_be32(bhs + 24),
		.expcmdsn = get_be32(bhs + 28),
		.maxcmdsn = get_be32(bhs + 32),
	};
}

void pdu_put_nop_in(uint8_t bhs[static BHS_LEN], const struct pdu_nop_in *p)
{
	pdu_begin(bhs, OP_NOP_IN, FLAG_FINAL, p->itt);
	put_be24(bhs + 5, p->data_len);
	memcpy(bhs + 8, p->lun, LUN_LEN);
	put_be32(bhs + 20, p->ttt);
	put_sn(bhs, &p->sn);
}

int pdu_get_nop_in(const uint8_t bhs[static BHS_LEN], struct pdu_nop_in *out)
{
	struct pdu_nop_in p = {
		.itt = get_be32(bhs + 16),
		.ttt = get_be32(bhs + 20),
		.data_len = pdu_data_len(bhs),
		.sn = get_sn(bhs),
	};

	if (!pdu_is(bhs, OP_NOP_IN))
		return -EBADMSG;
	/* An answer does not ask for one (11.19.1). */
	if (p.itt != TAG_NONE && p.ttt != TAG_NONE)
		return -EBADMSG;
	memcpy(p.lun, bhs + 8, LUN_LEN);
	*out = p;
	return 0;
}

void pdu_put_scsi_rsp(uint8_t bhs[static BHS_LEN], const struct pdu_scsi_rsp *p)
{
	unsigned flags = FLAG_FINAL | flag_if(p->bidi_overflow, BIDI_OVERFLOW) |
			 flag_if(p->bidi_underflow, BIDI_UNDERFLOW) |
			 flag_if(p->overflow, OVERFLOW) |
			 flag_if(p->underflow, UNDERFLOW);

	pdu_begin(bhs, OP_SCSI_RSP, flags, p->itt);
	bhs[2] = p->response;
	bhs[3] = p->status;
	put_be24(bhs + 5, p->data_len);
	put_be32(bhs + 20, p->snack_tag);
	put_sn(bhs, &p->sn);
	put_be32(bhs + 36, p->exp_datasn);
	put_be32(bhs + 40, p->bidi_residual);
	put_be32(bhs + 44, p->residual);
}

int pdu_get_scsi_rsp(const uint8_t bhs[static BHS_LEN],
		     struct pdu_scsi_rsp *out)
{
	struct pdu_scsi_rsp p = {
		.overflow = bhs[1] & OVERFLOW,
		.underflow = bhs[1] & UNDERFLOW,
		.bidi_overflow = bhs[1] & BIDI_OVERFLOW,
		.bidi_underflow = bhs[1] & BIDI_UNDERFLOW,
		.response = bhs[2],
		.status = bhs[3],
		.itt = get_be32(bhs + 16),
		.snack_tag = get_be32(bhs + 20),
		.exp_datasn = get_be32(bhs + 36),
		.residual = get_be32(bhs + 44),
		.bidi_residual = get_be32(bhs + 40),
		.data_len = pdu_data_len(bhs),
		.sn = get_sn(bhs),
	};

	if (!pdu_is(bhs, OP_SCSI_RSP) || p.itt == TAG_NONE)
		return -EBADMSG;
	if ((p.overflow && p.underflow) ||
	    (p.bidi_overflow && p.bidi_underflow)) /* 11.4.1 */
		return -EBADMSG;
	*out = p;
	return 0;
}

void pdu_put_tmf_rsp(uint8_t bhs[static BHS_LEN], const struct pdu_tmf_rsp *p)
{
	pdu_begin(bhs, OP_TMF_RSP, FLAG_FINAL, p->itt);
	bhs[2] = p->response;
	put_sn(bhs, &p->sn);
}

int pdu_get_tmf_rsp(const uint8_t bhs[static BHS_LEN], struct pdu_tmf_rsp *out)
{
	struct pdu_tmf_rsp p = {
		.response = bhs[2],
		.itt = get_be32(bhs + 16),
		.sn = get_sn(bhs),
	};

	if (!pdu_is_bare(bhs, OP_TMF_RSP) || p.itt == TAG_NONE)
		return -EBADMSG;
	*out = p;
	return 0;
}

void pdu_put_login_rsp(uint8_t bhs[static BHS_LEN],
		       const struct pdu_login_rsp *p)
{
	pdu_begin(bhs, OP_LOGIN_RSP,
		  pdu_stages(p->transit, p->cont, p->csg, p->nsg), p->itt);
	bhs[2] = p->version_max;
	bhs[3] = p->version_active;
	put_be24(bhs + 5, p->data_len);
	memcpy(bhs + 8, p->isid, ISID_LEN);
	put_be16(bhs + 14, p->tsih);
	put_sn(bhs, &p->sn);
	put_be16(bhs + 36, p->status);
}

int pdu_get_login_rsp(const uint8_t bhs[static BHS_LEN],
		      struct pdu_login_rsp *out)
{
	struct pdu_login_rsp p = {
		.version_max = bhs[2],
		.version_active = bhs[3],
		.tsih = get_be16(bhs + 14),
		.status = get_be16(bhs + 36),
		.itt = get_be32(bhs + 16),
		.data_len = pdu_data_len(bhs),
		.sn = get_sn(bhs),
	};

	if (!pdu_is(bhs, OP_LOGIN_RSP))
		return -EBADMSG;
	memcpy(p.isid, bhs + 8, ISID_LEN);
	/* Class 0 only: a refusal goes nowhere, whatever its bits say. */
	if (p.status >> 8 == 0) {
		if (!pdu_stages_fit(bhs[1]) || p.itt == TAG_NONE)
			return -EBADMSG;
		p.transit = bhs[1] & FLAG_FINAL;
		p.cont = bhs[1] & FLAG_CONTINUE;
		p.csg = (enum login_stage)(bhs[1] >> 2 & 3);
		if (p.transit)
			p.nsg = (enum login_stage)(bhs[1] & 3);
	}
	*out = p;
	return 0;
}

void pdu_put_text_rsp(uint8_t bhs[static BHS_LEN], const struct pdu_text_rsp *p)
{
	pdu_begin(bhs, OP_TEXT_RSP,
		  flag_if(p->final, FLAG_FINAL) |
			  flag_if(p->cont, FLAG_CONTINUE),
		  p->itt);
	put_be24(bhs + 5, p->data_len);
	memcpy(bhs + 8, p->lun, LUN_LEN);
	put_be32(bhs + 20, p->ttt);
	put_sn(bhs, &p->sn);
}

int pdu_get_text_rsp(const uint8_t bhs[static BHS_LEN],
		     struct pdu_text_rsp *out)
{
	struct pdu_text_rsp p = {
		.final = bhs[1] & FLAG_FINAL,
		.cont = bhs[1] & FLAG_CONTINUE,
		.itt = get_be32(bhs + 16),
		.ttt = get_be32(bhs + 20),
		.data_len = pdu_data_len(bhs),
		.sn = get_sn(bhs),
	};

	if (!pdu_is(bhs, OP_TEXT_RSP) || p.itt == TAG_NONE)
		return -EBADMSG;
	if (p.final && p.cont) /* 11.11.2 */
		return -EBADMSG;
	/* The way to ask for more (11.11.1); with F it is ignored (11.10.4). */
	if (!p.final && p.ttt == TAG_NONE)
		return -EBADMSG;
	memcpy(p.lun, bhs + 8, LUN_LEN);
	*out = p;
	return 0;
}

void pdu_put_data_in(uint8_t bhs[static BHS_LEN], const struct pdu_data_in *p)
{
	unsigned flags = flag_if(p->final, FLAG_FINAL) |
			 flag_if(p->ack, DATA_IN_ACK) |
			 flag_if(p->overflow, OVERFLOW) |
			 flag_if(p->underflow, UNDERFLOW) |
			 flag_if(p->has_status, DATA_IN_STATUS);

	pdu_begin(bhs, OP_DATA_IN, flags, p->itt);
	bhs[3] = p->status;
	put_be24(bhs + 5, p->data_len);
	memcpy(bhs + 8, p->lun, LUN_LEN);
	put_be32(bhs + 20, p->ttt);
	put_sn(bhs, &p->sn);
	put_be32(bhs + 36, p->datasn);
	put_be32(bhs + 40, p->offset);
	put_be32(bhs + 44, p->residual);
}

/* The fields that count only with the S bit (11.7.3). */
static bool get_data_in_status(const uint8_t *bhs, struct pdu_data_in *p)
{
	p->has_status = true;
	p->status = bhs[3];
	p->overflow = bhs[1] & OVERFLOW;
	p->underflow = bhs[1] & UNDERFLOW;
	p->residual = get_be32(bhs + 44);
	return p->final && !(p->overflow && p->underflow);
}

int pdu_get_data_in(const uint8_t bhs[static BHS_LEN], struct pdu_data_in *out)
{
	struct pdu_data_in p = {
		.final = bhs[1] & FLAG_FINAL,
		.ack = bhs[1] & DATA_IN_ACK,
		.itt = get_be32(bhs + 16),
		.ttt = get_be32(bhs + 20),
		.datasn = get_be32(bhs + 36),
		.offset = get_be32(bhs + 40),
		.data_len = pdu_data_len(bhs),
		.sn = get_sn(bhs),
	};

	if (!pdu_is(bhs, OP_DATA_IN) || p.itt == TAG_NONE)
		return -EBADMSG;
	if (bhs[1] & DATA_IN_STATUS && !get_data_in_status(bhs, &p))
		return -EBADMSG;
	if (!pdu_range_fits(p.offset, p.data_len))
		return -EBADMSG;
	memcpy(p.lun, bhs + 8, LUN_LEN);
	*out = p;
	return 0;
}

void pdu_put_logout_rsp(uint8_t bhs[static BHS_LEN],
			const struct pdu_logout_rsp *p)
{
	pdu_begin(bhs, OP_LOGOUT_RSP, FLAG_FINAL, p->itt);
	bhs[2] = p->response;
	put_sn(bhs, &p->sn);
	put_be16(bhs + 40, p->time2wait);
	put_be16(bhs + 42, p->time2retain);
}

int pdu_get_logout_rsp(const uint8_t bhs[static BHS_LEN],
		       struct pdu_logout_rsp *out)
{
	struct pdu_logout_rsp p = {
		.response = bhs[2],
		.time2wait = get_be16(bhs + 40),
		.time2retain = get_be16(bhs + 42),
		.itt = get_be32(bhs + 16),
		.sn = get_sn(bhs),
	};

	if (!pdu_is_bare(bhs, OP_LOGOUT_RSP) || p.itt == TAG_NONE)
		return -EBADMSG;
	*out = p;
	return 0;
}

void pdu_put_r2t(uint8_t bhs[static BHS_LEN], const struct pdu_r2t *p)
{
	pdu_begin(bhs, OP_R2T, FLAG_FINAL, p->itt);
	memcpy(bhs + 8, p->lun, LUN_LEN);
	put_be32(bhs + 20, p->ttt);
	put_sn(bhs, &p->sn);
	put_be32(bhs + 36, p->r2tsn);
	put_be32(bhs + 40, p->offset);
	put_be32(bhs + 44, p->length);
}

int pdu_get_r2t(const uint8_t bhs[static BHS_LEN], struct pdu_r2t *out)
{
	struct pdu_r2t p = {
		.itt = get_be32(bhs + 16),
		.ttt = get_be32(bhs + 20),
		.r2tsn = get_be32(bhs + 36),
		.offset = get_be32(bhs + 40),
		.length = get_be32(bhs + 44),
		.sn = get_sn(bhs),
	};

	if (!pdu_is_bare(bhs, OP_R2T))
		return -EBADMSG;
	if (p.itt == TAG_NONE || p.ttt == TAG_NONE) /* 11.8.5 */
		return -EBADMSG;
	if (p.length == 0 || !pdu_range_fits(p.offset, p.length)) /* 11.8.4 */
		return -EBADMSG;
	memcpy(p.lun, bhs + 8, LUN_LEN);
	*out = p;
	return 0;
}

void pdu_put_async(uint8_t bhs[static BHS_LEN], const struct pdu_async *p)
{
	pdu_begin(bhs, OP_ASYNC, FLAG_FINAL, TAG_NONE);
	put_be24(bhs + 5, p->data_len);
	memcpy(bhs + 8, p->lun, LUN_LEN);
	put_sn(bhs, &p->sn);
	bhs[36] = p->event;
	bhs[37] = p->vcode;
	put_be16(bhs + 38, p->param1);
	put_be16(bhs + 40, p->param2);
	put_be16(bhs + 42, p->param3);
}

int pdu_get_async(const uint8_t bhs[static BHS_LEN], struct pdu_async *out)
{
	struct pdu_async p = {
		.event = bhs[36],
		.vcode = bhs[37],
		.param1 = get_be16(bhs + 38),
		.param2 = get_be16(bhs + 40),
		.param3 = get_be16(bhs + 42),
		.data_len = pdu_data_len(bhs),
		.sn = get_sn(bhs),
	};

	if (!pdu_is(bhs, OP_ASYNC))
		return -EBADMSG;
	memcpy(p.lun, bhs + 8, LUN_LEN);
	*out = p;
	return 0;
}

void pdu_put_reject(uint8_t bhs[static BHS_LEN], const struct pdu_reject *p)
{
	pdu_begin(bhs, OP_REJECT, FLAG_FINAL, TAG_NONE);
	bhs[2] = p->reason;
	put_be24(bhs + 5, p->data_len);
	put_sn(bhs, &p->sn);
	put_be32(bhs + 36, p->datasn);
}

int pdu_get_reject(const uint8_t bhs[static BHS_LEN], struct pdu_reject *out)
{
	struct pdu_reject p = {
		.reason = bhs[2],
		.datasn = get_be32(bhs + 36),
		.data_len = pdu_data_len(bhs),
		.sn = get_sn(bhs),
	};

	if (!pdu_is(bhs, OP_REJECT))
		return -EBADMSG;
	*out = p;
	return 0;
}
