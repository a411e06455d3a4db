/*
 * submit - what all exporters do with a request once they know what it is.
 */
#include "export/submit.h"

#include "io/loop.h"

static void count(struct export_stats *st, const struct disk_io *io)
{
	switch (io->op) {
	case DISK_READ:
		st->reads++;
		st->read_bytes += io->len;
		break;
	case DISK_WRITE:
		st->writes++;
		st->write_bytes += io->len;
		break;
	case DISK_FLUSH:
		st->flushes++;
		break;
	case DISK_DISCARD:
	case DISK_ZERO:
		st->trims++;
		break;
	}
}

void export_submit(const struct export_config *cfg, struct export_stats *st,
		   struct disk_io *io)
{
	count(st, io);
	io->since = io_now(cfg->loop);
	disk_submit(cfg->disk, io);
}

void export_last_flush(const struct export_config *cfg, struct disk_io *io)
{
	io->op = DISK_FLUSH;
	io->since = io_now(cfg->loop);
	if (disk_geometry(cfg->disk)->read_only)
		io->done(io, 0);
	else
		disk_submit(cfg->disk, io);
}
