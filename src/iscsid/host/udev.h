/*
 * udev - what a disk is, for the rules that make its names below /dev/disk.
 *
 * The manager keeps a file of properties for each block device,
 * <rundir>/udev/loop3, and has the kernel announce the device again when it
 * is there; packaging/udev/59-softhba.rules imports it.  The properties are
 * those that udev's own programs (scsi_id, path_id) find out of a disk of the
 * kernel's initiator, so both have the same names.
 */
#ifndef ISCSID_UDEV_H
#define ISCSID_UDEV_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "wire/addr.h"
#include "wire/lun.h"

#define UDEV_PORTALS   4 /* of a target, with a name by path each */
#define UDEV_TEXT_SIZE 8192

/* All borrowed.  The words are the target's: nothing is expected of them. */
struct udev_disk {
	const char *vendor, *model, *rev, *serial;
	const char *identity; /* as in disk/disk.h */
	bool cd;
	const char *target; /* its iSCSI name */
	const struct addr *portals;
	size_t nportals;
	const uint8_t *lun; /* LUN_LEN bytes */
};

/* The lines of the file; none of them holds more than one property. */
void udev_text(const struct udev_disk *d, char *dst, size_t size);

/* dev: "loop3".  0 or -errno. */
int udev_put(const char *rundir, const char *dev, const struct udev_disk *d);
void udev_drop(const char *rundir, const char *dev);
/* Drops those of devices that gone() names as not ours any more. */
void udev_sweep(const char *rundir, bool (*gone)(void *ctx, const char *dev),
		void *ctx);

/* Has the kernel announce dev (and its partitions) as changed. */
void udev_announce(const char *dev, const uint32_t *parts, size_t n);

#endif
