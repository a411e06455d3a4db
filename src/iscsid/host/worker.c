/*
 * worker - short-lived child processes for what can block.
 *
 * The child's end is noticed through its pidfd, and only then is its answer
 * read and handed on: whatever the child had open is closed by then.
 */
#include "iscsid/host/worker.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <poll.h>
#include <signal.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#define KEEP_RESULT 3 /* the child's numbers of its two handles */
#define KEEP_HANDLE 4
#define KILL_WAIT   2000 /* ms for a killed child to go away */

/* A process costs little while it waits, and yet they are not for nothing. */
static const struct places {
	unsigned quick; /* at once, of those that are not slow */
	unsigned all;	/* at once, with those that are */
	unsigned owner_quick, owner_all; /* of these for one; 0: no matter */
} places[WORK_KINDS] = {
	[WORK_KERNEL] = { WORKERS_AT_ONCE, 512, 0, 0 },
	[WORK_HOST] = { 8, 64, 0, 0 },
	[WORK_DISK] = { 16, 512, 4, 64 },
};

struct worker {
	struct workers *ws;
	struct list link;
	struct worker_job job;
	pid_t pid; /* 0: still waits for its turn */
	int pidfd, sock;
	struct io_op ended;
	struct io_timer deadline;
	struct io_op soon;
	int early_err; /* it could not even start */
	bool killed, abandoned, stuck, slow;
	_Alignas(max_align_t) char arg[]; /* holds any struct */
};

static int drop_privileges(const struct workers *ws)
{
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0)
		return -errno;
	if (geteuid() != 0) /* not root: nothing to drop (tests) */
		return 0;
	if (setgroups(0, NULL) < 0 ||
	    setresgid(ws->low_gid, ws->low_gid, ws->low_gid) < 0 ||
	    setresuid(ws->low_uid, ws->low_uid, ws->low_uid) < 0)
		return -errno;
	return 0;
}

/* Handles 0..2 stay, the result socket is 3, the job's handle 4. */
static int settle_handles(int sock, int handle)
{
	/* Out of the way first: either may sit on the other's place. */
	int s = fcntl(sock, F_DUPFD, 10);
	int h = handle >= 0 ? fcntl(handle, F_DUPFD, 10) : -1;

	if (s < 0 || (handle >= 0 && h < 0) || dup2(s, KEEP_RESULT) < 0)
		return -errno;
	if (h >= 0 && dup2(h, KEEP_HANDLE) < 0)
		return -errno;
	if (close_range(h >= 0 ? KEEP_HANDLE + 1 : KEEP_RESULT + 1, ~0U, 0) < 0)
		return -errno;
	return 0;
}

static void plain_signals(void)
{
	static const int plain[] = { SIGTERM, SIGINT, SIGHUP, SIGPIPE };
	sigset_t none;

	sigemptyset(&none);
	/* None of it can fail: constants, and signals that exist. */
	for (size_t i = 0; i < sizeof(plain) / sizeof(*plain); i++)
		(void)signal(plain[i], SIG_DFL);
	(void)sigprocmask(SIG_SETMASK, &none, NULL);
}

/* No job goes on beside those of the next manager. */
static bool end_with(pid_t manager)
{
	return prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0) == 0 &&
	       getppid() == manager;
}

static int run_job(struct worker *w, pid_t manager, struct msg_out *m,
		   int *handle)
{
	struct worker_job *job = &w->job;
	int err = 0;

	job->handle = job->handle >= 0 ? KEEP_HANDLE : -1;
	if (job->low_open) {
		err = job->low_open(w->arg);
		if (err < 0)
			return err;
		job->handle = err;
	}
	if (job->low)
		err = drop_privileges(w->ws);
	if (err < 0)
		return err;
	/* Another user forgets it (prctl(2)), so it comes last. */
	if (!end_with(manager))
		return -ESRCH;
	return job->fn(job, w->arg, m, handle);
}

static _Noreturn void child(struct worker *w, int sock, pid_t manager)
{
	static struct msg_out m;
	int err, handle = -1;

	plain_signals();
	err = settle_handles(sock, w->job.handle);
	if (err)
		_exit(1);
	if (w->ws->forget)
		w->ws->forget(w->ws->ctx);
	msg_begin(&m, "result");
	err = run_job(w, manager, &m, &handle);
	if (m.full)
		err = -EMSGSIZE;
	if (err)
		msg_begin(&m, "result");
	msg_u64(&m, "error", (uint64_t)-err);
	_exit(msg_send(KEEP_RESULT, &m, handle) ? 1 : 0);
}

/* What the child said, once it is gone. */
static int read_result(struct worker *w, struct msg_in *m, char *text,
		       int *handle)
{
	int n = msg_recv(w->sock, text, MSG_MAX, handle);
	uint64_t err;

	if (n <= 0 || msg_read(m, text, (size_t)n) || !msg_is(m, "result") ||
	    msg_get_u64(m, "error", 4095, &err)) {
		if (*handle >= 0)
			close(*handle);
		*handle = -1;
		return -ECHILD;
	}
	return -(int)err;
}

static void finish(struct worker *w, int err)
{
	static char text[MSG_MAX];
	struct msg_in m;
	int handle = -1;

	if (!err)
		err = read_result(w, &m, text, &handle);
	if (handle >= 0 && (w->abandoned || err)) {
		close(handle);
		handle = -1;
	}
	if (w->abandoned)
		return;
	w->abandoned = true;
	w->job.done(w->job.ctx, err, err ? NULL : &m, handle);
}

static void launch_waiting(struct workers *ws);

static void give_back(struct worker *w)
{
	struct work_load *l = &w->ws->load[w->job.work];

	w->ws->nrunning--;
	l->running--;
	l->slow -= w->slow;
}

static void worker_free(struct worker *w)
{
	list_remove(&w->link);
	io_timer_cancel(w->ws->loop, &w->deadline);
	if (w->pidfd >= 0)
		close(w->pidfd);
	if (w->sock >= 0)
		close(w->sock);
	if (w->job.handle >= 0)
		close(w->job.handle);
	explicit_bzero(w->arg, w->job.arg_size);
	free(w);
}

static void on_ended(struct io_op *op, int res)
{
	struct worker *w = container_of(op, struct worker, ended);
	struct workers *ws = w->ws;
	siginfo_t info;

	/* A cancelled or failed wait is no end: look again. */
	memset(&info, 0, sizeof(info));
	if (waitid(P_PIDFD, (id_t)w->pidfd, &info, WEXITED | WNOHANG) == 0 &&
	    info.si_pid == 0) {
		io_poll(ws->loop, &w->ended, w->pidfd, POLLIN);
		return;
	}
	if (!w->stuck)
		give_back(w);
	finish(w, w->killed ? -ETIMEDOUT : 0);
	worker_free(w);
	launch_waiting(ws);
}

/* Its place is free for another; the time it has goes on. */
static void become_slow(struct worker *w)
{
	w->slow = true;
	w->ws->load[w->job.work].slow++;
	io_timer_after(w->ws->loop, &w->deadline,
		       w->job.deadline - w->ws->slow_after);
	launch_waiting(w->ws);
}

static void on_deadline(struct io_timer *t)
{
	struct worker *w = container_of(t, struct worker, deadline);

	if (!w->killed && !w->slow && w->job.deadline > w->ws->slow_after) {
		become_slow(w);
		return;
	}
	if (!w->killed) {
		w->killed = true;
		(void)kill(w->pid, SIGKILL); /* a child not waited for */
		io_timer_after(w->ws->loop, &w->deadline, KILL_WAIT);
		return;
	}
	/* It hangs in the kernel.  Go on without it. */
	list_remove(&w->link);
	list_push_back(&w->ws->stuck, &w->link);
	w->stuck = true;
	give_back(w);
	finish(w, -ETIMEDOUT);
	launch_waiting(w->ws);
}

static void on_early(struct io_op *op, int res)
{
	struct worker *w = container_of(op, struct worker, soon);
	struct workers *ws = w->ws;

	finish(w, w->early_err);
	worker_free(w);
	launch_waiting(ws);
}

static int launch(struct worker *w)
{
	int sv[2], err = 0;
	pid_t manager;

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_NONBLOCK | SOCK_CLOEXEC,
		       0, sv) < 0)
		return -errno;
	manager = getpid();
	w->pid = fork();
	if (w->pid == 0)
		child(w, sv[1], manager);
	if (w->pid < 0)
		err = -errno;
	close(sv[1]);
	w->sock = sv[0];
	if (w->job.handle >= 0)
		close(w->job.handle); /* the child has it */
	w->job.handle = -1;
	if (err)
		return err;
	w->pidfd = (int)syscall(SYS_pidfd_open, w->pid, 0);
	if (w->pidfd < 0) {
		err = -errno;
		/* A child not waited for is there, and it ends. */
		(void)kill(w->pid, SIGKILL);
		(void)waitpid(w->pid, NULL, 0);
		w->pid = -1;
		return err;
	}
	w->ws->nrunning++;
	w->ws->load[w->job.work].running++;
	io_poll(w->ws->loop, &w->ended, w->pidfd, POLLIN);
	io_timer_after(w->ws->loop, &w->deadline,
		       w->job.deadline < w->ws->slow_after ? w->job.deadline
							   : w->ws->slow_after);
	return 0;
}

static bool fits(const struct work_load *l, unsigned quick, unsigned all)
{
	return l->running - l->slow < quick && l->running < all;
}

static struct work_load load_of_owner(const struct worker *w)
{
	struct work_load l = { 0 };
	struct list *pos;

	list_for_each (pos, &w->ws->running) {
		const struct worker *o = container_of(pos, struct worker, link);

		if (o->job.work != w->job.work || o->job.owner != w->job.owner)
			continue;
		l.running++;
		l.slow += o->slow;
	}
	return l;
}

static bool has_room(const struct worker *w)
{
	const struct places *p = &places[w->job.work];
	struct work_load l;

	if (!fits(&w->ws->load[w->job.work], p->quick, p->all))
		return false;
	if (!p->owner_all)
		return true;
	l = load_of_owner(w);
	return fits(&l, p->owner_quick, p->owner_all);
}

static void launch_waiting(struct workers *ws)
{
	struct list *pos, *tmp;

	list_for_each_safe (pos, tmp, &ws->waiting) {
		struct worker *w = container_of(pos, struct worker, link);

		if (!has_room(w))
			continue;
		list_remove(&w->link);
		list_push_back(&ws->running, &w->link);
		w->early_err = launch(w);
		if (w->early_err)
			io_soon(ws->loop, &w->soon);
	}
}

void workers_init(struct workers *ws, struct io_loop *loop)
{
	memset(ws, 0, sizeof(*ws));
	ws->loop = loop;
	ws->slow_after = WORKER_SLOW;
	list_init(&ws->running);
	list_init(&ws->waiting);
	list_init(&ws->stuck);
}

struct worker *worker_start(struct workers *ws, const struct worker_job *job)
{
	struct worker *w;

	if (job->arg_size > WORKER_ARG_SIZE)
		return NULL;
	w = calloc(1, sizeof(*w) + job->arg_size);
	if (!w)
		return NULL;
	w->ws = ws;
	w->job = *job;
	if (job->handle >= 0) {
		/* Its turn may come when the owner's handle is long closed. */
		w->job.handle = fcntl(job->handle, F_DUPFD_CLOEXEC, 3);
		if (w->job.handle < 0) {
			free(w);
			return NULL;
		}
	}
	w->pidfd = w->sock = -1;
	w->ended.fn = on_ended;
	w->deadline.fn = on_deadline;
	w->soon.fn = on_early;
	if (job->arg_size)
		memcpy(w->arg, job->arg, job->arg_size);
	list_push_back(&ws->waiting, &w->link);
	launch_waiting(ws);
	return w;
}

void worker_abandon(struct worker *w)
{
	if (!w || w->abandoned)
		return;
	finish(w, -ECANCELED);
	if (w->pid > 0) {
		w->killed = true;
		(void)kill(w->pid, SIGKILL); /* a child not waited for */
		/* Its place is free then, wherever in the kernel it hangs. */
		if (!w->stuck)
			io_timer_after(w->ws->loop, &w->deadline, KILL_WAIT);
	} else if (!w->early_err) {
		worker_free(w); /* its turn never came */
	}
}

void workers_kill(struct workers *ws)
{
	struct list *pos, *tmp;

	list_for_each_safe (pos, tmp, &ws->waiting) {
		worker_abandon(container_of(pos, struct worker, link));
	}
	list_for_each_safe (pos, tmp, &ws->running) {
		worker_abandon(container_of(pos, struct worker, link));
	}
}
