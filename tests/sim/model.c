/*
 * model - which contents a disk may show, by the promises made so far.
 */
#include "model.h"

#include <string.h>

#include "heap.h"
#include "sim.h"

#define NEVER UINT64_MAX

struct mwrite {
	struct mwrite *next; /* of the model */
	uint64_t value;	     /* 0: zeros */
	uint64_t first, n;
	uint64_t asked, ended; /* stamps */
	bool acked, stable;
	bool uncertain; /* a power cut may have lost it */
};

struct entry { /* a write in the history of a block */
	struct entry *older;
	struct mwrite *write;
	uint64_t seen; /* by a read; NEVER */
};

struct model {
	const char *name;
	uint32_t block_size;
	uint64_t blocks, last_value;
	struct mwrite *writes; /* youngest first */
	struct entry **blocks_youngest;
};

static struct mwrite *add_write(struct model *m, uint64_t value, uint64_t first,
				uint64_t n)
{
	struct mwrite *w = world_alloc(sizeof(*w));

	w->value = value;
	w->first = first;
	w->n = n;
	w->asked = sim_stamp();
	w->ended = NEVER;
	w->next = m->writes;
	m->writes = w;
	for (uint64_t b = first; b < first + n; b++) {
		struct entry *e = world_alloc(sizeof(*e));

		e->write = w;
		e->seen = NEVER;
		e->older = m->blocks_youngest[b];
		m->blocks_youngest[b] = e;
	}
	return w;
}

struct model *model_new(const char *name, uint32_t block_size, uint64_t blocks,
			uint64_t values)
{
	struct model *m = world_alloc(sizeof(*m));

	m->name = name;
	m->block_size = block_size;
	m->blocks = blocks;
	m->last_value = values;
	m->blocks_youngest = world_alloc(blocks * sizeof(struct entry *));
	model_write_end(m, add_write(m, 0, 0, blocks), 0, true);
	return m;
}

struct mwrite *model_write_begin(struct model *m, uint64_t first, uint64_t n,
				 bool zero)
{
	return add_write(m, zero ? 0 : ++m->last_value, first, n);
}

void model_write_end(struct model *m, struct mwrite *w, int err, bool stable)
{
	w->ended = sim_stamp();
	w->acked = !err;
	if (w->acked && stable) {
		w->stable = true;
		w->uncertain = false;
	}
}

uint64_t model_began(void)
{
	return sim_stamp();
}

void model_flushed(struct model *m, uint64_t began)
{
	for (struct mwrite *w = m->writes; w; w = w->next)
		if (w->acked && w->ended < began)
			w->stable = true;
}

void model_power_cut(struct model *m)
{
	for (struct mwrite *w = m->writes; w; w = w->next)
		if (!w->stable)
			w->uncertain = true;
}

/* Contents ------------------------------------------------------------ */

/* Word i of a block. */
static uint64_t word(uint64_t value, uint64_t block, uint32_t i)
{
	if (i == 0)
		return value;
	if (i == 1)
		return block;
	return (value * 0x9e3779b97f4a7c15ull) ^ (block << 20) ^ i;
}

static void fill_block(uint8_t *p, uint32_t size, uint64_t value,
		       uint64_t block)
{
	for (uint32_t i = 0; i < size / 8; i++) {
		uint64_t x = word(value, block, i);

		memcpy(p + i * 8, &x, 8);
	}
}

void model_fill(const struct model *m, const struct mwrite *w, uint8_t *buf)
{
	for (uint64_t i = 0; i < w->n; i++)
		fill_block(buf + i * m->block_size, m->block_size, w->value,
			   w->first + i);
}

static bool is_zero(const uint8_t *p, uint32_t n)
{
	return !*p && !memcmp(p, p + 1, n - 1);
}

/* False: no write ever wrote this to this block. */
static bool read_value(const struct model *m, const uint8_t *p, uint64_t block,
		       uint64_t *value)
{
	uint64_t x;

	*value = 0;
	if (is_zero(p, m->block_size))
		return true;
	memcpy(value, p, 8);
	for (uint32_t i = 0; i < m->block_size / 8; i++) {
		memcpy(&x, p + i * 8, 8);
		if (x != word(*value, block, i))
			return false;
	}
	return *value != 0;
}

/* Judging ------------------------------------------------------------- */

/* From when on the write is known to be there. */
static uint64_t known_since(const struct entry *e)
{
	uint64_t at = e->write->acked ? e->write->ended : NEVER;

	if (e->write->uncertain)
		return NEVER;
	return e->seen < at ? e->seen : at;
}

/* The write that outdates w for a read that began then, or NULL. */
static const struct mwrite *outdated_by(const struct model *m, uint64_t block,
					const struct mwrite *w, uint64_t began)
{
	const struct entry *e = m->blocks_youngest[block];

	for (; e; e = e->older)
		if (e->write->asked > w->ended && known_since(e) < began)
			return e->write;
	return NULL;
}

static void complain(const struct model *m, uint64_t block,
		     const struct mwrite *got, const struct mwrite *newer,
		     const char *where)
{
	if (!got)
		sim_fail(FIG_WRONG,
			 "%s block %llu, %s: nothing that was ever written "
			 "there",
			 m->name, (unsigned long long)block, where);
	else
		sim_fail(FIG_LOST,
			 "%s block %llu, %s: value %llu, but value %llu is "
			 "newer and was %s",
			 m->name, (unsigned long long)block, where,
			 (unsigned long long)got->value,
			 (unsigned long long)newer->value,
			 newer->acked ? "acknowledged" : "read before");
}

static void check_block(struct model *m, uint64_t block, const uint8_t *p,
			uint64_t began, const char *where)
{
	const struct mwrite *got = NULL, *newer = NULL, *by;
	struct entry *e;
	uint64_t value;

	if (!read_value(m, p, block, &value)) {
		complain(m, block, NULL, NULL, where);
		return;
	}
	for (e = m->blocks_youngest[block]; e; e = e->older) {
		if (e->write->value != value)
			continue;
		by = outdated_by(m, block, e->write, began);
		if (!by)
			break;
		got = got ? got : e->write;
		newer = newer ? newer : by;
	}
	if (!e)
		complain(m, block, got, newer, where);
	/* Zeros may be of several writes: then it is not known which. */
	else if (value && e->seen == NEVER)
		e->seen = sim_stamp();
}

void model_check(struct model *m, uint64_t first, uint64_t n,
		 const uint8_t *data, uint64_t began, const char *where)
{
	for (uint64_t i = 0; i < n; i++)
		check_block(m, first + i, data + i * m->block_size, began,
			    where);
}
