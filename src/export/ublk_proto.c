/*
 * ublk_proto - parameters, requests and marks of ublk devices.
 */
#include "export/ublk_proto.h"

#include <errno.h>
#include <string.h>

#include "base/fnv.h"

#define SECTOR	   512u
#define PLACE_BITS 24 /* bus, target, LUN */

/* Parameters ---------------------------------------------------------- */

/* Of the largest power of two that n is a multiple of. */
static uint8_t shift_of(uint64_t n)
{
	uint8_t shift = 0;

	while (n && !(n & 1)) {
		n >>= 1;
		shift++;
	}
	return shift;
}

static uint32_t sectors_of(uint64_t bytes)
{
	uint64_t n = bytes / SECTOR;

	return n < UINT32_MAX ? (uint32_t)n : UINT32_MAX;
}

static uint32_t attrs_of(const struct disk_geometry *g)
{
	return (g->rotational ? UBLK_ATTR_ROTATIONAL : 0) |
	       (g->write_cache ? UBLK_ATTR_CACHE : 0) |
	       (g->write_cache && g->fua ? UBLK_ATTR_FUA : 0);
}

/* The kernel wants a granularity even where only zeroing is offered. */
static void set_discard(const struct disk_geometry *g, struct ublk_params *p)
{
	p->discard.granularity =
		g->discard_granularity ? g->discard_granularity : g->block_size;
	p->discard.alignment = g->discard_alignment;
	if (g->can_discard) {
		p->discard.max_sectors = sectors_of(g->max_discard);
		p->discard.max_segments = 1;
	}
	if (g->can_zero)
		p->discard.max_zero_sectors = sectors_of(g->max_zero);
	p->types |= UBLK_HAS_DISCARD;
}

void ublk_make_params(const struct disk_geometry *g, struct ublk_params *out)
{
	uint32_t optimal = g->optimal_io ? g->optimal_io : g->physical_size;

	memset(out, 0, sizeof(*out));
	out->len = sizeof(*out);
	out->types = UBLK_HAS_BASIC;
	out->basic.attrs = attrs_of(g);
	out->basic.logical_shift = shift_of(g->block_size);
	out->basic.physical_shift = shift_of(g->physical_size);
	out->basic.min_shift = out->basic.physical_shift;
	out->basic.optimal_shift = shift_of(optimal);
	out->basic.max_sectors = UBLK_DATA_MAX / SECTOR;
	out->basic.sectors = g->blocks * (g->block_size / SECTOR);
	if (g->can_discard || g->can_zero)
		set_discard(g, out);
}

/* Requests ------------------------------------------------------------ */

static int operation(uint32_t flags, const struct disk_geometry *g,
		     struct ublk_job *job)
{
	switch (UBLK_OP(flags)) {
	case UBLK_OP_READ:
		job->op = DISK_READ;
		return 0;
	case UBLK_OP_WRITE:
		job->op = DISK_WRITE;
		job->fua = flags & UBLK_FUA;
		return 0;
	case UBLK_OP_FLUSH:
		job->op = DISK_FLUSH;
		return 0;
	case UBLK_OP_DISCARD:
		job->op = DISK_DISCARD;
		return 0;
	case UBLK_OP_ZEROES:
		job->op = DISK_ZERO;
		job->unmap = !(flags & UBLK_NO_UNMAP);
		return 0;
	default:
		return -EOPNOTSUPP;
	}
}

static bool moves_data(const struct ublk_job *job)
{
	return job->op == DISK_READ || job->op == DISK_WRITE;
}

/* The memory is the kernel's, but nothing from it goes on unchecked. */
static int range(const struct ublk_request *r, const struct disk_geometry *g,
		 struct ublk_job *job)
{
	uint64_t size = g->blocks * g->block_size;

	job->len = (uint64_t)r->sectors * SECTOR;
	if (r->start > size / SECTOR || job->len > size - r->start * SECTOR)
		return -EREMOTEIO;
	job->off = r->start * SECTOR;
	if (job->off % g->block_size || job->len % g->block_size || !job->len)
		return -EINVAL;
	return moves_data(job) && job->len > UBLK_DATA_MAX ? -EINVAL : 0;
}

int ublk_decode(const struct ublk_request *r, const struct disk_geometry *g,
		struct ublk_job *job)
{
	int err;

	memset(job, 0, sizeof(*job));
	err = operation(r->op_flags, g, job);
	if (err || job->op == DISK_FLUSH)
		return err;
	return range(r, g, job);
}

int32_t ublk_result(const struct ublk_job *job, int err)
{
	if (err)
		return err;
	return moves_data(job) ? (int32_t)job->len : 0;
}

size_t ublk_requests_size(unsigned depth, size_t page)
{
	size_t n = depth * sizeof(struct ublk_request);

	return (n + page - 1) / page * page;
}

/* Marks --------------------------------------------------------------- */

static uint64_t hash_of(const char *owner)
{
	uint64_t h = fnv64_str(FNV64, "softhba ublk ");

	return fnv64_str(h, owner) >> PLACE_BITS << PLACE_BITS;
}

uint64_t ublk_mark(const char *owner, const struct ublk_place *at)
{
	return hash_of(owner) | (uint64_t)at->bus << 16 |
	       (uint64_t)at->target << 8 | at->lun;
}

bool ublk_mark_is_of(uint64_t mark, const char *owner, struct ublk_place *at)
{
	if (mark >> PLACE_BITS << PLACE_BITS != hash_of(owner))
		return false;
	at->bus = (uint8_t)(mark >> 16);
	at->target = (uint8_t)(mark >> 8);
	at->lun = (uint8_t)mark;
	return true;
}
