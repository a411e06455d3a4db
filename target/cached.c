/*
 * cached - a file behind a write-back cache that does not outlive the process.
 *
 * The cache is a private copy of the whole file: for small disks.
 */
#include "target/file.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

struct cached {
	struct tgt_backend b;
	struct tgt_backend *file;
	uint8_t *p;
};

static struct cached *of(struct tgt_backend *b)
{
	return (struct cached *)(void *)b;
}

static int cached_read(struct tgt_backend *b, uint64_t off, void *buf,
		       size_t len)
{
	memcpy(buf, of(b)->p + off, len);
	return 0;
}

static int cached_write(struct tgt_backend *b, uint64_t off, const void *buf,
			size_t len)
{
	memcpy(of(b)->p + off, buf, len);
	return 0;
}

static int cached_flush(struct tgt_backend *b)
{
	struct tgt_backend *f = of(b)->file;
	int err = f->ops->write(f, 0, of(b)->p, b->size);

	return err ? err : f->ops->flush(f);
}

static int cached_zero(struct tgt_backend *b, uint64_t off, uint64_t len)
{
	memset(of(b)->p + off, 0, len);
	return 0;
}

static int cached_resize(struct tgt_backend *b, uint64_t size)
{
	return -EOPNOTSUPP;
}

static void cached_free(struct tgt_backend *b)
{
	if (of(b)->p)
		cached_flush(b);
	tgt_backend_free(of(b)->file);
	free(of(b)->p);
	free(b);
}

static const struct tgt_backend_ops cached_ops = {
	.read = cached_read,
	.write = cached_write,
	.flush = cached_flush,
	.discard = cached_zero,
	.zero = cached_zero,
	.resize = cached_resize,
	.free = cached_free,
};

int tgt_cached_new(const char *path, uint64_t size, struct tgt_backend **out)
{
	struct cached *c = calloc(1, sizeof(*c));
	int err = c ? tgt_file_new(path, size, false, &c->file) : -ENOMEM;

	if (err) {
		free(c);
		return err;
	}
	c->b.ops = &cached_ops;
	c->b.size = c->file->size;
	c->p = malloc(c->b.size);
	err = c->p ? c->file->ops->read(c->file, 0, c->p, c->b.size) : -ENOMEM;
	if (err) {
		cached_free(&c->b);
		return err;
	}
	*out = &c->b;
	return 0;
}
