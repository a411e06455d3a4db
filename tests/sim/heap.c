/*
 * heap - who owns memory: the world, or the engine that may be killed.
 *
 * Replaces malloc() and its kin (--wrap) and src/base/arena.c (linked before
 * it).  The arena is plain mappings here: pages the run does not touch cost
 * nothing.
 */
#include "heap.h"

#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "base/arena.h"
#include "base/list.h"

void *__real_malloc(size_t size);
void __real_free(void *p);
void *__wrap_malloc(size_t size);
void *__wrap_calloc(size_t n, size_t size);
void *__wrap_realloc(void *p, size_t size);
void *__wrap_reallocarray(void *p, size_t n, size_t size);
void __wrap_free(void *p);
char *__wrap_strdup(const char *s);
char *__wrap_strndup(const char *s, size_t n);

enum owner {
	OWNER_WORLD,
	OWNER_ENGINE,
	OWNER_MANAGER,
};

struct piece { /* stands in front of each piece */
	struct list link;
	size_t size;
	uint8_t owner; /* enum owner */
};

struct page_piece { /* a piece of the arena */
	struct list link;
	void *p;
	size_t size;
};

_Static_assert(sizeof(struct piece) % 16 == 0, "what follows is aligned");

static struct list pieces = { &pieces, &pieces };
static struct list page_pieces = { &page_pieces, &page_pieces };
static size_t count, manager_count;
static enum owner owner;

void heap_engine_in(void)
{
	owner = OWNER_ENGINE;
}

void heap_engine_out(void)
{
	owner = OWNER_WORLD;
}

void heap_manager_in(void)
{
	owner = OWNER_MANAGER;
}

void heap_manager_out(void)
{
	owner = OWNER_WORLD;
}

size_t heap_manager_pieces(void)
{
	return manager_count;
}

size_t heap_engine_pieces(void)
{
	return count;
}

static void *take(size_t size, enum owner whose)
{
	struct piece *b = __real_malloc(sizeof(*b) + size);

	if (!b)
		abort();
	list_init(&b->link);
	b->size = size;
	b->owner = (uint8_t)whose;
	manager_count += whose == OWNER_MANAGER;
	if (whose == OWNER_ENGINE) {
		list_push_back(&pieces, &b->link);
		count++;
	}
	return b + 1;
}

void *__wrap_malloc(size_t size)
{
	return take(size, owner);
}

void *__wrap_calloc(size_t n, size_t size)
{
	return memset(take(n * size, owner), 0, n * size);
}

void __wrap_free(void *p)
{
	struct piece *b = p;

	if (!p)
		return;
	b--;
	manager_count -= b->owner == OWNER_MANAGER;
	if (b->owner == OWNER_ENGINE) {
		list_remove(&b->link);
		count--;
	}
	__real_free(b);
}

void *__wrap_realloc(void *p, size_t size)
{
	void *to = __wrap_malloc(size);
	size_t old = p ? ((struct piece *)p - 1)->size : 0;

	memcpy(to, p ? p : to, old < size ? old : size);
	__wrap_free(p);
	return to;
}

void *__wrap_reallocarray(void *p, size_t n, size_t size)
{
	return __wrap_realloc(p, n * size);
}

char *__wrap_strndup(const char *s, size_t n)
{
	size_t len = strnlen(s, n);
	char *p = __wrap_malloc(len + 1);

	p[len] = '\0';
	return memcpy(p, s, len);
}

char *__wrap_strdup(const char *s)
{
	return __wrap_strndup(s, strlen(s));
}

void *world_alloc(size_t size)
{
	return memset(take(size, false), 0, size);
}

void world_free(void *p)
{
	__wrap_free(p);
}

/* The arena ----------------------------------------------------------- */

int arena_reserve(size_t size, bool *locked)
{
	*locked = true;
	return 0;
}

void *arena_alloc(size_t size)
{
	struct page_piece *g = world_alloc(sizeof(*g));

	g->size = size;
	g->p = mmap(NULL, size, PROT_READ | PROT_WRITE,
		    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (g->p == MAP_FAILED)
		abort();
	list_push_back(&page_pieces, &g->link);
	count++;
	return g->p;
}

static void drop_pages(struct page_piece *g)
{
	munmap(g->p, g->size);
	list_remove(&g->link);
	count--;
	world_free(g);
}

void arena_free(void *p, size_t size)
{
	struct list *pos, *tmp;

	list_for_each_safe (pos, tmp, &page_pieces) {
		struct page_piece *g =
			container_of(pos, struct page_piece, link);

		if (g->p == p)
			drop_pages(g);
	}
}

void heap_engine_drop(void)
{
	while (!list_empty(&pieces))
		__wrap_free(container_of(pieces.next, struct piece, link) + 1);
	while (!list_empty(&page_pieces))
		drop_pages(container_of(page_pieces.next, struct page_piece,
					link));
}
