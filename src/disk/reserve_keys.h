/*
 * reserve_keys - the keys of a reservation: which of them are ours, the next
 * one, and PERSISTENT RESERVE commands with them (SPC-4 6.15, 6.16).
 *
 * Pure functions over the keys that were found.  host is a hash of the
 * initiator port: its keys are ours, in whatever nexus they were made.
 */
#ifndef DISK_RESERVE_KEYS_H
#define DISK_RESERVE_KEYS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "proto/cmd.h"
#include "scsi/reservation.h"

bool keys_is_ours(uint32_t host, uint64_t key);
uint64_t keys_at(const struct pr_keys *found, size_t i);
/* A key other than those, counted up from *last. */
uint64_t keys_choose(const struct pr_keys *found, uint32_t host,
		     uint16_t *last);
/* Index of the next one of ours, from at on; their count: there is none. */
size_t keys_find(const struct pr_keys *found, uint32_t host, size_t at);

/* Fills in CDB and data; what is asked for comes into buf. */
void keys_ask(struct cmd *c, uint8_t action, uint8_t *buf, uint16_t size);
void keys_tell(struct cmd *c, uint8_t action, uint8_t list[static PR_LIST_LEN],
	       uint64_t key, uint64_t other);

#endif
