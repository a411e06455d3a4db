/*
 * mem - a backend in anonymous memory.  Nothing of it is stable.
 */
#include "target/backend.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

struct area {
	struct tgt_area pub;
	unsigned refs;
	uint64_t size;
	uint8_t *p;
};

struct mem {
	struct tgt_backend b;
	struct area *area;
};

static uint8_t *at(struct tgt_backend *b, uint64_t off)
{
	return ((struct mem *)(void *)b)->area->p + off;
}

static void area_put(struct tgt_area *pub)
{
	struct area *a = (struct area *)(void *)pub;

	if (--a->refs)
		return;
	munmap(a->p, a->size);
	free(a);
}

static struct area *area_new(uint64_t size)
{
	struct area *a = malloc(sizeof(*a));
	void *p;

	if (!a)
		return NULL;
	p = mmap(NULL, size, PROT_READ | PROT_WRITE,
		 MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	if (p == MAP_FAILED) {
		free(a);
		return NULL;
	}
	*a = (struct area){ { area_put }, 1, size, p };
	return a;
}

static int mem_read(struct tgt_backend *b, uint64_t off, void *buf, size_t len)
{
	if (buf != at(b, off))
		memcpy(buf, at(b, off), len);
	return 0;
}

static int mem_write(struct tgt_backend *b, uint64_t off, const void *buf,
		     size_t len)
{
	if (buf != at(b, off))
		memcpy(at(b, off), buf, len);
	return 0;
}

static int mem_flush(struct tgt_backend *b)
{
	return 0;
}

static int mem_zero(struct tgt_backend *b, uint64_t off, uint64_t len)
{
	memset(at(b, off), 0, len);
	return 0;
}

/* Whole pages go back to the kernel, which gives zeros for them later. */
static int mem_discard(struct tgt_backend *b, uint64_t off, uint64_t len)
{
	const uint64_t page = 4096;
	uint64_t first = (off + page - 1) / page * page;
	uint64_t end = (off + len) / page * page;

	if (first >= end)
		return mem_zero(b, off, len);
	mem_zero(b, off, first - off);
	mem_zero(b, end, off + len - end);
	if (madvise(at(b, first), end - first, MADV_DONTNEED) < 0)
		return mem_zero(b, first, end - first);
	return 0;
}

/* What somebody refers to has to stay as it is. */
static int replace(struct mem *m, uint64_t size)
{
	struct area *a = area_new(size);

	if (!a)
		return -ENOMEM;
	memcpy(a->p, m->area->p, size < m->b.size ? size : m->b.size);
	area_put(&m->area->pub);
	m->area = a;
	return 0;
}

static int mem_resize(struct tgt_backend *b, uint64_t size)
{
	struct mem *m = (struct mem *)(void *)b;
	int err = 0;
	void *p;

	if (m->area->refs > 1) {
		err = replace(m, size);
	} else {
		p = mremap(m->area->p, b->size, size, MREMAP_MAYMOVE);
		if (p == MAP_FAILED)
			return -errno;
		m->area->p = p;
		m->area->size = size;
	}
	if (!err)
		b->size = size;
	return err;
}

static struct tgt_area *mem_lend(struct tgt_backend *b, uint64_t off,
				 uint8_t **p)
{
	struct area *a = ((struct mem *)(void *)b)->area;

	a->refs++;
	*p = a->p + off;
	return &a->pub;
}

static void mem_free(struct tgt_backend *b)
{
	area_put(&((struct mem *)(void *)b)->area->pub);
	free(b);
}

static const struct tgt_backend_ops mem_ops = {
	.read = mem_read,
	.write = mem_write,
	.flush = mem_flush,
	.discard = mem_discard,
	.zero = mem_zero,
	.resize = mem_resize,
	.lend = mem_lend,
	.free = mem_free,
};

struct tgt_backend *tgt_mem_new(uint64_t size)
{
	struct mem *m = calloc(1, sizeof(*m));

	if (!m)
		return NULL;
	m->area = area_new(size);
	if (!m->area) {
		free(m);
		return NULL;
	}
	m->b.ops = &mem_ops;
	m->b.size = size;
	return &m->b;
}
