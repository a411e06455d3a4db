/*
 * file - a backend in a file or on a block device.
 */
#ifndef TARGET_FILE_H
#define TARGET_FILE_H

#include <stdbool.h>

#include "target/backend.h"

/*
 * size 0 takes the file's own; else a regular file is made, or made to be, of
 * that size.  Returns 0 or -errno.
 */
int tgt_file_new(const char *path, uint64_t size, bool read_only,
		 struct tgt_backend **out);

/*
 * A file behind a write-back cache in memory: only what was flushed is in the *
 * file when the process is killed, as with a disk that loses power.  It keeps
 * its size.
 */
int tgt_cached_new(const char *path, uint64_t size, struct tgt_backend **out);

#endif
