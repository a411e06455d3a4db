/*
 * processes - the engines as processes of this host: forked or found again,
 * heard by their sockets, killed, and seen to end.
 *
 * The Linux side of what iscsid/engines/supervise.h decides.
 */
#ifndef ISCSID_PROCESSES_H
#define ISCSID_PROCESSES_H

#include <stdbool.h>
#include <sys/types.h>

#include "ctl/chan.h"
#include "io/loop.h"
#include "iscsid/engines/supervise.h"

struct process {		       /* of one engine */
	struct engine_process *engine; /* NULL: never had one */
	struct io_loop *loop;	       /* borrowed */
	struct chan chan;
	pid_t pid;
	int pidfd;
	bool running;
	struct io_op ended;
};

struct processes {
	struct io_loop *loop; /* borrowed */
	const char *dir;      /* of their sockets; borrowed */
	bool keep_stderr;     /* theirs is ours; else they have none */
	char program[4096];
	struct process list[ENGINES_MAX];
};

/* 0, or -ENOENT: there is no engine to execute. */
int processes_init(struct processes *ps, struct io_loop *loop, const char *dir,
		   bool keep_stderr);

/* As struct outside has them. */
int processes_start(struct processes *ps, struct engine_process *e);
int processes_find(struct processes *ps, struct engine_process *e);
int processes_send(struct processes *ps, struct engine_process *e,
		   const struct msg_out *m, int handle);
int processes_kill(struct processes *ps, struct engine_process *e);
void processes_hang_up(struct processes *ps, struct engine_process *e);
void processes_retire(struct processes *ps, struct engine_process *e);

/*
 * Kills one and waits for its end, right here: the last chance to do so before
 * another program goes on as this process.
 */
void processes_end(struct processes *ps, struct engine_process *e);

#endif
