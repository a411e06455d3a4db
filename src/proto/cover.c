/*
 * cover - which bytes of a command's data went out.
 */
#include "proto/cover.h"

static uint32_t least(uint32_t a, uint32_t b)
{
	return a < b ? a : b;
}

static uint32_t most(uint32_t a, uint32_t b)
{
	return a > b ? a : b;
}

/* What r touches becomes part of it. */
static void absorb(struct cover *c, struct span *r)
{
	for (uint32_t i = c->nfar; i-- > 0;) {
		struct span *f = &c->far[i];

		if (r->from > f->to || f->from > r->to)
			continue;
		r->from = least(r->from, f->from);
		r->to = most(r->to, f->to);
		*f = c->far[--c->nfar];
	}
}

void cover_add(struct cover *c, uint32_t from, uint32_t len)
{
	struct span r = { from, from + len };

	if (!len)
		return;
	absorb(c, &r);
	if (r.from <= c->upto)
		c->upto = most(c->upto, r.to);
	else if (c->nfar < COVER_FAR)
		c->far[c->nfar++] = r;
}

uint32_t cover_missing(const struct cover *c, uint32_t len)
{
	uint32_t missing = len - c->upto;

	for (uint32_t i = 0; i < c->nfar; i++)
		missing -= c->far[i].to - c->far[i].from;
	return missing;
}
