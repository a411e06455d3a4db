/*
 * backend - where a LUN's bytes are.
 *
 * The library asks synchronously and knows nothing of files.  Offsets and
 * lengths are bytes, inside size.  Calls return 0 or -errno.
 */
#ifndef TARGET_BACKEND_H
#define TARGET_BACKEND_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct tgt_backend;

/*
 * Memory that is a backend's bytes.  It stays as long as somebody refers to
 * it, also when the backend has other memory by then, or is gone.
 */
struct tgt_area {
	void (*put)(struct tgt_area *a); /* the end of one reference */
};

struct tgt_backend_ops {
	int (*read)(struct tgt_backend *b, uint64_t off, void *buf, size_t len);
	int (*write)(struct tgt_backend *b, uint64_t off, const void *buf,
		     size_t len);
	/* Everything written so far is on stable storage afterwards. */
	int (*flush)(struct tgt_backend *b);
	/* Both: the range reads as zeros afterwards; discard frees space. */
	int (*discard)(struct tgt_backend *b, uint64_t off, uint64_t len);
	int (*zero)(struct tgt_backend *b, uint64_t off, uint64_t len);
	int (*resize)(struct tgt_backend *b, uint64_t size);
	/*
	 * May be NULL.  A reference to the memory, and where off is in it: to
	 * be sent from, or received into.  read() and write() have nothing to
	 * do when they are told this place.
	 */
	struct tgt_area *(*lend)(struct tgt_backend *b, uint64_t off,
				 uint8_t **p);
	void (*free)(struct tgt_backend *b);
};

/* Embedded at the start of each kind of backend. */
struct tgt_backend {
	const struct tgt_backend_ops *ops;
	uint64_t size; /* bytes */
};

static inline void tgt_backend_free(struct tgt_backend *b)
{
	if (b)
		b->ops->free(b);
}

/* Anonymous memory, zero at first; NULL on ENOMEM. */
struct tgt_backend *tgt_mem_new(uint64_t size);

#endif
