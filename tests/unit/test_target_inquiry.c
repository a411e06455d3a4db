/* Tests of target/inquiry.c and mode.c. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "unit/target_peer.h"

#include "base/bytes.h"

static struct world *world;
static struct peer *peer;
static struct result result;

static int setup(void **state)
{
	world = world_new();
	peer = peer_new(world);
	peer_login(peer);
	return 0;
}

static int teardown(void **state)
{
	peer_free(peer);
	world_free(world);
	return 0;
}

static void vpd(uint8_t page)
{
	peer_run(peer, CDB(0x12, 1, page, 2, 0, 0), 512, &result);
	assert_int_equal(result_sense(&result), 0);
	assert_int_equal(result.data[1], page);
	assert_int_equal(get_be16(result.data + 2) + 4, result.len);
}

static void test_inquiry_names_the_device(void **state)
{
	peer_run(peer, CDB(0x12, 0, 0, 0, 255, 0), 255, &result);
	assert_int_equal(result.data[0], 0);
	assert_int_equal(result.data[2], 6);
	assert_memory_equal(result.data + 8, "softhba demo disk       0001",
			    28);
	assert_int_equal(result.data[4] + 5u, result.len);
}

static void test_inquiry_is_cut_by_the_allocation_length(void **state)
{
	peer_run(peer, CDB(0x12, 0, 0, 0, 36, 0), 255, &result);
	assert_int_equal(result.len, 36);
}

static void test_inquiry_of_no_lun_says_so(void **state)
{
	struct pdu_scsi_cmd c;

	peer_command(peer, &c);
	c.lun[1] = 5;
	c.read = true;
	c.edtl = 96;
	c.cdb[0] = 0x12;
	c.cdb[4] = 96;
	peer_command_send(peer, &c, NULL, 0);
	peer_finish(peer, c.itt, &result);
	assert_int_equal(result.data[0], 0x7f);
}

static void test_page_code_without_evpd_is_invalid(void **state)
{
	peer_run(peer, CDB(0x12, 0, 0x80, 0, 96, 0), 96, &result);
	assert_int_equal(result_sense(&result), 0x052400);
}

static void test_unknown_page_is_invalid(void **state)
{
	peer_run(peer, CDB(0x12, 1, 0xc0, 0, 96, 0), 96, &result);
	assert_int_equal(result_sense(&result), 0x052400);
}

static void test_pages_are_listed_in_order(void **state)
{
	static const uint8_t want[] = { 0,    0,    0,	  6,	0,
					0x80, 0x83, 0xb0, 0xb1, 0xb2 };

	vpd(0x00);
	assert_memory_equal(result.data, want, sizeof(want));
}

static void test_serial_number_can_be_chosen(void **state)
{
	strcpy(world->lun->cfg.serial, "S-1");
	vpd(0x80);
	assert_int_equal(result.len, 7);
	assert_memory_equal(result.data + 4, "S-1", 3);
}

static void test_identity_is_a_locally_assigned_naa(void **state)
{
	vpd(0x83);
	assert_int_equal(result.data[4], 0x51);
	assert_int_equal(result.data[5], 0x03);
	assert_int_equal(result.data[7], 8);
	assert_int_equal(result.data[8] >> 4, 3);
	assert_int_equal(get_be64(result.data + 8), world->lun->naa);
}

static void test_identity_depends_on_target_and_number(void **state)
{
	struct tgt_lun_config cfg;
	struct tgt_target *other;
	struct tgt_lun *a, *b, *c;

	tgt_lun_defaults(&cfg);
	tgt_target_add(world->t, "iqn.2026-01.example:other", &other);
	tgt_lun_add(world->tt, 1, tgt_mem_new(512), &cfg, &a);
	tgt_lun_add(other, 1, tgt_mem_new(512), &cfg, &b);
	cfg.identity = 0x123;
	tgt_lun_add(other, 2, tgt_mem_new(512), &cfg, &c);
	assert_true(a->naa != world->lun->naa);
	assert_true(a->naa != b->naa);
	assert_true(c->naa == 0x3000000000000123ull);
}

static void test_limits_offer_unmap_on_thin_luns_only(void **state)
{
	vpd(0xb0);
	assert_int_equal(result.len, 64);
	assert_true(get_be32(result.data + 20) > 0);
	world->lun->cfg.thin = false;
	vpd(0xb0);
	assert_int_equal(get_be32(result.data + 20), 0);
	vpd(0xb2);
	assert_int_equal(result.data[5], 0);
}

static void test_thin_lun_says_how_it_unmaps(void **state)
{
	vpd(0xb2);
	assert_int_equal(result.data[5], 0xe4); /* LBPU, WS, WS10, LBPRZ */
	assert_int_equal(result.data[6], 2);
}

static void test_report_luns_lists_all(void **state)
{
	struct tgt_lun_config cfg;
	static const uint8_t want[] = { 0, 0, 0,    24,	  0, 0, 0, 0, 0, 0, 0,
					0, 0, 0,    0,	  0, 0, 9, 0, 0, 0, 0,
					0, 0, 0x41, 0x2c, 0, 0, 0, 0, 0, 0 };

	tgt_lun_defaults(&cfg);
	tgt_lun_add(world->tt, 300, tgt_mem_new(512), &cfg, NULL);
	tgt_lun_add(world->tt, 9, tgt_mem_new(512), &cfg, NULL);
	peer_run(peer, CDB(0xa0, 0, 0, 0, 0, 0, 0, 0, 1, 0), 256, &result);
	assert_int_equal(result.len, sizeof(want));
	assert_memory_equal(result.data, want, sizeof(want));
}

static void test_report_luns_tells_its_whole_length_when_cut(void **state)
{
	struct tgt_lun_config cfg;

	tgt_lun_defaults(&cfg);
	tgt_lun_add(world->tt, 1, tgt_mem_new(512), &cfg, NULL);
	peer_run(peer, CDB(0xa0, 0, 0, 0, 0, 0, 0, 0, 0, 16), 16, &result);
	assert_int_equal(result.len, 16);
	assert_int_equal(get_be32(result.data), 16);
}

static void test_report_luns_clears_its_attention(void **state)
{
	struct tgt_lun_config cfg;

	tgt_lun_defaults(&cfg);
	tgt_lun_add(world->tt, 1, tgt_mem_new(512), &cfg, NULL);
	peer_run(peer, CDB(0xa0, 0, 0, 0, 0, 0, 0, 0, 1, 0), 256, &result);
	peer_run(peer, CDB(0), 0, &result);
	assert_int_equal(result_sense(&result), 0);
}

static void test_new_lun_is_told(void **state)
{
	struct tgt_lun_config cfg;

	tgt_lun_defaults(&cfg);
	tgt_lun_add(world->tt, 1, tgt_mem_new(512), &cfg, NULL);
	peer_run(peer, CDB(0), 0, &result);
	assert_int_equal(result_sense(&result), 0x063f0e);
}

static void mode6(uint8_t page)
{
	peer_run(peer, CDB(0x1a, 0, page, 0, 255, 0), 255, &result);
}

static void test_mode_sense_tells_write_protection(void **state)
{
	mode6(0x3f);
	assert_int_equal(result.data[2] & 0x80, 0);
	world->lun->cfg.read_only = true;
	mode6(0x3f);
	assert_int_equal(result.data[2] & 0x80, 0x80);
	assert_int_equal(result.data[0] + 1u, result.len);
}

static void test_mode_sense_tells_the_write_cache(void **state)
{
	mode6(0x08);
	assert_int_equal(result.data[12], 0x08);
	assert_int_equal(result.data[14] & 4, 4);
	world->lun->cfg.write_cache = false;
	mode6(0x08);
	assert_int_equal(result.data[14] & 4, 0);
}

static void test_mode_sense_has_a_block_descriptor(void **state)
{
	mode6(0x08);
	assert_int_equal(result.data[3], 8);
	assert_int_equal(get_be32(result.data + 4), PEER_BLOCKS);
	assert_int_equal(get_be24(result.data + 9), 512);
	peer_run(peer, CDB(0x1a, 8, 0x08, 0, 255, 0), 255, &result);
	assert_int_equal(result.data[3], 0);
	assert_int_equal(result.data[4], 0x08);
}

static void test_long_mode_sense_agrees(void **state)
{
	peer_run(peer, CDB(0x5a, 0x10, 0x08, 0, 0, 0, 0, 1, 0, 0), 256,
		 &result);
	assert_int_equal(get_be16(result.data) + 2u, result.len);
	assert_int_equal(get_be16(result.data + 6), 16);
	assert_int_equal(get_be64(result.data + 8), PEER_BLOCKS);
	assert_int_equal(result.data[24], 0x08);
}

static void test_nothing_of_a_mode_page_can_be_changed(void **state)
{
	static const uint8_t zeros[18];

	mode6(0x40 | 0x08);
	assert_memory_equal(result.data + 14, zeros, 18);
}

static void test_saved_mode_pages_do_not_exist(void **state)
{
	mode6(0xc0 | 0x08);
	assert_int_equal(result_sense(&result), 0x053900);
}

static void test_unknown_mode_page_is_invalid(void **state)
{
	mode6(0x2a);
	assert_int_equal(result_sense(&result), 0x052400);
}

#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(test_inquiry_names_the_device),
		T(test_inquiry_is_cut_by_the_allocation_length),
		T(test_inquiry_of_no_lun_says_so),
		T(test_page_code_without_evpd_is_invalid),
		T(test_unknown_page_is_invalid),
		T(test_pages_are_listed_in_order),
		T(test_serial_number_can_be_chosen),
		T(test_identity_is_a_locally_assigned_naa),
		T(test_identity_depends_on_target_and_number),
		T(test_limits_offer_unmap_on_thin_luns_only),
		T(test_thin_lun_says_how_it_unmaps),
		T(test_report_luns_lists_all),
		T(test_report_luns_tells_its_whole_length_when_cut),
		T(test_report_luns_clears_its_attention),
		T(test_new_lun_is_told),
		T(test_mode_sense_tells_write_protection),
		T(test_mode_sense_tells_the_write_cache),
		T(test_mode_sense_has_a_block_descriptor),
		T(test_long_mode_sense_agrees),
		T(test_nothing_of_a_mode_page_can_be_changed),
		T(test_saved_mode_pages_do_not_exist),
		T(test_unknown_mode_page_is_invalid),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
