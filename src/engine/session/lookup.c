/*
 * lookup - the host name of a redirection, looked up by the manager.
 */
#include "engine/session/lookup.h"

#include <string.h>

#include "base/list.h"
#include "base/str.h"

static void on_late(struct io_timer *timer)
{
	struct lookup *l = container_of(timer, struct lookup, late);

	l->pending = false;
	l->done(l, "no answer in time");
}

void lookup_init(struct lookup *l, struct engine *e, uint64_t id,
		 void (*done)(struct lookup *l, const char *why))
{
	*l = (struct lookup){
		.engine = e,
		.id = id,
		.done = done,
		.late.fn = on_late,
	};
}

void lookup_stop(struct lookup *l)
{
	io_timer_cancel(l->engine->loop, &l->late);
	l->pending = false;
	l->count = l->next = 0;
}

bool lookup_start(struct lookup *l, const struct addr *name)
{
	struct msg_out *m;

	lookup_stop(l);
	if (l->engine->fd < 0)
		return false;
	l->asked = *name;
	l->pending = true;
	m = engine_begin(l->engine, "resolve");
	msg_u64(m, "id", l->id);
	msg_str(m, "host", name->host);
	msg_u64(m, "port", name->port);
	engine_post(l->engine);
	io_timer_after(l->engine->loop, &l->late, LOOKUP_WITHIN);
	return true;
}

static bool is_about(const struct lookup *l, const struct msg_in *m)
{
	char host[ADDR_HOST_SIZE];
	uint64_t port;

	return msg_get(m, "host", host, sizeof(host)) > 0 &&
	       strcmp(host, l->asked.host) == 0 &&
	       !msg_get_u64(m, "port", UINT16_MAX, &port) &&
	       port == l->asked.port;
}

static void take(struct lookup *l, const char *text, size_t n)
{
	struct addr a;

	if (addr_parse(text, n, &a) || !addr_is_numeric(&a))
		return;
	a.port = l->asked.port;
	a.tag = l->asked.tag;
	l->list[l->count++] = a;
}

static void take_all(struct lookup *l, const struct msg_in *m)
{
	char text[ADDR_TEXT_SIZE];
	int n;

	for (unsigned i = 0; i < LOOKUP_MAX; i++) {
		n = msg_get_nth(m, "portal", i, text, sizeof(text));
		if (n < 0)
			break;
		take(l, text, (size_t)n);
	}
}

void lookup_answer(struct lookup *l, const struct msg_in *m)
{
	char text[256], why[256] = "no address";
	int n = msg_get(m, "error", text, sizeof(text));

	if (!l->pending || !is_about(l, m))
		return;
	lookup_stop(l);
	take_all(l, m);
	if (n > 0)
		str_printable(why, sizeof(why), text, (size_t)n);
	l->done(l, l->count ? NULL : why);
}

const struct addr *lookup_next(struct lookup *l)
{
	return l->next < l->count ? &l->list[l->next++] : NULL;
}
