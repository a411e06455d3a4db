/*
 * redirect - host names that targets redirect to, looked up for the engines.
 */
#include "iscsid/target/redirect.h"

#include <errno.h>
#include <string.h>

#include "base/str.h"
#include "iscsid/messages/request.h"
#include "iscsid/engines/supervise.h"
#include "iscsid/host/outside.h"

static struct addr addr_of(const struct reported_resolve *asked)
{
	struct addr a = { .port = (uint16_t)asked->port, .tag = -1 };

	str_copy(a.host, sizeof(a.host), asked->host);
	return a;
}

/* Returns NULL when it was added, else what is wrong with it. */
static const char *add_portal(struct msg_out *m, const struct addr *name,
			      const char *number)
{
	struct addr a = *name;
	char text[ADDR_TEXT_SIZE];
	const char *useless;

	str_copy(a.host, sizeof(a.host), number);
	useless = resolve_useless(&a);
	if (useless)
		return useless;
	addr_format(&a, false, text, sizeof(text));
	msg_str(m, "portal", text);
	return NULL;
}

void redirect_answer(struct msg_out *m, uint64_t id,
		     const struct reported_resolve *asked, const char *why,
		     const struct resolved *found)
{
	const struct addr name = addr_of(asked);
	const char *useless = NULL;
	char text[192];
	struct strbuf sb;
	unsigned good = 0;

	request_simple(m, "resolved", id);
	msg_str(m, "host", asked->host);
	msg_u64(m, "port", asked->port);
	for (unsigned i = 0; found && i < found->count; i++) {
		useless = add_portal(m, &name, found->number[i]);
		good += !useless;
	}
	if (good)
		return;
	sb_init(&sb, text, sizeof(text));
	if (useless)
		sb_add(&sb, "%s %s", found->number[found->count - 1], useless);
	else
		sb_add(&sb, "%s", found ? found->reason : why);
	msg_str(m, "error", text);
}

static void tell(const struct redirect *r, const char *why,
		 const struct resolved *found)
{
	static struct msg_out m;

	redirect_answer(&m, r->id, &r->asked, why, found);
	engine_tell(r->engine, &m, -1);
}

static void on_resolved(void *ctx, int err, const struct resolved *list,
			size_t n)
{
	struct redirect *r = ctx;

	r->worker = NULL;
	tell(r, strerror(-err), n ? list : NULL);
}

void redirect_ask(struct redirect *r, const struct outside *out,
		  struct engine_process *e, const struct reported *s)
{
	const struct addr name = addr_of(&s->resolve);
	int err;

	redirect_drop(r);
	r->out = out;
	r->engine = e;
	r->id = s->id;
	r->asked = s->resolve;
	if (!budget_take(&r->budget, REDIRECT_NAMES, REDIRECT_PERIOD,
			 out->now(out))) {
		tell(r, "too many names in a row", NULL);
		return;
	}
	r->worker = out->resolve(out, &name, 1, on_resolved, r, &err);
	if (!r->worker)
		tell(r, strerror(-err), NULL);
}

void redirect_drop(struct redirect *r)
{
	struct worker *w = r->worker;

	r->worker = NULL;
	if (w)
		r->out->abandon(r->out, w);
}
