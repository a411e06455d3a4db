/*
 * topic - what lines for people can be about, and which of them are wanted.
 *
 * Lines of a topic tell of the unusual, for who looks for a cause; nobody
 * gets them unasked.  The mask is the process's, as the level of log.h is:
 * who has something to tell asks topic_is_on() first, and formats nothing
 * when it says no.
 */
#ifndef BASE_TOPIC_H
#define BASE_TOPIC_H

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>

/* The bits are those that the driver of old printed. */
enum topic {
	TOPIC_ERROR = 1u << 1,
	TOPIC_SENSE = 1u << 2,
	TOPIC_INIT = 1u << 3,
	TOPIC_QUEUE = 1u << 4,
	TOPIC_ALLOC = 1u << 5,
	TOPIC_EH = 1u << 6, /* error handling: task management */
	TOPIC_FLOW = 1u << 7,
	TOPIC_RETRY = 1u << 8,
	TOPIC_LOGIN = 1u << 9,
	TOPIC_TIMEOUT = 1u << 10,
};
#define TOPICS_ALL 0x7feu

/* Of a word of the table, 0 when it is none. */
unsigned topic_by_name(const char *name);
/* By its bit; "" if none. */
const char *topic_name(enum topic t);

/* "eh: sending ...": the line of a topic; always NUL-terminated. */
void topic_line(char *dst, size_t size, enum topic t, const char *fmt,
		va_list ap) __attribute__((format(printf, 4, 0)));

void topics_set(unsigned mask);

extern unsigned topics_wanted; /* read it with topic_is_on() */

static inline bool topic_is_on(enum topic t)
{
	return topics_wanted & t;
}

#endif
