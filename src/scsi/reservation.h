/*
 * reservation - persistent reservations: parameter data both ways (SPC-4 6.15,
 * 6.16).  The CDBs are in scsi/cdb.h.
 */
#ifndef SCSI_RESERVATION_H
#define SCSI_RESERVATION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum pr_in_action {
	PR_READ_KEYS = 0x00,
	PR_READ_RESERVATION = 0x01,
};

enum pr_out_action {
	PR_REGISTER = 0x00,
	PR_RESERVE = 0x01,
	PR_RELEASE = 0x02,
	PR_PREEMPT = 0x04,
	PR_REGISTER_AND_IGNORE = 0x06, /* whatever key this nexus has */
};

/* Writes only by those that are registered; anybody may read. */
#define PR_WRITE_EXCLUSIVE_REGISTRANTS 5

#define PR_HEADER	   8
#define PR_KEY_LEN	   8
#define PR_RESERVATION_LEN (PR_HEADER + 16)

/* READ KEYS data: list borrows from p, and has count keys of total. */
struct pr_keys {
	const uint8_t *list;
	size_t count, total;
};

/* Returns 0, or -EBADMSG when the header is not whole. */
int pr_get_keys(const uint8_t *p, size_t n, struct pr_keys *out);

struct pr_reservation {
	bool held;
	uint64_t key; /* of the holder */
	uint8_t type;
};

/* Returns 0, or -EBADMSG when what it says of itself is not there. */
int pr_get_reservation(const uint8_t *p, size_t n, struct pr_reservation *out);

/*
 * The parameter list of all actions above: the key of this nexus, and the new
 * one (REGISTER) or another's (PREEMPT).  What is registered does not outlive
 * a loss of power (APTPL 0).
 */
#define PR_LIST_LEN 24
void pr_list(uint8_t list[static PR_LIST_LEN], uint64_t key, uint64_t other);

#endif
