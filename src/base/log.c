/*
 * log - one line at a time to whoever listens.
 *
 * Formats and hands over; where lines are kept is the sink's business.
 */
#include "base/log.h"

#include <stdarg.h>
#include <unistd.h>

#include "base/str.h"

#define LINE_SIZE 1024 /* longer lines are cut */

static void to_stderr(int level, const char *line)
{
	char text[LINE_SIZE + 1];
	struct strbuf sb;
	ssize_t n;

	(void)level;
	sb_init(&sb, text, sizeof(text));
	sb_add(&sb, "%s\n", line);
	/* One write a line, so that processes do not mix theirs. */
	n = write(STDERR_FILENO, sb.p, sb.len);
	(void)n; /* nobody is left to be told */
}

static log_sink *current_sink = to_stderr;
static int current_level = LOG_INFO;

void log_set_sink(log_sink *sink)
{
	current_sink = sink ? sink : to_stderr;
}

void log_set_level(int level)
{
	current_level = level;
}

/* A line is one line, and no control byte of a peer reaches a terminal. */
static void tame(struct strbuf *sb)
{
	while (sb->len && sb->p[sb->len - 1] == '\n')
		sb->p[--sb->len] = '\0';
	for (size_t i = 0; i < sb->len; i++)
		if ((unsigned char)sb->p[i] < 0x20 || sb->p[i] == 0x7f)
			sb->p[i] = '?';
}

void log_line(int level, const char *object, const char *fmt, ...)
{
	char text[LINE_SIZE];
	struct strbuf sb;
	va_list ap;

	if (level > current_level)
		return;
	sb_init(&sb, text, sizeof(text));
	if (object && *object)
		sb_add(&sb, "%s: ", object);
	va_start(ap, fmt);
	sb_vadd(&sb, fmt, ap);
	va_end(ap);
	tame(&sb);
	current_sink(level, text);
}
