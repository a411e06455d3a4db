/*
 * daemon - the manager as a process: one per run directory, in the
 * background, and where its log lines go.
 */
#include "iscsid/daemon/daemon.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <signal.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <syslog.h>
#include <time.h>
#include <unistd.h>

#include "base/fnv.h"
#include "base/log.h"
#include "base/str.h"
#include "iscsid/daemon/service.h"
#include "iscsid/daemon/log_limit.h"

#define LOCK_TRIES 100 /* as often others may start and end meanwhile */

static int ready_pipe = -1; /* to the parent at the terminal */

int daemon_make_dir(const char *path, unsigned mode)
{
	char part[PATH_MAX], *slash = part;
	struct stat st;

	if (!*path || !str_copy(part, sizeof(part), path))
		return -ENAMETOOLONG;
	while ((slash = strchr(slash + 1, '/'))) {
		*slash = '\0';
		if (mkdir(part, 0755) < 0 && errno != EEXIST)
			return -errno;
		*slash = '/';
	}
	if (mkdir(path, mode) < 0 && errno != EEXIST)
		return -errno;
	if (stat(path, &st) < 0)
		return -errno;
	return S_ISDIR(st.st_mode) ? 0 : -ENOTDIR;
}

/*
 * An abstract address (unix(7)) goes with its process, however that ends.  A
 * name can be longer than an address, so it is hashed.
 */
int daemon_take_name(const char *initiator)
{
	struct sockaddr_un un = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0), err, n;

	if (fd < 0)
		return -errno;
	n = snprintf(un.sun_path + 1, sizeof(un.sun_path) - 1,
		     "softhba.initiator.%016" PRIx64,
		     fnv64_str(FNV64, initiator));
	if (bind(fd, (const struct sockaddr *)&un,
		 (socklen_t)(offsetof(struct sockaddr_un, sun_path) + 1 +
			     (size_t)n)) == 0)
		return fd;
	err = -errno;
	close(fd);
	return err;
}

static int read_pid(int fd)
{
	char text[16];
	uint64_t pid = 0;
	ssize_t n = pread(fd, text, sizeof(text), 0);

	if (n > 0 && text[n - 1] == '\n')
		n--;
	if (n <= 0 || str_u64(text, (size_t)n, INT32_MAX, &pid))
		return 0;
	return (int)pid;
}

/* 0; -ESTALE: its holder took the name away meanwhile, it keeps nobody out. */
static int lock_named(int fd)
{
	struct stat st;

	if (flock(fd, LOCK_EX | LOCK_NB) < 0 || fstat(fd, &st) < 0)
		return -errno;
	return st.st_nlink ? 0 : -ESTALE;
}

int daemon_lock(const char *rundir, int *other)
{
	char path[PATH_MAX];
	int fd, err;

	*other = 0;
	snprintf(path, sizeof(path), "%s/" PIDFILE, rundir);
	for (int i = 0; i < LOCK_TRIES; i++) {
		fd = open(path, O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC,
			  0644);
		if (fd < 0)
			return -errno;
		err = lock_named(fd);
		if (!err)
			return fd;
		if (err == -EWOULDBLOCK)
			*other = read_pid(fd);
		close(fd);
		if (err != -ESTALE)
			break;
	}
	return err;
}

int daemon_write_pid(int lock)
{
	if (ftruncate(lock, 0) < 0 || dprintf(lock, "%d\n", (int)getpid()) < 0)
		return -errno;
	return 0;
}

void daemon_unlock(const char *rundir, int lock)
{
	char path[PATH_MAX];

	snprintf(path, sizeof(path), "%s/" PIDFILE, rundir);
	(void)unlink(path); /* the lock is what counts, and it ends here */
	close(lock);
}

/* The parent: waits for the child's word; its own lines are the child's. */
static _Noreturn void wait_for_word(int fd, pid_t child)
{
	unsigned char status = 1;
	ssize_t n;

	do {
		n = read(fd, &status, 1);
	} while (n < 0 && errno == EINTR);
	if (n != 1) { /* it ended without a word */
		int st;

		if (waitpid(child, &st, 0) == child && WIFEXITED(st))
			status = (unsigned char)WEXITSTATUS(st);
		if (!status)
			status = 1;
	}
	_exit(status);
}

int daemon_fork(void)
{
	int p[2];
	pid_t pid;

	if (pipe2(p, O_CLOEXEC) < 0)
		return -errno;
	pid = fork();
	if (pid < 0) {
		int err = -errno;

		close(p[0]);
		close(p[1]);
		return err;
	}
	if (pid > 0) {
		close(p[1]);
		wait_for_word(p[0], pid);
	}
	close(p[0]);
	ready_pipe = p[1];
	setsid();
	if (chdir("/") < 0)
		return -errno;
	return 0;
}

static void leave_terminal(void)
{
	int null = open("/dev/null", O_RDWR | O_CLOEXEC);

	if (null < 0)
		return;
	for (int fd = 0; fd <= 2; fd++)
		if (dup2(null, fd) < 0)
			log_warn(NULL, "cannot leave the terminal: %s",
				 strerror(errno));
	if (null > 2)
		close(null);
}

void daemon_ready(int status)
{
	unsigned char word = (unsigned char)status;
	static bool stopping;

	if (!stopping)
		service_tell(status ? "STOPPING=1" : "READY=1");
	stopping = stopping || status;
	if (ready_pipe < 0)
		return;
	leave_terminal();
	if (write(ready_pipe, &word, 1) != 1)
		log_warn(NULL, "nobody waits at the terminal any more");
	close(ready_pipe);
	ready_pipe = -1;
}

static void plain_line(int level, const char *line)
{
	fprintf(stderr, "iscsid: %s\n", line);
}

static void journal_line(int level, const char *line)
{
	fprintf(stderr, "<%d>%s\n", level, line);
}

static void syslog_line(int level, const char *line)
{
	syslog(level, "%s", line);
	if (ready_pipe >= 0 && level <= LOG_INFO)
		fprintf(stderr, "%s\n", line);
}

/* JOURNAL_STREAM names the file that the journal reads (sd-daemon(3)). */
static bool journal_reads(void)
{
	const char *want = getenv("JOURNAL_STREAM");
	struct stat st;
	char have[64];

	if (!want || fstat(STDERR_FILENO, &st) < 0)
		return false;
	snprintf(have, sizeof(have), "%ju:%ju", (uintmax_t)st.st_dev,
		 (uintmax_t)st.st_ino);
	return strcmp(want, have) == 0;
}

/* Every line passes here on its way to one of those above. */
static struct log_limit limit;
static void (*on_held)(void *ctx);
static void *on_held_ctx;

static uint64_t now_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000 + (uint64_t)t.tv_nsec / 1000000;
}

static void limited_line(int level, const char *line)
{
	log_limit_line(&limit, level, line, now_ms());
	if (on_held && log_limit_flush(&limit, now_ms()) != LOG_LIMIT_NEVER)
		on_held(on_held_ctx);
}

static void log_to(void (*put)(int level, const char *line))
{
	if (limit.put)
		log_limit_end(&limit);
	limit.put = put;
	log_set_sink(limited_line);
}

void daemon_log_held(void (*held)(void *ctx), void *ctx)
{
	on_held = held;
	on_held_ctx = ctx;
}

bool daemon_log_flush(void)
{
	return log_limit_flush(&limit, now_ms()) != LOG_LIMIT_NEVER;
}

void daemon_log_end(void)
{
	on_held = NULL;
	if (limit.put)
		log_limit_end(&limit);
}

void daemon_log_to_stderr(void)
{
	setvbuf(stderr, NULL, _IOLBF, 0);
	log_to(journal_reads() ? journal_line : plain_line);
}

void daemon_log_to_syslog(void)
{
	openlog("iscsid", LOG_PID, LOG_DAEMON);
	log_to(syslog_line);
}
