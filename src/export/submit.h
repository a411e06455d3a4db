/*
 * submit - what all exporters do with a request once they know what it is.
 */
#ifndef EXPORT_SUBMIT_H
#define EXPORT_SUBMIT_H

#include "disk/disk.h"
#include "export/export.h"

/* Counts io, whose op, off, len and buf are set, and gives it to the disk. */
void export_submit(const struct export_config *cfg, struct export_stats *st,
		   struct disk_io *io);

/* The flush before the end; io->done is told at once of a read-only disk. */
void export_last_flush(const struct export_config *cfg, struct disk_io *io);

#endif
