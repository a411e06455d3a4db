/*
 * main - iscsi-demo-target: an iSCSI target for demos, tests and benchmarks.
 *
 * Exit status: 0 after SIGTERM or SIGINT, 1 when it could not serve, 2 for a
 * command line that makes no sense.
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/log.h"
#include "base/str.h"
#include "target/control.h"
#include "target/journal.h"
#include "target/options.h"

static int open_portals(struct options *o)
{
	if (!o->nportals) {
		addr_parse("127.0.0.1", 9, &o->portals[0]);
		o->nportals = 1;
	}
	for (size_t i = 0; i < o->nportals; i++) {
		int err = server_listen(o->server, &o->portals[i]);
		char text[ADDR_TEXT_SIZE];

		if (!err)
			continue;
		addr_format(&o->portals[i], false, text, sizeof(text));
		log_err(NULL, "cannot listen on %s: %s", text, strerror(-err));
		return err;
	}
	return 0;
}

static int write_pidfile(const char *path)
{
	FILE *f = path ? fopen(path, "we") : NULL;

	if (!path)
		return 0;
	if (!f || fprintf(f, "%d\n", (int)getpid()) < 0 || fclose(f) != 0) {
		log_err(NULL, "%s: %s", path, strerror(errno));
		return -1;
	}
	return 0;
}

/* The line others wait for, with the addresses as they turned out. */
static void say_ready(const struct options *o)
{
	char line[4096], text[ADDR_TEXT_SIZE];
	int fd = o->ready_fd < 0 ? STDOUT_FILENO : o->ready_fd;
	struct strbuf out;

	sb_init(&out, line, sizeof(line) - 1);
	sb_add(&out, "ready");
	for (size_t i = 0; i < o->tgt->nportals; i++) {
		addr_format(&o->tgt->portals[i].addr, false, text,
			    sizeof(text));
		sb_add(&out, " %s", text);
	}
	sb_add(&out, "\n");
	if (write(fd, line, out.len) < 0)
		log_warn(NULL, "ready, but nobody reads it");
	if (o->ready_fd > STDERR_FILENO)
		close(fd);
}

static int stop_signals(void)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGINT);
	sigprocmask(SIG_BLOCK, &set, NULL);
	signal(SIGPIPE, SIG_IGN);
	return signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
}

static int set_portal(void *ctx, size_t i, enum portal_state state)
{
	return server_portal(ctx, i, state);
}

static void obey(void *ctx, const char *line)
{
	struct options *o = ctx;
	struct control c = { o->tgt, o->script, set_portal, o->server };
	char err[256];

	if (control_run(&c, line, err, sizeof(err)) < 0)
		log_err("control", "%s: %s", line, err);
	else
		log_line(LOG_NOTICE, "control", "%s: done", line);
}

/* Opened for both ways, so that it never ends when a writer goes. */
static int open_control(struct options *o)
{
	int fd;

	if (!o->control)
		return 0;
	unlink(o->control);
	fd = mkfifo(o->control, 0600) < 0
		     ? -1
		     : open(o->control, O_RDWR | O_NONBLOCK | O_CLOEXEC);
	if (fd < 0) {
		log_err(NULL, "%s: %s", o->control, strerror(errno));
		return -1;
	}
	return server_lines(o->server, fd, obey, o);
}

/* Writes down what it sees, then lets the script decide. */
struct writer {
	struct tgt_fault_hook hook;
	struct tgt_fault_hook *next;
	FILE *to;
};

static void write_down(struct tgt_fault_hook *h, const struct tgt_pdu_event *e,
		       struct tgt_verdict *out)
{
	struct writer *w = (struct writer *)(void *)h;
	char line[TGT_JOURNAL_LINE];
	struct strbuf text;

	sb_init(&text, line, sizeof(line));
	tgt_journal_line(e, &text);
	fprintf(w->to, "%s\n", line);
	w->next->see(w->next, e, out);
}

static int open_journal(struct options *o)
{
	static struct writer w = { .hook.see = write_down };

	if (!o->journal)
		return 0;
	w.to = fopen(o->journal, "ae");
	if (!w.to) {
		log_err(NULL, "%s: %s", o->journal, strerror(errno));
		return -1;
	}
	setvbuf(w.to, NULL, _IOLBF, 0);
	w.next = tgt_script_hook(o->script);
	o->tgt->fault = &w.hook;
	return 0;
}

static int serve(struct options *o)
{
	int stop = stop_signals(), err;

	if (stop < 0 || open_portals(o) < 0 || open_control(o) < 0 ||
	    open_journal(o) < 0 || write_pidfile(o->pidfile) < 0)
		return 1;
	say_ready(o);
	err = server_run(o->server, stop);
	if (err)
		log_err(NULL, "event loop: %s", strerror(-err));
	if (o->pidfile)
		unlink(o->pidfile);
	if (o->control)
		unlink(o->control);
	close(stop);
	return err ? 1 : 0;
}

static int start(struct options *o, int argc, char **argv)
{
	if (options_read(o, argc, argv) < 0)
		return 2;
	if (o->help) {
		options_help();
		return 0;
	}
	if (o->version) {
		puts("iscsi-demo-target " SOFTHBA_VERSION);
		return 0;
	}
	return serve(o);
}

int main(int argc, char **argv)
{
	struct options o = { 0 };
	int status = 1;

	log_set_level(LOG_NOTICE);
	o.server = server_new();
	o.tgt = o.server ? tgt_new(&server_ops, o.server) : NULL;
	o.script = tgt_script_new();
	if (o.tgt && o.script) {
		server_serve(o.server, o.tgt);
		status = start(&o, argc, argv);
	} else {
		log_err(NULL, "out of memory");
	}
	server_free(o.server);
	tgt_free(o.tgt);
	tgt_script_free(o.script);
	return status;
}
