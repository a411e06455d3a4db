/*
 * capacity - READ CAPACITY data (SBC-3 5.15, 5.16).
 *
 * Pure functions over bytes.
 */
#ifndef SCSI_CAPACITY_H
#define SCSI_CAPACITY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define CAPACITY10_LEN 8
#define CAPACITY16_LEN 32

struct capacity {
	uint64_t last;	     /* address of the last block */
	uint32_t block_size; /* bytes */
	/* only READ CAPACITY(16) tells these; else 0 */
	bool lbpme;	      /* provisioning is managed: UNMAP or so */
	bool lbprz;	      /* deallocated blocks read as zeros */
	uint8_t physical_exp; /* 2^n logical blocks a physical one */
};

/* READ CAPACITY(10) cannot say more than this. */
#define CAPACITY10_TOO_LARGE 0xffffffffu

/* 0, or -EBADMSG: too short. */
int capacity_get_10(const uint8_t *p, size_t n, struct capacity *out);
int capacity_get_16(const uint8_t *p, size_t n, struct capacity *out);

#endif
