/*
 * iname - new iSCSI names: "<prefix>.<12 random hex digits>".
 */
#ifndef CONF_INAME_H
#define CONF_INAME_H

#include <stddef.h>

#include "wire/name.h"

#define INAME_PREFIX "iqn.2026-11.net.softhba:01"
#define INAME_SIZE   NAME_SIZE /* bytes that hold any name */

/*
 * prefix NULL means INAME_PREFIX.  Returns 0, -EINVAL when prefix with the
 * digits is no iSCSI name, -ENOSPC when it does not fit, or -errno of
 * getrandom(2).
 */
int iname_make(const char *prefix, char *dst, size_t size);

#endif
