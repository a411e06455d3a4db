/*
 * stage - large receive buffers, lent to the connections that receive much.
 */
#include "proto/stage.h"

void stages_init(struct stages *s, uint8_t *memory)
{
	s->nfree = 0;
	while (s->nfree < STAGES) {
		s->free[s->nfree++] = memory;
		memory += STAGE_SIZE;
	}
}

/* The one that came back last: it is in the caches yet. */
uint8_t *stage_borrow(struct stages *s)
{
	return s && s->nfree ? s->free[--s->nfree] : NULL;
}

void stage_return(struct stages *s, uint8_t *stage)
{
	s->free[s->nfree++] = stage;
}
