/*
 * stage_tcp - a script with the real daemon and target, over TCP on loopback.
 *
 * Each script has an address of its own in 127.0.0.0/8, a target and a daemon
 * in a directory of their own.  A request is a thread, so that one that hangs
 * in the kernel holds up nobody.
 */
#include "stage.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/fs.h>
#include <pthread.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/str.h"
#include "main.h"

#define IQN	"iqn.2026-01.org.softhba.test:scripts"
#define LUNS	3
#define ENGINES 8
#define POLL_US 2000
#define QUIET	200   /* ms without a command: the start is over */
#define STOP_IN 20000 /* ms for the daemon to end */

const bool stage_is_real = true;

struct text { /* a file that grows */
	const char *who;
	char path[512];
	long at; /* what was read */
	struct lines lines;
	uint64_t last; /* when the last line came */
};

static struct {
	const struct setup *setup;
	char dir[400], build[400], host[32];
	pid_t target, daemon;
	pid_t engine[ENGINES]; /* of all managers so far */
	unsigned nengines;
	uint64_t restart_at;		/* 0: it need not be started */
	struct text journal, log, said; /* said: by the target */
	int fd[LUNS];			/* of devices in use; -1 */
	bool gone[LUNS];		/* nobody keeps it open */
	pthread_mutex_t lock;		/* of all struct ask */
} tcp = { .lock = PTHREAD_MUTEX_INITIALIZER, .fd = { -1, -1, -1 } };

uint64_t stage_now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000 + (uint64_t)t.tv_nsec / 1000000;
}

/* A busy machine is no fault of the driver's. */
uint64_t stage_limit(uint64_t ms)
{
	return ms + ms / 2 + 5000;
}

/* What a wait counts from may be over before the step that waits begins. */
uint64_t stage_early(void)
{
	return 250;
}

/* Files that grow ------------------------------------------------------ */

static void path_of(char *dst, size_t size, const char *name)
{
	snprintf(dst, size, "%s/%s", tcp.dir, name);
}

static void add_line(struct text *t, const char *text)
{
	struct lines *l = &t->lines;

	l->line = realloc(l->line, (l->n + 1) * sizeof(*l->line));
	l->line[l->n++] = strdup(text);
	t->last = stage_now();
	if (asked.trace)
		printf("%8.3f %-8s %s\n", (double)t->last / 1000, t->who, text);
}

/* Whole lines only. */
static const struct lines *read_more(struct text *t)
{
	FILE *f = fopen(t->path, "re");
	char line[1024], *end;

	if (!f)
		return &t->lines;
	fseek(f, t->at, SEEK_SET);
	while (fgets(line, sizeof(line), f) && (end = strchr(line, '\n'))) {
		*end = '\0';
		add_line(t, line);
		t->at = ftell(f);
	}
	fclose(f);
	return &t->lines;
}

const struct lines *stage_journal(void)
{
	return read_more(&tcp.journal);
}

const struct lines *stage_log(void)
{
	return read_more(&tcp.log);
}

bool stage_is_quiet(void)
{
	read_more(&tcp.journal);
	return stage_now() - tcp.journal.last > QUIET;
}

/* Processes ------------------------------------------------------------ */

/* Its output goes to the end of a file. */
static pid_t run(char *const *argv, const char *log)
{
	pid_t pid = fork();
	int fd;

	if (pid != 0)
		return pid;
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	fd = open(log, O_WRONLY | O_CREAT | O_APPEND, 0600);
	dup2(fd, 1);
	dup2(fd, 2);
	execv(argv[0], argv);
	_exit(127);
}

struct args {
	char *argv[96];
	size_t n;
};

static void arg(struct args *a, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));

static void arg(struct args *a, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	if (vasprintf(&a->argv[a->n++], fmt, ap) < 0)
		abort();
	va_end(ap);
}

static void lun_spec(char *dst, size_t size, unsigned lun)
{
	snprintf(dst, size, "%u:file:%s/disk.%u:%u%s%s", lun, tcp.dir, lun,
		 tcp.setup->blocks * 512, tcp.setup->thin ? ",thin" : "",
		 tcp.setup->cache ? ",volatile" : "");
}

static bool has_line(const struct text *t, size_t from, const char *begins)
{
	for (size_t i = from; i < t->lines.n; i++)
		if (!strncmp(t->lines.line[i], begins, strlen(begins)))
			return true;
	return false;
}

/* Waits until the target has said something that begins so. */
static bool will_say(size_t from, const char *begins)
{
	uint64_t until = stage_now() + 5000;

	while (read_more(&tcp.said), !has_line(&tcp.said, from, begins)) {
		if (stage_now() > until)
			return false;
		usleep(POLL_US);
	}
	return true;
}

static bool start_target(void)
{
	const struct setup *s = tcp.setup;
	size_t from = read_more(&tcp.said)->n;
	struct args a = { 0 };
	char spec[512];

	arg(&a, "%s/target/iscsi-demo-target", tcp.build);
	arg(&a, "--write-cache");
	arg(&a, s->cache ? "on" : "off");
	for (unsigned i = 0; i < s->portals; i++) {
		arg(&a, "--portal");
		arg(&a, "%s.%u:3260,%u", tcp.host, i + 1, 1 + i % s->groups);
	}
	arg(&a, "--target");
	arg(&a, IQN);
	for (unsigned i = 0; i < s->luns; i++) {
		lun_spec(spec, sizeof(spec), i);
		arg(&a, "--lun");
		arg(&a, "%s", spec);
	}
	arg(&a, "--control");
	arg(&a, "%s/control", tcp.dir);
	arg(&a, "--journal");
	arg(&a, "%s", tcp.journal.path);
	for (size_t i = 0; i < s->noptions; i++)
		arg(&a, "%s", s->option[i]);
	tcp.target = run(a.argv, tcp.said.path);
	tcp.restart_at = 0;
	return will_say(from, "ready");
}

static bool write_file(const char *name, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));

static bool write_file(const char *name, const char *fmt, ...)
{
	char path[512];
	va_list ap;
	FILE *f;

	path_of(path, sizeof(path), name);
	f = fopen(path, "we");
	if (!f)
		return false;
	fchmod(fileno(f), 0600);
	va_start(ap, fmt);
	vfprintf(f, fmt, ap);
	va_end(ap);
	return fclose(f) == 0;
}

/* Three folders above our own program. */
static void find_build(void)
{
	ssize_t n =
		readlink("/proc/self/exe", tcp.build, sizeof(tcp.build) - 1);

	tcp.build[n < 0 ? 0 : n] = '\0';
	for (int i = 0; i < 3; i++) {
		char *slash = strrchr(tcp.build, '/');

		if (slash)
			*slash = '\0';
	}
}

static bool write_conf(const struct setup *s)
{
	char portals[256];
	struct strbuf sb;

	sb_init(&sb, portals, sizeof(portals));
	for (unsigned i = 0; i < s->portals; i++)
		sb_add(&sb, "\tTargetIPAddress=%s.%u:3260,%u\n", tcp.host,
		       i + 1, 1 + i % s->groups);
	/* Daemons of one name mind each other. */
	return write_file("initiatorname", "InitiatorName=%s:me.%s\n", IQN,
			  tcp.host) &&
	       write_file("iscsi.conf", "%sTargetName=%s\n%s", s->conf, IQN,
			  portals);
}

bool stage_open(const struct setup *s, const char *dir, unsigned index)
{
	tcp.setup = s;
	snprintf(tcp.dir, sizeof(tcp.dir), "%s", dir);
	snprintf(tcp.host, sizeof(tcp.host), "127.%d.%u",
		 100 + (int)getppid() % 100, index + 1);
	find_build();
	tcp.journal.who = "wire";
	tcp.log.who = "iscsid";
	tcp.said.who = "target";
	path_of(tcp.journal.path, sizeof(tcp.journal.path), "journal");
	path_of(tcp.log.path, sizeof(tcp.log.path), "iscsid.log");
	path_of(tcp.said.path, sizeof(tcp.said.path), "target.log");
	return write_conf(s) && start_target();
}

void stage_start(void)
{
	struct args a = { 0 };

	arg(&a, "%s/src/iscsid/iscsid", tcp.build);
	arg(&a, "-n");
	arg(&a, "-e1");
	if (tcp.setup->command_timeout)
		arg(&a, "-c%u", tcp.setup->command_timeout);
	arg(&a, "-f%s/iscsi.conf", tcp.dir);
	arg(&a, "-b%s/bindings", tcp.dir);
	arg(&a, "-I%s/initiatorname", tcp.dir);
	arg(&a, "-l%s/dev", tcp.dir);
	arg(&a, "-R%s/run", tcp.dir);
	tcp.daemon = run(a.argv, tcp.log.path);
}

/* Devices -------------------------------------------------------------- */

static void device_path(char *dst, size_t size, unsigned lun)
{
	snprintf(dst, size, "%s/dev/bus0/target0/lun%u/disk", tcp.dir, lun);
}

bool stage_has_disk(unsigned lun)
{
	char path[512];
	struct stat st;

	device_path(path, sizeof(path), lun);
	return stat(path, &st) == 0 && S_ISBLK(st.st_mode);
}

/*
 * Stays open: after each close of somebody who may have written, the daemon
 * reads the partition table again.
 */
static int device(unsigned lun)
{
	char path[512];

	if (tcp.fd[lun] < 0) {
		device_path(path, sizeof(path), lun);
		tcp.fd[lun] = open(path, O_RDWR | O_DIRECT | O_CLOEXEC);
	}
	return tcp.fd[lun];
}

static void close_device(unsigned lun)
{
	if (tcp.fd[lun] >= 0)
		close(tcp.fd[lun]);
	tcp.fd[lun] = -1;
}

uint64_t stage_blocks(unsigned lun)
{
	uint64_t size = 0;

	return ioctl(device(lun), BLKGETSIZE64, &size) < 0 ? 0 : size / 512;
}

struct errand {
	struct ask *ask;
	int fd;
	bool last; /* nobody needs fd any more */
};

static ssize_t carry_out(const struct want *w, int fd, uint8_t *buf)
{
	uint64_t range[2] = { (uint64_t)w->first * 512, (uint64_t)w->n * 512 };
	struct iovec iov = { buf, range[1] };
	off_t at = (off_t)range[0];

	switch (w->kind) {
	case ASK_READ:
		return preadv2(fd, &iov, 1, at, 0);
	case ASK_WRITE:
		return pwritev2(fd, &iov, 1, at, w->fua ? RWF_DSYNC : 0);
	case ASK_FLUSH:
		return fdatasync(fd);
	case ASK_TRIM:
		return ioctl(fd, BLKDISCARD, range);
	}
	return -1;
}

static void *errand_main(void *arg_)
{
	struct errand *e = arg_;
	const struct want *w = e->ask->want;
	uint8_t *buf =
		aligned_alloc(4096, ((size_t)w->n * 512 + 4096) & ~4095u);
	ssize_t n;
	int err;

	memcpy(buf, e->ask->data, (size_t)w->n * 512);
	errno = ENODEV;
	n = e->fd < 0 ? -1 : carry_out(w, e->fd, buf);
	err = n < 0 ? errno : 0;
	pthread_mutex_lock(&tcp.lock);
	if (w->kind == ASK_READ && !err)
		memcpy(e->ask->data, buf, (size_t)w->n * 512);
	e->ask->err = err;
	e->ask->ended = stage_now();
	e->ask->done = true;
	pthread_mutex_unlock(&tcp.lock);
	if (e->last && e->fd >= 0)
		close(e->fd);
	free(buf);
	free(e);
	return NULL;
}

void stage_ask(struct ask *a)
{
	struct errand *e = malloc(sizeof(*e));
	pthread_t thread;

	e->ask = a;
	e->fd = device(a->want->lun);
	e->last = tcp.gone[a->want->lun];
	if (e->last)
		tcp.fd[a->want->lun] = -1;
	if (pthread_create(&thread, NULL, errand_main, e))
		abort();
	pthread_detach(thread);
}

static void tick(void)
{
	if (tcp.restart_at && stage_now() >= tcp.restart_at)
		start_target();
	if (asked.trace) {
		read_more(&tcp.journal);
		read_more(&tcp.log);
	}
}

bool stage_until(bool (*done)(void *ctx), void *ctx, uint64_t ms)
{
	uint64_t until = stage_now() + ms;
	bool is_done;

	for (;;) {
		tick();
		pthread_mutex_lock(&tcp.lock);
		is_done = done(ctx);
		pthread_mutex_unlock(&tcp.lock);
		if (is_done || stage_now() >= until)
			return is_done;
		usleep(POLL_US);
	}
}

/* The target and the engine -------------------------------------------- */

int stage_target(const char *line, char *err, size_t size)
{
	size_t from = read_more(&tcp.said)->n;
	char path[512];
	FILE *f;

	path_of(path, sizeof(path), "control");
	f = tcp.target ? fopen(path, "we") : NULL;
	if (!f) {
		snprintf(err, size, "the target is down");
		return -EINVAL;
	}
	fprintf(f, "%s\n", line);
	fclose(f);
	if (!will_say(from, "control: ")) {
		snprintf(err, size, "the target does not answer");
		return -EINVAL;
	}
	for (size_t i = from; i < tcp.said.lines.n; i++) {
		const char *said = tcp.said.lines.line[i];
		size_t n = strlen(said);

		if (strncmp(said, "control: ", 9) != 0)
			continue;
		if (n > 6 && !strcmp(said + n - 6, ": done"))
			return 0;
		snprintf(err, size, "%s", said);
	}
	return -EINVAL;
}

static void end_process(pid_t *pid, int signal)
{
	if (!*pid)
		return;
	kill(*pid, signal);
	waitpid(*pid, NULL, 0);
	*pid = 0;
}

/* Before an orderly end the target writes out what is in a cache. */
void stage_crash(uint64_t ms, bool lose_cache)
{
	end_process(&tcp.target, lose_cache ? SIGKILL : SIGTERM);
	tcp.restart_at = stage_now() + ms;
}

static bool is_engine(int pid)
{
	char path[64], comm[32];
	FILE *f;
	bool is;

	snprintf(path, sizeof(path), "/proc/%d/comm", pid);
	f = fopen(path, "re");
	is = f && fgets(comm, sizeof(comm), f) &&
	     !strcmp(comm, "iscsid-engine\n");
	if (f)
		fclose(f);
	return is;
}

/* An engine is a child of the manager that started it. */
static void note_engines(void)
{
	char path[64];
	FILE *f;
	int pid;

	snprintf(path, sizeof(path), "/proc/%d/task/%d/children", tcp.daemon,
		 tcp.daemon);
	f = fopen(path, "re");
	while (f && fscanf(f, "%d", &pid) == 1) {
		if (!is_engine(pid))
			continue;
		if (tcp.nengines == ENGINES)
			abort();
		tcp.engine[tcp.nengines++] = pid;
	}
	if (f)
		fclose(f);
}

void stage_kill_engine(void)
{
	note_engines();
	for (unsigned i = 0; i < tcp.nengines; i++)
		if (is_engine(tcp.engine[i]))
			kill(tcp.engine[i], SIGKILL);
	tcp.nengines = 0;
}

void stage_kill_manager(void)
{
	note_engines();
	end_process(&tcp.daemon, SIGKILL);
	stage_start();
}

void stage_lun(unsigned lun, bool there)
{
	char line[600], spec[512], err[128];
	close_device(lun);
	tcp.gone[lun] = !there;
	lun_spec(spec, sizeof(spec), lun);
	if (there)
		snprintf(line, sizeof(line), "lun-add %s", spec);
	else
		snprintf(line, sizeof(line), "lun-remove %u", lun);
	stage_target(line, err, sizeof(err));
}

/* The end -------------------------------------------------------------- */

static int daemon_status;

static bool daemon_ended(void *ctx)
{
	return waitpid(tcp.daemon, &daemon_status, WNOHANG) == tcp.daemon;
}

/* Neither a mount nor a link. */
static bool is_clean(void)
{
	FILE *f = fopen("/proc/self/mountinfo", "re");
	char line[2048], below[512];
	bool clean = true;

	path_of(below, sizeof(below), "");
	while (f && fgets(line, sizeof(line), f))
		if (strstr(line, below))
			clean = false;
	if (f)
		fclose(f);
	for (unsigned i = 0; i < LUNS; i++)
		clean = clean && !stage_has_disk(i);
	return clean;
}

static void make_good(void)
{
	char line[32], err[128];

	if (tcp.restart_at)
		start_target();
	stage_target("fault-clear", err, sizeof(err));
	for (unsigned i = 0; i < tcp.setup->portals; i++) {
		snprintf(line, sizeof(line), "portal %u up", i + 1);
		stage_target(line, err, sizeof(err));
	}
}

const char *stage_close(void)
{
	make_good();
	for (unsigned i = 0; i < LUNS; i++)
		close_device(i);
	kill(tcp.daemon, SIGTERM);
	if (!stage_until(daemon_ended, NULL, STOP_IN))
		return "the daemon does not end";
	tcp.daemon = 0;
	end_process(&tcp.target, SIGTERM);
	read_more(&tcp.log);
	for (size_t i = 0; i < tcp.log.lines.n; i++)
		if (strstr(tcp.log.lines.line[i], "runtime error:") ||
		    strstr(tcp.log.lines.line[i], "Sanitizer"))
			return tcp.log.lines.line[i];
	if (daemon_status)
		return "the daemon ended with an error";
	return is_clean() ? NULL : "the daemon left something behind";
}
