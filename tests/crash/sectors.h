/*
 * sectors - sectors that say who wrote them, and what must be in them.
 *
 * Each sector of a disk that seqwrite uses tells the run, its own place and
 * the sequence number of its write; all other bytes follow from those.  The
 * ledger is a file in memory that says for each sector what was acknowledged
 * and what is on its way.  No I/O on disks here.
 */
#ifndef CRASH_SECTORS_H
#define CRASH_SECTORS_H

#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>

#define SECTOR	    512
#define WORKER_MOST 32
#define NO_SEQ	    UINT64_MAX /* not written by this run, or damaged */

enum verdict {
	VERDICT_GOOD,
	VERDICT_LOST,  /* older than what was acknowledged */
	VERDICT_WRONG, /* nobody wrote that */
};

struct entry { /* sequence numbers; 0: zeros, as a new disk has */
	uint64_t acked;
	uint64_t pending; /* 0: nothing is on its way */
	uint64_t told;	  /* 1: what is there was counted as bad already */
};

/* What a worker did.  Others read it while it works. */
struct worker_figures {
	_Atomic uint64_t writes, reads, lost, wrong, errors;
	_Atomic uint64_t since;	  /* us: its request waits since then; or 0 */
	_Atomic uint64_t pause;	  /* us: the longest since somebody asked */
	_Atomic uint64_t longest; /* us: the longest of all */
};

struct ledger {
	uint64_t magic;
	uint64_t run;
	uint64_t sectors;
	uint64_t workers;
	struct worker_figures worker[WORKER_MOST];
	struct entry sector[];
};

/* A new ledger in the file path, or NULL with errno. */
struct ledger *ledger_new(const char *path, uint64_t sectors, uint64_t workers);

/* The one that is there, or NULL with errno (EBADMSG: it is none). */
struct ledger *ledger_open(const char *path);

void sector_fill(uint8_t s[static SECTOR], uint64_t run, uint64_t place,
		 uint64_t seq);

/* The sequence number of what is there: 0 for zeros, or NO_SEQ. */
uint64_t sector_seq(const uint8_t s[static SECTOR], uint64_t run,
		    uint64_t place);

enum verdict entry_judge(const struct entry *e, uint64_t seq);

#endif
