/*
 * cdb - the commands we send, as bytes (SPC-4 6, SBC-3 5).
 *
 * Each function writes all CDB_SIZE bytes, unused ones as zero.  LBAs and
 * counts are in logical blocks, other lengths in bytes.  Whether a value
 * fits the shorter form is the caller's to know (CDB10_*).
 */
#ifndef SCSI_CDB_H
#define SCSI_CDB_H

#include <stdbool.h>
#include <stdint.h>

#define CDB_SIZE 16

enum scsi_opcode {
	SCSI_TEST_UNIT_READY = 0x00,
	SCSI_INQUIRY = 0x12,
	SCSI_MODE_SENSE_6 = 0x1a,
	SCSI_START_STOP_UNIT = 0x1b,
	SCSI_READ_CAPACITY_10 = 0x25,
	SCSI_READ_10 = 0x28,
	SCSI_WRITE_10 = 0x2a,
	SCSI_SYNCHRONIZE_CACHE_10 = 0x35,
	SCSI_WRITE_SAME_10 = 0x41,
	SCSI_UNMAP = 0x42,
	SCSI_MODE_SENSE_10 = 0x5a,
	SCSI_PERSISTENT_RESERVE_IN = 0x5e,
	SCSI_PERSISTENT_RESERVE_OUT = 0x5f,
	SCSI_READ_16 = 0x88,
	SCSI_WRITE_16 = 0x8a,
	SCSI_SYNCHRONIZE_CACHE_16 = 0x91,
	SCSI_WRITE_SAME_16 = 0x93,
	SCSI_SERVICE_ACTION_IN_16 = 0x9e,
	SCSI_REPORT_LUNS = 0xa0,
};

#define SCSI_SA_READ_CAPACITY_16 0x10

/* The name of a command, "READ(10)"; "command" when unknown. */
const char *cdb_name(const uint8_t cdb[static CDB_SIZE]);

/* What a command is about, and so whether less data than it moves matter. */
enum cdb_kind {
	CDB_CHANGES, /* blocks, or we do not know it: all data have to move */
	CDB_READS,   /* blocks: all data have to move */
	CDB_ASKS,    /* the LUN about itself: answers may be short */
	CDB_ACTS,    /* on no block; with data to the target, or none */
};
enum cdb_kind cdb_kind(const uint8_t cdb[static CDB_SIZE]);

/* May it change what is on the medium? */
bool cdb_changes_medium(const uint8_t cdb[static CDB_SIZE]);

/* What a ten-byte form can say: blocks [lba, lba + count). */
#define CDB10_MAX_COUNT 0xffffu
#define CDB10_END	(UINT64_C(1) << 32)

static inline bool cdb10_fits(uint64_t lba, uint64_t count)
{
	return count <= CDB10_MAX_COUNT && lba <= CDB10_END - count;
}

void cdb_test_unit_ready(uint8_t cdb[static CDB_SIZE]);
void cdb_start(uint8_t cdb[static CDB_SIZE]);
void cdb_inquiry(uint8_t cdb[static CDB_SIZE], uint16_t alloc);
void cdb_vpd(uint8_t cdb[static CDB_SIZE], uint8_t page, uint16_t alloc);
void cdb_report_luns(uint8_t cdb[static CDB_SIZE], uint32_t alloc);
void cdb_read_capacity_10(uint8_t cdb[static CDB_SIZE]);
void cdb_read_capacity_16(uint8_t cdb[static CDB_SIZE], uint32_t alloc);
/* Current values, without block descriptors. */
void cdb_mode_sense_6(uint8_t cdb[static CDB_SIZE], uint8_t page,
		      uint8_t alloc);
void cdb_mode_sense_10(uint8_t cdb[static CDB_SIZE], uint8_t page,
		       uint16_t alloc);

void cdb_read_10(uint8_t cdb[static CDB_SIZE], uint32_t lba, uint16_t count);
void cdb_read_16(uint8_t cdb[static CDB_SIZE], uint64_t lba, uint32_t count);
void cdb_write_10(uint8_t cdb[static CDB_SIZE], uint32_t lba, uint16_t count,
		  bool fua);
void cdb_write_16(uint8_t cdb[static CDB_SIZE], uint64_t lba, uint32_t count,
		  bool fua);

/* Their parameter data are in scsi/reservation.h; type 0 where none counts. */
void cdb_pr_in(uint8_t cdb[static CDB_SIZE], uint8_t action, uint16_t alloc);
void cdb_pr_out(uint8_t cdb[static CDB_SIZE], uint8_t action, uint8_t type,
		uint32_t len);

/* The whole medium. */
void cdb_synchronize_cache_10(uint8_t cdb[static CDB_SIZE]);
void cdb_synchronize_cache_16(uint8_t cdb[static CDB_SIZE]);

/* count 0 would mean "to the end of the medium": never pass it. */
void cdb_write_same_10(uint8_t cdb[static CDB_SIZE], uint32_t lba,
		       uint16_t count, bool unmap);
void cdb_write_same_16(uint8_t cdb[static CDB_SIZE], uint64_t lba,
		       uint32_t count, bool unmap);

/* UNMAP and its parameter list of one descriptor (SBC-3 5.28). */
#define UNMAP_LIST_LEN 24
void cdb_unmap(uint8_t cdb[static CDB_SIZE]);
void cdb_unmap_list(uint8_t list[static UNMAP_LIST_LEN], uint64_t lba,
		    uint32_t count);

#endif
