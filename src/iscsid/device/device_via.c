/*
 * device_via - a device's way to the kernel: which one, its names, and what
 * workers and the engine are told of it.
 */
#include "iscsid/device/device_internal.h"

#include <stdio.h>
#include <string.h>

#include "base/log.h"
#include "base/str.h"
#include "conf/value.h"
#include "export/export.h"
#include "iscsid/device/devices.h"
#include "iscsid/core/core.h"
#include "iscsid/messages/request.h"
#include "scsi/inquiry.h"

/* Which one ----------------------------------------------------------- */

static const struct via_ops *choose(const struct device *d, uint32_t failed,
				    char why[EXPORTER_WHY])
{
	const struct exporter_facts f = {
		.wanted = d->bay->settings->export,
		.type = d->said.type,
		.hosts = &d->bay->m->exporters,
		.engine_can = d->bay->engine ? d->bay->engine->serves : 0,
		.failed = failed,
		.why_failed = d->why_failed,
	};

	return exporter_choose(&f, why);
}

bool device_choose(struct device *d)
{
	const struct via_ops *via = choose(d, d->failed, d->via_why);
	char failure[REPORTED_TEXT];

	if (via) {
		d->via = via;
		*d->failure = '\0';
		d->depth = export_depth(d->bay->ops->count(d->bay));
		return true;
	}
	snprintf(failure, sizeof(failure), "Export=%s does not work: %s",
		 value_export_word(d->bay->settings->export), d->via_why);
	if (strcmp(failure, d->failure) != 0)
		log_err(d->label, "%s", failure);
	str_copy(d->failure, sizeof(d->failure), failure);
	return false;
}

void device_fall_back(struct device *d, const char *why)
{
	uint32_t failed = d->failed | UINT32_C(1) << exporter_number(d->via);
	char unused[EXPORTER_WHY];
	const struct via_ops *next = choose(d, failed, unused);

	if (!next || d->stop)
		return;
	d->failed = failed;
	str_copy(d->why_failed, sizeof(d->why_failed), why);
	log_warn(d->label, "goes through %s instead", next->name);
	*d->failure = '\0';
}

/* Its names ------------------------------------------------------------ */

static enum link_names names_of(const struct device *d)
{
	if (d->said.type == TYPE_CDROM)
		return LINK_CD;
	return inquiry_is_disk((uint8_t)d->said.type) ? LINK_DISK
						      : LINK_GENERIC;
}

struct link_place device_place(const struct device *d)
{
	const struct options *o = d->bay->m->opt;

	return (struct link_place){ .base = o->linkdir,
				    .mode = o->mode,
				    .bus = d->bay->bus,
				    .target = d->bay->number,
				    .lun = d->said.number,
				    .names = names_of(d) };
}

/* What is told of it -------------------------------------------------- */

const char *device_dev(const struct device *d)
{
	static char name[LINK_DEV_SIZE];

	device_name(d, name, sizeof(name));
	return name;
}

struct worker *device_start_step(struct device *d, struct step *s,
				 step_done *done)
{
	const struct outside *out = d->bay->m->out;

	return out->step(out, s, done, d);
}

struct step *device_make_step(const struct device *d, enum step_kind kind)
{
	static struct step s;
	const struct manager *m = d->bay->m;

	memset(&s, 0, sizeof(s));
	s.kind = kind;
	s.via = d->via;
	s.owner = (uintptr_t)d->bay;
	s.disk = d->disk;
	s.number = d->number;
	s.whose = m->opt->owner;
	s.at = (struct step_place){ (uint8_t)d->bay->bus,
				    (uint8_t)d->bay->number,
				    (uint8_t)d->said.number };
	s.depth = d->depth;
	s.features = m->exporters.host[exporter_number(d->via)].features;
	s.engine = d->bay->engine ? (int)d->bay->engine->pid : 0;
	s.size = kind == STEP_RESIZE ? d->said.blocks * d->said.block_size
				     : d->bytes;
	exporter_geometry(&d->said, &s.geometry);
	s.force = d->force;
	str_copy(s.path, sizeof(s.path), d->file);
	return &s;
}

/* This one is in no process but the engine's, and on its way. */
static bool tell_with_own_handle(struct device *d, struct msg_out *m)
{
	const struct outside *out = d->bay->m->out;
	int handle = out->open(out, d->via, d->number);
	bool told;

	if (handle < 0) {
		log_err(d->label,
			"the %s device %d cannot be opened to serve it: %s",
			d->via->word, d->number, strerror(-handle));
		return false;
	}
	told = engine_tell(d->bay->engine, m, handle);
	out->close(out, handle);
	return told;
}

bool device_tell_attach(struct device *d, bool resume)
{
	static struct msg_out m;

	d->serving = false;
	if (!d->bay->engine)
		return false;
	request_lun(&m, "attach", d->bay->id, d->lun);
	msg_u64(&m, "resume", resume);
	if (*d->said.identity)
		msg_str(&m, "expect", d->said.identity);
	if (resume)
		reported_put_past(&m, &d->said);
	if (!d->via->implied)
		msg_str(&m, "export", d->via->word);
	if (d->via->has_depth)
		msg_u64(&m, "depth", d->depth);
	if (!d->via->shared)
		return tell_with_own_handle(d, &m);
	return engine_tell(d->bay->engine, &m, d->handle);
}
