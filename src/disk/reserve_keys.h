/*
 * reserve_keys - which keys at a target are ours, the next of them, and the
 * PERSISTENT RESERVE commands (SPC-4 6.15, 6.16) that each state of reserve.h
 * sends; for that file only.
 */
#ifndef DISK_RESERVE_KEYS_H
#define DISK_RESERVE_KEYS_H

#include <stdbool.h>
#include <stdint.h>

struct disk;
struct reserve;

/* Of this initiator port, in whatever nexus it was made. */
bool keys_is_ours(const struct disk *d, uint64_t key);
/* A key for this nexus, other than those that were found. */
void keys_choose(struct disk *d);
/* Moves at to the next key of ours that was found, from at on. */
bool keys_find(struct disk *d);

/* The command of this state, into cmd; false: it sends nothing. */
bool keys_command(struct reserve *r);

#endif
