/*
 * idmap - a hash table with chains.
 */
#include "engine/core/idmap.h"

#include <errno.h>
#include <stdlib.h>

#define BUCKETS_FIRST 16

void idmap_init(struct idmap *m)
{
	*m = (struct idmap){ 0 };
}

void idmap_fini(struct idmap *m)
{
	free(m->bucket);
	idmap_init(m);
}

/* Fibonacci hashing: ids often differ in a few bits only. */
static size_t slot(uint64_t id, size_t buckets)
{
	return (size_t)((id * 0x9e3779b97f4a7c15ull) >> 32) & (buckets - 1);
}

static void put(struct idmap_node **bucket, size_t buckets,
		struct idmap_node *n)
{
	struct idmap_node **head = &bucket[slot(n->id, buckets)];

	n->next = *head;
	*head = n;
}

static int grow(struct idmap *m)
{
	size_t buckets = m->buckets ? m->buckets * 2 : BUCKETS_FIRST;
	struct idmap_node **bucket = calloc(buckets, sizeof(*bucket));

	if (!bucket)
		return -ENOMEM;
	for (size_t i = 0; i < m->buckets; i++) {
		struct idmap_node *n = m->bucket[i];

		while (n) {
			struct idmap_node *next = n->next;

			put(bucket, buckets, n);
			n = next;
		}
	}
	free(m->bucket);
	m->bucket = bucket;
	m->buckets = buckets;
	return 0;
}

int idmap_add(struct idmap *m, struct idmap_node *n, uint64_t id)
{
	if (idmap_get(m, id))
		return -EEXIST;
	if (m->count >= m->buckets && grow(m) < 0)
		return -ENOMEM;
	n->id = id;
	put(m->bucket, m->buckets, n);
	m->count++;
	return 0;
}

struct idmap_node *idmap_get(const struct idmap *m, uint64_t id)
{
	struct idmap_node *n;

	if (!m->count)
		return NULL;
	n = m->bucket[slot(id, m->buckets)];
	while (n && n->id != id)
		n = n->next;
	return n;
}

void idmap_del(struct idmap *m, struct idmap_node *n)
{
	struct idmap_node **at = &m->bucket[slot(n->id, m->buckets)];

	while (*at != n)
		at = &(*at)->next;
	*at = n->next;
	n->next = NULL;
	m->count--;
}

struct idmap_node *idmap_next(const struct idmap *m,
			      const struct idmap_node *prev)
{
	size_t i = 0;

	if (prev) {
		if (prev->next)
			return prev->next;
		i = slot(prev->id, m->buckets) + 1;
	}
	for (; i < m->buckets; i++)
		if (m->bucket[i])
			return m->bucket[i];
	return NULL;
}
