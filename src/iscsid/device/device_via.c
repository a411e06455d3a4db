/*
 * device_via - a device's way to the kernel: which one, and what workers and
 * the engine are told of it.
 */
#include "iscsid/device/device_internal.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/log.h"
#include "base/str.h"
#include "export/export.h"
#include "export/ublk_control.h"
#include "export/ublk_proto.h"
#include "iscsid/device/devices.h"
#include "iscsid/core/core.h"
#include "iscsid/engines/request.h"
#include "iscsid/target/target.h"

/* Which one ----------------------------------------------------------- */

bool device_choose(struct device *d)
{
	const struct exporter_facts f = {
		.wanted = (enum conf_export)d->t->settings.export,
		.host = &d->t->m->ublk,
		.engine_can = d->t->engine && d->t->engine->can_ublk,
		.failed = d->no_ublk,
	};
	char failure[REPORTED_TEXT];
	int via = exporter_choose(&f, d->via_why);

	if (via >= 0) {
		d->via = (enum exporter)via;
		*d->failure = '\0';
		d->depth =
			export_depth(devices_of_engine(d->t->m, d->t->engine));
		return true;
	}
	snprintf(failure, sizeof(failure), "Export=ublk does not work: %s",
		 d->via_why);
	if (strcmp(failure, d->failure) != 0)
		log_err(d->label, "%s", failure);
	str_copy(d->failure, sizeof(d->failure), failure);
	return false;
}

void device_fall_back(struct device *d, const char *why)
{
	if (d->via != EXPORTER_UBLK ||
	    d->t->settings.export != CONF_EXPORT_AUTO || d->stop)
		return;
	str_copy(d->no_ublk, sizeof(d->no_ublk), why);
	log_warn(d->label, "goes through FUSE and a loop device instead");
	*d->failure = '\0';
}

/* What is told of it -------------------------------------------------- */

const char *device_dev(const struct device *d)
{
	static char name[LINK_DEV_SIZE];

	device_name(d, name, sizeof(name));
	return name;
}

struct workers *device_workers(const struct device *d)
{
	return &d->t->m->workers;
}

struct step *device_make_step(const struct device *d, enum step_kind kind)
{
	static struct step s;
	const struct manager *m = d->t->m;
	const struct ublk_place place = { (uint8_t)d->t->bus,
					  (uint8_t)d->t->number,
					  (uint8_t)d->said.number };

	memset(&s, 0, sizeof(s));
	s.kind = kind;
	s.via = d->via;
	s.owner = (uintptr_t)d->t;
	s.disk = d->disk;
	s.ublk = d->ublk;
	s.depth = d->depth;
	s.mark = ublk_mark(m->opt->owner, &place);
	s.features = m->ublk.features;
	s.pid = (int)getpid();
	s.engine = d->t->engine ? (int)d->t->engine->pid : 0;
	s.size = kind == STEP_RESIZE ? d->said.blocks * d->said.block_size
				     : d->bytes;
	exporter_geometry(&d->said, &s.geometry);
	s.force = d->force;
	str_copy(s.path, sizeof(s.path), d->file);
	return &s;
}

/* A ublk device's handle is in no process but the engine's, and on its way. */
static bool tell_with_handle(struct device *d, struct msg_out *m)
{
	int handle = ublk_open((unsigned)d->ublk);
	bool told;

	if (handle < 0) {
		log_err(d->label, "/dev/ublkc%d cannot be opened: %s", d->ublk,
			strerror(-handle));
		return false;
	}
	msg_str(m, "export", "ublk");
	msg_u64(m, "depth", d->depth);
	told = engine_tell(d->t->engine, m, handle);
	close(handle);
	return told;
}

bool device_tell_attach(struct device *d, bool resume)
{
	static struct msg_out m;

	d->serving = false;
	if (!d->t->engine)
		return false;
	request_lun(&m, "attach", d->t->id, d->lun);
	msg_u64(&m, "resume", resume);
	if (*d->said.identity)
		msg_str(&m, "expect", d->said.identity);
	if (resume)
		reported_put_past(&m, &d->said);
	if (d->via == EXPORTER_UBLK)
		return tell_with_handle(d, &m);
	return engine_tell(d->t->engine, &m, d->fuse);
}
