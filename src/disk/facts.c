/*
 * facts - what a target says of a LUN, and what follows for us.
 */
#include "disk/facts.h"

#include <errno.h>
#include <string.h>

#include "base/str.h"
#include "scsi/cdb.h"

#define PHYSICAL_MAX	(1u << 20)	    /* bytes; larger is not believed */
#define GRANULE_MAX	(UINT64_C(1) << 30) /* bytes */
#define OPTIMAL_MIN	4096u
#define OPTIMAL_MAX	(UINT64_C(1) << 30)
#define SAME_UNREPORTED CDB10_MAX_COUNT /* blocks; as Linux does */

const char *disk_way_name(enum disk_way w)
{
	static const char *const names[WAY_COUNT] = {
		[WAY_PLAIN] = "this command",
		[WAY_UNMAP] = "UNMAP",
		[WAY_SAME16_UNMAP] = "WRITE SAME(16) with UNMAP",
		[WAY_SAME10_UNMAP] = "WRITE SAME(10) with UNMAP",
		[WAY_SAME16] = "WRITE SAME(16)",
		[WAY_SAME10] = "WRITE SAME(10)",
		[WAY_SYNC16] = "SYNCHRONIZE CACHE(16)",
		[WAY_SYNC10] = "SYNCHRONIZE CACHE(10)",
		[WAY_FUA] = "FUA",
	};

	return names[w];
}

static uint32_t min_u32(uint64_t a, uint32_t b)
{
	return a < b ? (uint32_t)a : b;
}

/* The largest multiple of unit within n, or n when there is none. */
static uint32_t whole(uint32_t n, uint32_t unit)
{
	return n > unit ? n - n % unit : n;
}

static int check_capacity(const struct disk_facts *f, char *reason, size_t size)
{
	const struct capacity *c = &f->capacity;
	struct strbuf sb;

	sb_init(&sb, reason, size);
	if (c->block_size != 512 && c->block_size != 2048 &&
	    c->block_size != 4096) {
		sb_add(&sb,
		       "blocks of %u bytes are not supported, only 512, 2048 "
		       "and 4096",
		       c->block_size);
		return -EINVAL;
	}
	/* Offsets are signed 64-bit numbers everywhere in the kernel. */
	if (c->last >= (uint64_t)INT64_MAX / c->block_size) {
		sb_add(&sb, "a capacity of %llu blocks of %u bytes is absurd",
		       (unsigned long long)c->last + 1, c->block_size);
		return -EINVAL;
	}
	return 0;
}

static uint32_t physical_size(const struct capacity *c)
{
	uint64_t size = (uint64_t)c->block_size << c->physical_exp;

	return size <= PHYSICAL_MAX ? (uint32_t)size : c->block_size;
}

static uint32_t optimal_io(const struct disk_facts *f, uint32_t physical)
{
	const struct vpd_limits *l = &f->limits;
	uint64_t bytes = (uint64_t)l->optimal_transfer * f->capacity.block_size;

	if (bytes < OPTIMAL_MIN || bytes > OPTIMAL_MAX || bytes % physical)
		return 0;
	if (l->max_transfer && l->optimal_transfer > l->max_transfer)
		return 0;
	return (uint32_t)bytes;
}

/* Returns whether the target's granularity can be lived with. */
static bool set_granule(const struct vpd_limits *l, uint32_t physical,
			struct disk_limits *lim)
{
	uint32_t granule = l->unmap_granularity;
	bool sane = (uint64_t)granule * lim->block_size <= GRANULE_MAX &&
		    granule <= lim->blocks;

	lim->granule_known = granule != 0 && sane;
	lim->granule =
		lim->granule_known ? granule : physical / lim->block_size;
	lim->granule_start =
		lim->granule_known ? l->unmap_alignment % granule : 0;
	return sane;
}

static void set_provisioning(const struct disk_facts *f, bool granule_ok,
			     struct disk_limits *lim)
{
	const struct vpd_limits *l = &f->limits;
	const struct vpd_provisioning *p = &f->provisioning;
	bool unmap = l->max_unmap_blocks && l->max_unmap_descriptors;

	if (!f->capacity.lbpme)
		return;
	if (unmap && granule_ok && (p->unmap || !f->has_provisioning))
		lim->ways |= WAY(WAY_UNMAP);
	if (p->write_same16)
		lim->ways |= WAY(WAY_SAME16_UNMAP);
	if (p->write_same10)
		lim->ways |= WAY(WAY_SAME10_UNMAP);
	/* SBC-4, LBPRZ: xx1b means zeros. */
	lim->reads_zeros = f->capacity.lbprz || p->lbprz & 1;
}

static void set_limits(const struct disk_facts *f, uint32_t physical,
		       struct disk_limits *lim)
{
	const struct vpd_limits *l = &f->limits;
	uint32_t bs = f->capacity.block_size, per = physical / bs;
	uint32_t transfer = SPAN_MAX / bs;
	bool granule_ok;

	*lim = (struct disk_limits){
		.block_size = bs,
		.blocks = f->capacity.last + 1,
		.cache = !f->mode.has_caching  ? CACHE_UNKNOWN
			 : f->mode.write_cache ? CACHE_ON
					       : CACHE_OFF,
		/* Nobody tells whether these work: they are tried. */
		.ways = WAY(WAY_SAME16) | WAY(WAY_SAME10) | WAY(WAY_SYNC16) |
			WAY(WAY_SYNC10),
	};
	if (f->mode.dpofua)
		lim->ways |= WAY(WAY_FUA);
	if (l->max_transfer)
		transfer = min_u32(l->max_transfer, transfer);
	lim->max_transfer = whole(transfer, per);
	granule_ok = set_granule(l, physical, lim);
	set_provisioning(f, granule_ok, lim);
	lim->max_unmap =
		whole(min_u32(l->max_unmap_blocks, BLOCKS_MAX), lim->granule);
	lim->max_same = l->max_write_same
				? min_u32(l->max_write_same, BLOCKS_MAX)
				: SAME_UNREPORTED;
	lim->max_same = whole(lim->max_same, lim->granule);
}

/* What one command does; a request for more becomes several. */
static uint64_t most_at_once(const struct disk_limits *lim, bool can,
			     uint32_t blocks)
{
	uint64_t bytes = (uint64_t)blocks * lim->block_size;

	if (!can)
		return 0;
	return bytes ? bytes : (uint64_t)lim->granule * lim->block_size;
}

void facts_abilities(const struct disk_limits *lim, struct disk_geometry *geo)
{
	const uint32_t discard =
		WAY(WAY_UNMAP) | WAY(WAY_SAME16_UNMAP) | WAY(WAY_SAME10_UNMAP);

	geo->write_cache = lim->cache != CACHE_OFF;
	geo->fua = lim->ways & WAY(WAY_FUA);
	geo->can_discard = lim->ways & discard;
	geo->can_zero = lim->ways & (WAY(WAY_SAME16) | WAY(WAY_SAME10));
	geo->discard_granularity =
		geo->can_discard ? lim->granule * lim->block_size : 0;
	geo->discard_alignment =
		geo->can_discard ? lim->granule_start * lim->block_size : 0;
	geo->max_discard = most_at_once(
		lim, geo->can_discard,
		lim->ways & WAY(WAY_UNMAP) ? lim->max_unmap : lim->max_same);
	geo->max_zero = most_at_once(lim, geo->can_zero, lim->max_same);
}

int facts_apply(const struct disk_facts *f, struct disk_geometry *geo,
		struct disk_limits *lim, char *reason, size_t size)
{
	int err = check_capacity(f, reason, size);
	uint32_t physical;

	if (err)
		return err;
	physical = physical_size(&f->capacity);
	set_limits(f, physical, lim);
	*geo = (struct disk_geometry){
		.block_size = f->capacity.block_size,
		.physical_size = physical,
		.blocks = f->capacity.last + 1,
		.read_only = f->mode.write_protected,
		.rotational = !f->characteristics.solid_state,
		.optimal_io = optimal_io(f, physical),
	};
	facts_abilities(lim, geo);
	return 0;
}
