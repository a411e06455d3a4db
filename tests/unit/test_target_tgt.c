/* Tests of target/tgt.c and mem.c: what is served, and changing it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include <errno.h>

#include "unit/target_peer.h"

#include "base/bytes.h"

static struct world *world;
static struct peer *peer;
static struct result result;
static uint8_t data[512];

static int setup(void **state)
{
	world = world_new();
	peer = peer_new(world);
	assert_int_equal(peer_login_with(peer, TEXT(WHO "\0InitialR2T=Yes")),
			 LOGIN_OK);
	return 0;
}

static int teardown(void **state)
{
	peer_free(peer);
	world_free(world);
	return 0;
}

static int add(uint32_t number, uint64_t size, uint32_t block_size)
{
	struct tgt_backend *b = tgt_mem_new(size);
	struct tgt_lun_config cfg;
	int err;

	tgt_lun_defaults(&cfg);
	cfg.block_size = block_size;
	err = tgt_lun_add(world->tt, number, b, &cfg, NULL);
	if (err)
		tgt_backend_free(b);
	return err;
}

static void test_lun_needs_whole_blocks(void **state)
{
	assert_int_equal(add(1, 1000, 512), -EINVAL);
	assert_int_equal(add(1, 2048, 4096), -EINVAL);
	assert_int_equal(add(1, 4096, 1024), -EINVAL);
	assert_int_equal(add(1, 4096, 4096), 0);
}

static void test_lun_number_is_limited_and_unique(void **state)
{
	assert_int_equal(add(16384, 512, 512), -EINVAL);
	assert_int_equal(add(0, 512, 512), -EEXIST);
	assert_int_equal(add(16383, 512, 512), 0);
	assert_int_equal(add(16383, 512, 512), -EEXIST);
	assert_non_null(tgt_lun_find(world->tt, 16383));
}

static void test_luns_are_limited_in_number(void **state)
{
	for (uint32_t i = 1; i < TGT_MAX_LUNS; i++)
		assert_int_equal(add(1000 + i, 512, 512), 0);
	assert_int_equal(add(5, 512, 512), -ENOSPC);
}

static void test_target_needs_a_good_and_new_name(void **state)
{
	struct tgt_target *tt;

	assert_int_equal(tgt_target_add(world->t, "disk", &tt), -EINVAL);
	assert_int_equal(tgt_target_add(world->t, PEER_TARGET, &tt), -EEXIST);
}

static void test_removed_lun_is_gone_for_its_sessions(void **state)
{
	struct pdu_scsi_cmd c;

	assert_int_equal(add(1, 512, 512), 0);
	peer_write10(peer, &c, 0, 1);
	peer_command_send(peer, &c, NULL, 0);
	peer_recv(peer); /* 3F/0E of the new LUN */
	peer_write10(peer, &c, 0, 1);
	peer_command_send(peer, &c, NULL, 0);
	peer_expect(peer, OP_R2T);
	tgt_lun_remove(world->lun);
	assert_null(tgt_lun_find(world->tt, 0));
	peer_data_out(peer, c.itt, get_be32(peer->bhs + 20), 0, 0, data, 512,
		      true);
	peer_finish(peer, c.itt, &result);
	assert_int_equal(result_sense(&result), 0x052500);
	peer_run(peer, CDB(0), 0, &result);
	assert_int_equal(result_sense(&result), 0x052500);
}

static void test_slow_command_ends_with_its_lun(void **state)
{
	struct tgt_inject slow = { .opcode = 0, .times = 1, .delay = 99 };
	struct pdu_scsi_cmd c;

	tgt_lun_inject(world->lun, &slow);
	peer_command(peer, &c);
	peer_command_send(peer, &c, NULL, 0);
	peer_expect_silence(peer);
	tgt_lun_remove(world->lun);
	peer_finish(peer, c.itt, &result);
	assert_int_equal(result_sense(&result), 0x052500);
}

static void test_targets_are_served_apart(void **state)
{
	struct peer *q = peer_new(world);
	struct tgt_target *tt;

	assert_int_equal(
		tgt_target_add(world->t, "iqn.2026-01.example:empty", &tt), 0);
	q->isid[5] = 2;
	assert_int_equal(
		peer_login_with(q, TEXT("InitiatorName=" PEER_NAME
					"\0TargetName=iqn.2026-01.example:"
					"empty")),
		LOGIN_OK);
	peer_run(q, CDB(0), 0, &result);
	assert_int_equal(result_sense(&result), 0x052500);
	peer_free(q);
}

static void test_portals_are_limited(void **state)
{
	struct addr a = { "192.0.2.2", 3260, -1 };

	for (int i = 1; i < TGT_MAX_PORTALS; i++)
		assert_int_equal(tgt_portal_add(world->t, &a), i);
	assert_int_equal(tgt_portal_add(world->t, &a), -ENOSPC);
	assert_int_equal(world->t->portals[1].tag, 1);
}

static void test_memory_keeps_what_a_resize_spares(void **state)
{
	struct tgt_backend *b = tgt_mem_new(8192);
	uint8_t byte = 5;

	b->ops->write(b, 4095, &byte, 1);
	assert_int_equal(b->ops->resize(b, 1 << 20), 0);
	byte = 0;
	b->ops->read(b, 4095, &byte, 1);
	assert_int_equal(byte, 5);
	b->ops->read(b, (1 << 20) - 1, &byte, 1);
	assert_int_equal(byte, 0);
	tgt_backend_free(b);
}

static void test_discarded_memory_is_zero_at_any_offset(void **state)
{
	struct tgt_backend *b = tgt_mem_new(65536);
	uint8_t all[65536];

	memset(all, 9, sizeof(all));
	b->ops->write(b, 0, all, sizeof(all));
	assert_int_equal(b->ops->discard(b, 1000, 20000), 0);
	b->ops->read(b, 0, all, sizeof(all));
	for (size_t i = 0; i < sizeof(all); i++)
		assert_int_equal(all[i], i >= 1000 && i < 21000 ? 0 : 9);
	tgt_backend_free(b);
}

#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(test_lun_needs_whole_blocks),
		T(test_lun_number_is_limited_and_unique),
		T(test_luns_are_limited_in_number),
		T(test_target_needs_a_good_and_new_name),
		T(test_removed_lun_is_gone_for_its_sessions),
		T(test_slow_command_ends_with_its_lun),
		T(test_targets_are_served_apart),
		T(test_portals_are_limited),
		T(test_memory_keeps_what_a_resize_spares),
		T(test_discarded_memory_is_zero_at_any_offset),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
