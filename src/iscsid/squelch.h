/*
 * squelch - keeps the same trouble from filling the log.
 *
 * A warning or an error that comes again within a minute is said a few times,
 * then only counted; when the minute is over the line is said once more, with
 * "(repeated N times)".  Other lines pass: they tell what happened, each is
 * news.  No clock: times are ms of whatever clock the caller reads.
 */
#ifndef ISCSID_SQUELCH_H
#define ISCSID_SQUELCH_H

#include <stdint.h>

#define SQUELCH_LINES  32 /* known at a time */
#define SQUELCH_TEXT   1024
#define SQUELCH_BURST  3     /* said before counting begins */
#define SQUELCH_PERIOD 60000 /* ms */
#define SQUELCH_NEVER  UINT64_MAX

struct squelch {
	void (*put)(int level, const char *line); /* set by the owner */
	struct {
		char text[SQUELCH_TEXT]; /* "": free */
		int level;
		unsigned said, held;
		uint64_t since;
	} line[SQUELCH_LINES];
};

/* A line for the log: goes to put(), or is held back. */
void squelch_line(struct squelch *q, int level, const char *line, uint64_t now);

/*
 * Says what is due; returns when the next will be, or SQUELCH_NEVER while
 * nothing is held back.
 */
uint64_t squelch_flush(struct squelch *q, uint64_t now);

/* Says all that is held back: the log ends, or goes elsewhere. */
void squelch_end(struct squelch *q);

#endif
