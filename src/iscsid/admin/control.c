/*
 * control - what the manager answers on the control socket.
 */
#include "iscsid/admin/control.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/codec.h"
#include "base/str.h"
#include "conf/settings.h"
#include "iscsid/device/device.h"
#include "iscsid/core/core.h"
#include "iscsid/target/target.h"
#include "iscsid/admin/verbs.h"
#include "scsi/inquiry.h"

struct answer {
	struct ctl_peer *peer;
	struct manager *m;
	bool params;
};

static struct msg_out out; /* one thread, one answer at a time */

static void send_out(const struct answer *a)
{
	ctl_answer(a->peer, &out);
}

/* The portal in use, or last in use; its group tag is not shown there. */
static void add_address(const struct reported_session *s)
{
	char text[ADDR_TEXT_SIZE];
	struct addr a;

	if (addr_parse(s->portal, strlen(s->portal), &a))
		return;
	addr_format(&a, false, text, sizeof(text));
	msg_str(&out, "address", text);
}

static void add_portals(const struct target *t)
{
	char text[ADDR_TEXT_SIZE];

	for (unsigned i = 0; i < t->nportals; i++) {
		addr_format(&t->portals[i], true, text, sizeof(text));
		msg_str(&out, "portal", text);
	}
}

static const char *state_of(const struct target *t)
{
	if (t->bay.up)
		return "up";
	if (t->state == TARGET_GIVEN_UP)
		return "given-up";
	return t->ever_up ? "dropped" : "none";
}

static void add_fence(const struct target *t)
{
	char words[256];
	struct strbuf sb;

	sb_init(&sb, words, sizeof(words));
	target_fence_words(t, &sb);
	msg_str(&out, "fence", words);
}

static void list_target(const struct answer *a, const struct target *t)
{
	const struct reported_session *s = &t->session;
	char isid[2 * CONF_ISID_LEN + 1];

	msg_begin(&out, "target");
	msg_str(&out, "name", t->name);
	msg_str(&out, "alias", s->alias);
	msg_u64(&out, "host", 0);
	msg_u64(&out, "bus", t->bay.bus);
	msg_u64(&out, "target", t->bay.number);
	msg_str(&out, "state", state_of(t));
	msg_i64(&out, "since", (int64_t)t->since);
	add_address(s);
	hex_put(isid, t->isid, CONF_ISID_LEN);
	msg_str(&out, "isid", isid);
	msg_u64(&out, "tsih", s->tsih);
	add_fence(t);
	if (!t->bay.up)
		msg_str(&out, "reason", t->reason);
	add_portals(t);
	send_out(a);
}

static void param(const struct answer *a, const char *name, const char *value,
		  const char *origin)
{
	msg_begin(&out, "param");
	msg_str(&out, "name", name);
	msg_str(&out, "value", value);
	msg_str(&out, "origin", origin);
	send_out(a);
}

static void number(const struct answer *a, const char *name, uint32_t value)
{
	char text[16];

	snprintf(text, sizeof(text), "%u", value);
	param(a, name, text, "negotiated");
}

static void list_negotiated(const struct answer *a,
			    const struct reported_session *s)
{
	static const char *const yes[] = { "No", "Yes" };

	param(a, "AuthMethod", s->auth, "negotiated");
	param(a, "HeaderDigest", s->header_digest, "negotiated");
	param(a, "DataDigest", s->data_digest, "negotiated");
	param(a, "InitialR2T", yes[s->initial_r2t], "negotiated");
	param(a, "ImmediateData", yes[s->immediate_data], "negotiated");
	number(a, "MaxRecvDataSegmentLength", s->max_recv_data);
	number(a, "MaxXmitDataSegmentLength", s->max_xmit_data);
	number(a, "FirstBurstLength", s->first_burst);
	number(a, "MaxBurstLength", s->max_burst);
	number(a, "MaxOutstandingR2T", s->max_r2t);
}

static void list_configured(const struct answer *a, const struct target *t)
{
	static char value[CONF_LIST_SIZE];
	char origin[512], *eq;

	for (size_t i = 0;
	     conf_settings_list(a->m->conf, &t->settings, i, value,
				sizeof(value), origin, sizeof(origin));
	     i++) {
		eq = strchr(value, '=');
		if (!eq)
			continue;
		*eq = '\0';
		param(a, value, eq + 1, origin);
	}
}

static void list_device(const struct answer *a, const struct device *d)
{
	const struct reported_lun *s = &d->said;
	struct link_place at = device_place(d);
	bool has = d->disk >= 0 && s->block_size; /* else: will have */
	char dev[LINK_DEV_SIZE], path[PATH_MAX];

	device_name(d, dev, sizeof(dev));
	links_path(&at, links_name(at.names), path, sizeof(path));
	msg_begin(&out, "lun");
	msg_u64(&out, "lun", s->number);
	msg_str(&out, "state", device_state_name(d));
	msg_str(&out, "vendor", s->vendor);
	msg_str(&out, "model", s->model);
	msg_str(&out, "rev", s->rev);
	msg_str(&out, "type", inquiry_type_name((uint8_t)s->type));
	msg_u64(&out, "ansi", s->ansi);
	msg_str(&out, "identity", s->identity);
	msg_str(&out, "serial", s->serial);
	msg_u64(&out, "block-size", s->block_size);
	msg_u64(&out, "blocks", has ? d->bytes / s->block_size : s->blocks);
	msg_u64(&out, "read-only", has ? d->read_only : s->read_only);
	msg_str(&out, "device", dev);
	if (*d->via_why) {
		msg_str(&out, "export", d->via->name);
		msg_str(&out, "export-why", d->via_why);
	}
	if (d->linked)
		msg_str(&out, "link", path);
	if (*d->failure)
		msg_str(&out, "reason", d->failure);
	if (*d->waits.reason) {
		msg_str(&out, "waits", d->waits.reason);
		msg_i64(&out, "waits-since", (int64_t)d->waits_since);
	}
	send_out(a);
}

static void list_one(const struct answer *a, const struct target *t)
{
	struct list *pos;

	list_target(a, t);
	if (a->params && t->bay.up)
		list_negotiated(a, &t->session);
	if (a->params)
		list_configured(a, t);
	list_for_each (pos, &t->bay.devices) {
		list_device(a, container_of(pos, struct device, link));
	}
}

static void answer_ls(const struct answer *a)
{
	struct list *pos;

	list_for_each (pos, &a->m->targets) {
		list_one(a, container_of(pos, struct target, link));
	}
	msg_begin(&out, "end");
	send_out(a);
}

/* What iscsid/admin/verbs.h answers -----------------------------------------
 */

struct asked {
	struct call call;
	struct ctl_peer *peer; /* NULL: gone */
	bool in_row;	       /* the verb goes on after this row */
};

static struct asked *asked_of(struct call *c)
{
	return container_of(c, struct asked, call);
}

static void on_row(struct call *c, const struct msg_out *row)
{
	struct asked *a = asked_of(c);

	if (!a->peer)
		return;
	a->in_row = true;
	ctl_answer(a->peer, row);
	a->in_row = false;
}

static void on_done(struct call *c, int err, const char *text)
{
	struct asked *a = asked_of(c);

	msg_begin(&out, err ? "error" : "ok");
	msg_str(&out, "text", text);
	if (err)
		msg_u64(&out, "errno", (uint64_t)-err);
	if (a->peer) {
		ctl_release(a->peer);
		ctl_answer(a->peer, &out);
	}
	free(a);
}

static void on_gone(void *ctx)
{
	struct asked *a = ctx;

	a->peer = NULL;
	if (a->in_row)
		return;
	call_drop(&a->call);
	free(a);
}

static void ask(struct manager *m, struct ctl_peer *peer,
		const struct msg_in *request)
{
	static const struct call_ops ops = { on_row, on_done };
	struct asked *a = calloc(1, sizeof(*a));

	if (!a)
		return; /* the client's patience ends */
	a->call.m = m;
	a->call.ops = &ops;
	a->peer = peer;
	ctl_hold(peer, on_gone, a);
	verb_run(&a->call, request);
}

void control_request(void *ctx, struct ctl_peer *peer, const struct msg_in *m)
{
	struct answer a = { peer, ctx, false };
	uint64_t params;

	if (msg_is(m, "ls")) {
		a.params = !msg_get_u64(m, "params", 1, &params) && params;
		answer_ls(&a);
		return;
	}
	ask(ctx, peer, m);
}
