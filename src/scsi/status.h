/*
 * status - SCSI status codes (SAM-5 5.3.1).
 */
#ifndef SCSI_STATUS_H
#define SCSI_STATUS_H

#include <stdint.h>

enum scsi_status {
	STATUS_GOOD = 0x00,
	STATUS_CHECK_CONDITION = 0x02,
	STATUS_CONDITION_MET = 0x04,
	STATUS_BUSY = 0x08,
	STATUS_RESERVATION_CONFLICT = 0x18,
	STATUS_TASK_SET_FULL = 0x28,
	STATUS_ACA_ACTIVE = 0x30,
	STATUS_TASK_ABORTED = 0x40,
};

/* "BUSY", "TASK SET FULL", ...; "unknown status" for the rest. */
const char *scsi_status_name(uint8_t status);

#endif
