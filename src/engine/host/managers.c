/*
 * managers - messages in, and managers that come and go.
 */
#include "engine/host/managers.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <string.h>
#include <unistd.h>

#include "base/list.h"
#include "engine/discovery/discovery.h"
#include "engine/host/verbs.h"
#include "engine/target/evict.h"
#include "io/pulse.h"

#define MSGS_PER_TURN 16 /* then the disks have their turn again */

/* A message may hold secrets: wiped after each. */
static char text_in[MSG_MAX];

/* The end ------------------------------------------------------------- */

static bool has_work(const struct engine *e)
{
	if (e->fd < 0)
		return e->attached > 0;
	return !e->quitting || e->targets.count || e->discoveries.count ||
	       evict_is_busy(e->evict);
}

static const struct engine_host_ops host_ops = { .has_work = has_work };

/* What was found would be told to nobody. */
static void end_discoveries(struct engine *e)
{
	struct idmap_node *n = NULL;

	while ((n = idmap_next(&e->discoveries, n)))
		discovery_remove(e, n->id);
}

/*
 * The disks go on without a manager: who uses them shall not notice.  Only a
 * process that serves nobody ends.
 */
static void manager_gone(struct engine *e)
{
	close(e->fd);
	e->fd = -1;
	e->greeted = e->quitting = false;
	pulse_hide();
	engine_drop_messages(e);
	end_discoveries(e);
	engine_end_if_idle(e);
	if (e->listener >= 0)
		io_accept(e->loop, &e->accept, e->listener);
}

/* In ------------------------------------------------------------------ */

/* Returns whether there may be another message. */
static bool take_message(struct engine *e)
{
	struct msg_in m;
	int fd = -1, n;

	n = msg_recv(e->fd, text_in, sizeof(text_in), &fd);
	if (n == -EAGAIN || n == -EINTR)
		return false;
	if (n == 0 || (n < 0 && n != -EMSGSIZE && n != -EBADMSG)) {
		manager_gone(e);
		return false;
	}
	if (n < 0 || msg_read(&m, text_in, (size_t)n) < 0)
		engine_refuse(e, "message", "malformed");
	else
		verbs_dispatch(e, &m, &fd);
	explicit_bzero(text_in, sizeof(text_in));
	if (fd >= 0)
		close(fd);
	return true;
}

static void wait_message(struct engine *e)
{
	io_poll(e->loop, &e->rx, e->fd, POLLIN);
}

static void on_rx(struct io_op *op, int res)
{
	struct engine *e = container_of(op, struct engine, rx);

	for (int i = 0; i < MSGS_PER_TURN && take_message(e); i++)
		;
	if (e->fd >= 0)
		wait_message(e);
}

/* The next manager ---------------------------------------------------- */

/* It says hello, and then asks for what there is ("adopt"). */
static void on_accept(struct io_op *op, int fd)
{
	struct engine *e = container_of(op, struct engine, accept);

	if (fd < 0 || fcntl(fd, F_SETFL, O_NONBLOCK) < 0) {
		if (fd >= 0)
			close(fd);
		if (fd != -EINVAL && fd != -EBADF)
			io_accept(e->loop, &e->accept, e->listener);
		return;
	}
	e->fd = fd;
	wait_message(e);
}

/* Life ---------------------------------------------------------------- */

void engine_init(struct engine *e, struct io_loop *loop, int fd, int listener)
{
	engine_open(e, loop, fd, &host_ops);
	e->listener = listener;
	e->rx.fn = on_rx;
	e->accept.fn = on_accept;
	wait_message(e);
}

void engine_fini(struct engine *e)
{
	evict_free(e->evict);
	engine_close(e);
}
