/*
 * shape - the geometry of a disk as keys of a message, both ways.
 */
#ifndef ENGINE_SHAPE_H
#define ENGINE_SHAPE_H

#include <stdbool.h>

#include "ctl/msg.h"
#include "disk/geometry.h"

void shape_put(struct msg_out *m, const struct disk_geometry *g);
/* False: it is not there, or makes no sense; then *g is all zeros. */
bool shape_get(const struct msg_in *m, struct disk_geometry *g);

#endif
