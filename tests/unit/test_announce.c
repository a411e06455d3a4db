/*
 * test_announce - the lines about a found disk, as the seed shows them.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "iscsid/device/announce.h"

static struct announce disk;
static uint32_t parts[] = { 1, 2 };

static int set_up(void **state)
{
	disk = (struct announce){ .vendor = "SEAGATE",
				  .model = "ST39103FC",
				  .rev = "0002",
				  .type = 0,
				  .ansi = 2,
				  .dev = "loop0",
				  .block_size = 512,
				  .blocks = 17783240,
				  .parts = parts,
				  .nparts = 2 };
	return 0;
}

static void assert_line(unsigned i, const char *want)
{
	char line[ANNOUNCE_LINE];

	announce_line(&disk, i, line, sizeof(line));
	assert_string_equal(line, want);
}

static void test_the_example_of_the_seed_comes_out(void **state)
{
	assert_line(0, "  Vendor: SEAGATE  Model: ST39103FC        Rev: 0002");
	assert_line(1, "  Type:   Direct-Access                    "
		       "ANSI SCSI revision: 02");
	assert_line(2, "Detected scsi disk loop0 at scsi0, channel 0, id 0, "
		       "lun 0");
	assert_line(3, "SCSI device loop0: hdwr sector= 512 bytes.");
	assert_line(4, "Sectors= 17783240 [8683 MB] [8.7 GB]");
	assert_line(5, "loop0: loop0p1 loop0p2");
}

static void test_sectors_are_the_disks_own(void **state)
{
	disk.block_size = 4096;
	disk.blocks = 262144;
	assert_line(3, "SCSI device loop0: hdwr sector= 4096 bytes.");
	assert_line(4, "Sectors= 262144 [1024 MB] [1.0 GB]");
}

static void test_the_largest_disk_does_not_overflow(void **state)
{
	disk.blocks = UINT64_C(1) << 53;
	assert_line(4, "Sectors= 9007199254740992 [4398046511104 MB] "
		       "[4398046511.1 GB]");
}

static void test_bus_target_and_lun_are_channel_id_and_lun(void **state)
{
	disk.bus = 1;
	disk.target = 12;
	disk.lun = 200;
	assert_line(2, "Detected scsi disk loop0 at scsi0, channel 1, id 12, "
		       "lun 200");
}

static void test_a_disk_without_partitions_says_so(void **state)
{
	disk.nparts = 0;
	assert_line(5, "loop0: unknown partition table");
}

static void test_what_is_no_disk_has_no_sectors(void **state)
{
	disk.type = 1;
	disk.block_size = 0;
	assert_line(2, "Detected scsi generic loop0 at scsi0, channel 0, "
		       "id 0, lun 0");
	assert_line(3, "");
	assert_line(4, "");
	assert_line(5, "");
}

#define CASE(t) cmocka_unit_test_setup(t, set_up)

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(test_the_example_of_the_seed_comes_out),
		CASE(test_sectors_are_the_disks_own),
		CASE(test_the_largest_disk_does_not_overflow),
		CASE(test_bus_target_and_lun_are_channel_id_and_lun),
		CASE(test_a_disk_without_partitions_says_so),
		CASE(test_what_is_no_disk_has_no_sectors),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
