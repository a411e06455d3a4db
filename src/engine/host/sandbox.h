/*
 * sandbox - what the engine gives up before it hears the network.
 *
 * Afterwards it can speak TCP, use the handles it has or is sent, and end;
 * it cannot open, start, see or signal anything.
 */
#ifndef ENGINE_SANDBOX_H
#define ENGINE_SANDBOX_H

#define SANDBOX_USER	 "iscsi"
#define SANDBOX_FALLBACK "nobody"

/*
 * Becomes user (or SANDBOX_FALLBACK when there is none of that name) without
 * groups and capabilities, in an empty root directory, no core dumps, no new
 * privileges.  A process that is not root keeps its user, and says so.
 * Returns 0 or -errno; after an error the process must not go on.
 */
int sandbox_drop(const char *user);

/*
 * Only the system calls of the loop work from now on.  Others fail with
 * EPERM, so that a newer C library which tries something new goes on; those
 * that only an intruder wants (exec, ptrace, mount, ...) end the process,
 * which the kernel logs.  Returns 0 or -errno.
 */
int sandbox_filter(void);

#endif
