/*
 * log_limit - keeps the same trouble from filling the log.
 */
#include "iscsid/daemon/log_limit.h"

#include <stdio.h>
#include <string.h>
#include <syslog.h>

#include "base/str.h"

static void say_held(struct log_limit *q, int i)
{
	char text[LOG_LIMIT_TEXT + 40];
	unsigned n = q->line[i].held;

	q->line[i].held = 0;
	snprintf(text, sizeof(text), "%s (repeated %u time%s)", q->line[i].text,
		 n, n == 1 ? "" : "s");
	q->put(q->line[i].level, text);
}

static void release(struct log_limit *q, int i)
{
	if (q->line[i].held)
		say_held(q, i);
	*q->line[i].text = '\0';
}

uint64_t log_limit_flush(struct log_limit *q, uint64_t now)
{
	uint64_t next = LOG_LIMIT_NEVER;

	for (int i = 0; i < LOG_LIMIT_LINES; i++) {
		uint64_t due = q->line[i].since + LOG_LIMIT_PERIOD;

		if (!*q->line[i].text)
			continue;
		if (due <= now)
			release(q, i);
		else if (q->line[i].held && due < next)
			next = due;
	}
	return next;
}

static int find(const struct log_limit *q, int level, const char *line)
{
	for (int i = 0; i < LOG_LIMIT_LINES; i++)
		if (q->line[i].level == level &&
		    strcmp(q->line[i].text, line) == 0)
			return i;
	return -1;
}

/* A free place, or that of the oldest. */
static int make_room(struct log_limit *q)
{
	int oldest = 0;

	for (int i = 0; i < LOG_LIMIT_LINES; i++) {
		if (!*q->line[i].text)
			return i;
		if (q->line[i].since < q->line[oldest].since)
			oldest = i;
	}
	release(q, oldest);
	return oldest;
}

void log_limit_line(struct log_limit *q, int level, const char *line,
		    uint64_t now)
{
	int i;

	log_limit_flush(q, now);
	if (level > LOG_WARNING || !*line || strlen(line) >= LOG_LIMIT_TEXT) {
		q->put(level, line);
		return;
	}
	i = find(q, level, line);
	if (i >= 0 && q->line[i].said >= LOG_LIMIT_BURST) {
		q->line[i].held++;
		return;
	}
	if (i < 0) {
		i = make_room(q);
		str_copy(q->line[i].text, LOG_LIMIT_TEXT, line);
		q->line[i].level = level;
		q->line[i].since = now;
		q->line[i].said = q->line[i].held = 0;
	}
	q->line[i].said++;
	q->put(level, line);
}

void log_limit_end(struct log_limit *q)
{
	for (int i = 0; i < LOG_LIMIT_LINES; i++)
		if (*q->line[i].text)
			release(q, i);
}
