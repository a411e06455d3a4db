/*
 * status - SCSI status codes (SAM-5 5.3.1).
 */
#include "scsi/status.h"

const char *scsi_status_name(uint8_t status)
{
	switch (status) {
	case STATUS_GOOD:
		return "GOOD";
	case STATUS_CHECK_CONDITION:
		return "CHECK CONDITION";
	case STATUS_CONDITION_MET:
		return "CONDITION MET";
	case STATUS_BUSY:
		return "BUSY";
	case STATUS_RESERVATION_CONFLICT:
		return "RESERVATION CONFLICT";
	case STATUS_TASK_SET_FULL:
		return "TASK SET FULL";
	case STATUS_ACA_ACTIVE:
		return "ACA ACTIVE";
	case STATUS_TASK_ABORTED:
		return "TASK ABORTED";
	}
	return "unknown status";
}
