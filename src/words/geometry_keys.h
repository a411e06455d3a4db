/*
 * geometry_keys - the shape of a disk, each key once: `lun` tells the manager,
 * `attach` tells the engine that serves the disk on.
 *
 *   ROW(key, kind, most, said, disk)
 *
 * said is the field in the manager's struct reported_lun, disk the one in
 * struct disk_geometry (disk/geometry.h).
 */
#ifndef WORDS_GEOMETRY_KEYS_H
#define WORDS_GEOMETRY_KEYS_H

#include <stdint.h>

/* Sizes in bytes must fit the kernel's loff_t. */
#define WORDS_DISK_BYTES (UINT64_C(1) << 62)

/* clang-format off */
#define GEOMETRY_KEYS(ROW)                                                     \
	ROW("block-size", NUMBER, 1 << 20, block_size, block_size)             \
	ROW("physical-size", NUMBER, 1 << 30, physical_size, physical_size)    \
	ROW("blocks", BIG, UINT64_MAX, blocks, blocks)                         \
	ROW("read-only", BOOL, 1, read_only, read_only)                        \
	ROW("rotational", BOOL, 1, rotational, rotational)                     \
	ROW("write-cache", BOOL, 1, write_cache, write_cache)                  \
	ROW("fua", BOOL, 1, fua, fua)                                          \
	ROW("discard", BOOL, 1, discard, can_discard)                          \
	ROW("discard-granularity", NUMBER, UINT32_MAX, discard_granularity, discard_granularity) \
	ROW("discard-alignment", NUMBER, UINT32_MAX, discard_alignment, discard_alignment) \
	ROW("max-discard", BIG, WORDS_DISK_BYTES, max_discard, max_discard)    \
	ROW("zero", BOOL, 1, zero, can_zero)                                   \
	ROW("max-zero", BIG, WORDS_DISK_BYTES, max_zero, max_zero)             \
	ROW("optimal-io", NUMBER, UINT32_MAX, optimal_io, optimal_io)
/* clang-format on */

#endif
