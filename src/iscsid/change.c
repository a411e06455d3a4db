/*
 * change - what an administrator changes of a session while it lives.
 */
#include "iscsid/change.h"

#include <errno.h>
#include <stdarg.h>
#include <string.h>
#include <strings.h>

#include "base/log.h"
#include "base/str.h"
#include "iscsid/manager.h"
#include "iscsid/order.h"
#include "iscsid/target.h"

static void refuse(struct msg_out *answer, int err, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

static void refuse(struct msg_out *answer, int err, const char *fmt, ...)
{
	char text[512];
	struct strbuf sb;
	va_list ap;

	sb_init(&sb, text, sizeof(text));
	va_start(ap, fmt);
	sb_vadd(&sb, fmt, ap);
	va_end(ap);
	msg_begin(answer, "error");
	msg_u64(answer, "errno", (uint64_t)err);
	msg_str(answer, "text", text);
	log_warn(NULL, "%s", text);
}

/* Places -------------------------------------------------------------- */

#define ANY (-1)

struct place {
	int bus, target; /* or ANY */
};

/* Not given, it is ANY. */
static int read_number(const struct msg_in *in, const char *key, int *out)
{
	uint64_t v;
	int err = msg_get_u64(in, key, UINT16_MAX, &v);

	*out = err ? ANY : (int)v;
	return err == -ENOENT ? 0 : err;
}

static bool read_place(const struct msg_in *in, struct place *p)
{
	return !read_number(in, "bus", &p->bus) &&
	       !read_number(in, "target", &p->target);
}

static bool is_at(const struct target *t, const struct place *p)
{
	return (p->bus == ANY || t->bus == (unsigned)p->bus) &&
	       (p->target == ANY || t->number == (unsigned)p->target);
}

static struct target *next_at(struct manager *m, const struct place *p,
			      struct target *prev)
{
	struct list *pos = prev ? prev->link.next : m->targets.next;

	for (; pos != &m->targets; pos = pos->next) {
		struct target *t = container_of(pos, struct target, link);

		if (is_at(t, p))
			return t;
	}
	return NULL;
}

static struct target *the_one(struct manager *m, const struct msg_in *in,
			      struct msg_out *answer)
{
	struct target *t = NULL;
	struct place p;

	if (!read_place(in, &p) || p.bus == ANY || p.target == ANY)
		refuse(answer, EINVAL, "bus and target have to be given");
	else if (!(t = next_at(m, &p, NULL)))
		refuse(answer, ENODEV,
		       "failed to find session for bus %d target %d", p.bus,
		       p.target);
	return t;
}

/* Portals ------------------------------------------------------------- */

/* host:port, or host alone: then the port does not matter. */
static bool is_meant(const struct addr *a, const char *text)
{
	char full[ADDR_TEXT_SIZE];
	struct addr b;

	if (addr_parse(text, strlen(text), &b))
		return false;
	addr_format(&b, false, full, sizeof(full));
	if (addr_same(a, &b))
		return true;
	return strcasecmp(full, text) != 0 && strcasecmp(a->host, b.host) == 0;
}

static const struct addr *portal_by_address(const struct target *t,
					    const char *text)
{
	for (unsigned i = 0; i < t->nportals; i++)
		if (is_meant(&t->portals[i], text))
			return &t->portals[i];
	return NULL;
}

static const struct addr *wanted_portal(const struct target *t,
					const struct msg_in *in,
					struct msg_out *answer)
{
	char text[ADDR_TEXT_SIZE];
	const struct addr *a = NULL;
	uint64_t i;
	int n = msg_get(in, "address", text, sizeof(text));

	if (n >= 0) {
		a = portal_by_address(t, text);
		if (!a)
			refuse(answer, ENOENT,
			       "%s: can't switch to ip %s, it is none of the "
			       "target's portals",
			       t->label, text);
	} else if (!msg_get_u64(in, "index", UINT32_MAX, &i)) {
		a = i < t->nportals ? &t->portals[i] : NULL;
		if (!a)
			refuse(answer, ENOENT,
			       "%s: can't switch to portal %llu, it has %u",
			       t->label, (unsigned long long)i, t->nportals);
	} else {
		refuse(answer, EINVAL, "an address or an index is needed");
	}
	return a;
}

static bool is_current(const struct target *t, const struct addr *a)
{
	const char *text = t->session.portal;
	struct addr at;

	return t->up && !addr_parse(text, strlen(text), &at) &&
	       addr_same(&at, a);
}

static bool tell(struct target *t, struct msg_out *msg)
{
	return t->engine && engine_tell(t->engine, msg, -1);
}

static bool tell_switch(struct target *t, const struct addr *a)
{
	static struct msg_out msg;
	char text[ADDR_TEXT_SIZE];

	addr_format(a, true, text, sizeof(text));
	order_simple(&msg, "switch", t->id);
	msg_str(&msg, "portal", text);
	return tell(t, &msg);
}

void change_portal(struct manager *m, const struct msg_in *in,
		   struct msg_out *answer)
{
	struct target *t = the_one(m, in, answer);
	const struct addr *a = t ? wanted_portal(t, in, answer) : NULL;
	char text[ADDR_TEXT_SIZE];

	if (!a)
		return;
	addr_format(a, false, text, sizeof(text));
	if (!t->settings.portal_failover) {
		refuse(answer, EPERM,
		       "%s: can't switch to requested ip, because portal "
		       "failover is disabled",
		       t->label);
	} else if (is_current(t, a)) {
		refuse(answer, EALREADY,
		       "%s: Requested address %s is already the current "
		       "portal, failover not needed",
		       t->label, text);
	} else if (!tell_switch(t, a)) {
		refuse(answer, EAGAIN, "%s: no engine serves it now", t->label);
	} else {
		log_info(t->label, "switching to portal %s", text);
		msg_begin(answer, "end");
	}
}

/* Times --------------------------------------------------------------- */

/* -1: not given. */
struct times {
	int64_t connfail, disk_command;
};

static bool read_time(const struct msg_in *in, const char *key, int64_t *out)
{
	uint64_t v;
	int err = msg_get_u64(in, key, UINT32_MAX, &v);

	*out = err ? -1 : (int64_t)v;
	return !err || err == -ENOENT;
}

static void set_times(struct target *t, const struct times *times)
{
	static struct msg_out msg;

	order_simple(&msg, "timeouts", t->id);
	if (times->connfail >= 0) {
		t->settings.connfail_timeout = (uint32_t)times->connfail;
		msg_i64(&msg, "connfail-timeout", times->connfail);
	}
	if (times->disk_command >= 0) {
		t->settings.max_disk_command_timeout =
			t->settings.min_disk_command_timeout =
				(uint32_t)times->disk_command;
		msg_i64(&msg, "disk-command-timeout", times->disk_command);
	}
	(void)tell(t, &msg); /* else the next engine gets them */
}

void change_timeouts(struct manager *m, const struct msg_in *in,
		     struct msg_out *answer)
{
	struct target *t = NULL;
	struct times times;
	struct place p;
	unsigned n = 0;

	if (!read_place(in, &p) ||
	    !read_time(in, "connfail-timeout", &times.connfail) ||
	    !read_time(in, "disk-command-timeout", &times.disk_command)) {
		refuse(answer, EINVAL, "a number is not valid");
		return;
	}
	for (; (t = next_at(m, &p, t)); n++)
		set_times(t, &times);
	if (n || (p.bus == ANY && p.target == ANY))
		msg_begin(answer, "end");
	else
		refuse(answer, ENODEV,
		       "failed to find session for bus %d "
		       "target %d",
		       p.bus, p.target);
}
