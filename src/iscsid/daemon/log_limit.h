/*
 * log_limit - keeps the same trouble from filling the log.
 *
 * A warning or an error that comes again within a minute is said a few times,
 * then only counted; when the minute is over the line is said once more, with
 * "(repeated N times)".  Other lines pass: they tell what happened, each is
 * news.  No clock: times are ms of whatever clock the caller reads.
 */
#ifndef ISCSID_LOG_LIMIT_H
#define ISCSID_LOG_LIMIT_H

#include <stdint.h>

#define LOG_LIMIT_LINES	 32 /* known at a time */
#define LOG_LIMIT_TEXT	 1024
#define LOG_LIMIT_BURST	 3     /* said before counting begins */
#define LOG_LIMIT_PERIOD 60000 /* ms */
#define LOG_LIMIT_NEVER	 UINT64_MAX

struct log_limit {
	void (*put)(int level, const char *line); /* set by the owner */
	struct {
		char text[LOG_LIMIT_TEXT]; /* "": free */
		int level;
		unsigned said, held;
		uint64_t since;
	} line[LOG_LIMIT_LINES];
};

/* A line for the log: goes to put(), or is held back. */
void log_limit_line(struct log_limit *q, int level, const char *line,
		    uint64_t now);

/*
 * Says what is due; returns when the next will be, or LOG_LIMIT_NEVER while
 * nothing is held back.
 */
uint64_t log_limit_flush(struct log_limit *q, uint64_t now);

/* Says all that is held back: the log ends, or goes elsewhere. */
void log_limit_end(struct log_limit *q);

#endif
