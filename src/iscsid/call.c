/*
 * call - a request of an administrator until it is answered.
 */
#include "iscsid/call.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>

#include "base/list.h"
#include "iscsid/manager.h"

void call_row(struct call *c, const struct msg_out *row)
{
	if (c->ops->row)
		c->ops->row(c, row);
}

static void answer(struct call *c, int err, const char *fmt, va_list ap)
{
	char text[CALL_TEXT];

	vsnprintf(text, sizeof(text), fmt, ap);
	call_drop(c);
	c->ops->done(c, err, text);
}

void call_ok(struct call *c, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	answer(c, 0, fmt, ap);
	va_end(ap);
}

void call_fail(struct call *c, int err, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	answer(c, err, fmt, ap);
	va_end(ap);
}

static void on_timer(struct io_timer *t)
{
	struct call *c = container_of(t, struct call, timer);

	c->waited += CALL_LOOK;
	if (c->look(c))
		return;
	if (c->waited >= CALL_WITHIN)
		call_fail(c, -ETIMEDOUT, "%s", c->late);
	else
		io_timer_after(c->m->loop, &c->timer, CALL_LOOK);
}

void call_wait(struct call *c, bool (*look)(struct call *c), const char *late)
{
	c->timer.fn = on_timer;
	c->look = look;
	c->late = late;
	c->waited = 0;
	io_timer_after(c->m->loop, &c->timer, CALL_LOOK);
}

void call_drop(struct call *c)
{
	io_timer_cancel(c->m->loop, &c->timer);
}
