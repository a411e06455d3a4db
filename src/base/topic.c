/*
 * topic - what lines for people can be about, and which of them are wanted.
 */
#include "base/topic.h"

#include <string.h>

#include "base/str.h"

static const struct {
	const char *name;
	enum topic bit;
} topics[] = {
	{ "error", TOPIC_ERROR }, { "sense", TOPIC_SENSE },
	{ "init", TOPIC_INIT },	  { "queue", TOPIC_QUEUE },
	{ "alloc", TOPIC_ALLOC }, { "eh", TOPIC_EH },
	{ "flow", TOPIC_FLOW },	  { "retry", TOPIC_RETRY },
	{ "login", TOPIC_LOGIN }, { "timeout", TOPIC_TIMEOUT },
};

#define TOPICS (sizeof(topics) / sizeof(topics[0]))

unsigned topics_wanted;

unsigned topic_by_name(const char *name)
{
	for (size_t i = 0; i < TOPICS; i++)
		if (strcmp(topics[i].name, name) == 0)
			return topics[i].bit;
	return 0;
}

const char *topic_name(enum topic t)
{
	for (size_t i = 0; i < TOPICS; i++)
		if (topics[i].bit == t)
			return topics[i].name;
	return "";
}

void topic_line(char *dst, size_t size, enum topic t, const char *fmt,
		va_list ap)
{
	struct strbuf sb;

	sb_init(&sb, dst, size);
	sb_add(&sb, "%s: ", topic_name(t));
	sb_vadd(&sb, fmt, ap);
}

void topics_set(unsigned mask)
{
	topics_wanted = mask & TOPICS_ALL;
}
