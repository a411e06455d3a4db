/*
 * test_partition - tables laid out by hand in a file, read with libblkid.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <errno.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>
#include <cmocka.h>

#include "base/bytes.h"
#include "export/partition.h"

#define SIZE	   (8u << 20)
#define SECTORS(n) ((uint64_t)(n)*512)

static struct partition_table table;

static int blank_disk(void)
{
	int fd = memfd_create("disk", MFD_CLOEXEC);

	assert_true(fd >= 0);
	assert_int_equal(ftruncate(fd, SIZE), 0);
	memset(&table, 0xaa, sizeof(table));
	return fd;
}

struct entry {
	uint8_t type;
	uint32_t start, sectors;
};

/* A boot record at a sector: up to four entries and the signature. */
static void put_record(int fd, uint32_t sector, const struct entry *e, int n)
{
	uint8_t b[512] = { 0 };

	for (int i = 0; i < n; i++) {
		uint8_t *p = b + 446 + 16 * i;

		p[4] = e[i].type;
		put_le32(p + 8, e[i].start);
		put_le32(p + 12, e[i].sectors);
	}
	b[510] = 0x55;
	b[511] = 0xaa;
	assert_int_equal(pwrite(fd, b, sizeof(b), (off_t)SECTORS(sector)), 512);
}

static void expect(unsigned i, uint32_t number, uint64_t start, uint64_t len)
{
	assert_true(i < table.count);
	assert_int_equal(table.part[i].number, number);
	assert_int_equal(table.part[i].start, start);
	assert_int_equal(table.part[i].length, len);
}

static void test_blank_disk_has_no_table(void **state)
{
	int fd = blank_disk();

	assert_int_equal(partition_read(fd, &table), 0);
	assert_int_equal(table.count, 0);
	assert_string_equal(table.type, "");
	close(fd);
}

static void test_primary_partitions_are_found(void **state)
{
	static const struct entry e[] = { { 0x83, 64, 1000 },
					  { 0, 0, 0 },
					  { 0x82, 2048, 4096 } };
	int fd = blank_disk();

	put_record(fd, 0, e, 3);
	assert_int_equal(partition_read(fd, &table), 0);
	assert_string_equal(table.type, "dos");
	assert_int_equal(table.count, 2);
	expect(0, 1, SECTORS(64), SECTORS(1000));
	expect(1, 3, SECTORS(2048), SECTORS(4096));
	close(fd);
}

static void test_extended_partition_is_two_sectors_beside_its_own(void **state)
{
	static const struct entry mbr[] = { { 0x05, 1024, 8192 } };
	static const struct entry ebr[] = { { 0x83, 16, 500 } };
	int fd = blank_disk();

	put_record(fd, 0, mbr, 1);
	put_record(fd, 1024, ebr, 1);
	assert_int_equal(partition_read(fd, &table), 0);
	assert_int_equal(table.count, 2);
	expect(0, 1, SECTORS(1024), SECTORS(2));
	expect(1, 5, SECTORS(1040), SECTORS(500));
	close(fd);
}

/* Each boot record points at itself: reading must end. */
static void test_loop_of_extended_partitions_ends(void **state)
{
	static const struct entry mbr[] = { { 0x05, 1024, 8192 } };
	static const struct entry ebr[] = { { 0x83, 16, 16 }, { 0x05, 0, 64 } };
	int fd = blank_disk();

	put_record(fd, 0, mbr, 1);
	put_record(fd, 1024, ebr, 2);
	assert_int_equal(partition_read(fd, &table), 0);
	assert_true(table.count <= PARTITION_MAX);
	close(fd);
}

static void test_unreadable_disk_is_an_error(void **state)
{
	assert_true(partition_read(-1, &table) < 0);
}

static struct partition_table good(void)
{
	return (struct partition_table){
		.type = "gpt",
		.count = 2,
		.part = { { 1, 4096, 8192 }, { 2, 12288, 4096 } },
	};
}

static void test_list_that_fits_the_disk_is_fine(void **state)
{
	struct partition_table g = good();

	assert_true(partition_table_ok(&g, 16384, 4096));
	g.count = 0;
	assert_true(partition_table_ok(&g, 0, 512));
}

static void test_list_that_does_not_fit_is_refused(void **state)
{
	struct partition_table g = good();

	assert_false(partition_table_ok(&g, 16383, 4096));
	assert_false(partition_table_ok(&g, 16384, 8192));
	g.part[1].length = UINT64_MAX;
	assert_false(partition_table_ok(&g, 16384, 4096));
	g = good();
	g.part[1].number = 1;
	assert_false(partition_table_ok(&g, 16384, 4096));
	g.part[1].number = PARTITION_MAX + 1;
	assert_false(partition_table_ok(&g, 16384, 4096));
	g = good();
	g.part[0].number = 0;
	assert_false(partition_table_ok(&g, 16384, 4096));
	g = good();
	g.part[0].length = 0;
	assert_false(partition_table_ok(&g, 16384, 4096));
	g = good();
	g.count = PARTITION_MAX + 1;
	assert_false(partition_table_ok(&g, 16384, 4096));
	g = good();
	memset(g.type, 'x', sizeof(g.type));
	assert_false(partition_table_ok(&g, 16384, 4096));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_blank_disk_has_no_table),
		cmocka_unit_test(test_primary_partitions_are_found),
		cmocka_unit_test(
			test_extended_partition_is_two_sectors_beside_its_own),
		cmocka_unit_test(test_loop_of_extended_partitions_ends),
		cmocka_unit_test(test_unreadable_disk_is_an_error),
		cmocka_unit_test(test_list_that_fits_the_disk_is_fine),
		cmocka_unit_test(test_list_that_does_not_fit_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
