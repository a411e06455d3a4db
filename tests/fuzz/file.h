/*
 * file - an input as a file, for what reads files; in memory.
 */
#ifndef TESTS_FUZZ_FILE_H
#define TESTS_FUZZ_FILE_H

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "conf/report.h"
#include "fuzz.h"

/* A path of this process' own; its directory goes when the process ends. */
static char file_dir[64], file_path[80];

static void file_forget(void)
{
	unlink(file_path);
	rmdir(file_dir);
}

static void file_write(const uint8_t *data, size_t size)
{
	FILE *f;

	if (!*file_dir) {
		snprintf(file_dir, sizeof(file_dir), "/dev/shm/fuzz-XXXXXX");
		MUST(mkdtemp(file_dir));
		snprintf(file_path, sizeof(file_path), "%s/file", file_dir);
		atexit(file_forget);
	}
	f = fopen(file_path, "w");
	MUST(f && fwrite(data, 1, size, f) == size && !fclose(f));
}

/* For struct report: lines end and are of a size. */
static void file_line(void *ctx, int level, const char *line)
{
	MUST(strlen(line) < 4096);
}

#endif
