/*
 * tgt - targets, LUNs and portals: setting up and changing what is served.
 */
#include "target/tgt.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/str.h"
#include "target/session.h"

#define POOL_MAX (256u << 20) /* bytes kept for reuse */
#define NCLASSES (sizeof(((struct tgt *)0)->free_bufs) / sizeof(struct list))
#define CLASS_0	 4096u

struct tgt *tgt_new(const struct tgt_ops *ops, void *ctx)
{
	struct tgt *t = calloc(1, sizeof(*t));

	if (!t)
		return NULL;
	t->ops = ops;
	t->ctx = ctx;
	list_init(&t->targets);
	list_init(&t->sessions);
	list_init(&t->conns);
	list_init(&t->free_pdus);
	for (size_t i = 0; i < NCLASSES; i++)
		list_init(&t->free_bufs[i]);
	tgt_params_wishes(&t->discovery_wishes);
	t->login_timeout = 30000;
	t->random_statsn = true;
	return t;
}

static void free_target(struct tgt_target *tt)
{
	for (size_t i = 0; i < TGT_MAX_LUNS; i++) {
		if (!tt->luns[i])
			continue;
		tgt_backend_free(tt->luns[i]->backend);
		free(tt->luns[i]);
	}
	free(tt);
}

static void free_pool(struct tgt *t)
{
	struct list *n;

	while ((n = list_pop_front(&t->free_pdus)))
		free(container_of(n, struct tgt_pdu, link));
	for (size_t i = 0; i < NCLASSES; i++)
		while ((n = list_pop_front(&t->free_bufs[i]))) {
			struct tgt_buf *b =
				container_of(n, struct tgt_buf, link);

			free(b->p);
			free(b);
		}
}

/* No write outlives the process. */
static void forget_orphans(struct tgt *t)
{
	struct list *pos;

	list_for_each (pos, &t->targets)
		container_of(pos, struct tgt_target, link)->duties.run_on = 0;
}

void tgt_free(struct tgt *t)
{
	struct list *n;

	if (!t)
		return;
	forget_orphans(t);
	while (!list_empty(&t->sessions))
		tgt_session_end(container_of(t->sessions.next,
					     struct tgt_session, link));
	while ((n = list_pop_front(&t->targets)))
		free_target(container_of(n, struct tgt_target, link));
	free_pool(t);
	free(t);
}

static size_t class_of(uint32_t size)
{
	size_t i = 0;

	while (i < NCLASSES - 1 && CLASS_0 << i < size)
		i++;
	return i;
}

struct tgt_buf *tgt_buf_get(struct tgt *t, uint32_t size)
{
	size_t i = class_of(size);
	struct list *n = list_pop_front(&t->free_bufs[i]);
	struct tgt_buf *b;

	if (n) {
		b = container_of(n, struct tgt_buf, link);
		t->pooled -= b->size;
		b->refs = 1;
		return b;
	}
	b = malloc(sizeof(*b));
	if (!b)
		return NULL;
	list_init(&b->link);
	b->area = NULL;
	b->size = CLASS_0 << i;
	b->refs = 1;
	b->p = size <= b->size ? malloc(b->size) : NULL;
	if (!b->p) {
		free(b);
		return NULL;
	}
	return b;
}

struct tgt_buf *tgt_buf_lend(struct tgt_backend *be, uint64_t off,
			     uint32_t size)
{
	struct tgt_buf *b = be->ops->lend ? malloc(sizeof(*b)) : NULL;

	if (!b)
		return NULL;
	list_init(&b->link);
	b->size = size;
	b->refs = 1;
	b->area = be->ops->lend(be, off, &b->p);
	return b;
}

void tgt_buf_put(struct tgt *t, struct tgt_buf *b)
{
	if (!b || --b->refs)
		return;
	if (b->area) {
		b->area->put(b->area);
		free(b);
		return;
	}
	if (t->pooled + b->size > POOL_MAX) {
		free(b->p);
		free(b);
		return;
	}
	t->pooled += b->size;
	list_push_front(&t->free_bufs[class_of(b->size)], &b->link);
}

static bool is_wildcard(const char *host)
{
	return !strcmp(host, "0.0.0.0") || !strcmp(host, "::") || !host[0];
}

int tgt_portal_add(struct tgt *t, const struct addr *addr)
{
	struct tgt_portal *p = &t->portals[t->nportals];

	if (t->nportals == TGT_MAX_PORTALS)
		return -ENOSPC;
	p->addr = *addr;
	p->tag = addr->tag < 0 ? 1 : (uint16_t)addr->tag;
	p->wildcard = is_wildcard(addr->host);
	return (int)t->nportals++;
}

struct tgt_target *tgt_target_find(struct tgt *t, const char *name, size_t n)
{
	struct list *pos;

	list_for_each (pos, &t->targets) {
		struct tgt_target *tt =
			container_of(pos, struct tgt_target, link);

		if (str_is(name, n, tt->name))
			return tt;
	}
	return NULL;
}

int tgt_target_add(struct tgt *t, const char *name, struct tgt_target **out)
{
	struct tgt_target *tt;

	if (name_fault(name, strlen(name), NULL))
		return -EINVAL;
	if (tgt_target_find(t, name, strlen(name)))
		return -EEXIST;
	tt = calloc(1, sizeof(*tt));
	if (!tt)
		return -ENOMEM;
	tt->tgt = t;
	str_copy(tt->name, sizeof(tt->name), name);
	name_normalize(tt->name);
	tgt_params_wishes(&tt->wishes);
	tt->depth = 128;
	tt->ping_timeout = 5000;
	list_push_back(&t->targets, &tt->link);
	*out = tt;
	return 0;
}

void tgt_lun_defaults(struct tgt_lun_config *cfg)
{
	memset(cfg, 0, sizeof(*cfg));
	cfg->block_size = 512;
	cfg->write_cache = true;
}

struct tgt_lun *tgt_lun_find(struct tgt_target *tt, uint32_t number)
{
	/* Usually a LUN's number is its slot. */
	if (number < TGT_MAX_LUNS && tt->luns[number] &&
	    tt->luns[number]->number == number)
		return tt->luns[number];
	for (size_t i = 0; i < TGT_MAX_LUNS; i++)
		if (tt->luns[i] && tt->luns[i]->number == number)
			return tt->luns[i];
	return NULL;
}

static int free_slot(const struct tgt_target *tt, uint32_t number)
{
	if (number < TGT_MAX_LUNS && !tt->luns[number])
		return (int)number;
	for (size_t i = TGT_MAX_LUNS; i-- > 0;)
		if (!tt->luns[i])
			return (int)i;
	return -ENOSPC;
}

/* FNV-1a, 64 bits. */
static uint64_t hash(uint64_t h, const void *p, size_t n)
{
	const uint8_t *s = p;

	while (n--)
		h = (h ^ *s++) * 0x100000001b3ull;
	return h;
}

/* NAA 3, locally assigned: 60 bits that stay as long as the names do. */
static uint64_t identity(const struct tgt_target *tt, uint32_t number,
			 uint64_t wish)
{
	uint64_t h = hash(0xcbf29ce484222325ull, tt->name, strlen(tt->name));

	if (!wish)
		wish = hash(h, &number, sizeof(number));
	return 3ull << 60 | (wish & ((1ull << 60) - 1));
}

/* Every session of the target, on this slot or (slot < 0) on all. */
static void attention(struct tgt_target *tt, int slot, enum tgt_ua ua)
{
	struct list *pos;

	list_for_each (pos, &tt->tgt->sessions) {
		struct tgt_session *s =
			container_of(pos, struct tgt_session, link);

		if (s->target != tt)
			continue;
		for (int i = 0; i < TGT_MAX_LUNS; i++)
			if (slot < 0 || i == slot)
				s->nexus.ua[i] |= (uint16_t)(1u << ua);
	}
}

void tgt_lun_attention(struct tgt_lun *l, enum tgt_ua ua)
{
	attention(l->target, l->slot, ua);
}

static bool size_fits(const struct tgt_lun_config *cfg, uint64_t size)
{
	return size && size % cfg->block_size == 0;
}

int tgt_lun_add(struct tgt_target *tt, uint32_t number, struct tgt_backend *b,
		const struct tgt_lun_config *cfg, struct tgt_lun **out)
{
	struct tgt_lun *l;
	int slot;

	if (number > TGT_MAX_LUN ||
	    (cfg->block_size != 512 && cfg->block_size != 2048 &&
	     cfg->block_size != 4096) ||
	    !size_fits(cfg, b->size))
		return -EINVAL;
	if (tgt_lun_find(tt, number))
		return -EEXIST;
	slot = free_slot(tt, number);
	if (slot < 0)
		return slot;
	l = calloc(1, sizeof(*l));
	if (!l)
		return -ENOMEM;
	l->target = tt;
	l->number = number;
	l->slot = (uint16_t)slot;
	l->backend = b;
	l->cfg = *cfg;
	l->blocks = b->size / cfg->block_size;
	l->naa = identity(tt, number, cfg->identity);
	tt->luns[slot] = l;
	attention(tt, -1, TGT_UA_LUNS_CHANGED);
	if (out)
		*out = l;
	return 0;
}

static struct tgt_task *next_task_on(struct tgt_session *s,
				     const struct tgt_lun *l)
{
	struct list *pos;

	list_for_each (pos, &s->tasks) {
		struct tgt_task *k = container_of(pos, struct tgt_task, link);

		if (k->lun == l)
			return k;
	}
	return NULL;
}

static void end_tasks_on(struct tgt_session *s, const struct tgt_lun *l)
{
	struct tgt_task *k;

	while ((k = next_task_on(s, l)))
		tgt_command_lun_gone(k);
}

void tgt_lun_remove(struct tgt_lun *l)
{
	struct tgt_target *tt = l->target;
	struct list *pos;

	tt->luns[l->slot] = NULL;
	list_for_each (pos, &tt->tgt->sessions)
		end_tasks_on(container_of(pos, struct tgt_session, link), l);
	attention(tt, -1, TGT_UA_LUNS_CHANGED);
	tgt_backend_free(l->backend);
	free(l);
}

int tgt_lun_resize(struct tgt_lun *l, uint64_t size)
{
	int err;

	if (!size_fits(&l->cfg, size))
		return -EINVAL;
	err = l->backend->ops->resize(l->backend, size);
	if (err)
		return err;
	l->blocks = size / l->cfg.block_size;
	tgt_lun_attention(l, TGT_UA_CAPACITY_CHANGED);
	return 0;
}

int tgt_lun_inject(struct tgt_lun *l, const struct tgt_inject *what)
{
	for (size_t i = 0; i < TGT_INJECT_MAX; i++) {
		if (l->inject[i].times)
			continue;
		l->inject[i] = *what;
		return 0;
	}
	return -ENOSPC;
}

void tgt_tick(struct tgt *t, uint64_t now)
{
	struct list *pos, *tmp;

	t->now = now;
	list_for_each_safe (pos, tmp, &t->sessions)
		tgt_session_tick(container_of(pos, struct tgt_session, link));
	list_for_each_safe (pos, tmp, &t->conns)
		tgt_conn_tick(container_of(pos, struct tgt_conn, link));
}

uint64_t tgt_next_wake(const struct tgt *t)
{
	uint64_t wake = UINT64_MAX, w;
	struct list *pos;

	list_for_each (pos, &t->sessions) {
		w = tgt_session_wake(
			container_of(pos, struct tgt_session, link));
		wake = w < wake ? w : wake;
	}
	list_for_each (pos, &t->conns) {
		w = tgt_conn_wake(container_of(pos, struct tgt_conn, link));
		wake = w < wake ? w : wake;
	}
	return wake;
}
