/*
 * upgrade - another version of iscsid and its engines takes over.
 */
#include "iscsid/run/upgrade.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/log.h"
#include "base/str.h"
#include "iscsid/daemon/daemon.h"
#include "iscsid/device/device.h"
#include "iscsid/device/devices.h"
#include "iscsid/host/records.h"
#include "iscsid/core/core.h"
#include "iscsid/daemon/service.h"
#include "iscsid/target/target.h"
#include "iscsid/run/linux.h"

#define MARK	     "ISCSID_UPGRADE"
#define CHECK_WITHIN 10000 /* ms */

static char **arguments;
static char program[PATH_MAX];

void upgrade_remember(char **argv)
{
	ssize_t n = readlink("/proc/self/exe", program, sizeof(program) - 1);

	arguments = argv;
	program[n > 0 ? n : 0] = '\0';
}

const char *upgrade_program(void)
{
	return program;
}

/* Trying it ------------------------------------------------------------ */

struct check {
	void (*done)(void *ctx, int err);
	void *ctx;
};

/* In the worker; the child of it is bounded by the worker's deadline. */
static int run_check(const struct worker_job *job, void *arg, struct msg_out *m,
		     int *handle)
{
	pid_t pid = fork();
	int status;

	if (pid == 0) {
		int null = open("/dev/null", O_RDWR);

		(void)dup2(null, 1); /* or its words are seen */
		execl(program, "iscsid", "-V", (char *)NULL);
		_exit(127);
	}
	if (pid < 0 || waitpid(pid, &status, 0) != pid)
		return -errno;
	return WIFEXITED(status) && !WEXITSTATUS(status) ? 0 : -ENOEXEC;
}

static void check_over(void *ctx, int err, const struct msg_in *m, int handle)
{
	struct check *c = ctx;

	c->done(c->ctx, err);
	free(c);
}

int upgrade_check(struct manager *m, void (*done)(void *ctx, int err),
		  void *ctx)
{
	struct check *c = malloc(sizeof(*c));
	const struct worker_job job = {
		.name = "trying the new program",
		.work = WORK_HOST,
		.fn = run_check,
		.handle = -1,
		.deadline = CHECK_WITHIN,
		.done = check_over,
		.ctx = c,
	};

	if (!c)
		return -ENOMEM;
	*c = (struct check){ done, ctx };
	if (worker_start(&linux_of(m->out)->workers, &job))
		return 0;
	free(c);
	return -ENOMEM;
}

/* Doing it ------------------------------------------------------------- */

/* Handles for the next image, as a service manager would give them. */
struct parcel {
	char *names; /* colons between them */
	struct strbuf sb;
	int *handles;
	size_t count, room;
};

static size_t count_devices(const struct manager *m)
{
	struct list *pos;
	size_t n = 0;

	list_for_each (pos, &m->targets) {
		n += container_of(pos, struct target, link)->bay.ndevices;
	}
	return n;
}

/* Away from the numbers that they get in the end. */
static bool pack(struct parcel *p, const struct device *d)
{
	char name[RECORD_NAME];
	int copy;

	if (d->handle < 0)
		return true;
	if (p->count == p->room)
		return false;
	copy = fcntl(d->handle, F_DUPFD_CLOEXEC,
		     SERVICE_FIRST_HANDLE + (int)p->room);
	if (copy < 0)
		return false;
	records_disk_name(d->bay->bus, d->bay->number, d->said.number, name);
	sb_add(&p->sb, "%s%s", p->count ? ":" : "", name);
	p->handles[p->count++] = copy;
	return true;
}

static bool pack_all(struct parcel *p, const struct manager *m)
{
	struct list *pos, *dpos;
	size_t size;

	p->room = count_devices(m);
	size = p->room * RECORD_NAME + 1;
	p->names = malloc(size);
	p->handles = calloc(p->room + 1, sizeof(*p->handles));
	if (!p->names || !p->handles)
		return false;
	sb_init(&p->sb, p->names, size);
	list_for_each (pos, &m->targets) {
		struct target *t = container_of(pos, struct target, link);

		list_for_each (dpos, &t->bay.devices) {
			if (!pack(p, container_of(dpos, struct device, link)))
				return false;
		}
	}
	return true;
}

static void drop_parcel(struct parcel *p)
{
	for (size_t i = 0; i < p->count; i++)
		close(p->handles[i]);
	free(p->names);
	free(p->handles);
}

static bool set_number(const char *name, unsigned long n)
{
	char text[24];

	snprintf(text, sizeof(text), "%lu", n);
	return setenv(name, text, 1) == 0;
}

/* For the next program; who stays does not look at it again. */
static bool label(const struct parcel *p)
{
	return set_number("LISTEN_PID", (unsigned long)getpid()) &&
	       set_number("LISTEN_FDS", p->count) &&
	       setenv("LISTEN_FDNAMES", p->names, 1) == 0 &&
	       setenv(MARK, "1", 1) == 0;
}

/* Whatever had the low numbers is closed: the program is another now. */
static void unpack(const struct parcel *p)
{
	for (size_t i = 0; i < p->count; i++)
		if (dup2(p->handles[i], SERVICE_FIRST_HANDLE + (int)i) < 0)
			log_err(NULL, "a disk's handle is lost: %s",
				strerror(errno));
}

/*
 * They would end by themselves when their manager is gone, as our children,
 * which the next program does not know.
 */
static void end_idle_engines(struct manager *m)
{
	for (unsigned i = 0; i < m->engines.count; i++) {
		struct engine_process *e = &m->engines.list[i];

		if (!devices_of_engine(m, e))
			processes_end(&linux_of(m->out)->processes, e);
	}
}

void upgrade_execute(struct manager *m)
{
	struct parcel p = { 0 };

	if (!pack_all(&p, m) || !label(&p)) {
		log_err(NULL,
			"what an upgrade hands on cannot be kept (%s), nothing "
			"has changed",
			strerror(errno));
		drop_parcel(&p);
		return;
	}
	log_info(NULL, "executing %s", upgrade_program());
	daemon_log_end();
	workers_kill(&linux_of(m->out)->workers);
	end_idle_engines(m);
	unpack(&p);
	execv(program, arguments);
	/* The engines go on; whoever watches us starts another. */
	log_err(NULL, "cannot execute %s: %s", program, strerror(errno));
	_exit(1);
}

bool upgrade_is_one(void)
{
	static int is = -1;

	if (is < 0)
		is = getenv(MARK) != NULL;
	(void)unsetenv(MARK); /* a name that it cannot refuse */
	return is;
}
