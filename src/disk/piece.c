/*
 * piece - the next command of a request.
 */
#include "disk/piece.h"

#include <assert.h>
#include <errno.h>
#include <stddef.h>
#include <string.h>

static_assert(CDB_SIZE == CDB_LEN, "a CDB fits the iSCSI header");

#define END WAY_COUNT

/* Ways to do a thing, best first. */
static const uint8_t discard_ways[] = { WAY_UNMAP, WAY_SAME16_UNMAP,
					WAY_SAME10_UNMAP, END };
static const uint8_t zero_ways[] = { WAY_SAME16, WAY_SAME10, END };
/*
 * With the UNMAP bit WRITE SAME still promises what is read afterwards (SBC-3
 * 4.7.3), UNMAP does so only for whole granules, where the target says
 * so.
 */
static const uint8_t zero_unmap_ways[] = { WAY_SAME16_UNMAP, WAY_SAME10_UNMAP,
					   WAY_UNMAP,	     WAY_SAME16,
					   WAY_SAME10,	     END };
/* The edges of what UNMAP zeroes; the last always works. */
static const uint8_t edge_ways[] = { WAY_SAME16, WAY_SAME10, WAY_PLAIN, END };
static const uint8_t sync_ways[] = { WAY_SYNC10, WAY_SYNC16, END };
/* The ten-byte form is enough to say "all", but says it in 32 bits. */
static const uint8_t large_sync_ways[] = { WAY_SYNC16, WAY_SYNC10, END };

/* What is left of a request, in blocks. */
struct span {
	uint64_t lba, count;
};

static uint64_t min_u64(uint64_t a, uint64_t b)
{
	return a < b ? a : b;
}

static struct span rest(const struct disk_limits *lim, const struct disk_io *io)
{
	return (struct span){
		.lba = (io->off + io->done_len) / lim->block_size,
		.count = (io->len - io->done_len) / lim->block_size,
	};
}

static bool is_same10(enum disk_way w)
{
	return w == WAY_SAME10 || w == WAY_SAME10_UNMAP;
}

static bool usable(const struct disk_limits *lim, enum disk_way w, uint64_t lba)
{
	if (w == WAY_PLAIN)
		return true;
	if (is_same10(w) && lba >= CDB10_END)
		return false;
	return lim->ways & WAY(w);
}

/* END when none is left. */
static enum disk_way choose(const struct disk_limits *lim, const uint8_t *list,
			    uint64_t lba)
{
	while (*list != END && !usable(lim, *list, lba))
		list++;
	return *list;
}

static int check_range(const struct disk_limits *lim, const struct disk_io *io)
{
	uint64_t bytes = lim->blocks * lim->block_size;

	if (io->off % lim->block_size || io->len % lim->block_size)
		return -EINVAL;
	if (io->off > bytes || io->len > bytes - io->off)
		return -EREMOTEIO;
	return 0;
}

static void set_data(struct disk_io *io, enum cmd_dir dir, uint8_t *buf,
		     uint64_t len)
{
	io->cmd.dir = dir;
	io->cmd.buf = buf;
	io->cmd.len = (uint32_t)len;
}

static void put_write(struct disk_io *io, struct span s, bool fua)
{
	if (cdb10_fits(s.lba, s.count))
		cdb_write_10(io->cmd.cdb, (uint32_t)s.lba, (uint16_t)s.count,
			     fua);
	else
		cdb_write_16(io->cmd.cdb, s.lba, (uint32_t)s.count, fua);
}

static void put_read(struct disk_io *io, struct span s)
{
	if (cdb10_fits(s.lba, s.count))
		cdb_read_10(io->cmd.cdb, (uint32_t)s.lba, (uint16_t)s.count);
	else
		cdb_read_16(io->cmd.cdb, s.lba, (uint32_t)s.count);
}

static int make_transfer(const struct disk_limits *lim, struct disk_io *io)
{
	struct span s = rest(lim, io);
	bool read = io->op == DISK_READ;
	bool fua = !read && io->fua && lim->ways & WAY(WAY_FUA);

	s.count = min_u64(s.count, lim->max_transfer);
	io->piece = s.count * lim->block_size;
	io->way = fua ? WAY_FUA : WAY_PLAIN;
	set_data(io, read ? CMD_READ : CMD_WRITE, io->buf + io->done_len,
		 io->piece);
	if (read)
		put_read(io, s);
	else
		put_write(io, s, fua);
	return 0;
}

/*
 * A target that knows no way to flush has nothing to flush, unless it says
 * its write cache is on.
 */
static int make_sync(const struct disk_limits *lim, struct disk_io *io)
{
	bool large = lim->blocks > CDB10_END;
	enum disk_way w = choose(lim, large ? large_sync_ways : sync_ways, 0);

	if (w == END)
		return lim->cache == CACHE_ON ? -EREMOTEIO : PIECE_NONE;
	io->piece = 0;
	io->way = w;
	set_data(io, CMD_NO_DATA, NULL, 0);
	if (w == WAY_SYNC16)
		cdb_synchronize_cache_16(io->cmd.cdb);
	else
		cdb_synchronize_cache_10(io->cmd.cdb);
	return 0;
}

static void make_unmap(const struct disk_limits *lim, struct disk_io *io,
		       struct span s)
{
	io->piece = s.count * lim->block_size;
	io->way = WAY_UNMAP;
	cdb_unmap(io->cmd.cdb);
	cdb_unmap_list(io->param, s.lba, (uint32_t)s.count);
	set_data(io, CMD_WRITE, io->param, UNMAP_LIST_LEN);
}

static void make_same(const struct disk_limits *lim, uint8_t *zeros,
		      struct disk_io *io, enum disk_way w, struct span s)
{
	bool unmap = w == WAY_SAME16_UNMAP || w == WAY_SAME10_UNMAP;

	s.count = min_u64(s.count, lim->max_same);
	if (!unmap)
		s.count = min_u64(s.count, SAME_MAX / lim->block_size);
	if (is_same10(w)) {
		s.count = min_u64(s.count, CDB10_MAX_COUNT);
		s.count = min_u64(s.count, CDB10_END - s.lba);
		cdb_write_same_10(io->cmd.cdb, (uint32_t)s.lba,
				  (uint16_t)s.count, unmap);
	} else {
		cdb_write_same_16(io->cmd.cdb, s.lba, (uint32_t)s.count, unmap);
	}
	io->piece = s.count * lim->block_size;
	io->way = w;
	set_data(io, CMD_WRITE, zeros, lim->block_size);
}

static void make_zero_write(const struct disk_limits *lim, uint8_t *zeros,
			    struct disk_io *io, struct span s)
{
	s.count = min_u64(s.count, ZEROS_LEN / lim->block_size);
	s.count = min_u64(s.count, lim->max_transfer);
	io->piece = s.count * lim->block_size;
	io->way = WAY_PLAIN;
	set_data(io, CMD_WRITE, zeros, io->piece);
	put_write(io, s, false);
}

/* Blocks from lba to the next granule; 0 when it begins one. */
static uint64_t to_granule(const struct disk_limits *lim, uint64_t lba)
{
	uint64_t over =
		(lba + lim->granule - lim->granule_start) % lim->granule;

	return over ? lim->granule - over : 0;
}

/* As much of s, which begins a granule, as one UNMAP takes. */
static uint64_t unmap_count(const struct disk_limits *lim, uint64_t count)
{
	return min_u64(count - count % lim->granule, lim->max_unmap);
}

/*
 * Only whole granules are discarded: a target drops the rest anyway, or
 * writes it.
 */
static int make_discard(const struct disk_limits *lim, uint8_t *zeros,
			struct disk_io *io)
{
	struct span s = rest(lim, io);
	uint64_t skip = to_granule(lim, s.lba);
	enum disk_way w = choose(lim, discard_ways, s.lba);

	if (w == END)
		return -EOPNOTSUPP;
	if (s.count < skip || s.count - skip < lim->granule)
		return PIECE_NONE;
	io->done_len += skip * lim->block_size;
	s.lba += skip;
	s.count -= skip;
	s.count -= s.count % lim->granule;
	if (w == WAY_UNMAP) {
		s.count = unmap_count(lim, s.count);
		make_unmap(lim, io, s);
	} else {
		make_same(lim, zeros, io, w, s);
	}
	return 0;
}

static int make_zero_edge(const struct disk_limits *lim, uint8_t *zeros,
			  struct disk_io *io, struct span s)
{
	enum disk_way w = choose(lim, edge_ways, s.lba);

	if (w == WAY_PLAIN)
		make_zero_write(lim, zeros, io, s);
	else
		make_same(lim, zeros, io, w, s);
	return 0;
}

static int make_zero_by_unmap(const struct disk_limits *lim, uint8_t *zeros,
			      struct disk_io *io, struct span s)
{
	uint64_t edge = to_granule(lim, s.lba);

	if (edge == 0 && s.count >= lim->granule) {
		s.count = unmap_count(lim, s.count);
		make_unmap(lim, io, s);
		return 0;
	}
	if (edge)
		s.count = min_u64(s.count, edge);
	return make_zero_edge(lim, zeros, io, s);
}

/* Does this way leave zeros on this disk? */
static enum disk_way choose_zero(const struct disk_limits *lim, bool unmap,
				 uint64_t lba)
{
	struct disk_limits l = *lim;

	if (!l.reads_zeros)
		l.ways &= ~(WAY(WAY_SAME16_UNMAP) | WAY(WAY_SAME10_UNMAP));
	if (!l.reads_zeros || !l.granule_known || l.max_unmap < l.granule)
		l.ways &= ~WAY(WAY_UNMAP);
	return choose(&l, unmap ? zero_unmap_ways : zero_ways, lba);
}

static int make_zero(const struct disk_limits *lim, uint8_t *zeros,
		     struct disk_io *io)
{
	struct span s = rest(lim, io);
	enum disk_way w = choose_zero(lim, io->unmap, s.lba);

	if (w == END)
		return -EOPNOTSUPP;
	if (w == WAY_UNMAP)
		return make_zero_by_unmap(lim, zeros, io, s);
	make_same(lim, zeros, io, w, s);
	return 0;
}

static bool wants_sync(const struct disk_limits *lim, const struct disk_io *io)
{
	if (io->synced)
		return false;
	return io->op == DISK_FLUSH ||
	       (io->op == DISK_WRITE && io->fua && !(lim->ways & WAY(WAY_FUA)));
}

int piece_make(const struct disk_limits *lim, uint8_t *zeros,
	       struct disk_io *io)
{
	int err = io->op == DISK_FLUSH ? 0 : check_range(lim, io);

	if (err)
		return err;
	if (io->op == DISK_FLUSH || io->done_len == io->len)
		return wants_sync(lim, io) ? make_sync(lim, io) : PIECE_NONE;
	switch (io->op) {
	case DISK_READ:
	case DISK_WRITE:
		return make_transfer(lim, io);
	case DISK_DISCARD:
		return make_discard(lim, zeros, io);
	case DISK_ZERO:
		return make_zero(lim, zeros, io);
	case DISK_FLUSH:
		break;
	}
	return -EINVAL;
}

void piece_done(struct disk_io *io)
{
	if (io->way == WAY_SYNC16 || io->way == WAY_SYNC10)
		io->synced = true;
	io->done_len += io->piece;
	io->piece = 0;
}
