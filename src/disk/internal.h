/*
 * internal - struct disk, shared by the files of this folder only.
 *
 * disk.c holds the calls of disk.h, queue.c moves requests, probe.c finds
 * out what the LUN is.  Everything that may call an owner back happens in
 * disk_run(), one thing after the other, whoever called: so no callback ever
 * finds a disk half changed, and the stack does not grow with the queue.
 */
#ifndef DISK_INTERNAL_H
#define DISK_INTERNAL_H

#include "base/list.h"
#include "base/topic.h"
#include "disk/disk.h"
#include "disk/facts.h"
#include "disk/fence.h"
#include "disk/pause.h"
#include "disk/piece.h"
#include "disk/policy.h"
#include "disk/reserve.h"
#include "proto/session.h"
#include "scsi/vpd.h"

#define SLOW_MS	       1000  /* between repeats of what will take its time */
#define NOTES_AT_ONCE  5     /* lines in a storm, then ... */
#define NOTES_PAUSE_MS 5000  /* ... silence for so long */
#define PROBE_TASK_MS  30000 /* what a command of the probe gets */
#define PROBE_BUF      4096  /* bytes; longer pages are cut */
#define REASON_SIZE    800

struct probe {
	uint8_t step; /* enum probe_step */
	bool inflight, answered;
	bool again;	 /* from the beginning, once the command is back */
	uint8_t rounds;	 /* how often it began again */
	unsigned unsaid; /* ... as something was not said, since it began */
	uint32_t tries;	 /* repeats of this step */
	uint16_t alloc;	 /* bytes asked for in this step */
	struct pause slow;
	uint32_t slow_ms; /* how long that pause is */
	struct vpd_list pages;
	struct disk_facts facts;
	struct disk_identity identity;
	uint8_t naming;	       /* enum vpd_naming of VPD 83 */
	bool serial_cut;       /* VPD 80 never came whole */
	char why[REASON_SIZE]; /* what the last failure was */
	struct cmd cmd;
	uint8_t buf[PROBE_BUF];
};

struct notes { /* about what can come in storms: see note.c */
	unsigned given, kept_back;
	struct pause pause;
};

struct waits { /* a disk that was served waits for an answer: waits.c */
	bool on, counting, told;
	unsigned tries;
	uint64_t since; /* ms */
	char what[REASON_SIZE];
};

/*
 * The life of a disk: the table is in life.c.  What failed comes last.
 *
 * What is true in more than one phase is a fact beside it: what is known of
 * a disk outlives its failure, and the probe, the fence and the reservation
 * have tables of their own.
 */
enum phase {
	PHASE_NEW,	/* never served; nobody looks at it yet */
	PHASE_PROBING,	/* never served; what is it? */
	PHASE_AWAY,	/* was served; nobody looks at it yet */
	PHASE_CHECKING, /* was served; is it the same, and how is it? */
	PHASE_ONLINE,
	PHASE_UNFIT,  /* failed before it was ever served */
	PHASE_FAILED, /* failed, until it is looked at again */
	PHASE_OTHER,  /* failed, until the right disk is found again */
	PHASE_DEAD,   /* failed, never to be touched again */
	PHASES
};

enum phase_event {
	PHASE_EV_LOOK,	 /* there is a session, and it may be another disk */
	PHASE_EV_DOWN,	 /* the nexus is over */
	PHASE_EV_KNOWN,	 /* an owner before ours served it: struct disk_past */
	PHASE_EV_WELL,	 /* the probe found what we can serve */
	PHASE_EV_OTHER,	 /* it found another disk: struct failure */
	PHASE_EV_UNSAID, /* what has to be known is not said: why, in words */
	PHASE_EV_FAILED, /* for now: struct failure */
	PHASE_EV_ENDED,	 /* its owner gives it up for good: struct failure */
	PHASE_EVENTS
};

struct failure {
	int err; /* errno */
	const char *reason;
};

struct disk {
	uint8_t lun[LUN_LEN];
	const struct disk_ops *ops;
	void *ctx;
	struct session *session; /* borrowed; NULL: nothing can be sent */
	uint64_t now;		 /* as last told */

	uint8_t phase;	      /* enum phase */
	enum disk_state told; /* what the owner knows */
	bool known;	      /* was online once: geometry and identity hold */
	int fail_err;	      /* errno of DISK_FAILED */
	int expired;	      /* -errno of what waits for a nexus, or 0 */
	char reason[REASON_SIZE];
	/* identity it must have at the first probe, or "" */
	char expect[sizeof(((struct disk_identity *)0)->id)];

	struct disk_geometry geometry;
	struct disk_limits limits;
	uint32_t refused; /* ways (enum disk_way) this nexus does not know */
	struct disk_facts facts;
	struct vpd_list pages;
	struct disk_identity identity;

	struct list queue;    /* requests to be sent, by seq */
	struct list on_wire;  /* requests with a command on its way */
	struct list answered; /* requests whose command came back */
	unsigned inflight;    /* requests with the disk */
	unsigned sent;	      /* of them those with a command on its way */
	uint64_t next_seq;
	uint32_t limit;	     /* ms a request gets in all; 0: for ever */
	uint32_t task_limit; /* ms a command gets; 0: for ever */
	int64_t place;	     /* of the present nexus, or the next */
	uint64_t nexus;	     /* how many there were */
	const struct fence_rules *rules; /* borrowed */
	struct fence fence;
	struct reserve reserve;
	uint32_t patience; /* ms with an absent answer; 0: for ever */
	struct waits waits;
	/*
	 * While the target cannot keep up only one command a second goes
	 * out, until one is answered: facts of the data path, in any phase.
	 */
	struct pause slow;
	bool slow_mode;
	unsigned slow_turns;
	bool may_send_one;

	struct probe probe;
	bool rescan_wanted;
	uint64_t rescan_not_before; /* ms: attentions may come in storms */
	bool reset_expected;	    /* the first 29/xx of a nexus is no news */
	bool tell_resized, tell_luns, tell_elsewhere, tell_fence, tell_waits;
	struct notes notes;

	bool running, run_again, dying; /* disk_run() from within itself */
	bool ticked;			/* time passed: what is too old ends */
	uint8_t zeros[ZEROS_LEN];
};

/* disk.c */
void disk_run(struct disk *d);
/* The nexus is gone: nothing is sent before the next. */
void disk_lost(struct disk *d);
void disk_step(struct disk *d, enum phase_event ev, const void *arg);
void disk_set_failed(struct disk *d, int err, const char *reason);
/* The disk's life as a table, for the tests. */
struct fsm;
extern const struct fsm disk_fsm;

static inline bool disk_has_failed(const struct disk *d)
{
	return d->phase >= PHASE_UNFIT;
}

/* What an answer says beyond its own command. */
void disk_effect(struct disk *d, const struct policy *p, const struct sense *s);

/* queue.c */
void queue_run(struct disk *d);
void queue_tick(struct disk *d);
uint64_t queue_wake(const struct disk *d);

/* Requests older than they may be end, or the session ends their commands. */
void queue_overdue(struct disk *d);

/* waits.c */
/* The probe has to ask again for what, in words. */
void waits_for(struct disk *d, const char *what);
void waits_tick(struct disk *d);
/* well: it is served again. */
void waits_end(struct disk *d, bool well);
/* For longer than requests may (disk_set_patience). */
bool waits_too_long(const struct disk *d);
uint64_t waits_wake(const struct disk *d);

/* probe.c */
void probe_begin(struct disk *d); /* everything: see PHASE_EV_LOOK */
void probe_stop(struct disk *d);
void probe_run(struct disk *d);
void probe_tick(struct disk *d);
uint64_t probe_wake(const struct disk *d);
/* It may be another disk now: hold the queue and look. */
void probe_recheck(struct disk *d);
/* Somebody asks: no pause before the next try. */
void probe_hurry(struct disk *d);
/* The probe as a table, for the tests. */
extern const struct fsm probe_fsm;

/* note.c */
void note(struct disk *d, int level, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));
/* A line of a topic, for who asked for it: see base/topic.h. */
void say(struct disk *d, enum topic topic, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));
/* An answer that is not good: its sense data. */
void say_sense(struct disk *d, const struct cmd *c);
/* A command is sent again, because of its answer; when: in words. */
void say_retry(struct disk *d, const struct cmd *c, const char *when);
/* May another line about what can come in storms be given now? */
bool note_allowed(struct disk *d);
void note_failed_io(struct disk *d, const struct disk_io *io);
void notes_tick(struct disk *d);
uint64_t notes_wake(const struct disk *d);

#endif
