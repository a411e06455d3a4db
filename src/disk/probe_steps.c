/*
 * probe_steps - the commands of the probe, and how their answers are read.
 *
 * A page is asked for only when the target lists it: some hang on others.
 */
#include "disk/probe.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/log.h"
#include "base/str.h"
#include "disk/identity.h"
#include "scsi/cdb.h"

#define MODE_ALLOC 192
#define VPD_SINCE  2 /* ANSI version that has pages at all */

/* Building ------------------------------------------------------------ */

static void want(struct disk *d, struct cmd *c, uint32_t len)
{
	c->dir = len ? CMD_READ : CMD_NO_DATA;
	c->buf = d->probe.buf;
	c->len = len;
}

static bool build_ready(struct disk *d, struct cmd *c)
{
	cdb_test_unit_ready(c->cdb);
	want(d, c, 0);
	return true;
}

static bool build_start(struct disk *d, struct cmd *c)
{
	cdb_start(c->cdb);
	want(d, c, 0);
	return true;
}

static bool build_inquiry(struct disk *d, struct cmd *c)
{
	cdb_inquiry(c->cdb, INQUIRY_LEN);
	want(d, c, INQUIRY_LEN);
	return true;
}

static bool build_vpd(struct disk *d, struct cmd *c, uint8_t page)
{
	if (page != VPD_PAGES && !vpd_has(&d->probe.pages, page))
		return false;
	cdb_vpd(c->cdb, page, d->probe.alloc);
	want(d, c, d->probe.alloc);
	return true;
}

static bool build_pages(struct disk *d, struct cmd *c)
{
	return d->probe.identity.inquiry.version >= VPD_SINCE &&
	       build_vpd(d, c, VPD_PAGES);
}

static bool build_serial(struct disk *d, struct cmd *c)
{
	return build_vpd(d, c, VPD_SERIAL);
}

static bool build_id(struct disk *d, struct cmd *c)
{
	return build_vpd(d, c, VPD_ID);
}

static bool build_limits(struct disk *d, struct cmd *c)
{
	return build_vpd(d, c, VPD_LIMITS);
}

static bool build_characteristics(struct disk *d, struct cmd *c)
{
	return build_vpd(d, c, VPD_CHARACTERISTICS);
}

static bool build_provisioning(struct disk *d, struct cmd *c)
{
	return build_vpd(d, c, VPD_PROVISIONING);
}

static bool build_capacity16(struct disk *d, struct cmd *c)
{
	/* What changed up to now is seen by this command and the next. */
	d->rescan_wanted = false;
	cdb_read_capacity_16(c->cdb, CAPACITY16_LEN);
	want(d, c, CAPACITY16_LEN);
	return true;
}

static bool build_capacity10(struct disk *d, struct cmd *c)
{
	cdb_read_capacity_10(c->cdb);
	want(d, c, CAPACITY10_LEN);
	return true;
}

static bool build_mode6(struct disk *d, struct cmd *c)
{
	cdb_mode_sense_6(c->cdb, MODE_PAGE_CACHING, MODE_ALLOC);
	want(d, c, MODE_ALLOC);
	return true;
}

static bool build_mode10(struct disk *d, struct cmd *c)
{
	cdb_mode_sense_10(c->cdb, MODE_PAGE_CACHING, MODE_ALLOC);
	want(d, c, MODE_ALLOC);
	return true;
}

static bool build_mode_all(struct disk *d, struct cmd *c)
{
	cdb_mode_sense_6(c->cdb, MODE_PAGE_ALL, MODE_ALLOC);
	want(d, c, MODE_ALLOC);
	return true;
}

static bool build_control(struct disk *d, struct cmd *c)
{
	cdb_mode_sense_6(c->cdb, MODE_PAGE_CONTROL, MODE_ALLOC);
	want(d, c, MODE_ALLOC);
	return true;
}

/* Reading ------------------------------------------------------------- */

static enum probe_event read_nothing(struct disk *d, const uint8_t *p, size_t n)
{
	return EV_OK;
}

static enum probe_event read_inquiry(struct disk *d, const uint8_t *p, size_t n)
{
	struct probe *pr = &d->probe;
	struct inquiry *inq = &pr->identity.inquiry;

	if (inquiry_parse(p, n, inq)) {
		snprintf(pr->why, sizeof(pr->why), "INQUIRY: answer too short");
		return EV_BAD;
	}
	if (!inquiry_is_present(inq)) {
		snprintf(pr->why, sizeof(pr->why), "nothing is at this LUN");
		return EV_GONE;
	}
	if (inquiry_is_disk(inq->type))
		return EV_OK;
	snprintf(pr->why, sizeof(pr->why),
		 "its type, %s, is not supported, only Direct-Access and "
		 "CD-ROM are",
		 inquiry_type_name(inq->type));
	return EV_UNFIT;
}

static enum probe_event verdict_of(int err)
{
	return err ? EV_BAD : EV_OK;
}

static enum probe_event read_pages(struct disk *d, const uint8_t *p, size_t n)
{
	return verdict_of(vpd_get_list(p, n, &d->probe.pages));
}

static enum probe_event read_serial(struct disk *d, const uint8_t *p, size_t n)
{
	struct disk_identity *id = &d->probe.identity;

	return verdict_of(vpd_get_serial(p, n, id->serial, sizeof(id->serial)));
}

static const char *expected(const struct disk *d)
{
	return d->known ? d->identity.id : d->expect;
}

static enum probe_event read_id(struct disk *d, const uint8_t *p, size_t n)
{
	struct disk_identity *id = &d->probe.identity;
	int err = vpd_get_id(p, n, id->id, sizeof(id->id));

	d->probe.naming = vpd_naming(p, n, expected(d));
	return verdict_of(err == -ENOENT ? 0 : err);
}

static enum probe_event read_limits(struct disk *d, const uint8_t *p, size_t n)
{
	struct disk_facts *f = &d->probe.facts;
	int err = vpd_get_limits(p, n, &f->limits);

	f->has_limits |= err == 0;
	return verdict_of(err);
}

static enum probe_event read_characteristics(struct disk *d, const uint8_t *p,
					     size_t n)
{
	struct disk_facts *f = &d->probe.facts;

	return verdict_of(vpd_get_characteristics(p, n, &f->characteristics));
}

static enum probe_event read_provisioning(struct disk *d, const uint8_t *p,
					  size_t n)
{
	struct disk_facts *f = &d->probe.facts;
	int err = vpd_get_provisioning(p, n, &f->provisioning);

	f->has_provisioning |= err == 0;
	return verdict_of(err);
}

static enum probe_event read_capacity16(struct disk *d, const uint8_t *p,
					size_t n)
{
	struct disk_facts *f = &d->probe.facts;
	int err = capacity_get_16(p, n, &f->capacity);

	f->has_capacity |= err == 0;
	return verdict_of(err);
}

/* As far as READ CAPACITY(10) can tell. */
static bool is_old_capacity(const struct disk_facts *f,
			    const struct capacity *c)
{
	uint64_t last = f->capacity.last;

	if (last > CAPACITY10_TOO_LARGE)
		last = CAPACITY10_TOO_LARGE;
	return f->has_capacity && last == c->last &&
	       f->capacity.block_size == c->block_size;
}

static enum probe_event read_capacity10(struct disk *d, const uint8_t *p,
					size_t n)
{
	struct probe *pr = &d->probe;
	struct capacity c;

	if (capacity_get_10(p, n, &c)) {
		snprintf(pr->why, sizeof(pr->why),
			 "READ CAPACITY(10): answer too short");
		return EV_BAD;
	}
	if (is_old_capacity(&pr->facts, &c))
		return EV_OK; /* of which (16) had said more */
	if (c.last == CAPACITY10_TOO_LARGE) {
		snprintf(pr->why, sizeof(pr->why),
			 "READ CAPACITY(16) fails, and READ CAPACITY(10) "
			 "cannot say how large it is");
		return d->known ? EV_UNSAID : EV_UNFIT;
	}
	pr->facts.capacity = c;
	pr->facts.has_capacity = true;
	return EV_OK;
}

static enum probe_event read_mode6(struct disk *d, const uint8_t *p, size_t n)
{
	struct disk_facts *f = &d->probe.facts;

	if (mode_get_6(p, n, &f->mode))
		return EV_REFUSED; /* the longer form may do better */
	return EV_OK;
}

static enum probe_event read_control(struct disk *d, const uint8_t *p, size_t n)
{
	struct mode m;

	if (mode_get_6(p, n, &m))
		return EV_BAD;
	d->probe.facts.separate_tasks = m.separate_tasks;
	return EV_OK;
}

static enum probe_event read_mode10(struct disk *d, const uint8_t *p, size_t n)
{
	struct disk_facts *f = &d->probe.facts;

	if (mode_get_10(p, n, &f->mode))
		return EV_REFUSED;
	return EV_OK;
}

static enum identity_match match(const struct disk *d)
{
	const struct identity_said said = {
		.found = &d->probe.identity,
		.naming = (enum vpd_naming)d->probe.naming,
		.serial_cut = d->probe.serial_cut,
	};

	return identity_match(expected(d), d->known ? d->identity.serial : "",
			      &said);
}

/* What it should be, what was found, and the last error on the way there. */
static void say_absent(struct disk *d)
{
	struct probe *pr = &d->probe;
	char error[REASON_SIZE], found[REASON_SIZE];
	struct strbuf sb;

	str_copy(error, sizeof(error), pr->why);
	identity_words(&pr->identity, found, sizeof(found));
	sb_init(&sb, pr->why, sizeof(pr->why));
	sb_add(&sb,
	       "the target does not say who it is now: expected %s, found %s",
	       expected(d), found);
	if (*error)
		sb_add(&sb, " (%s)", error);
}

static void say_other(struct disk *d)
{
	struct probe *pr = &d->probe;
	const struct inquiry *inq = &pr->identity.inquiry;
	struct strbuf sb;

	sb_init(&sb, pr->why, sizeof(pr->why));
	sb_add(&sb,
	       "it is another disk: expected %s, found %s (%s %s); nothing is "
	       "written to it; a login or iscsi-rescan that finds the right "
	       "one brings it back, and iscsi-rescan takes this one when "
	       "nobody uses its device",
	       expected(d), pr->identity.id, inq->vendor, inq->product);
}

static enum probe_event check_identity(struct disk *d, const uint8_t *p,
				       size_t n)
{
	identity_settle(&d->probe.identity);
	switch (match(d)) {
	case IDENTITY_SAME:
		if (!*d->probe.identity.id && !*expected(d) && !d->known)
			note(d, LOG_WARNING,
			     "the target gives it no identity: another disk "
			     "in its place would not be noticed");
		return EV_OK;
	case IDENTITY_ABSENT:
		say_absent(d);
		return EV_UNSAID;
	case IDENTITY_OTHER:
		break;
	}
	say_other(d);
	return EV_OTHER;
}

static enum probe_event check_sized(struct disk *d, const uint8_t *p, size_t n)
{
	/* Why not stands there already. */
	if (d->probe.facts.has_capacity)
		return EV_OK;
	return d->known ? EV_UNSAID : EV_UNFIT;
}

static enum probe_event check_facts(struct disk *d, const uint8_t *p, size_t n)
{
	struct probe *pr = &d->probe;
	struct disk_geometry geo;
	struct disk_limits lim;

	if (facts_apply(&pr->facts, &geo, &lim, pr->why, sizeof(pr->why)))
		return EV_UNFIT;
	if (!d->known || geo.block_size == d->geometry.block_size)
		return EV_OK;
	snprintf(pr->why, sizeof(pr->why),
		 "its block size changed from %u to %u bytes",
		 d->geometry.block_size, geo.block_size);
	return EV_UNFIT;
}

const struct probe_action probe_actions[STEP_COUNT] = {
	[STEP_READY] = { build_ready, read_nothing },
	[STEP_START] = { build_start, read_nothing },
	[STEP_INQUIRY] = { build_inquiry, read_inquiry },
	[STEP_PAGES] = { build_pages, read_pages },
	[STEP_SERIAL] = { build_serial, read_serial, VPD_SERIAL },
	[STEP_ID] = { build_id, read_id, VPD_ID },
	[STEP_IDENTITY] = { NULL, check_identity },
	[STEP_LIMITS] = { build_limits, read_limits },
	[STEP_CHARACTERISTICS] = { build_characteristics,
				   read_characteristics },
	[STEP_PROVISIONING] = { build_provisioning, read_provisioning },
	[STEP_CAPACITY16] = { build_capacity16, read_capacity16 },
	[STEP_CAPACITY10] = { build_capacity10, read_capacity10 },
	[STEP_SIZED] = { NULL, check_sized },
	[STEP_MODE6] = { build_mode6, read_mode6 },
	[STEP_MODE10] = { build_mode10, read_mode10 },
	[STEP_MODE_ALL] = { build_mode_all, read_mode6 },
	[STEP_CONTROL] = { build_control, read_control },
	[STEP_FACTS] = { NULL, check_facts },
};
