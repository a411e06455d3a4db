/*
 * mem - a backend in anonymous memory.  Nothing of it is stable.
 */
#include "target/backend.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

struct mem {
	struct tgt_backend b;
	uint8_t *p;
};

static struct mem *mem_of(struct tgt_backend *b)
{
	return (struct mem *)(void *)b;
}

static int mem_read(struct tgt_backend *b, uint64_t off, void *buf, size_t len)
{
	memcpy(buf, mem_of(b)->p + off, len);
	return 0;
}

static int mem_write(struct tgt_backend *b, uint64_t off, const void *buf,
		     size_t len)
{
	memcpy(mem_of(b)->p + off, buf, len);
	return 0;
}

static int mem_flush(struct tgt_backend *b)
{
	return 0;
}

static int mem_zero(struct tgt_backend *b, uint64_t off, uint64_t len)
{
	memset(mem_of(b)->p + off, 0, len);
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
	if (madvise(mem_of(b)->p + first, end - first, MADV_DONTNEED) < 0)
		return mem_zero(b, first, end - first);
	return 0;
}

static void *mem_map(uint64_t size)
{
	void *p = mmap(NULL, size, PROT_READ | PROT_WRITE,
		       MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

	return p == MAP_FAILED ? NULL : p;
}

static int mem_resize(struct tgt_backend *b, uint64_t size)
{
	void *p = mremap(mem_of(b)->p, b->size, size, MREMAP_MAYMOVE);

	if (p == MAP_FAILED)
		return -errno;
	mem_of(b)->p = p;
	b->size = size;
	return 0;
}

static void mem_free(struct tgt_backend *b)
{
	munmap(mem_of(b)->p, b->size);
	free(b);
}

static const struct tgt_backend_ops mem_ops = {
	.read = mem_read,
	.write = mem_write,
	.flush = mem_flush,
	.discard = mem_discard,
	.zero = mem_zero,
	.resize = mem_resize,
	.free = mem_free,
};

struct tgt_backend *tgt_mem_new(uint64_t size)
{
	struct mem *m = calloc(1, sizeof(*m));

	if (!m)
		return NULL;
	m->p = mem_map(size);
	if (!m->p) {
		free(m);
		return NULL;
	}
	m->b.ops = &mem_ops;
	m->b.size = size;
	return &m->b;
}
