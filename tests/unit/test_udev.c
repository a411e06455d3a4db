/*
 * test_udev - properties of disks, as udev's own programs would find them.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "iscsid/host/udev.h"

static struct udev_disk disk;
static struct addr portals[6];
static uint8_t lun[LUN_LEN];
static char text[UDEV_TEXT_SIZE];

static int set_up(void **state)
{
	memset(portals, 0, sizeof(portals));
	memset(lun, 0, sizeof(lun));
	for (unsigned i = 0; i < 6; i++) {
		strcpy(portals[i].host, "192.0.2.1");
		portals[i].host[8] = (char)('1' + i);
		portals[i].port = ISCSI_PORT;
	}
	disk = (struct udev_disk){
		.vendor = "LIO-ORG",
		.model = "FILEIO",
		.rev = "4.0",
		.serial = "9f1a-77",
		.identity = "naa.60014059f1a770001000000000000000",
		.target = "iqn.2026-01.org.example:store",
		.portals = portals,
		.nportals = 1,
		.lun = lun,
	};
	return 0;
}

static void assert_has(const char *line)
{
	char around[512], all[UDEV_TEXT_SIZE + 1] = "\n";

	udev_text(&disk, text, sizeof(text));
	strcat(all, text);
	strcpy(around, "\n");
	strcat(around, line);
	strcat(around, "\n");
	if (!strstr(all, around))
		fail_msg("no line %s in:\n%s", line, text);
}

static void assert_lacks(const char *word)
{
	udev_text(&disk, text, sizeof(text));
	assert_null(strstr(text, word));
}

static void test_an_naa_designator_is_the_serial_of_scsi_id(void **state)
{
	assert_has("ID_SERIAL=360014059f1a770001000000000000000");
	assert_has("ID_SERIAL_SHORT=60014059f1a770001000000000000000");
	assert_has("ID_SCSI_SERIAL=9f1a-77");
}

static void test_a_long_naa_designator_is_a_wwn_with_extension(void **state)
{
	assert_has("ID_WWN=0x60014059f1a77000");
	assert_has("ID_WWN_VENDOR_EXTENSION=0x1000000000000000");
	assert_has("ID_WWN_WITH_EXTENSION=0x60014059f1a770001000000000000000");
}

static void test_a_short_one_is_a_wwn_alone(void **state)
{
	disk.identity = "naa.5000c5001234abcd";
	assert_has("ID_WWN=0x5000c5001234abcd");
	assert_has("ID_WWN_WITH_EXTENSION=0x5000c5001234abcd");
	assert_lacks("ID_WWN_VENDOR_EXTENSION");
}

static void test_other_designators_have_their_digit(void **state)
{
	disk.identity = "eui.0011223344556677";
	assert_has("ID_SERIAL=20011223344556677");
	disk.identity = "t10.IET     00010001";
	assert_has("ID_SERIAL=1IET_00010001");
	assert_lacks("ID_WWN");
}

static void test_without_a_designator_page_80_names_the_disk(void **state)
{
	disk.identity = "serial.9f1a-77";
	assert_has("ID_SERIAL=SLIO-ORG_FILEIO_9f1a-77");
	assert_has("ID_SERIAL_SHORT=9f1a-77");
}

static void test_a_disk_without_names_has_no_serial(void **state)
{
	disk.identity = disk.serial = "";
	assert_lacks("ID_SERIAL");
	assert_lacks("ID_SCSI_SERIAL");
	assert_has("ID_VENDOR=LIO-ORG");
}

static void test_the_path_is_portal_name_and_lun(void **state)
{
	lun[1] = 7;
	assert_has("ID_PATH=ip-192.0.2.1:3260-iscsi-"
		   "iqn.2026-01.org.example:store-lun-7");
	assert_lacks("ISCSI_PATH_2");
}

static void test_a_lun_above_255_is_its_field(void **state)
{
	lun[0] = 0x41;
	lun[1] = 0x2c;
	assert_has("ID_PATH=ip-192.0.2.1:3260-iscsi-"
		   "iqn.2026-01.org.example:store-lun-0x412c000000000000");
}

static void test_an_ipv6_address_stands_without_brackets(void **state)
{
	strcpy(portals[0].host, "2001:db8::1");
	assert_has("ID_PATH=ip-2001:db8::1:3260-iscsi-"
		   "iqn.2026-01.org.example:store-lun-0");
}

static void test_the_first_four_portals_have_paths(void **state)
{
	disk.nportals = 6;
	assert_has("ISCSI_PATH_2=ip-192.0.2.2:3260-iscsi-"
		   "iqn.2026-01.org.example:store-lun-0");
	assert_has("ISCSI_PATH_4=ip-192.0.2.4:3260-iscsi-"
		   "iqn.2026-01.org.example:store-lun-0");
	assert_lacks("ISCSI_PATH_5");
}

static void test_a_target_cannot_add_properties(void **state)
{
	disk.vendor = "EVIL\nSYSTEMD_WANTS=x.service";
	disk.identity = "t10.a/../b\nSYSTEMD_ALIAS=/dev/x $env{y} %k \"";
	disk.serial = "\xc3\xa4\r\nX=1";
	assert_lacks("\nSYSTEMD");
	assert_lacks("\nX=");
	assert_lacks("/");
	assert_lacks("$");
	assert_lacks("%");
	assert_lacks("\"");
	assert_has("ID_SERIAL=1a_.._b_SYSTEMD_ALIAS=_dev_x__env_y___k__");
}

static void test_a_cd_says_so(void **state)
{
	assert_has("ID_TYPE=disk");
	disk.cd = true;
	assert_has("ID_TYPE=cd");
}

#define UNIT(name) cmocka_unit_test_setup(name, set_up)

int main(void)
{
	const struct CMUnitTest tests[] = {
		UNIT(test_an_naa_designator_is_the_serial_of_scsi_id),
		UNIT(test_a_long_naa_designator_is_a_wwn_with_extension),
		UNIT(test_a_short_one_is_a_wwn_alone),
		UNIT(test_other_designators_have_their_digit),
		UNIT(test_without_a_designator_page_80_names_the_disk),
		UNIT(test_a_disk_without_names_has_no_serial),
		UNIT(test_the_path_is_portal_name_and_lun),
		UNIT(test_a_lun_above_255_is_its_field),
		UNIT(test_an_ipv6_address_stands_without_brackets),
		UNIT(test_the_first_four_portals_have_paths),
		UNIT(test_a_target_cannot_add_properties),
		UNIT(test_a_cd_says_so),
	};

	return cmocka_run_group_tests_name("udev", tests, NULL, NULL);
}
