/*
 * disk_rig - a disk on the fake target, with an owner that remembers.
 */
#ifndef DISK_RIG_H
#define DISK_RIG_H

#include "disk/disk.h"
#include "fake_target.h"

struct rig {
	struct disk *disk;
	uint64_t now;
	unsigned states, resized, luns_changed, elsewhere, notes, waits;
	enum disk_state last_state;
	char last_note[900];
};

extern struct rig rig;

/* cmocka's setup and teardown: a fresh target and a disk without nexus. */
int rig_setup(void **state);
int rig_teardown(void **state);
unsigned rig_inflight(void); /* requests not yet done */

void rig_new_disk(const char *expect);
/* Nexus up and everything answered. */
void rig_up(void);
/* ... and online, with what came so far forgotten. */
void rig_online(void);
/* The nexus is lost, all commands given back. */
void rig_lose(void);
/* A nexus again, as fake_reset() or the test left the target. */
void rig_return(void);
/* Lets ms pass, as the owner would: in the steps the disk asks for. */
void rig_pass(uint64_t ms);

/* A request and what became of it. */
struct request {
	struct disk_io io;
	bool done;
	int err;
	unsigned order; /* the how manieth that was done, from 1 */
};
extern unsigned requests_done;

struct request *submit(struct request *r, enum disk_op op, uint64_t lba,
		       uint64_t count);
/* Submits, answers all; returns the error. */
int run_request(enum disk_op op, uint64_t lba, uint64_t count);

extern uint8_t rig_buf[8 << 20];

#endif
