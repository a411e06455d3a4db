/*
 * device_life - a device made, heard of, handed over, recorded, given up.
 */
#include "iscsid/device/device_internal.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/str.h"
#include "iscsid/host/records.h"
#include "iscsid/core/core.h"
#include "iscsid/messages/request.h"
#include "iscsid/device/recovery.h"

/* For a manager after us ---------------------------------------------- */

static void name_of(const struct device *d, char dst[static RECORD_NAME])
{
	records_disk_name(d->bay->bus, d->bay->number, d->said.number, dst);
}

void device_record(struct device *d)
{
	struct record_disk h = { d->bay->bus, d->bay->number, d->said };
	int err;

	h.lun.online &= !h.lun.cdbs; /* as its engine says it */
	err = d->bay->m->out->put_disk(d->bay->m->out, &h);
	if (err && !d->unrecorded)
		log_warn(d->label,
			 "no record of it can be kept: %s; it is "
			 "tried again",
			 strerror(-err));
	d->unrecorded = err;
	if (err)
		manager_record_later(d->bay->m);
}

void device_drop_record(struct device *d)
{
	d->unrecorded = false;
	d->bay->m->out->drop_disk(d->bay->m->out, d->bay->bus, d->bay->number,
				  d->said.number);
}

void device_keep_handle(const struct device *d)
{
	char name[RECORD_NAME];

	name_of(d, name);
	d->bay->m->out->keep(d->bay->m->out, name, d->handle);
}

void device_close_handle(struct device *d)
{
	const struct outside *out = d->bay->m->out;
	char name[RECORD_NAME];

	if (d->handle < 0)
		return;
	name_of(d, name);
	out->unkeep(out, name);
	out->close(out, d->handle);
	d->handle = -1;
}

/* Life ---------------------------------------------------------------- */

/* Its last writes would wait, and it with them. */
static bool can_renew(const struct device *d)
{
	return d->bay->up && !*d->waits.reason;
}

static void on_timer(struct io_timer *t)
{
	struct device *d = container_of(t, struct device, timer);

	if (d->state == DEVICE_ONLINE && d->renew && !can_renew(d))
		manager_set_timer(d->bay->m, t, DEVICE_RENEW_EVERY);
	else if (d->state == DEVICE_ONLINE && !d->renew)
		return;
	else if (d->state != DEVICE_DOWN)
		device_step(d, DEVICE_TIMER, NULL);
	else if (d->said.online && d->known)
		device_step(d, DEVICE_REPORTED, NULL);
}

struct device *device_new(struct bay *b, const uint8_t lun[LUN_LEN],
			  uint32_t number)
{
	struct device *d = calloc(1, sizeof(*d));
	char disk[RECORD_NAME], path[PATH_MAX];

	if (!d)
		return NULL;
	records_disk_name(b->bus, b->number, number, disk);
	b->m->out->file_path(b->m->out, disk, path, sizeof(path));
	d->file = strdup(path);
	if (!d->file) {
		free(d);
		return NULL;
	}
	d->bay = b;
	memcpy(d->lun, lun, LUN_LEN);
	d->handle = d->number = d->disk = d->watch = -1;
	d->via = exporter_find("");
	d->timer.fn = on_timer;
	snprintf(d->label, sizeof(d->label), "%s lun %u", b->label, number);
	list_init(&d->link);
	return d;
}

void device_free(struct device *d)
{
	recovery_stop(d);
	manager_abandon(d->bay->m, d->worker);
	manager_clear_timer(d->bay->m, &d->timer);
	if (d->handle >= 0)
		d->bay->m->out->close(d->bay->m->out, d->handle);
	list_remove(&d->link);
	free(d->file);
	free(d);
}

void device_go_on(struct device *d, const struct device_left *left)
{
	const struct outside *out = d->bay->m->out;
	char *file = left->file ? strdup(left->file) : NULL;

	if (file) {
		free(d->file);
		d->file = file;
	}
	d->said = left->said;
	d->via = left->via;
	d->handle = left->handle;
	d->number = left->number;
	d->disk = left->disk;
	d->known = d->resumed = true;
	str_copy(d->via_why, sizeof(d->via_why), "as it was");
	if (d->disk < 0) {
		device_step(d, DEVICE_BEGUN, NULL);
		return;
	}
	d->announced = true;
	d->bytes = out->size(out, device_dev(d));
	d->read_only = out->is_read_only(out, device_dev(d));
	if (d->handle >= 0)
		device_keep_handle(d);
	log_info(d->label, "%s goes on", device_dev(d));
	device_step(d, DEVICE_KEPT, NULL);
	if (!left->served && d->bay->engine)
		device_hand_over(d); /* it had come no further */
	else if (left->served && left->quiesced)
		recovery_end(d);
}

bool device_is_served(const struct device *d)
{
	return (IN(d->state) & DEVICE_SERVED) && !d->lost;
}

bool device_can_resume(const struct device *d)
{
	return device_is_served(d) && (!d->via->recovers || d->disk >= 0);
}

void device_served(struct device *d)
{
	d->serving = true;
	recovery_attached(d);
	device_step(d, DEVICE_ATTACHED, NULL);
}

/* The table knows when nothing of it could go on. */
void device_orphan(struct device *d)
{
	recovery_stop(d);
	device_step(d, DEVICE_NO_ENGINE, NULL);
	if (d->via->recovers)
		device_step(d, DEVICE_ORPHANED, NULL);
}

static void say_not_flushed(const struct device *d, int error)
{
	log_err(d->label, "the target could not flush its cache: %s",
		strerror(error));
}

void device_let_go(struct device *d, int error)
{
	d->let_go = true;
	if (error)
		say_not_flushed(d, error);
}

/* Else it is the target or its disk that is in the way. */
static bool is_about_exporter(int error)
{
	static const int errors[] = { EACCES,	  EPERM,  EINVAL,
				      EOPNOTSUPP, ENOSYS, EPROTO };

	for (size_t i = 0; i < sizeof(errors) / sizeof(*errors); i++)
		if (errors[i] == error)
			return true;
	return false;
}

static void refuse(struct device *d, int error)
{
	snprintf(d->failure, sizeof(d->failure),
		 "the engine cannot serve it: %s", strerror(error));
	log_err(d->label, "%s", d->failure);
	if (is_about_exporter(error))
		device_fall_back(d, d->failure);
}

void device_gone_from_engine(struct device *d, int error)
{
	if (error && d->state == DEVICE_ATTACHING)
		refuse(d, error);
	else if (error)
		say_not_flushed(d, error);
	device_step(d, DEVICE_DETACHED, NULL);
}

void device_heed_report(struct device *d)
{
	if (d->state == DEVICE_DOWN && !d->timer.set)
		device_step(d, DEVICE_REPORTED, NULL);
	else if (d->state == DEVICE_ONLINE)
		device_catch_up(d);
}

void device_hand_over(struct device *d)
{
	log_info(d->label, "%s is handed to %s", device_dev(d),
		 d->bay->engine->name);
	if (d->via->recovers)
		recovery_begin(d);
	else
		device_tell_attach(d, true);
}

void device_written(struct device *d)
{
	d->written = true;
	device_step(d, DEVICE_WRITTEN, NULL);
}

void device_lose(struct device *d, int error)
{
	log_err(d->label, "is not served any more (%s): I/O on %s fails",
		error ? strerror(error) : "the kernel let go", device_dev(d));
	d->lost = true;
	if (d->resumed)
		d->bay->m->not_back++;
	d->resumed = false;
	if (d->via->recovers)
		recovery_give_up(d);
	else
		device_close_handle(d);
	if (!d->worker)
		device_step(d, DEVICE_STOP, NULL);
}

/* What a worker is doing is over first, unless by force: see outcome(). */
void device_stop(struct device *d, bool force)
{
	struct worker *w = d->worker;

	d->stop = true;
	d->force = force;
	if (w && !d->force) {
		log_info(d->label, "finishing what is under way (%s)",
			 device_state_name(d));
		return;
	}
	if (d->force && d->state != DEVICE_UNMOUNTING) {
		d->worker = NULL;
		manager_abandon(d->bay->m, w);
	}
	device_step(d,
		    d->force && d->state != DEVICE_DOWN ? DEVICE_FORCE
							: DEVICE_STOP,
		    NULL);
}

void device_look_anew(struct device *d)
{
	static struct msg_out m;
	struct bay *b = d->bay;

	if (!b->engine) /* the next one looks anyway */
		return;
	request_simple(&m, "rescan", b->id);
	engine_tell(b->engine, &m, -1);
}

void device_renew(struct device *d)
{
	if (d->said.online || d->stop || d->vanished || !device_is_served(d))
		return;
	d->renew = DEVICE_REPLACED;
	d->renew_told = false;
	if (d->state == DEVICE_ONLINE && can_renew(d))
		device_step(d, DEVICE_TIMER, NULL);
	else if (d->state == DEVICE_ONLINE)
		manager_set_timer(d->bay->m, &d->timer, DEVICE_RENEW_EVERY);
}

void device_stay(struct device *d)
{
	d->stop = false;
	d->forget = NULL;
	if (!d->worker) /* else its end decides: see outcome() */
		device_step(d, DEVICE_STAY, NULL);
}

/* In words ------------------------------------------------------------ */

static const char *doing_by_state(const struct device *d)
{
	switch ((enum device_state)d->state) {
	case DEVICE_DOWN:
	case DEVICE_GONE:
	case DEVICE_STATES:
		break;
	case DEVICE_MOUNTING:
		return step_words(d->via, STEP_MOUNT);
	case DEVICE_ATTACHING:
		return "its engine begins to serve it";
	case DEVICE_LOOPING:
		return step_words(d->via, STEP_LOOP);
	case DEVICE_PARSING:
		return step_words(d->via, STEP_PARSE);
	case DEVICE_ADDING:
		return step_words(d->via, STEP_ADD);
	case DEVICE_ONLINE:
		return "it is online";
	case DEVICE_RESIZING:
		return step_words(d->via, STEP_RESIZE);
	case DEVICE_CHECKING:
		return step_words(d->via, STEP_USERS);
	case DEVICE_IN_USE:
		return "it is in use";
	case DEVICE_CLEARING:
		return "the target has not taken the last writes yet";
	case DEVICE_DETACHING:
		return "the target has not flushed its cache yet";
	case DEVICE_UNMOUNTING:
		return step_words(d->via, STEP_UNMOUNT);
	}
	return "it is down";
}

const char *device_doing(const struct device *d)
{
	static char text[sizeof(d->waits.reason) + 64];

	snprintf(text, sizeof(text), "%s%s%s", doing_by_state(d),
		 *d->waits.reason ? "; " : "", d->waits.reason);
	return text;
}
