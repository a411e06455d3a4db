/*
 * cover - which bytes of a command's data went out.
 *
 * Pure functions.  Ranges may overlap and come again: a byte counts once.
 */
#ifndef PROTO_COVER_H
#define PROTO_COVER_H

#include <stdint.h>

/*
 * Data go in order, as DataSequenceInOrder=Yes has it (RFC 7143 13.19).  A
 * target that asks otherwise is served all the same, and so many gaps are
 * remembered.  A range behind one more does not count: its write is
 * sent again needlessly, but never is one acknowledged that lacks data.
 */
#define COVER_FAR 3

struct cover {
	uint32_t upto; /* all before */
	uint32_t nfar;
	struct span {
		uint32_t from, to;
	} far[COVER_FAR]; /* behind gaps: none touches another */
};

static inline void cover_clear(struct cover *c)
{
	c->upto = c->nfar = 0;
}

/* Bytes [from, from + len) went out; no sum is above UINT32_MAX. */
void cover_add(struct cover *c, uint32_t from, uint32_t len);
/* How many of the first len bytes, behind which none went, did not. */
uint32_t cover_missing(const struct cover *c, uint32_t len);

#endif
