/*
 * pdu - iSCSI headers as C structs and back (RFC 7143 section 11).
 *
 * Pure functions over bytes: no sockets, no allocation, no state.  Decoding
 * checks what the header alone can show; whether a PDU is allowed here and
 * now is proto/'s job.  Reserved fields are zero when written, ignored when
 * read.
 *
 * pdu_put_x() writes all 48 bytes.  pdu_get_x() returns 0, or -EBADMSG when
 * the bytes cannot be an x; *out is written only on success.
 */
#ifndef WIRE_PDU_H
#define WIRE_PDU_H

#include <stdbool.h>
#include <stdint.h>

#define BHS_LEN	   48
#define DIGEST_LEN 4
#define LUN_LEN	   8
#define ISID_LEN   6
#define CDB_LEN	   16 /* in the header; longer ones go into an AHS */

#define TAG_NONE 0xffffffffu /* ITT or TTT: "no tag" */

enum opcode {
	OP_NOP_OUT = 0x00,
	OP_SCSI_CMD = 0x01,
	OP_TMF_REQ = 0x02,
	OP_LOGIN_REQ = 0x03,
	OP_TEXT_REQ = 0x04,
	OP_DATA_OUT = 0x05,
	OP_LOGOUT_REQ = 0x06,
	OP_SNACK = 0x10,
	OP_NOP_IN = 0x20,
	OP_SCSI_RSP = 0x21,
	OP_TMF_RSP = 0x22,
	OP_LOGIN_RSP = 0x23,
	OP_TEXT_RSP = 0x24,
	OP_DATA_IN = 0x25,
	OP_LOGOUT_RSP = 0x26,
	OP_R2T = 0x31,
	OP_ASYNC = 0x32,
	OP_REJECT = 0x3f,
};

/* What every header has (11.2.1). */
static inline enum opcode pdu_opcode(const uint8_t bhs[static BHS_LEN])
{
	return (enum opcode)(bhs[0] & 0x3f);
}

static inline bool pdu_immediate(const uint8_t bhs[static BHS_LEN])
{
	return bhs[0] & 0x40;
}

/* Bytes of AHS that follow the header. */
static inline uint32_t pdu_ahs_len(const uint8_t bhs[static BHS_LEN])
{
	return (uint32_t)bhs[4] * 4;
}

/* Bytes of data, without padding. */
static inline uint32_t pdu_data_len(const uint8_t bhs[static BHS_LEN])
{
	return (uint32_t)bhs[5] << 16 | (uint32_t)bhs[6] << 8 | bhs[7];
}

/* Zero bytes between a data segment and its digest (11.2.3). */
static inline uint32_t pdu_pad(uint32_t data_len)
{
	return -data_len & 3;
}

/* "SCSI Command", "NOP-In", ...; "opcode 0x??" is the caller's to print. */
const char *pdu_name(uint8_t opcode); /* NULL when unknown */

/* Initiator to target ------------------------------------------------- */

struct pdu_nop_out { /* 11.18 */
	bool immediate;
	uint8_t lun[LUN_LEN];
	uint32_t itt, ttt, cmdsn, expstatsn, data_len;
};

enum task_attr { /* 11.3.1 */
	ATTR_UNTAGGED,
	ATTR_SIMPLE,
	ATTR_ORDERED,
	ATTR_HEAD_OF_QUEUE,
	ATTR_ACA,
};

struct pdu_scsi_cmd { /* 11.3 */
	bool immediate, final, read, write;
	enum task_attr attr;
	uint8_t lun[LUN_LEN];
	uint32_t itt, edtl, cmdsn, expstatsn, data_len;
	uint16_t ahs_len; /* bytes, multiple of 4, at most 1020 */
	uint8_t cdb[CDB_LEN];
};

enum tmf { /* 11.5.1 */
	TMF_ABORT_TASK = 1,
	TMF_ABORT_TASK_SET = 2,
	TMF_CLEAR_ACA = 3,
	TMF_CLEAR_TASK_SET = 4,
	TMF_LUN_RESET = 5,
	TMF_TARGET_WARM_RESET = 6,
	TMF_TARGET_COLD_RESET = 7,
	TMF_TASK_REASSIGN = 8,
};

struct pdu_tmf_req { /* 11.5 */
	bool immediate;
	enum tmf function;
	uint8_t lun[LUN_LEN];
	uint32_t itt, ref_itt, cmdsn, expstatsn, ref_cmdsn, exp_datasn;
};

enum login_stage { /* 11.12.3 */
	STAGE_SECURITY = 0,
	STAGE_OPERATIONAL = 1,
	STAGE_FULL_FEATURE = 3,
};

struct pdu_login_req { /* 11.12; always immediate */
	bool transit, cont;
	enum login_stage csg, nsg; /* nsg counts only with transit */
	uint8_t version_max, version_min;
	uint8_t isid[ISID_LEN];
	uint16_t tsih, cid;
	uint32_t itt, cmdsn, expstatsn, data_len;
};

struct pdu_text_req { /* 11.10 */
	bool immediate, final, cont;
	uint8_t lun[LUN_LEN];
	uint32_t itt, ttt, cmdsn, expstatsn, data_len;
};

struct pdu_data_out { /* 11.7 */
	bool final;
	uint8_t lun[LUN_LEN];
	uint32_t itt, ttt, expstatsn, datasn, offset, data_len;
};

enum logout_reason { /* 11.14.1 */
	LOGOUT_SESSION = 0,
	LOGOUT_CONNECTION = 1,
	LOGOUT_FOR_RECOVERY = 2,
};

struct pdu_logout_req { /* 11.14 */
	bool immediate;
	enum logout_reason reason;
	uint16_t cid;
	uint32_t itt, cmdsn, expstatsn;
};

void pdu_put_nop_out(uint8_t bhs[static BHS_LEN], const struct pdu_nop_out *);
void pdu_put_scsi_cmd(uint8_t bhs[static BHS_LEN], const struct pdu_scsi_cmd *);
void pdu_put_tmf_req(uint8_t bhs[static BHS_LEN], const struct pdu_tmf_req *);
void pdu_put_login_req(uint8_t bhs[static BHS_LEN],
		       const struct pdu_login_req *);
void pdu_put_text_req(uint8_t bhs[static BHS_LEN], const struct pdu_text_req *);
void pdu_put_data_out(uint8_t bhs[static BHS_LEN], const struct pdu_data_out *);
void pdu_put_logout_req(uint8_t bhs[static BHS_LEN],
			const struct pdu_logout_req *);

int pdu_get_nop_out(const uint8_t bhs[static BHS_LEN], struct pdu_nop_out *out);
int pdu_get_scsi_cmd(const uint8_t bhs[static BHS_LEN],
		     struct pdu_scsi_cmd *out);
int pdu_get_tmf_req(const uint8_t bhs[static BHS_LEN], struct pdu_tmf_req *out);
int pdu_get_login_req(const uint8_t bhs[static BHS_LEN],
		      struct pdu_login_req *out);
int pdu_get_text_req(const uint8_t bhs[static BHS_LEN],
		     struct pdu_text_req *out);
int pdu_get_data_out(const uint8_t bhs[static BHS_LEN],
		     struct pdu_data_out *out);
int pdu_get_logout_req(const uint8_t bhs[static BHS_LEN],
		       struct pdu_logout_req *out);

/* Target to initiator ------------------------------------------------- */

struct pdu_sn { /* the three numbers of nearly every response */
	uint32_t statsn, expcmdsn, maxcmdsn;
};

struct pdu_nop_in { /* 11.19 */
	uint8_t lun[LUN_LEN];
	uint32_t itt, ttt, data_len;
	struct pdu_sn sn;
};

struct pdu_scsi_rsp { /* 11.4 */
	bool overflow, underflow, bidi_overflow, bidi_underflow;
	uint8_t response; /* 0: completed at the target */
	uint8_t status;	  /* SAM status, counts only with response 0 */
	uint32_t itt, snack_tag, exp_datasn, residual, bidi_residual, data_len;
	struct pdu_sn sn;
};

enum tmf_response { /* 11.6.1 */
	TMF_COMPLETE = 0,
	TMF_NO_TASK = 1,
	TMF_NO_LUN = 2,
	TMF_STILL_ALLEGIANT = 3,
	TMF_NO_REASSIGN = 4,
	TMF_NOT_SUPPORTED = 5,
	TMF_NOT_AUTHORIZED = 6,
	TMF_REJECTED = 255,
};

struct pdu_tmf_rsp { /* 11.6 */
	uint8_t response;
	uint32_t itt;
	struct pdu_sn sn;
};

struct pdu_login_rsp { /* 11.13 */
	bool transit, cont;
	enum login_stage csg, nsg;
	uint8_t version_max, version_active;
	uint8_t isid[ISID_LEN];
	uint16_t tsih;
	uint16_t status; /* class << 8 | detail */
	uint32_t itt, data_len;
	struct pdu_sn sn;
};

struct pdu_text_rsp { /* 11.11 */
	bool final, cont;
	uint8_t lun[LUN_LEN];
	uint32_t itt, ttt, data_len;
	struct pdu_sn sn;
};

struct pdu_data_in { /* 11.7 */
	bool final, ack, overflow, underflow;
	bool has_status; /* S: status, residual and StatSN count */
	uint8_t status;
	uint8_t lun[LUN_LEN];
	uint32_t itt, ttt, datasn, offset, residual, data_len;
	struct pdu_sn sn;
};

struct pdu_logout_rsp {	  /* 11.15 */
	uint8_t response; /* 0 done, 1 CID not found, 2 no recovery, 3 failed */
	uint16_t time2wait, time2retain; /* seconds */
	uint32_t itt;
	struct pdu_sn sn;
};

struct pdu_r2t { /* 11.8; its StatSN is not advanced */
	uint8_t lun[LUN_LEN];
	uint32_t itt, ttt, r2tsn, offset, length;
	struct pdu_sn sn;
};

enum async_event { /* 11.9.1 */
	ASYNC_SCSI = 0,
	ASYNC_LOGOUT = 1,
	ASYNC_DROP_CONNECTION = 2,
	ASYNC_DROP_SESSION = 3,
	ASYNC_NEGOTIATE = 4,
	ASYNC_TASKS_ENDED = 5,
	ASYNC_VENDOR = 248, /* and above */
};

struct pdu_async { /* 11.9 */
	uint8_t event, vcode;
	uint16_t param1, param2, param3;
	uint8_t lun[LUN_LEN];
	uint32_t data_len;
	struct pdu_sn sn;
};

enum reject_reason { /* 11.17.1 */
	REJECT_DATA_DIGEST = 0x02,
	REJECT_SNACK = 0x03,
	REJECT_PROTOCOL = 0x04,
	REJECT_NOT_SUPPORTED = 0x05,
	REJECT_IMMEDIATE = 0x06,
	REJECT_TASK_IN_PROGRESS = 0x07,
	REJECT_INVALID_DATA_ACK = 0x08,
	REJECT_INVALID_PDU_FIELD = 0x09,
	REJECT_OUT_OF_RESOURCES = 0x0a,
	REJECT_WAITING_FOR_LOGOUT = 0x0c,
};

struct pdu_reject { /* 11.17; the refused header is its data */
	uint8_t reason;
	uint32_t datasn, data_len;
	struct pdu_sn sn;
};

void pdu_put_nop_in(uint8_t bhs[static BHS_LEN], const struct pdu_nop_in *);
void pdu_put_scsi_rsp(uint8_t bhs[static BHS_LEN], const struct pdu_scsi_rsp *);
void pdu_put_tmf_rsp(uint8_t bhs[static BHS_LEN], const struct pdu_tmf_rsp *);
void pdu_put_login_rsp(uint8_t bhs[static BHS_LEN],
		       const struct pdu_login_rsp *);
void pdu_put_text_rsp(uint8_t bhs[static BHS_LEN], const struct pdu_text_rsp *);
void pdu_put_data_in(uint8_t bhs[static BHS_LEN], const struct pdu_data_in *);
void pdu_put_logout_rsp(uint8_t bhs[static BHS_LEN],
			const struct pdu_logout_rsp *);
void pdu_put_r2t(uint8_t bhs[static BHS_LEN], const struct pdu_r2t *);
void pdu_put_async(uint8_t bhs[static BHS_LEN], const struct pdu_async *);
void pdu_put_reject(uint8_t bhs[static BHS_LEN], const struct pdu_reject *);

int pdu_get_nop_in(const uint8_t bhs[static BHS_LEN], struct pdu_nop_in *out);
int pdu_get_scsi_rsp(const uint8_t bhs[static BHS_LEN],
		     struct pdu_scsi_rsp *out);
int pdu_get_tmf_rsp(const uint8_t bhs[static BHS_LEN], struct pdu_tmf_rsp *out);
int pdu_get_login_rsp(const uint8_t bhs[static BHS_LEN],
		      struct pdu_login_rsp *out);
int pdu_get_text_rsp(const uint8_t bhs[static BHS_LEN],
		     struct pdu_text_rsp *out);
int pdu_get_data_in(const uint8_t bhs[static BHS_LEN], struct pdu_data_in *out);
int pdu_get_logout_rsp(const uint8_t bhs[static BHS_LEN],
		       struct pdu_logout_rsp *out);
int pdu_get_r2t(const uint8_t bhs[static BHS_LEN], struct pdu_r2t *out);
int pdu_get_async(const uint8_t bhs[static BHS_LEN], struct pdu_async *out);
int pdu_get_reject(const uint8_t bhs[static BHS_LEN], struct pdu_reject *out);

#endif
