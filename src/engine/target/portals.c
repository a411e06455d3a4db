/*
 * portals - which portal of a target the next attempt goes to.
 */
#include "engine/target/portals.h"

#include <errno.h>
#include <string.h>

#define BIT(i) (UINT32_C(1) << (i))

static void set_list(struct portals *p, const struct addr *list, unsigned count,
		     unsigned preferred)
{
	memcpy(p->list, list, count * sizeof(*list));
	p->count = count;
	p->preferred = preferred;
	p->tried = p->dead = 0;
	p->at = 0;
	p->wanted = p->fallback = -1;
}

void portals_init(struct portals *p, const struct addr *list, unsigned count,
		  unsigned preferred, bool failover)
{
	memset(p, 0, sizeof(*p));
	set_list(p, list, count, preferred);
	p->failover = failover;
}

const struct addr *portals_at(const struct portals *p)
{
	return p->elsewhere ? &p->redirect : &p->list[p->at];
}

int portals_find(const struct portals *p, const struct addr *a)
{
	for (unsigned i = 0; i < p->count; i++)
		if (addr_same(&p->list[i], a))
			return (int)i;
	return -1;
}

void portals_up(struct portals *p)
{
	p->tried = 0;
	p->fallback = -1;
}

static bool is_left(const struct portals *p, unsigned i)
{
	return !((p->tried | p->dead) & BIT(i));
}

/* The first one left of list[from..to); group -1: any. */
static int first_left(const struct portals *p, unsigned from, unsigned to,
		      int32_t group)
{
	for (unsigned i = from; i < to; i++)
		if (is_left(p, i) && (group < 0 || p->list[i].tag == group))
			return (int)i;
	return -1;
}

static int choose(const struct portals *p, int32_t group)
{
	int i = first_left(p, 0, p->preferred, -1);

	if (i < 0 && group >= 0)
		i = first_left(p, p->preferred, p->count, group);
	if (i < 0)
		i = first_left(p, p->preferred, p->count, -1);
	return i;
}

/* Moves to *which, once. */
static bool take(struct portals *p, int *which)
{
	if (*which < 0)
		return false;
	p->at = (unsigned)*which;
	*which = -1;
	return true;
}

static void begin_again(struct portals *p)
{
	int i;

	p->tried = 0;
	i = choose(p, -1);
	if (i < 0) { /* each of them pointed elsewhere for good */
		p->dead = 0;
		i = 0;
	}
	p->at = (unsigned)i;
}

void portals_follow(struct portals *p, int32_t group)
{
	int i = p->failover ? choose(p, group) : -1;

	if (i >= 0)
		p->at = (unsigned)i;
}

bool portals_next(struct portals *p, bool was_up, int32_t group)
{
	bool moved_away = p->elsewhere && was_up;
	int i;

	p->elsewhere = false;
	if (take(p, &p->wanted))
		return false;
	/* RFC 7143 11.13.5: for now only; the portal itself is asked again. */
	if (moved_away)
		return false;
	p->tried |= BIT(p->at);
	if (take(p, &p->fallback))
		return false;
	if (!p->failover)
		return true;
	i = choose(p, group);
	if (i >= 0) {
		p->at = (unsigned)i;
		return false;
	}
	begin_again(p);
	return true;
}

void portals_redirect(struct portals *p, const struct addr *to, bool permanent)
{
	int i = portals_find(p, to);

	/* Who was only pointed to cannot speak for the portal. */
	permanent = permanent && !p->elsewhere;
	p->elsewhere = i < 0 && !permanent;
	if (p->elsewhere) {
		p->redirect = *to;
	} else if (i < 0) {
		p->list[p->at] = *to;
	} else if ((unsigned)i != p->at) {
		if (permanent)
			p->dead |= BIT(p->at);
		else
			p->fallback = (int)p->at;
		p->dead &= ~BIT(i);
		p->at = (unsigned)i;
	}
}

int portals_ask(struct portals *p, const struct addr *a)
{
	int i = portals_find(p, a);

	if (!p->failover)
		return -EPERM;
	if (i < 0)
		return -ENOENT;
	if ((unsigned)i == p->at && !p->elsewhere)
		return -EALREADY;
	p->wanted = i;
	p->fallback = (int)p->at;
	p->dead &= ~BIT(i);
	return 0;
}

void portals_stay(struct portals *p)
{
	if (p->wanted < 0)
		p->wanted = (int)p->at;
}

int portals_ask_other_group(struct portals *p, int32_t group)
{
	for (unsigned n = 1; p->failover && n < p->count; n++) {
		unsigned i = (p->at + n) % p->count;
		const struct addr *a = &p->list[i];

		if (a->tag >= 0 && a->tag != group && !(p->dead & BIT(i)))
			return portals_ask(p, a);
	}
	return p->failover ? -ENOENT : -EPERM;
}

bool portals_change(struct portals *p, const struct addr *list, unsigned count,
		    unsigned preferred)
{
	struct addr at = p->list[p->at];
	int i;

	set_list(p, list, count, preferred);
	i = portals_find(p, &at);
	if (i >= 0)
		p->at = (unsigned)i;
	return i >= 0 || p->elsewhere;
}
