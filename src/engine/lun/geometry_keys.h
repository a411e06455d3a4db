/*
 * geometry_keys - the geometry of a disk as keys of a message, both ways.
 */
#ifndef ENGINE_GEOMETRY_KEYS_H
#define ENGINE_GEOMETRY_KEYS_H

#include <stdbool.h>

#include "ctl/msg.h"
#include "disk/geometry.h"

void geometry_keys_put(struct msg_out *m, const struct disk_geometry *g);
/* False: it is not there, or makes no sense; then *g is all zeros. */
bool geometry_keys_get(const struct msg_in *m, struct disk_geometry *g);

#endif
