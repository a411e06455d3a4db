/*
 * engine - messages to the manager, randomness and receive buffers.
 */
#include "engine/core/engine.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <sys/random.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/list.h"
#include "base/log.h"
#include "base/str.h"

#define QUEUE_SIZE (4u << 20)

static uint8_t queue[QUEUE_SIZE];

void engine_random(void *dst, size_t n)
{
	uint8_t *p = dst;
	ssize_t got;

	while (n > 0) {
		got = getrandom(p, n, 0);
		if (got < 0 && errno != EINTR)
			abort(); /* no login is safe without it */
		if (got > 0) {
			p += got;
			n -= (size_t)got;
		}
	}
}

/* Out ----------------------------------------------------------------- */

struct msg_out *engine_begin(struct engine *e, const char *verb)
{
	msg_begin(&e->msg, verb);
	return &e->msg;
}

static void post(struct engine *e, const struct msg_out *m, bool minor)
{
	if (e->fd < 0 || m->full)
		return;
	outbox_put(&e->out, m->text, m->len, minor);
	io_soon(e->loop, &e->flush);
}

void engine_post(struct engine *e)
{
	post(e, &e->msg, false);
}

void engine_post_handle(struct engine *e, int handle)
{
	/* A copy: the original may be closed before its turn comes. */
	int copy = fcntl(handle, F_DUPFD_CLOEXEC, 0);

	if (copy < 0 || e->fd < 0 || e->msg.full ||
	    !outbox_put_handle(&e->out, e->msg.text, e->msg.len, copy)) {
		if (copy >= 0)
			close(copy);
		return;
	}
	io_soon(e->loop, &e->flush);
}

void engine_refuse(struct engine *e, const char *verb, const char *why)
{
	char text[256];
	struct strbuf sb;

	sb_init(&sb, text, sizeof(text));
	sb_add(&sb, "%s: %s", verb, why);
	msg_str(engine_begin(e, "error"), "text", text);
	engine_post(e);
}

static void tell_lost(struct engine *e)
{
	char text[64];
	struct strbuf sb;
	unsigned n = outbox_lost(&e->out);

	if (!n)
		return;
	sb_init(&sb, text, sizeof(text));
	sb_add(&sb, "%u messages were lost: read them faster", n);
	msg_str(engine_begin(e, "error"), "text", text);
	engine_post(e);
}

static void pop(struct engine *e)
{
	int handle = outbox_handle(&e->out);

	outbox_pop(&e->out);
	if (handle >= 0)
		close(handle);
}

static void flush(struct engine *e)
{
	static struct msg_out m;
	int err;

	while (e->fd >= 0 && !e->tx_waits && !outbox_empty(&e->out)) {
		m.len = outbox_peek(&e->out, m.text, sizeof(m.text));
		err = msg_send(e->fd, &m, outbox_handle(&e->out));
		if (err == -EAGAIN) {
			e->tx_waits = true;
			io_poll(e->loop, &e->tx, e->fd, POLLOUT);
			return;
		}
		pop(e);
		if (outbox_empty(&e->out))
			tell_lost(e);
	}
}

static void on_flush(struct io_op *op, int res)
{
	flush(container_of(op, struct engine, flush));
}

static void on_tx(struct io_op *op, int res)
{
	struct engine *e = container_of(op, struct engine, tx);

	e->tx_waits = false;
	flush(e);
}

static struct engine *log_engine;

static void log_to_manager(int level, const char *line)
{
	/* Not e->msg: somebody may be in the middle of a message. */
	static struct msg_out m;

	msg_begin(&m, "log");
	msg_i64(&m, "level", level);
	msg_str(&m, "text", line);
	post(log_engine, &m, true);
}

void engine_log_to_manager(struct engine *e)
{
	log_engine = e;
	log_set_sink(log_to_manager);
}

/* The end ------------------------------------------------------------- */

void engine_end_if_idle(struct engine *e)
{
	if (!e->host->has_work(e))
		io_loop_stop(e->loop);
}

void engine_drop_messages(struct engine *e)
{
	while (!outbox_empty(&e->out))
		pop(e);
	outbox_lost(&e->out);
}

/* Life ---------------------------------------------------------------- */

void engine_open(struct engine *e, struct io_loop *loop, int fd,
		 const struct engine_host_ops *host)
{
	*e = (struct engine){
		.loop = loop,
		.host = host,
		.fd = fd,
		.listener = -1,
		.tx.fn = on_tx,
		.flush.fn = on_flush,
	};
	outbox_init(&e->out, queue, sizeof(queue));
	idmap_init(&e->targets);
	idmap_init(&e->discoveries);
}

struct stages *engine_stages(struct engine *e)
{
	if (!e->stage_memory) {
		e->stage_memory = arena_alloc(STAGES_MEMORY);
		if (!e->stage_memory)
			return NULL;
		stages_init(&e->stages, e->stage_memory);
	}
	return &e->stages;
}

void engine_close(struct engine *e)
{
	flush(e);
	log_set_sink(NULL);
	idmap_fini(&e->targets);
	idmap_fini(&e->discoveries);
	if (e->stage_memory)
		arena_free(e->stage_memory, STAGES_MEMORY);
}
