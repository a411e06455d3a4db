/*
 * report - what is wrong in a file, as lines for people.
 */
#include "conf/report.h"

#include <stdarg.h>
#include <syslog.h>

#include "base/str.h"

static void put_line(struct report *r, int level, unsigned line,
		     const char *fmt, va_list ap)
{
	char text[1024];
	struct strbuf sb;

	sb_init(&sb, text, sizeof(text));
	if (line)
		sb_add(&sb, "%s:%u: ", r->file ? r->file : "", line);
	else
		sb_add(&sb, "%s: ", r->file ? r->file : "");
	sb_vadd(&sb, fmt, ap);
	r->put(r->ctx, level, text);
}

bool report_full(const struct report *r)
{
	return r->errors + r->warnings >= REPORT_MAX;
}

void report_line(struct report *r, int level, unsigned line, const char *fmt,
		 ...)
{
	va_list ap;

	if (level <= LOG_ERR)
		r->errors++;
	else
		r->warnings++;
	if (!r->put || r->errors + r->warnings > REPORT_MAX)
		return;
	va_start(ap, fmt);
	put_line(r, level, line, fmt, ap);
	va_end(ap);
}

void report_begin(struct report *r, const char *file)
{
	r->file = file;
	r->errors = r->warnings = 0;
}

void report_end(struct report *r)
{
	unsigned n = r->errors + r->warnings;
	char text[512];
	struct strbuf sb;

	if (!r->put || n <= REPORT_MAX)
		return;
	sb_init(&sb, text, sizeof(text));
	sb_add(&sb, "%s: %u more faults are not shown", r->file,
	       n - REPORT_MAX);
	r->put(r->ctx, LOG_ERR, text);
}
