/*
 * geometry_keys - the geometry of a disk as keys of a message, both ways.
 */
#include "engine/lun/geometry_keys.h"

#include <stddef.h>
#include <stdint.h>

#include "words/geometry_keys.h"

static const struct field {
	const char *key;
	uint64_t most;
	size_t at, size;
} fields[] = {
#define ROW(key, kind, most, said, disk)                                       \
	{ key, most, offsetof(struct disk_geometry, disk),                     \
	  sizeof(((struct disk_geometry *)0)->disk) },
	GEOMETRY_KEYS(ROW)
#undef ROW
};

#define FIELDS (sizeof(fields) / sizeof(fields[0]))

static uint64_t load(const struct disk_geometry *g, const struct field *f)
{
	const char *p = (const char *)g + f->at;

	if (f->size == sizeof(uint64_t))
		return *(const uint64_t *)(const void *)p;
	if (f->size == sizeof(uint32_t))
		return *(const uint32_t *)(const void *)p;
	return *(const bool *)(const void *)p;
}

static void store(struct disk_geometry *g, const struct field *f, uint64_t v)
{
	char *p = (char *)g + f->at;

	if (f->size == sizeof(uint64_t))
		*(uint64_t *)(void *)p = v;
	else if (f->size == sizeof(uint32_t))
		*(uint32_t *)(void *)p = (uint32_t)v;
	else
		*(bool *)(void *)p = v != 0;
}

void geometry_keys_put(struct msg_out *m, const struct disk_geometry *g)
{
	for (size_t i = 0; i < FIELDS; i++)
		msg_u64(m, fields[i].key, load(g, &fields[i]));
}

static bool makes_sense(const struct disk_geometry *g)
{
	uint32_t bs = g->block_size;

	if (bs != 512 && bs != 2048 && bs != 4096)
		return false;
	/* Offsets are signed 64-bit numbers everywhere in the kernel. */
	return g->blocks && g->blocks <= (uint64_t)INT64_MAX / bs &&
	       g->physical_size >= bs && g->physical_size % bs == 0;
}

bool geometry_keys_get(const struct msg_in *m, struct disk_geometry *g)
{
	uint64_t v;

	*g = (struct disk_geometry){ 0 };
	for (size_t i = 0; i < FIELDS; i++)
		if (msg_get_u64(m, fields[i].key, fields[i].most, &v) == 0)
			store(g, &fields[i], v);
	if (makes_sense(g))
		return true;
	*g = (struct disk_geometry){ 0 };
	return false;
}
