/*
 * idmap - objects by a 64-bit number, in constant time.
 *
 * The nodes are embedded in their objects; the map owns only its table.
 */
#ifndef ENGINE_IDMAP_H
#define ENGINE_IDMAP_H

#include <stddef.h>
#include <stdint.h>

struct idmap_node {
	struct idmap_node *next; /* in the bucket */
	uint64_t id;
};

struct idmap {
	struct idmap_node **bucket;
	size_t buckets; /* a power of two, or 0 while the map is empty */
	size_t count;
};

void idmap_init(struct idmap *m);
/* The nodes are left alone. */
void idmap_fini(struct idmap *m);

/* 0, -EEXIST (the id is taken) or -ENOMEM; then the map is unchanged. */
int idmap_add(struct idmap *m, struct idmap_node *n, uint64_t id);
/* NULL when there is none. */
struct idmap_node *idmap_get(const struct idmap *m, uint64_t id);
/* n must be in the map. */
void idmap_del(struct idmap *m, struct idmap_node *n);

/*
 * A walk: begins with NULL, ends with NULL; in no order.  The node that was
 * returned last may be removed only by a caller that begins anew.
 */
struct idmap_node *idmap_next(const struct idmap *m,
			      const struct idmap_node *prev);

#endif
