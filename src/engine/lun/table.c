/*
 * table - the LUNs of a target by number.
 */
#include "engine/lun/table.h"

#include <errno.h>

#include "base/bytes.h"
#include "base/list.h"

static struct lun *of_node(struct idmap_node *n)
{
	return container_of(n, struct lun, node);
}

struct lun *luns_find(const struct luns *l, const uint8_t lun[static LUN_LEN])
{
	struct idmap_node *n = idmap_get(&l->map, get_be64(lun));

	return n ? of_node(n) : NULL;
}

struct lun *luns_next(const struct luns *l, struct lun *at)
{
	struct idmap_node *n = idmap_next(&l->map, at ? &at->node : NULL);

	return n ? of_node(n) : NULL;
}

uint64_t luns_now(const struct luns *l)
{
	return io_now(l->owner.engine->loop);
}

/* Making and forgetting ------------------------------------------------ */

/*
 * An engine before us may have left writes behind, in its session; who knows
 * where when it is not told.  A scan may find the disk before it is attached.
 */
void luns_inherit(const struct luns *l, struct lun *u)
{
	disk_doubt(u->disk, l->past.place, l->past.since);
}

struct lun *luns_add(struct luns *l, const uint8_t lun[static LUN_LEN],
		     const char *expect, int *err)
{
	const struct settings *s = l->owner.settings;
	struct lun *u;

	*err = -ENOSPC;
	if (l->map.count >= LUNS_MOST)
		return NULL;
	*err = -ENOMEM;
	u = lun_new(&l->owner, l->ops, lun, expect);
	if (!u)
		return NULL;
	if (idmap_add(&l->map, &u->node, get_be64(lun)) < 0) {
		lun_free(u);
		return NULL;
	}
	*err = 0;
	disk_set_rules(u->disk, l->owner.rules);
	disk_set_limit(u->disk, s->disk_timeout, luns_now(l));
	disk_set_task_limit(u->disk, s->task_timeout);
	disk_set_patience(u->disk, s->connfail_timeout, luns_now(l));
	if (l->past.writes)
		luns_inherit(l, u);
	if (l->doubted)
		disk_doubt(u->disk, INT64_MIN, l->doubted_since);
	l->probing++;
	return u;
}

/*
 * A LUN that is forgotten can be found again while late writes to it are on
 * their way.  Which LUN it was does not matter: the wait is a short one.
 */
static void keep_doubt(struct luns *l, const struct lun *u)
{
	uint64_t now = luns_now(l), since;
	struct fence_view v;

	disk_fence(u->disk, &v);
	if (v.clear)
		return;
	since = v.since < now ? v.since : now;
	if (!l->doubted || since > l->doubted_since)
		l->doubted_since = since;
	l->doubted = true;
}

void luns_drop(struct luns *l, struct lun *u)
{
	keep_doubt(l, u);
	if (!u->probed)
		l->probing--;
	idmap_del(&l->map, &u->node);
	lun_free(u);
}

void luns_set_place(struct luns *l, struct lun *u)
{
	disk_set_place(u->disk, l->place);
}

void luns_give_session(struct luns *l, struct lun *u, uint64_t now)
{
	if (u->broken)
		return; /* it has failed, and stays so */
	passthrough_set_session(&u->pass, l->session);
	disk_nexus_up(u->disk, l->session, now);
}
