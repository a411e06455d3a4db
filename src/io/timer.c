/*
 * timer - one-shot timers in a pairing heap (Fredman, Sedgewick, Sleator,
 * Tarjan 1986).
 */
#include "io/timer.h"

#include <stddef.h>

/* Both may be NULL; both are roots without siblings. */
static struct io_timer *meld(struct io_timer *a, struct io_timer *b)
{
	struct io_timer *t;

	if (!a || !b)
		return a ? a : b;
	if (b->when < a->when) {
		t = a;
		a = b;
		b = t;
	}
	b->prev = a;
	b->next = a->child;
	if (a->child)
		a->child->prev = b;
	a->child = b;
	return a;
}

static struct io_timer *take_root(struct io_timer **list)
{
	struct io_timer *t = *list;

	if (!t)
		return NULL;
	*list = t->next;
	t->next = t->prev = NULL;
	return t;
}

/* Makes one heap of a list of siblings: in pairs, then back to front. */
static struct io_timer *meld_siblings(struct io_timer *list)
{
	struct io_timer *pairs = NULL, *all = NULL, *a;

	while ((a = take_root(&list))) {
		a = meld(a, take_root(&list));
		a->next = pairs;
		pairs = a;
	}
	while ((a = take_root(&pairs)))
		all = meld(all, a);
	return all;
}

void timer_set(struct timer_heap *h, struct io_timer *t, uint64_t when)
{
	timer_cancel(h, t);
	/* Else a timer that sets itself again could keep timer_run for ever. */
	if (h->running && when <= h->now)
		when = h->now + 1;
	t->when = when;
	t->set = true;
	h->top = meld(h->top, t);
}

static void unlink_from_siblings(struct io_timer *t)
{
	if (t->prev->child == t)
		t->prev->child = t->next;
	else
		t->prev->next = t->next;
	if (t->next)
		t->next->prev = t->prev;
	t->next = t->prev = NULL;
}

void timer_cancel(struct timer_heap *h, struct io_timer *t)
{
	struct io_timer *below;

	if (!t->set)
		return;
	below = meld_siblings(t->child);
	t->child = NULL;
	t->set = false;
	if (h->top == t) {
		h->top = below;
		return;
	}
	unlink_from_siblings(t);
	h->top = meld(h->top, below);
}

uint64_t timer_next(const struct timer_heap *h)
{
	return h->top ? h->top->when : TIMER_NEVER;
}

static struct io_timer *take_due(struct timer_heap *h, uint64_t now)
{
	struct io_timer *t = h->top;

	if (!t || t->when > now)
		return NULL;
	timer_cancel(h, t);
	return t;
}

void timer_run(struct timer_heap *h, uint64_t now)
{
	struct io_timer *t;

	h->now = now;
	h->running = true;
	while ((t = take_due(h, now)))
		t->fn(t);
	h->running = false;
}
