/*
 * devices - the LUNs of a target: what its engine says about them, and what
 * concerns all of them.
 */
#include "iscsid/device/devices.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/codec.h"
#include "base/log.h"
#include "base/str.h"
#include "iscsid/device/device.h"
#include "iscsid/core/core.h"
#include "iscsid/messages/request.h"

static struct device *of(struct list *link)
{
	return container_of(link, struct device, link);
}

/* What the engine says ------------------------------------------------ */

static struct device *find_lun(struct bay *b, const uint8_t lun[LUN_LEN])
{
	struct list *pos;

	list_for_each (pos, &b->devices) {
		if (memcmp(of(pos)->lun, lun, LUN_LEN) == 0)
			return of(pos);
	}
	return NULL;
}

static bool number_is_taken(struct bay *b, uint32_t number)
{
	struct list *pos;

	list_for_each (pos, &b->devices) {
		if (of(pos)->said.number == number)
			return true;
	}
	return false;
}

/* Why a LUN is not for us, NULL: it is. */
static const char *refusal(struct bay *b, const struct reported_lun *l)
{
	if (l->number == REPORTED_NO_NUMBER)
		return "has no plain number";
	if (l->number >= BAY_LUNS)
		return "is above 255, the highest number of a LUN here";
	if (!conf_lun_enabled(b->settings, l->number))
		return "is not among those that LUNs= names";
	if (number_is_taken(b, l->number))
		return "is a second LUN of that number";
	return NULL;
}

static void ignore(struct bay *b, const struct reported_lun *l, const char *why)
{
	static struct msg_out m;
	char hex[2 * LUN_LEN + 1];

	hex_put(hex, l->lun, LUN_LEN);
	if (budget_take(&b->ignored, BAY_LUNS, UINT64_MAX, manager_now(b->m)))
		log_warn(b->label, "lun %s %s, it is ignored", hex, why);
	request_lun(&m, "forget", b->id, l->lun);
	if (b->engine)
		engine_tell(b->engine, &m, -1);
}

static void put_in_order(struct bay *b, struct device *d, uint32_t number)
{
	struct list *pos;

	list_for_each (pos, &b->devices) {
		if (of(pos)->said.number > number)
			break;
	}
	list_insert_before(pos, &d->link);
	b->ndevices++;
}

/*
 * An engine before this one told of a LUN that nobody has seen since: it keeps
 * its number from no other.
 */
static void make_way(struct bay *b, uint32_t number)
{
	struct device *d = device_at(b, number);

	if (!d || d->state != DEVICE_DOWN || d->known || d->stop)
		return;
	device_free(d);
	b->ndevices--;
}

/* The one this is about, made when it is new; NULL: not for us. */
static struct device *get_device(struct bay *b, const struct reported_lun *l)
{
	struct device *d = find_lun(b, l->lun);
	const char *why;

	if (d)
		return d->said.number == l->number ? d : NULL;
	make_way(b, l->number);
	why = refusal(b, l);
	if (why) {
		ignore(b, l, why);
		return NULL;
	}
	d = manager_is_stopping(b->m) ? NULL : device_new(b, l->lun, l->number);
	if (d)
		put_in_order(b, d, l->number);
	return d;
}

/* A disk that is up cannot change its nature, only its size. */
static void warn_of_changes(struct device *d, const struct reported_lun *l)
{
	if (d->state == DEVICE_DOWN || !d->said.online || !l->online)
		return;
	if (l->block_size != d->said.block_size)
		log_err(d->label, "its block size changed from %u to %u",
			d->said.block_size, l->block_size);
	if (l->read_only != d->said.read_only)
		log_warn(d->label, "is %s now",
			 l->read_only ? "write protected" : "writable");
}

static void say_failed(struct device *d, const char *reason)
{
	if (d->state == DEVICE_DOWN)
		log_info(d->label, "is not used: %s", reason);
	else
		log_err(d->label, "failed: %s", reason);
	str_copy(d->failure, sizeof(d->failure), reason);
}

/* Else a LUN that comes back would be no news to the engine. */
static void forget(struct bay *b, const struct device *d)
{
	static struct msg_out m;

	request_lun(&m, "forget", b->id, d->lun);
	if (b->engine)
		engine_tell(b->engine, &m, -1);
}

void device_vanished(struct bay *b, const uint8_t lun[LUN_LEN])
{
	struct device *d = find_lun(b, lun);

	if (!d || d->stop)
		return;
	log_warn(d->label, "the target does not list it any more; its device "
			   "goes when nobody uses it");
	d->vanished = true;
	d->forget = forget;
	d->waited = 0;
	device_stop(d, false);
}

/* In time: somebody still used it. */
static void come_back(struct device *d)
{
	d->vanished = false;
	if (manager_is_stopping(d->bay->m))
		return;
	log_info(d->label, "the target lists it again");
	device_stay(d);
}

/*
 * Of a disk that the kernel has, who it is holds: an engine that finds another
 * there must not make the next one expect that.
 */
static void take_report(struct device *d, const struct reported_lun *l)
{
	struct reported_lun held = d->said;

	d->said = *l;
	if (d->state == DEVICE_DOWN)
		return;
	if (!l->online && device_is_served(d)) {
		d->said = held;
		d->said.online = false;
		return;
	}
	if (held.block_size)
		d->said.block_size = held.block_size; /* the loop device's */
	if (!*held.identity || !device_is_served(d))
		return;
	str_copy(d->said.identity, sizeof(d->said.identity), held.identity);
	str_copy(d->said.serial, sizeof(d->said.serial), held.serial);
}

/* An engine that was not told yet which disk it has to find. */
static bool is_of_another(const struct device *d, const struct reported_lun *l)
{
	return device_is_served(d) && l->online && *d->said.identity &&
	       strcmp(d->said.identity, l->identity) != 0;
}

/* No disk, and an exporter is for such: it is online then. */
static bool is_usable(const struct bay *b, const struct reported_lun *l)
{
	return l->online ||
	       (l->cdbs && exporter_serves(b->settings->export, l->type));
}

void device_reported(struct bay *b, const struct reported_lun *said)
{
	static struct reported_lun usable;
	const struct reported_lun *l = &usable;
	struct device *d = get_device(b, said);
	bool was_online;

	if (!d)
		return;
	usable = *said;
	usable.online = is_usable(b, said);
	d->known = true;
	if (is_of_another(d, l))
		return;
	warn_of_changes(d, l);
	was_online = d->said.online;
	take_report(d, l);
	if (d->state != DEVICE_DOWN)
		device_record(d);
	if (!l->online) {
		say_failed(d, l->reason);
		return;
	}
	if (d->vanished)
		come_back(d);
	if (!was_online && d->state != DEVICE_DOWN)
		log_info(d->label, "is served again");
	if (!was_online)
		*d->failure = '\0';
	device_heed_report(d);
}

void device_waits(struct bay *b, const struct reported_waits *w)
{
	struct device *d = find_lun(b, w->lun);

	if (!d)
		return;
	d->waits = *w;
	d->waits_since = manager_date(b->m) - (time_t)w->age;
}

void device_attached(struct bay *b, const uint8_t lun[LUN_LEN])
{
	struct device *d = find_lun(b, lun);

	if (d)
		device_served(d);
}

void device_detached(struct bay *b, const uint8_t lun[LUN_LEN], int error)
{
	struct device *d = find_lun(b, lun);

	if (!d)
		return;
	if (d->via->stop_ends_it && d->state == DEVICE_CLEARING)
		device_let_go(d, error);
	else if (device_is_served(d))
		device_lose(d, error);
	else
		device_gone_from_engine(d, error);
}

/* All of them ----------------------------------------------------- */

void devices_record_again(struct bay *b)
{
	struct list *pos;

	list_for_each (pos, &b->devices) {
		if (of(pos)->unrecorded)
			device_record(of(pos));
	}
}

void devices_written(struct bay *b, int watch)
{
	struct list *pos;

	list_for_each (pos, &b->devices) {
		struct device *d = of(pos);

		if (d->watch == watch) {
			device_written(d);
			return;
		}
	}
}

void devices_engine_lost(struct bay *b)
{
	struct list *pos, *tmp;

	list_for_each_safe (pos, tmp, &b->devices) {
		of(pos)->known = false;
		*of(pos)->waits.reason = '\0';
		device_orphan(of(pos));
	}
}

unsigned devices_to_resume(const struct bay *b)
{
	struct list *pos;
	unsigned n = 0;

	list_for_each (pos, &b->devices)
		n += device_can_resume(of(pos));
	return n;
}

void devices_resume(struct bay *b)
{
	struct list *pos;

	list_for_each (pos, &b->devices) {
		if (device_can_resume(of(pos)))
			device_hand_over(of(pos));
	}
}

bool devices_adopt(struct bay *b, const struct device_left *left)
{
	struct device *d = NULL;

	if (!find_lun(b, left->said.lun) &&
	    !number_is_taken(b, left->said.number))
		d = device_new(b, left->said.lun, left->said.number);
	if (!d)
		return false;
	put_in_order(b, d, left->said.number);
	device_go_on(d, left);
	return true;
}

struct device *device_at(struct bay *b, unsigned number)
{
	struct list *pos;

	list_for_each (pos, &b->devices) {
		if (of(pos)->said.number == number)
			return of(pos);
	}
	return NULL;
}

void devices_stop(struct bay *b, bool force)
{
	struct list *pos, *tmp;

	list_for_each_safe (pos, tmp, &b->devices) {
		device_stop(of(pos), force);
	}
}

void devices_renew(struct bay *b)
{
	struct list *pos;

	list_for_each (pos, &b->devices) {
		device_renew(of(pos));
	}
}

bool devices_are_up(const struct bay *b)
{
	return b->ndevices > 0;
}

bool devices_are_settled(const struct bay *b)
{
	struct list *pos;

	list_for_each (pos, &b->devices) {
		if (of(pos)->state != DEVICE_ONLINE &&
		    of(pos)->state != DEVICE_DOWN)
			return false;
	}
	return true;
}

void devices_free(struct bay *b)
{
	struct list *pos, *tmp;

	list_for_each_safe (pos, tmp, &b->devices) {
		device_free(of(pos));
	}
	b->ndevices = 0;
}

unsigned devices_up(const struct bay *b)
{
	struct list *pos;
	unsigned n = 0;

	list_for_each (pos, &b->devices) {
		n += of(pos)->state != DEVICE_DOWN;
	}
	return n;
}
