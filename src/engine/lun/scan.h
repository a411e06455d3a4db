/*
 * scan - which LUNs a target has: asked, and asked again when that fails.
 */
#ifndef ENGINE_LUN_SCAN_H
#define ENGINE_LUN_SCAN_H

#include "engine/lun/table.h"

/* Looks for LUNs, at once or after the scan that is under way. */
void luns_scan(struct luns *l);
/* Ends the one that is under way. */
void luns_end_scan(struct luns *l);

/* "luns", if that is owed and all that were found are probed. */
void luns_tell_count(struct luns *l);
/*
 * Not the disk it was, or gone before it was known, and not in use: a scan
 * takes it for another one.
 */
bool lun_is_to_be_new(const struct lun *u);

#endif
