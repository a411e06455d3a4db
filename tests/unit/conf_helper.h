/*
 * conf_helper - what the tests of conf/ share: reports kept in memory, and
 * files under a directory of their own.
 */
#ifndef CONF_HELPER_H
#define CONF_HELPER_H

#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <syslog.h>
#include <unistd.h>

#include "conf/report.h"

static char told[1 << 18]; /* every line reported, each with a newline */

static inline void tell(void *ctx, int level, const char *line)
{
	size_t n = strlen(told);

	(void)ctx;
	snprintf(told + n, sizeof(told) - n, "%s%s\n",
		 level <= LOG_ERR ? "" : "warning: ", line);
}

static inline struct report *fresh_report(void)
{
	static struct report r;

	told[0] = '\0';
	r = (struct report){ .put = tell };
	return &r;
}

static inline void assert_told(const char *part)
{
	if (!strstr(told, part))
		fail_msg("\"%s\" is not among:\n%s", part, told);
}

static char tmp_dir[PATH_MAX];

static inline int make_tmp_dir(void **state)
{
	(void)state;
	snprintf(tmp_dir, sizeof(tmp_dir), "/tmp/test-conf.XXXXXX");
	return mkdtemp(tmp_dir) ? 0 : -1;
}

static inline int remove_tmp_dir(void **state)
{
	char command[PATH_MAX + 16];

	(void)state;
	snprintf(command, sizeof(command), "rm -rf '%s'", tmp_dir);
	return system(command);
}

/* A path in the directory; good until the fourth call after it. */
static inline const char *in_tmp(const char *name)
{
	static char paths[4][PATH_MAX + 256];
	static int next;
	char *p = paths[next++ % 4];

	snprintf(p, sizeof(paths[0]), "%s/%s", tmp_dir, name);
	return p;
}

static inline void put_file_n(const char *path, const char *text, size_t n,
			      mode_t mode)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600);

	assert_true(fd >= 0);
	assert_int_equal(write(fd, text, n), (ssize_t)n);
	assert_int_equal(fchmod(fd, mode), 0);
	close(fd);
}

static inline void put_file(const char *path, const char *text)
{
	put_file_n(path, text, strlen(text), 0600);
}

/* The file's text; to be freed.  NULL when there is none. */
static inline char *get_file(const char *path)
{
	FILE *f = fopen(path, "r");
	char *text;
	size_t n;

	if (!f)
		return NULL;
	text = calloc(1, 1 << 20);
	assert_non_null(text);
	n = fread(text, 1, (1 << 20) - 1, f);
	text[n] = '\0';
	fclose(f);
	return text;
}

#endif
