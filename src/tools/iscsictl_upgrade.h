/*
 * iscsictl_upgrade - waits for what "upgrade" set off.
 */
#ifndef TOOLS_ISCSICTL_UPGRADE_H
#define TOOLS_ISCSICTL_UPGRADE_H

#include <stdbool.h>
#include <stdint.h>

/*
 * Until the daemon has been replaced and has renewed its engines; says what
 * runs then.  False after timeout seconds.
 */
bool upgrade_wait(const char *rundir, uint64_t timeout);

#endif
