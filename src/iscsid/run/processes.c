/*
 * processes - the engines as processes of this host.
 */
#include "iscsid/run/processes.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/log.h"
#include "base/str.h"
#include "iscsid/run/launch.h"

#define PATH_SIZE 512

static struct process *of(struct processes *ps, const struct engine_process *e)
{
	return &ps->list[e->number];
}

static const char *path_of(const struct processes *ps,
			   const struct engine_process *e)
{
	static char path[PATH_SIZE];
	struct strbuf sb;

	sb_init(&sb, path, sizeof(path));
	sb_add(&sb, "%s/%u", ps->dir, e->number);
	return path;
}

/* The end of a process ------------------------------------------------- */

static const char *exit_words(const siginfo_t *info, char *dst, size_t size)
{
	if (!info->si_pid) /* the child of a manager before us */
		snprintf(dst, size, "ended");
	else if (info->si_code == CLD_EXITED && info->si_status == 127)
		snprintf(dst, size, "could not be executed");
	else if (info->si_code == CLD_EXITED)
		snprintf(dst, size, "exited with status %d", info->si_status);
	else
		snprintf(dst, size, "was ended by signal %d (%s)",
			 info->si_status, strsignal(info->si_status));
	return dst;
}

static void on_ended(struct io_op *op, int res)
{
	struct process *p = container_of(op, struct process, ended);
	siginfo_t info;
	char words[96];
	bool well;

	memset(&info, 0, sizeof(info));
	if (waitid(P_PIDFD, (id_t)p->pidfd, &info, WEXITED | WNOHANG) == 0 &&
	    info.si_pid == 0) {
		io_poll(p->loop, &p->ended, p->pidfd, POLLIN);
		return;
	}
	close(p->pidfd);
	p->running = false;
	well = !info.si_pid || (info.si_code == CLD_EXITED && !info.si_status);
	engine_ended(p->engine, exit_words(&info, words, sizeof(words)), well);
}

/* The socket ------------------------------------------------------------ */

static void on_msg(struct chan *c, const struct msg_in *m, int fd)
{
	engine_heard(container_of(c, struct process, chan)->engine, m, fd);
}

static void on_garbage(struct chan *c)
{
	engine_heard_garbage(container_of(c, struct process, chan)->engine);
}

static void on_chan_end(struct chan *c, int err)
{
	engine_hung_up(container_of(c, struct process, chan)->engine);
}

static void on_chan_closed(struct chan *c)
{
	engine_disconnected(container_of(c, struct process, chan)->engine);
}

static const struct chan_ops chan_ops = { on_msg, on_garbage, on_chan_end,
					  on_chan_closed };

static void take(struct processes *ps, struct engine_process *e,
		 const struct launched *l)
{
	struct process *p = of(ps, e);

	e->pid = p->pid = l->pid;
	p->engine = e;
	p->loop = ps->loop;
	p->pidfd = l->pidfd;
	p->running = true;
	p->ended.fn = on_ended;
	chan_open(&p->chan, ps->loop, l->sock, &chan_ops, ENGINE_QUEUE);
	io_poll(ps->loop, &p->ended, p->pidfd, POLLIN);
}

/* What the core asks for ------------------------------------------------ */

int processes_init(struct processes *ps, struct io_loop *loop, const char *dir,
		   bool keep_stderr)
{
	ps->loop = loop;
	ps->dir = dir;
	ps->keep_stderr = keep_stderr;
	return launch_find_program(ps->program, sizeof(ps->program));
}

int processes_start(struct processes *ps, struct engine_process *e)
{
	const struct launch l = { ps->program, path_of(ps, e),
				  ps->keep_stderr };
	struct launched launched;
	int err = launch_start(&l, &launched);

	if (!err)
		take(ps, e, &launched);
	return err;
}

int processes_find(struct processes *ps, struct engine_process *e)
{
	const char *path = path_of(ps, e);
	struct launched launched;
	int err = launch_find(path, &launched);

	if (!err)
		take(ps, e, &launched);
	else if (err != -ENOENT)
		log_warn(e->name, "cannot be found at %s: %s", path,
			 strerror(-err));
	return err;
}

int processes_send(struct processes *ps, struct engine_process *e,
		   const struct msg_out *m, int handle)
{
	return chan_send(&of(ps, e)->chan, m, handle);
}

void processes_hang_up(struct processes *ps, struct engine_process *e)
{
	chan_close(&of(ps, e)->chan);
}

void processes_retire(struct processes *ps, struct engine_process *e)
{
	(void)unlink(path_of(ps, e)); /* who finds it finds nobody there */
}

/*
 * Through its pidfd: the number of one that is no child of ours may already
 * be somebody else's.  One that is over needs no more.
 */
int processes_kill(struct processes *ps, struct engine_process *e)
{
	const struct process *p = of(ps, e);

	if (!p->running ||
	    syscall(SYS_pidfd_send_signal, p->pidfd, SIGKILL, NULL, 0) == 0 ||
	    errno == ESRCH)
		return 0;
	return -errno;
}

void processes_end(struct processes *ps, struct engine_process *e)
{
	const struct process *p = of(ps, e);
	struct pollfd ended = { .fd = p->pidfd, .events = POLLIN };
	siginfo_t info;
	int err;

	if (!p->running)
		return;
	err = processes_kill(ps, e);
	if (err)
		log_err(e->name, "process %d cannot be ended: %s", (int)p->pid,
			strerror(-err));
	if (poll(&ended, 1, ENGINE_END_IN) != 1)
		log_warn(e->name, "was killed and does not end");
	/* Of one that is no child of ours there is nothing to fetch. */
	(void)waitid(P_PIDFD, (id_t)p->pidfd, &info, WEXITED | WNOHANG);
}
