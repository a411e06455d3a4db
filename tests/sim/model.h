/*
 * model - which contents a disk may show, by the promises made so far.
 *
 * Every write carries a value of its own, written into each block with the
 * block's number; value 0 is zeros.  A write counts from when it is asked
 * for until it ends, with success or not:
 *
 * - a block may show the value of any write that was asked for, unless
 *   another, asked for after that one had ended, is known to be there: it
 *   was acknowledged, or a read showed it;
 * - a power cut makes what was not flushed by then uncertain: such a write
 *   outdates nothing any more;
 * - a flush that succeeds makes certain what was acknowledged before it was
 *   asked for.
 */
#ifndef SIM_MODEL_H
#define SIM_MODEL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct model;
struct mwrite;

/* values: those behind it are this disk's alone. */
struct model *model_new(const char *name, uint32_t block_size, uint64_t blocks,
			uint64_t values);

/* zero: a write of zeros, so it has no value of its own. */
struct mwrite *model_write_begin(struct model *m, uint64_t first, uint64_t n,
				 bool zero);
/* What to write: n blocks of the block size. */
void model_fill(const struct model *m, const struct mwrite *w, uint8_t *buf);
/* stable: it needs no flush (FUA, or a disk without cache). */
void model_write_end(struct model *m, struct mwrite *w, int err, bool stable);

/* A flush: what began() returned when it was asked for. */
uint64_t model_began(void);
void model_flushed(struct model *m, uint64_t began);
void model_power_cut(struct model *m);

/*
 * Judges what a read that began then got; when something is wrong the run
 * has failed.  where: the words for it ("read", "medium").
 */
void model_check(struct model *m, uint64_t first, uint64_t n,
		 const uint8_t *data, uint64_t began, const char *where);

#endif
