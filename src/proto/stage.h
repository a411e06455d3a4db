/*
 * stage - large receive buffers, lent to the connections that receive much.
 *
 * Few of many connections do so at a time: each has a small buffer of its
 * own, and these are shared by all of an engine.
 */
#ifndef PROTO_STAGE_H
#define PROTO_STAGE_H

#include <stddef.h>
#include <stdint.h>

#define STAGES	   16
#define STAGE_SIZE 262144 /* bytes: 63 PDUs with 4 KiB of data each */

#define STAGES_MEMORY ((size_t)STAGES * STAGE_SIZE)

struct stages {
	uint8_t *free[STAGES];
	unsigned nfree;
};

/* memory, of STAGES_MEMORY bytes, is borrowed. */
void stages_init(struct stages *s, uint8_t *memory);

/* STAGE_SIZE bytes, or NULL when all are lent (or s is). */
uint8_t *stage_borrow(struct stages *s);
void stage_return(struct stages *s, uint8_t *stage);

#endif
