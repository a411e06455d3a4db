/*
 * box - a machine that is a target: target/'s library on the simulated
 * network, with the media behind it.
 *
 * It can crash, lose power, and come back with the same disks.
 */
#ifndef SIM_BOX_H
#define SIM_BOX_H

#include <stdbool.h>
#include <stdint.h>

#include "config.h"
#include "model.h"
#include "net.h"
#include "store.h"
#include "target/fault.h"
#include "target/tgt.h"

struct box;

#define SHORTS_KEPT 64

struct disk_of_box {
	struct store store;
	struct store other; /* what is there after an exchange */
	struct model *model;
	char name[24];
	bool exchanged;	       /* another medium and identity is there now */
	uint64_t exchanged_at; /* stamp */
	bool lent;	       /* it comes back */
	bool doubtful;	    /* exchanged and back, and not known to be served */
	uint64_t served_at; /* us: when that was over */
	struct tgt_pages unsaid; /* pages it lacks */
	struct io_timer back;	 /* ends both */
	bool medium_errors;	 /* some were ordered */
};

struct box {
	struct list link;
	char name[16], iqn[64];
	unsigned number;
	struct tgt *t; /* NULL: it is down */
	struct tgt_target *tt;
	struct tgt_script *script;
	struct tgt_fault_hook hook;
	struct path paths[MAX_PORTALS];
	struct disk_of_box disks[MAX_LUNS];
	struct io_timer wake, pump, start;
	struct tgt_redirect redirect;
	uint64_t storm_until; /* us: every command gets the same answer ... */
	unsigned storm;	      /* ... of pdu_fault.c */
	uint64_t hangs_until; /* us: no command and no function is served */
	uint64_t shorts[SHORTS_KEPT]; /* commands that came short, a ring */
	unsigned nshorts;
};

extern struct box boxes[MAX_BOXES];

/* A script's: called each time the target starts; NULL: nobody is. */
extern void (*box_started)(struct box *b);

void boxes_init(void);
/* The process ends, and starts again after us; with power: the host, too. */
void box_restart(struct box *b, uint64_t us, bool power);
/* After something was changed from outside. */
void box_touch(struct box *b);
/* The target restarts, and another disk answers at this LUN from then on. */
void box_exchange(struct box *b, unsigned lun);
/*
 * The same, and after us the target restarts with the right one.  Pages as in
 * tgt_lun.hidden: the other does not say who it is.
 */
void box_lend(struct box *b, unsigned lun, const struct tgt_pages *pages,
	      uint64_t us);
/* It does not say who it is for so long. */
void box_unsay(struct box *b, unsigned lun, const struct tgt_pages *pages,
	       uint64_t us);
/* What is lent or unsaid is right again now. */
void box_right(struct box *b, unsigned lun);
/* What was removed by tgt_lun_remove(), or is not there yet. */
void box_lun_add(struct box *b, unsigned lun);
struct tgt_lun *box_lun(struct box *b, unsigned lun);
/* A connection in full feature phase, any; NULL. */
struct tgt_conn *box_conn(struct box *b, uint32_t pick);

/* pdu_fault.c: what happens to PDUs. */
void pdu_fault_see(struct tgt_fault_hook *h, const struct tgt_pdu_event *e,
		   struct tgt_verdict *out);

#endif
