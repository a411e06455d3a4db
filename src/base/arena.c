/*
 * arena - memory that is locked and present before it is used.
 *
 * A cursor moves through the reserve; pieces that came back wait in a list
 * for a request of the same size.  For one thread.
 */
#include "base/arena.h"

#include <errno.h>
#include <stdint.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

struct piece { /* stands at the start of a piece that came back */
	struct piece *next;
	size_t size;
};

static struct {
	uint8_t *start;
	size_t size, used;
	struct piece *returned;
} arena;

/* Whole pages, or 0 when size is 0 or too large. */
static size_t to_pages(size_t size)
{
	size_t page = (size_t)sysconf(_SC_PAGESIZE);

	return size > SIZE_MAX - page ? 0 : (size + page - 1) / page * page;
}

static void *map(size_t size, int flags)
{
	void *p = mmap(NULL, size, PROT_READ | PROT_WRITE,
		       MAP_PRIVATE | MAP_ANONYMOUS | flags, -1, 0);

	return p == MAP_FAILED ? NULL : p;
}

int arena_reserve(size_t size, bool *locked)
{
	void *p;

	if (arena.start)
		return -EBUSY;
	size = to_pages(size);
	if (size == 0)
		return -EINVAL;
	p = map(size, MAP_NORESERVE);
	if (!p)
		return -errno;
	*locked = mlock2(p, size, MLOCK_ONFAULT) == 0;
	arena.start = p;
	arena.size = size;
	return 0;
}

static void *take_returned(size_t size)
{
	struct piece **at = &arena.returned, *p;

	for (; (p = *at); at = &p->next) {
		if (p->size == size) {
			*at = p->next;
			return p;
		}
	}
	return NULL;
}

static void *take_new(size_t size)
{
	void *p;

	if (!arena.start)
		return map(size, 0);
	if (size > arena.size - arena.used)
		return NULL;
	p = arena.start + arena.used;
	arena.used += size;
	return p;
}

void *arena_alloc(size_t size)
{
	void *p;

	size = to_pages(size);
	if (size == 0)
		return NULL;
	p = take_returned(size);
	if (!p)
		p = take_new(size);
	if (!p)
		return NULL;
	/* Also writes to every page, so that none is missing later. */
	return memset(p, 0, size);
}

void arena_free(void *p, size_t size)
{
	struct piece *piece = p;

	if (!p)
		return;
	piece->size = to_pages(size);
	piece->next = arena.returned;
	arena.returned = piece;
}
