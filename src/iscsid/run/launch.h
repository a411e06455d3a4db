/*
 * launch - one engine process: started, or found again by its socket.
 *
 * An engine outlives its manager.  Each listens at a path of its own, where
 * the next manager finds it.
 */
#ifndef ISCSID_LAUNCH_H
#define ISCSID_LAUNCH_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

struct launch {
	const char *program; /* borrowed, as is path */
	const char *path;    /* where the engine listens */
	bool keep_stderr;    /* its standard error is ours; else it has none */
};

struct launched { /* both handles are the caller's */
	pid_t pid;
	int pidfd;
	int sock; /* to the engine, non-blocking */
};

/* The engine to execute; 0 or -errno. */
int launch_find_program(char *dst, size_t size);

/* 0 or -errno. */
int launch_start(const struct launch *l, struct launched *out);

/*
 * The engine that listens at path and has no manager any more.  Returns 0,
 * -ENOENT (there is none, and the path is free now) or -errno.
 */
int launch_find(const char *path, struct launched *out);

#endif
