/*
 * kernel - what the simulated host's kernel does for the manager: mounts, loop
 * devices, the steps that make and end them, and handles.
 *
 * It outlives engines and managers.
 */
#ifndef SIM_KERNEL_H
#define SIM_KERNEL_H

#include <stdbool.h>
#include <stdint.h>

#include "host.h"
#include "iscsid/host/outside.h"

void kernel_init(void);

/* Steps and look-ups of the manager: struct outside's. */
struct worker *kernel_step(const struct step *s, step_done *done, void *ctx);
struct worker *kernel_resolve(const struct addr *addrs, size_t n,
			      resolve_done *done, void *ctx);
void kernel_abandon(struct worker *w);

/* Handles that the manager has; the numbers are nobody else's. */
int kernel_handle(struct kdev *d);
struct kdev *kernel_of(int handle);
void kernel_close(int handle);
/* The manager died: all of them. */
void kernel_close_all(void);

/* What the service manager keeps. */
void kernel_keep(const char *disk, int handle);
void kernel_unkeep(const char *disk);
/* Tells a new manager of disks and kept handles. */
void kernel_left(const struct outside_left *each, void *ctx);

/* What is there and is nobody's: iscsid/host/leftovers.h. */
void kernel_sweep(bool (*is_known)(void *ctx, const char *disk), void *ctx);

/* By the name of the block device, "loop3"; 0: there is none. */
uint64_t kernel_size(const char *dev);
bool kernel_has_io(const char *dev);

/* Names: made, removed, and how many there are. */
void kernel_link(const char *dev, bool there);
unsigned kernel_links(void);
bool kernel_is_linked(const struct held *h);
/* Linked, and as large as its engine says that it is. */
bool kernel_is_whole(const struct held *h);
unsigned kernel_devices(void);

/* Whose disk has this place, NULL: nobody's. */
struct held *kernel_held(unsigned bus, unsigned target, unsigned lun);

#endif
