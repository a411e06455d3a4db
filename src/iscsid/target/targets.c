/*
 * targets - all targets: found by number, given to engines, told of what is
 * for each of them, and their end.
 */
#include "iscsid/target/target.h"

#include <stdlib.h>
#include <string.h>

#include "base/str.h"
#include "iscsid/core/core.h"
#include "iscsid/device/devices.h"
#include "iscsid/messages/request.h"
#include "iscsid/target/portal_list.h"

static struct target *of(struct list *link)
{
	return container_of(link, struct target, link);
}

struct target *target_find(struct manager *m, const struct engine_process *e,
			   uint64_t id)
{
	struct list *pos;

	list_for_each (pos, &m->targets) {
		if (of(pos)->bay.id == id && of(pos)->bay.engine == e)
			return of(pos);
	}
	return NULL;
}

struct target *target_at(struct manager *m, unsigned bus, unsigned number)
{
	struct list *pos;

	list_for_each (pos, &m->targets) {
		if (of(pos)->bay.bus == bus && of(pos)->bay.number == number)
			return of(pos);
	}
	return NULL;
}

/* Their engines ------------------------------------------------------ */

void targets_place(struct manager *m)
{
	struct engine_process *e;
	struct list *pos;

	list_for_each (pos, &m->targets) {
		if (of(pos)->state != TARGET_WAITING)
			continue;
		e = manager_pick_engine(m);
		if (!e)
			return;
		target_give_to(of(pos), e);
	}
}

void targets_engine_lost(struct manager *m, struct engine_process *e)
{
	struct list *pos;

	list_for_each (pos, &m->targets) {
		struct target *t = of(pos);

		if (t->bay.engine != e)
			continue;
		t->bay.engine = NULL;
		t->doubted |= t->ever_up;
		t->bay.up = t->switching = false;
		t->since = manager_date(t->bay.m);
		str_copy(t->reason, sizeof(t->reason), "its engine died");
		target_step(t, TARGET_ENGINE_LOST);
		redirect_drop(&t->redirect);
		devices_engine_lost(&t->bay);
	}
	e->load = 0;
	targets_place(m);
}

/* What all are told --------------------------------------------------- */

void targets_reload(struct manager *m)
{
	struct list *pos;

	list_for_each (pos, &m->targets) {
		target_take_export(of(pos));
	}
}

void targets_rescan(struct manager *m)
{
	static struct msg_out msg;
	struct list *pos;

	list_for_each (pos, &m->targets) {
		if (IN(of(pos)->state) &
		    (IN(TARGET_WAITING) | IN(TARGET_REMOVING) |
		     IN(TARGET_REMOVED)))
			continue;
		request_simple(&msg, "rescan", of(pos)->bay.id);
		engine_tell(of(pos)->bay.engine, &msg, -1);
	}
}

/* The end ------------------------------------------------------------- */

void targets_drain(struct manager *m, bool force)
{
	struct list *pos;

	list_for_each (pos, &m->targets) {
		devices_stop(&of(pos)->bay, force);
	}
}

bool targets_are_settled(const struct manager *m)
{
	struct list *pos;

	list_for_each (pos, &m->targets) {
		if (!of(pos)->scanned || !devices_are_settled(&of(pos)->bay))
			return false;
	}
	return true;
}

bool targets_have_devices(const struct manager *m)
{
	struct list *pos;

	list_for_each (pos, &m->targets) {
		if (devices_are_up(&of(pos)->bay))
			return true;
	}
	return false;
}

void targets_remove(struct manager *m)
{
	static struct msg_out msg;
	struct list *pos;

	list_for_each (pos, &m->targets) {
		struct target *t = of(pos);

		target_step(t, TARGET_REMOVE);
		t->doubted |= t->ever_up; /* until the engine says it is well */
		request_simple(&msg, "remove", t->bay.id);
		if (t->state == TARGET_REMOVING &&
		    !engine_tell(t->bay.engine, &msg, -1))
			target_step(t, TARGET_SAID_REMOVED);
	}
}

bool targets_are_removed(const struct manager *m)
{
	struct list *pos;

	list_for_each (pos, &m->targets) {
		if (of(pos)->state != TARGET_REMOVED && !of(pos)->lost_its_way)
			return false;
	}
	return true;
}

void targets_free(struct manager *m)
{
	struct list *pos, *tmp;

	list_for_each_safe (pos, tmp, &m->targets) {
		/* One that did not end well is doubted at the next start. */
		if (m->state == MANAGER_OVER && !of(pos)->doubted)
			m->out->drop_target(m->out, of(pos)->bay.bus,
					    of(pos)->bay.number);
		target_free(of(pos));
	}
}

void targets_forget_secrets(struct manager *m)
{
	struct list *pos;

	list_for_each (pos, &m->targets) {
		conf_settings_wipe(&of(pos)->settings);
		portal_list_wipe(of(pos));
	}
}

void targets_forget_moves(struct manager *m)
{
	struct list *pos;

	list_for_each (pos, &m->targets) {
		portal_list_forget_moves(of(pos));
	}
}
