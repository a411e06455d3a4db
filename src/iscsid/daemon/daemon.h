/*
 * daemon - the manager as a process: one per run directory, in the
 * background, and where its log lines go.
 */
#ifndef ISCSID_DAEMON_H
#define ISCSID_DAEMON_H

#include <stdbool.h>

#define PIDFILE "iscsid.pid" /* below the run directory */

/* Makes path and what is above it; 0 or -errno (-ENOTDIR: it is none). */
int daemon_make_dir(const char *path, unsigned mode);

/*
 * Takes this initiator name for this process, in its network namespace: two
 * daemons of one name make sessions of one ISID.  Returns a handle to hold on
 * to, -EADDRINUSE when another daemon has it, or -errno.
 */
int daemon_take_name(const char *initiator);

/*
 * Locks <rundir>/iscsid.pid for as long as the process lives; the lock
 * passes over fork(2).  Returns the handle, -EWOULDBLOCK when another daemon
 * has it (then *other is its pid, 0 if unknown), or -errno.
 */
int daemon_lock(const char *rundir, int *other);
/* Writes our pid into the locked file. */
int daemon_write_pid(int lock);
/* Empties and removes the file. */
void daemon_unlock(const char *rundir, int lock);

/*
 * Goes to the background: returns in the child.  The parent stays at the
 * terminal, where the child's lines still appear, until daemon_ready(); then
 * it exits with that status, or with 1 when the child died before.
 */
int daemon_fork(void);
/*
 * Ends that; afterwards lines go to syslog only.  A service manager that asked
 * for it (sd_notify(3)) hears READY=1, or STOPPING=1 when status is not 0.
 * Harmless when repeated.
 */
void daemon_ready(int status);

/* Foreground: standard error, "<3>" before lines when a journal reads it. */
void daemon_log_to_stderr(void);
/* Background: syslog, and the terminal until daemon_ready(). */
void daemon_log_to_syslog(void);
/*
 * Trouble that repeats is held back for a while (iscsid/daemon/log_limit.h):
 * held() is called when there is something for a later daemon_log_flush(),
 * which returns whether there still is.
 */
void daemon_log_held(void (*held)(void *ctx), void *ctx);
bool daemon_log_flush(void);
/* Says what is held back; held() is not called any more. */
void daemon_log_end(void);

#endif
