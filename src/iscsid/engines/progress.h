/*
 * progress - does an engine get on, or does it hang?
 *
 * Facts in, verdict out: no process is looked at here, and time is a
 * parameter.  What an engine shows of itself (io/pulse.h) counts only as
 * "another value than before"; all else is the kernel's word.
 *
 * An engine that sleeps because there is nothing to do stands still as well, so
 * one that stands still is asked for a word (a ping); only that silence
 * counts.
 */
#ifndef ISCSID_PROGRESS_H
#define ISCSID_PROGRESS_H

#include <stdbool.h>
#include <stdint.h>

struct progress_rules {
	uint32_t every;	    /* ms between two looks */
	uint32_t ask_after; /* ms it may stand still before it is asked */
	uint32_t patience;  /* ms of silence that are no hang yet */
	uint32_t stopped;   /* the same of one that the kernel says is stopped:
			       it does not go on by itself */
};

#define PROGRESS_EVERY	 250   /* where disks are served */
#define PROGRESS_RARELY	 5000  /* where there is no page, or no disk */
#define PROGRESS_STOPPED 500   /* ms, or less */
#define PROGRESS_LONG	 20000 /* ms: a hang even where no I/O waits */
#define PROGRESS_KERNEL	 5000  /* ms of a kernel that is busy itself */
#define PROGRESS_TURNS	 6     /* parts of turns in which a request is seen */

/* watched: it shows its pulse; timeout: EngineTimeout, 0 is none. */
struct progress_rules progress_rules(bool watched, uint32_t timeout,
				     bool serves);

struct progress {
	uint64_t looked; /* ms */
	uint32_t still;	 /* ms since it moved, of those in which we looked */
	uint32_t silent; /* the same since it was asked */
	bool asked;
	uint32_t unread;      /* ms that requests have waited to be read */
	uint64_t unread_from; /* its beats then */
	const char *said;     /* why it was left alone; NULL: not yet */
};

enum progress_next {
	PROGRESS_FINE,
	PROGRESS_ASK,  /* for a word */
	PROGRESS_NOTE, /* it is silent: remember what CPU time it has had */
	PROGRESS_JUDGE,
};

/*
 * One look.  moved: it did something since the last one.  slept: the host was
 * suspended in between.  Time in which we did not look ourselves, because we
 * were stopped or had no CPU, is not counted.
 */
enum progress_next progress_look(struct progress *p,
				 const struct progress_rules *r, uint64_t now,
				 bool moved, bool slept);

struct progress_facts {
	uint32_t silent;	    /* ms */
	uint32_t patience, stopped; /* as in the rules */
	bool waits;		    /* the kernel has I/O for it */
	bool steps;		    /* workers set up or change devices of it */
	char state;   /* of the process, proc_pid_stat(5); 0: unknown */
	int tracer;   /* process that traces it, or 0 */
	bool frozen;  /* its control group is */
	uint32_t cpu; /* ms of CPU time in this silence */
};

struct progress_verdict {
	bool (*holds)(const struct progress_facts *f);
	bool replace;
	const char *words; /* "engine 0 ..."; NULL: nothing is said */
};

/* The first row that holds; the last one always does. */
const struct progress_verdict *progress_judge(const struct progress_facts *f);

/*
 * It turns; but does it read what the kernel has for it?  unread: requests wait
 * to be read, none was read since the last look, and it has none in hand.
 * Returns true when it will not any more.
 */
bool progress_deaf(struct progress *p, const struct progress_rules *r,
		   uint64_t beats, bool unread);

#endif
