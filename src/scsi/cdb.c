/*
 * cdb - the commands we send, as bytes (SPC-4 6, SBC-3 5).
 */
#include "scsi/cdb.h"

#include <stddef.h>
#include <string.h>

#include "base/bytes.h"

#define BIT_EVPD       0x01 /* INQUIRY byte 1 */
#define BIT_DBD	       0x08 /* MODE SENSE byte 1: no block descriptors */
#define BIT_FUA	       0x08 /* WRITE byte 1 */
#define BIT_SAME_UNMAP 0x08 /* WRITE SAME byte 1 */
#define BIT_START      0x01 /* START STOP UNIT byte 4 */

static const struct command {
	uint8_t opcode;
	enum cdb_kind kind;
	const char *name;
} commands[] = {
	{ SCSI_TEST_UNIT_READY, CDB_ACTS, "TEST UNIT READY" },
	{ SCSI_INQUIRY, CDB_ASKS, "INQUIRY" },
	{ SCSI_MODE_SENSE_6, CDB_ASKS, "MODE SENSE(6)" },
	{ SCSI_START_STOP_UNIT, CDB_ACTS, "START STOP UNIT" },
	{ SCSI_READ_CAPACITY_10, CDB_ASKS, "READ CAPACITY(10)" },
	{ SCSI_READ_10, CDB_READS, "READ(10)" },
	{ SCSI_WRITE_10, CDB_CHANGES, "WRITE(10)" },
	{ SCSI_SYNCHRONIZE_CACHE_10, CDB_ACTS, "SYNCHRONIZE CACHE(10)" },
	{ SCSI_WRITE_SAME_10, CDB_CHANGES, "WRITE SAME(10)" },
	{ SCSI_UNMAP, CDB_CHANGES, "UNMAP" },
	{ SCSI_MODE_SENSE_10, CDB_ASKS, "MODE SENSE(10)" },
	{ SCSI_PERSISTENT_RESERVE_IN, CDB_ASKS, "PERSISTENT RESERVE IN" },
	{ SCSI_PERSISTENT_RESERVE_OUT, CDB_ACTS, "PERSISTENT RESERVE OUT" },
	{ SCSI_READ_16, CDB_READS, "READ(16)" },
	{ SCSI_WRITE_16, CDB_CHANGES, "WRITE(16)" },
	{ SCSI_SYNCHRONIZE_CACHE_16, CDB_ACTS, "SYNCHRONIZE CACHE(16)" },
	{ SCSI_WRITE_SAME_16, CDB_CHANGES, "WRITE SAME(16)" },
	{ SCSI_SERVICE_ACTION_IN_16, CDB_ASKS, "READ CAPACITY(16)" },
	{ SCSI_REPORT_LUNS, CDB_ASKS, "REPORT LUNS" },
};

static const struct command *find(uint8_t opcode)
{
	for (size_t i = 0; i < sizeof(commands) / sizeof(commands[0]); i++)
		if (commands[i].opcode == opcode)
			return &commands[i];
	return NULL;
}

const char *cdb_name(const uint8_t cdb[static CDB_SIZE])
{
	const struct command *c = find(cdb[0]);

	return c ? c->name : "command";
}

enum cdb_kind cdb_kind(const uint8_t cdb[static CDB_SIZE])
{
	const struct command *c = find(cdb[0]);

	return c ? c->kind : CDB_CHANGES;
}

bool cdb_changes_medium(const uint8_t cdb[static CDB_SIZE])
{
	/* Other service actions are other commands. */
	if (cdb[0] == SCSI_SERVICE_ACTION_IN_16 &&
	    (cdb[1] & 0x1f) != SCSI_SA_READ_CAPACITY_16)
		return true;
	return cdb_kind(cdb) == CDB_CHANGES;
}

static void begin(uint8_t *cdb, uint8_t opcode)
{
	memset(cdb, 0, CDB_SIZE);
	cdb[0] = opcode;
}

void cdb_test_unit_ready(uint8_t cdb[static CDB_SIZE])
{
	begin(cdb, SCSI_TEST_UNIT_READY);
}

void cdb_start(uint8_t cdb[static CDB_SIZE])
{
	begin(cdb, SCSI_START_STOP_UNIT);
	cdb[4] = BIT_START;
}

void cdb_inquiry(uint8_t cdb[static CDB_SIZE], uint16_t alloc)
{
	begin(cdb, SCSI_INQUIRY);
	put_be16(cdb + 3, alloc);
}

void cdb_vpd(uint8_t cdb[static CDB_SIZE], uint8_t page, uint16_t alloc)
{
	cdb_inquiry(cdb, alloc);
	cdb[1] = BIT_EVPD;
	cdb[2] = page;
}

void cdb_report_luns(uint8_t cdb[static CDB_SIZE], uint32_t alloc)
{
	begin(cdb, SCSI_REPORT_LUNS);
	put_be32(cdb + 6, alloc);
}

void cdb_read_capacity_10(uint8_t cdb[static CDB_SIZE])
{
	begin(cdb, SCSI_READ_CAPACITY_10);
}

void cdb_read_capacity_16(uint8_t cdb[static CDB_SIZE], uint32_t alloc)
{
	begin(cdb, SCSI_SERVICE_ACTION_IN_16);
	cdb[1] = SCSI_SA_READ_CAPACITY_16;
	put_be32(cdb + 10, alloc);
}

void cdb_mode_sense_6(uint8_t cdb[static CDB_SIZE], uint8_t page, uint8_t alloc)
{
	begin(cdb, SCSI_MODE_SENSE_6);
	cdb[1] = BIT_DBD;
	cdb[2] = page;
	cdb[4] = alloc;
}

void cdb_mode_sense_10(uint8_t cdb[static CDB_SIZE], uint8_t page,
		       uint16_t alloc)
{
	begin(cdb, SCSI_MODE_SENSE_10);
	cdb[1] = BIT_DBD;
	cdb[2] = page;
	put_be16(cdb + 7, alloc);
}

/* The shape READ, WRITE and WRITE SAME share. */
static void range_10(uint8_t *cdb, uint8_t opcode, uint8_t flags, uint32_t lba,
		     uint16_t count)
{
	begin(cdb, opcode);
	cdb[1] = flags;
	put_be32(cdb + 2, lba);
	put_be16(cdb + 7, count);
}

static void range_16(uint8_t *cdb, uint8_t opcode, uint8_t flags, uint64_t lba,
		     uint32_t count)
{
	begin(cdb, opcode);
	cdb[1] = flags;
	put_be64(cdb + 2, lba);
	put_be32(cdb + 10, count);
}

void cdb_read_10(uint8_t cdb[static CDB_SIZE], uint32_t lba, uint16_t count)
{
	range_10(cdb, SCSI_READ_10, 0, lba, count);
}

void cdb_read_16(uint8_t cdb[static CDB_SIZE], uint64_t lba, uint32_t count)
{
	range_16(cdb, SCSI_READ_16, 0, lba, count);
}

void cdb_write_10(uint8_t cdb[static CDB_SIZE], uint32_t lba, uint16_t count,
		  bool fua)
{
	range_10(cdb, SCSI_WRITE_10, fua ? BIT_FUA : 0, lba, count);
}

void cdb_write_16(uint8_t cdb[static CDB_SIZE], uint64_t lba, uint32_t count,
		  bool fua)
{
	range_16(cdb, SCSI_WRITE_16, fua ? BIT_FUA : 0, lba, count);
}

void cdb_pr_in(uint8_t cdb[static CDB_SIZE], uint8_t action, uint16_t alloc)
{
	begin(cdb, SCSI_PERSISTENT_RESERVE_IN);
	cdb[1] = action;
	put_be16(cdb + 7, alloc);
}

void cdb_pr_out(uint8_t cdb[static CDB_SIZE], uint8_t action, uint8_t type,
		uint32_t len)
{
	begin(cdb, SCSI_PERSISTENT_RESERVE_OUT);
	cdb[1] = action;
	cdb[2] = type; /* scope 0: the whole LUN */
	put_be32(cdb + 5, len);
}

void cdb_synchronize_cache_10(uint8_t cdb[static CDB_SIZE])
{
	begin(cdb, SCSI_SYNCHRONIZE_CACHE_10);
}

void cdb_synchronize_cache_16(uint8_t cdb[static CDB_SIZE])
{
	begin(cdb, SCSI_SYNCHRONIZE_CACHE_16);
}

void cdb_write_same_10(uint8_t cdb[static CDB_SIZE], uint32_t lba,
		       uint16_t count, bool unmap)
{
	range_10(cdb, SCSI_WRITE_SAME_10, unmap ? BIT_SAME_UNMAP : 0, lba,
		 count);
}

void cdb_write_same_16(uint8_t cdb[static CDB_SIZE], uint64_t lba,
		       uint32_t count, bool unmap)
{
	range_16(cdb, SCSI_WRITE_SAME_16, unmap ? BIT_SAME_UNMAP : 0, lba,
		 count);
}

void cdb_unmap(uint8_t cdb[static CDB_SIZE])
{
	begin(cdb, SCSI_UNMAP);
	put_be16(cdb + 7, UNMAP_LIST_LEN);
}

void cdb_unmap_list(uint8_t list[static UNMAP_LIST_LEN], uint64_t lba,
		    uint32_t count)
{
	memset(list, 0, UNMAP_LIST_LEN);
	put_be16(list, UNMAP_LIST_LEN - 2); /* bytes that follow */
	put_be16(list + 2, 16);		    /* of them descriptors */
	put_be64(list + 8, lba);
	put_be32(list + 16, count);
}
