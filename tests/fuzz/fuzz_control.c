/*
 * fuzz_control - requests on the control socket, to a manager that has two
 * targets and no engine.
 *
 * Each request gets one last answer, at once or when its time is over.
 */
#include "fuzz.h"

#include <stdio.h>

#include "base/log.h"
#include "iscsid/admin/control.h"
#include "iscsid/core/core.h"
#include "iscsid/run/linux.h"
#include "iscsid/target/target.h"

static struct manager manager;
static struct linux_side side;
static struct options opt = { .conf = "/nonexistent/iscsi.conf" };
static struct target targets[2];
static struct addr portals[2][2];
static unsigned lasts;
static void (*gone)(void *ctx);
static void *gone_ctx;

void __wrap_ctl_answer(struct ctl_peer *peer, const struct msg_out *out);
void __wrap_ctl_hold(struct ctl_peer *peer, void (*fn)(void *ctx), void *ctx);
void __wrap_ctl_release(struct ctl_peer *peer);

void __wrap_ctl_answer(struct ctl_peer *peer, const struct msg_out *out)
{
	struct msg_in in;

	MUST(!out->full && msg_read(&in, out->text, out->len) == 0);
	lasts +=
		msg_is(&in, "ok") || msg_is(&in, "error") || msg_is(&in, "end");
}

void __wrap_ctl_hold(struct ctl_peer *peer, void (*fn)(void *ctx), void *ctx)
{
	gone = fn;
	gone_ctx = ctx;
}

void __wrap_ctl_release(struct ctl_peer *peer)
{
	gone = NULL;
}

static void silent(int level, const char *line)
{
}

static void add_portal(struct target *t, const char *text)
{
	MUST(!addr_parse(text, strlen(text), &t->portals[t->nportals++]));
}

static void add_target(unsigned i)
{
	struct target *t = &targets[i];

	t->bay.m = &manager;
	t->portals = portals[i];
	t->bay.number = (uint16_t)i;
	snprintf(t->bay.label, sizeof(t->bay.label), "bus 0 target %u", i);
	list_init(&t->bay.devices);
	list_push_back(&manager.targets, &t->link);
	conf_target_settings(manager.conf, "iqn.2026-11.t:x", NULL, NULL,
			     &t->settings);
	add_portal(t, "192.0.2.1:3260,1");
	add_portal(t, "[2001:db8::1]:3261,2");
}

static void begin(void)
{
	struct io_loop *loop = side.loop;

	linux_init(&side, &opt);
	if (!loop)
		MUST(!io_loop_new(8, 0, &loop));
	side.loop = loop;
	log_set_sink(silent);
	memset(&manager, 0, sizeof(manager));
	memset(targets, 0, sizeof(targets));
	manager.opt = &opt;
	manager.conf = conf_empty(opt.conf);
	manager.out = &side.out;
	list_init(&manager.targets);
	list_init(&manager.sources);
	for (unsigned i = 0; i < 2; i++)
		add_target(i);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct msg_in in;

	if (msg_read(&in, (const char *)data, size) ||
	    msg_is(&in, "shutdown") || msg_is(&in, "reload") ||
	    msg_is(&in, "upgrade"))
		return 0; /* these are about more than a request */
	begin();
	lasts = 0;
	gone = NULL;
	control_request(&manager, (struct ctl_peer *)(void *)&manager, &in);
	MUST(lasts == (gone ? 0 : 1));
	if (gone)
		gone(gone_ctx);
	conf_free(manager.conf);
	return 0;
}
