/*
 * pdu_common - what the two halves of pdu share; nobody else's business.
 */
#ifndef WIRE_PDU_COMMON_H
#define WIRE_PDU_COMMON_H

#include <string.h>

#include "base/bytes.h"
#include "wire/pdu.h"

#define FLAG_FINAL    0x80 /* byte 1; also T of a login */
#define FLAG_CONTINUE 0x40

#define OPCODE_IMMEDIATE 0x40 /* byte 0 */

/* An empty header: everything not written afterwards is reserved. */
static inline void pdu_begin(uint8_t *bhs, enum opcode op, unsigned flags,
			     uint32_t itt)
{
	memset(bhs, 0, BHS_LEN);
	bhs[0] = (uint8_t)op;
	bhs[1] = (uint8_t)flags;
	put_be32(bhs + 16, itt);
}

static inline unsigned flag_if(bool on, unsigned flag)
{
	return on ? flag : 0;
}

/* Only a SCSI Command has AHS types defined (11.2.2.1). */
static inline bool pdu_is(const uint8_t *bhs, enum opcode op)
{
	return pdu_opcode(bhs) == op && bhs[4] == 0;
}

/* The same for a PDU that has no data segment. */
static inline bool pdu_is_bare(const uint8_t *bhs, enum opcode op)
{
	return pdu_is(bhs, op) && pdu_data_len(bhs) == 0;
}

/* A range of a transfer must end within 32 bits. */
static inline bool pdu_range_fits(uint32_t offset, uint32_t len)
{
	return len <= UINT32_MAX - offset;
}

/* T, C, CSG and NSG in byte 1 of a login (11.12.1 to 11.12.3). */
static inline bool pdu_stages_fit(uint8_t flags)
{
	bool transit = flags & FLAG_FINAL, cont = flags & FLAG_CONTINUE;
	unsigned csg = flags >> 2 & 3, nsg = flags & 3;

	if (csg != STAGE_SECURITY && csg != STAGE_OPERATIONAL)
		return false;
	if (!transit)
		return true;
	return !cont && nsg != 2 && nsg > csg;
}

static inline unsigned pdu_stages(bool transit, bool cont, enum login_stage csg,
				  enum login_stage nsg)
{
	return flag_if(transit, FLAG_FINAL) | flag_if(cont, FLAG_CONTINUE) |
	       (unsigned)csg << 2 | (transit ? (unsigned)nsg : 0);
}

#endif
