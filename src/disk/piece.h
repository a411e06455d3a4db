/*
 * piece - the next command of a request.
 *
 * A request is worked off by one command at a time.  Pure functions: all
 * there is to know is in the request and in the limits.
 */
#ifndef DISK_PIECE_H
#define DISK_PIECE_H

#include "disk/facts.h"
#include "disk/io.h"

#define PIECE_NONE 1
#define ZEROS_LEN  4096 /* bytes of zeros that piece_make can count on */

/*
 * Puts the next piece into io->cmd (all but lun and done), io->piece and
 * io->way.  Returns 0, PIECE_NONE when the request is complete, or -errno
 * when it cannot be.  zeros is borrowed while the command runs.
 */
int piece_make(const struct disk_limits *lim, uint8_t *zeros,
	       struct disk_io *io);

/* The piece was done. */
void piece_done(struct disk_io *io);

#endif
