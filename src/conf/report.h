/*
 * report - what is wrong in a file, as lines for people.
 *
 * Every reader of conf/ names all faults of its file in one run, each as
 * "file:line: what is wrong", and goes on with what is good.
 */
#ifndef CONF_REPORT_H
#define CONF_REPORT_H

#include <stdbool.h>
#include <stddef.h>

#define REPORT_MAX 1000 /* lines per file; the rest is only counted */

/*
 * Where fault lines go.  level is LOG_ERR (what the line says is not used) or
 * LOG_WARNING (it is used, but look at it) or LOG_NOTICE; line has no newline
 * and never holds a secret.  put may be NULL: nobody listens.
 */
struct report {
	void (*put)(void *ctx, int level, const char *line);
	void *ctx;
	/* The readers' own; set anew by each of them. */
	const char *file; /* borrowed */
	unsigned errors, warnings;
};

/* Begins with a file: nothing is counted yet. */
void report_begin(struct report *r, const char *file);

/* A fault of one line; line 0 means the file as a whole. */
void report_line(struct report *r, int level, unsigned line, const char *fmt,
		 ...) __attribute__((format(printf, 4, 5)));
/* Are further lines only counted? */
bool report_full(const struct report *r);
/* Says how many lines were only counted, when some were. */
void report_end(struct report *r);

#endif
