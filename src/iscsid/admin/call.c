/*
 * call - a request of an administrator until it is answered.
 */
#include "iscsid/admin/call.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/list.h"
#include "base/str.h"
#include "iscsid/core/core.h"

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

static void tell_what(struct call *c)
{
	const char *what = c->wait->what(c);
	static struct msg_out m;

	if (!what || strncmp(what, c->told, sizeof(c->told) - 1) == 0)
		return;
	str_copy(c->told, sizeof(c->told), what);
	msg_begin(&m, "progress");
	msg_str(&m, "text", what);
	call_row(c, &m);
}

static void on_timer(struct io_timer *t)
{
	struct call *c = container_of(t, struct call, timer);

	c->waited += CALL_LOOK;
	if (c->wait->look(c))
		return;
	if (c->waited >= CALL_WITHIN) {
		c->wait->late(c);
		return;
	}
	manager_set_timer(c->m, &c->timer, CALL_LOOK);
	if (c->waited >= CALL_QUIET && c->wait->what)
		tell_what(c); /* the last: who asked may be gone then */
}

void call_wait(struct call *c, const struct call_wait *w)
{
	c->timer.fn = on_timer;
	c->wait = w;
	c->waited = 0;
	*c->told = '\0';
	manager_set_timer(c->m, &c->timer, CALL_LOOK);
}

void call_drop(struct call *c)
{
	manager_clear_timer(c->m, &c->timer);
}
