/*
 * hba - the file <rundir>/hba/0.
 */
#include "iscsid/admin/hba.h"

#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/uio.h>
#include <unistd.h>

#include "base/log.h"
#include "base/str.h"
#include "export/fuse_mount.h"
#include "iscsid/daemon/daemon.h"
#include "iscsid/device/device.h"
#include "iscsid/admin/hba_proto.h"
#include "iscsid/admin/hba_text.h"
#include "iscsid/core/core.h"
#include "iscsid/target/target.h"
#include "iscsid/admin/verbs.h"

struct opened {
	uint64_t fh; /* 0: free */
	char *text;
	size_t len;
};

struct written { /* a command under way */
	struct hba *h;
	bool busy;
	struct call call;
	uint64_t unique;
	uint32_t len;
	char command[64]; /* for the log */
};

struct hba {
	struct manager *m;
	char path[PATH_MAX];
	int fd;
	struct io_op readable;
	bool polling, closing;
	uint64_t last_fh;
	struct opened opened[HBA_OPENS];
	struct written written[HBA_WRITES];
	uint8_t request[HBA_REQUEST_MAX];
};

static void reply(struct hba *h, uint64_t unique, int err, const void *body,
		  size_t len)
{
	struct hba_answer a;

	hba_proto_answer(&a, unique, err, body, len);
	/* ENOENT: who asked is gone; there is nobody to tell. */
	if (writev(h->fd, a.iov, 2) < 0 && errno != ENOENT)
		log_warn(h->path, "an answer was not taken: %s",
			 strerror(errno));
}

/* Reading ------------------------------------------------------------- */

static void add_luns(struct strbuf *sb, const struct target *t,
		     struct hba_line *l)
{
	struct list *pos;

	list_for_each (pos, &t->bay.devices) {
		const struct device *d = container_of(pos, struct device, link);

		if (!d->linked)
			continue;
		l->lun = (int)d->said.number;
		hba_text_line(sb, l);
	}
	if (l->lun < 0)
		hba_text_line(sb, l);
}

static void add_target(struct strbuf *sb, const struct target *t)
{
	struct hba_line l = {
		.bus = t->bay.bus,
		.target = t->bay.number,
		.lun = -1,
		.name = t->name,
	};
	const char *portal = t->session.portal;
	struct addr a;

	if (t->bay.up && !addr_parse(portal, strlen(portal), &a)) {
		l.host = a.host;
		l.port = a.port;
	}
	add_luns(sb, t, &l);
}

static int open_text(struct hba *h, struct opened *o)
{
	static char text[HBA_TEXT];
	struct strbuf sb;
	struct list *pos;

	sb_init(&sb, text, sizeof(text));
	hba_text_head(&sb);
	list_for_each (pos, &h->m->targets) {
		add_target(&sb, container_of(pos, struct target, link));
	}
	if (sb.full)
		return -EFBIG;
	o->text = malloc(sb.len);
	if (!o->text)
		return -ENOMEM;
	memcpy(o->text, text, sb.len);
	o->len = sb.len;
	o->fh = ++h->last_fh;
	return 0;
}

static struct opened *find_opened(struct hba *h, uint64_t fh)
{
	for (size_t i = 0; i < HBA_OPENS; i++)
		if (h->opened[i].fh == fh)
			return &h->opened[i];
	return NULL;
}

static void on_open(struct hba *h, const struct hba_request *r)
{
	struct opened *o = find_opened(h, 0);
	int err = o ? open_text(h, o) : -ENFILE;
	struct hba_body body;

	hba_proto_open(&body, o ? o->fh : 0);
	reply(h, r->unique, err, body.bytes, body.len);
}

static void on_read(struct hba *h, const struct hba_request *r)
{
	const struct opened *o = r->fh ? find_opened(h, r->fh) : NULL;
	size_t n = 0;

	if (o && r->off < o->len) {
		n = o->len - r->off;
		if (n > r->size)
			n = r->size;
	}
	reply(h, r->unique, o ? 0 : -EBADF, n ? o->text + r->off : NULL, n);
}

static void on_release(struct hba *h, const struct hba_request *r)
{
	struct opened *o = r->fh ? find_opened(h, r->fh) : NULL;

	if (o) {
		free(o->text);
		memset(o, 0, sizeof(*o));
	}
	reply(h, r->unique, 0, NULL, 0);
}

/* Writing ------------------------------------------------------------- */

static void answer_write(struct written *w, int err, const char *text)
{
	struct hba_body body;

	if (err)
		log_warn(w->h->path, "\"%s\" is refused: %s", w->command, text);
	else if (*text)
		log_info(w->h->path, "\"%s\": %s", w->command, text);
	hba_proto_written(&body, w->len);
	w->busy = false;
	reply(w->h, w->unique, err, body.bytes, body.len);
}

static void on_done(struct call *c, int err, const char *text)
{
	answer_write(container_of(c, struct written, call), err, text);
}

static const struct call_ops call_ops = { NULL, on_done };

static void note_command(struct written *w, const char *text, size_t n)
{
	while (n && (text[n - 1] == '\n' || text[n - 1] == '\0'))
		n--;
	str_printable(w->command, sizeof(w->command), text, n);
}

static void run(struct written *w, const char *text, size_t n)
{
	static struct msg_out out;
	const char *wrong = hba_text_request(text, n, &out);
	struct msg_in in;

	note_command(w, text, n);
	w->call = (struct call){ .m = w->h->m, .ops = &call_ops };
	if (wrong)
		answer_write(w, -EINVAL, wrong);
	else if (out.full || msg_read(&in, out.text, out.len))
		answer_write(w, -EINVAL, "no command");
	else
		verb_run(&w->call, &in);
}

static void on_write(struct hba *h, const struct hba_request *r)
{
	struct written *w = NULL;

	for (size_t i = 0; i < HBA_WRITES && !w; i++)
		if (!h->written[i].busy)
			w = &h->written[i];
	if (!w) {
		reply(h, r->unique, -EAGAIN, NULL, 0);
		return;
	}
	w->h = h;
	w->busy = true;
	w->unique = r->unique;
	w->len = r->size;
	run(w, (const char *)r->data, r->size);
}

/* The loop ------------------------------------------------------------ */

static void heed(struct hba *h, const struct hba_request *r)
{
	struct hba_body body;

	switch (r->kind) {
	case HBA_IS_NOTHING:
		break;
	case HBA_IS_OPEN:
		on_open(h, r);
		break;
	case HBA_IS_READ:
		on_read(h, r);
		break;
	case HBA_IS_WRITE:
		on_write(h, r);
		break;
	case HBA_IS_RELEASE:
		on_release(h, r);
		break;
	case HBA_IS_SIMPLE:
		hba_proto_simple(r, &body);
		reply(h, r->unique, r->error, body.bytes, body.len);
		break;
	}
}

static void wait_request(struct hba *h)
{
	h->polling = true;
	io_poll(h->m->loop, &h->readable, h->fd, POLLIN);
}

static void unmount(struct hba *h)
{
	int err = fuse_unmount_file(h->path);

	if (err && err != -EINVAL)
		log_warn(h->path, "cannot be unmounted: %s", strerror(-err));
	else
		(void)unlink(h->path); /* the next one is mounted on it */
}

static void free_when_over(struct hba *h)
{
	if (h->polling)
		return;
	for (size_t i = 0; i < HBA_OPENS; i++)
		free(h->opened[i].text);
	free(h);
}

/* Between two looks at other things, so many at most. */
#define AT_ONCE 16

static void on_readable(struct io_op *op, int res)
{
	struct hba *h = container_of(op, struct hba, readable);
	struct hba_request r;
	ssize_t n = 0;

	h->polling = false;
	for (int i = 0; i < AT_ONCE && !h->closing; i++) {
		n = read(h->fd, h->request, sizeof(h->request));
		if (n < 0)
			break;
		hba_proto_read(h->request, (size_t)n, &r);
		heed(h, &r);
	}
	if (h->closing) {
		free_when_over(h);
	} else if (n < 0 && errno == ENODEV) {
		log_warn(h->path, "was unmounted by somebody");
	} else {
		wait_request(h);
	}
}

static int make_place(struct hba *h)
{
	const char *rundir = h->m->opt->rundir;
	char dir[PATH_MAX];
	int err;

	snprintf(dir, sizeof(dir), "%s/hba", rundir);
	err = daemon_make_dir(dir, 0755);
	if (err)
		return err;
	snprintf(h->path, sizeof(h->path), "%s/hba/%d", rundir, HBA_HOST);
	/* What a dead manager left; all its users have got their errors. */
	while (fuse_unmount_file(h->path) == 0)
		continue;
	return 0;
}

int hba_open(struct manager *m, struct hba **out)
{
	struct hba *h = calloc(1, sizeof(*h));
	int err;

	if (!h)
		return -ENOMEM;
	h->m = m;
	h->readable.fn = on_readable;
	err = make_place(h);
	h->fd = err ? err : fuse_mount_file(h->path, "iscsi-hba");
	if (h->fd < 0) {
		err = h->fd;
		free(h);
		return err;
	}
	wait_request(h);
	*out = h;
	return 0;
}

void hba_close(struct hba *h)
{
	if (!h)
		return;
	h->closing = true;
	for (size_t i = 0; i < HBA_WRITES; i++)
		if (h->written[i].busy)
			call_drop(&h->written[i].call);
	unmount(h);
	/* With the last handle the kernel ends all that waits. */
	if (h->polling)
		io_cancel(h->m->loop, &h->readable);
	close(h->fd);
	free_when_over(h);
}
