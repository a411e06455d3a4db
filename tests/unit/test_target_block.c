/* Tests of target/block.c and unmap.c: the medium. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "unit/target_peer.h"

#include <errno.h>
#include <stdlib.h>

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

static uint8_t data[8192];
static const uint8_t zeros[8192];

/* Another LUN 0, in place of the one the world has. */
static void use_lun(uint32_t block_size, bool thin)
{
	struct tgt_lun_config cfg;

	tgt_lun_defaults(&cfg);
	cfg.block_size = block_size;
	cfg.thin = thin;
	tgt_lun_remove(world->lun);
	assert_int_equal(tgt_lun_add(world->tt, 0, tgt_mem_new(1 << 20), &cfg,
				     &world->lun),
			 0);
	peer_run(peer, CDB(0xa0, 0, 0, 0, 0, 0, 0, 0, 1, 0), 256, &result);
}

static uint32_t sense_of(const uint8_t *cdb, size_t n)
{
	peer_run(peer, cdb, n, 512, &result);
	return result_sense(&result);
}

static uint32_t out(const uint8_t *cdb, size_t n, const void *d, uint32_t len)
{
	peer_run_out(peer, cdb, n, d, len, &result);
	return result_sense(&result);
}

static const uint8_t *on_disk(uint32_t lba)
{
	static uint8_t back[8192];

	world->lun->backend->ops->read(
		world->lun->backend, (uint64_t)lba * world->lun->cfg.block_size,
		back, 4096);
	return back;
}

static void test_every_width_of_read_and_write_agrees(void **state)
{
	memset(data, 1, 512);
	assert_int_equal(out(CDB(0x0a, 0, 0, 20, 1, 0), data, 512), 0);
	memset(data, 2, 512);
	assert_int_equal(out(CDB(0x2a, 0, 0, 0, 0, 21, 0, 0, 1, 0), data, 512),
			 0);
	memset(data, 3, 512);
	assert_int_equal(out(CDB(0xaa, 0, 0, 0, 0, 22, 0, 0, 0, 1), data, 512),
			 0);
	memset(data, 4, 512);
	assert_int_equal(out(CDB(0x8a, 0, 0, 0, 0, 0, 0, 0, 0, 23, 0, 0, 0, 1),
			     data, 512),
			 0);
	sense_of(CDB(0x08, 0, 0, 23, 1, 0));
	assert_int_equal(result.data[0], 4);
	sense_of(CDB(0x28, 0, 0, 0, 0, 22, 0, 0, 1, 0));
	assert_int_equal(result.data[0], 3);
	sense_of(CDB(0xa8, 0, 0, 0, 0, 21, 0, 0, 0, 1));
	assert_int_equal(result.data[0], 2);
	sense_of(CDB(0x88, 0, 0, 0, 0, 0, 0, 0, 0, 20, 0, 0, 0, 1));
	assert_int_equal(result.data[511], 1);
}

static void test_length_zero_of_read6_means_256(void **state)
{
	peer_run(peer, CDB(0x08, 0, 0, 0, 0, 0), 256 * 512, &result);
	assert_int_equal(result.len, 256 * 512);
}

static void test_length_zero_of_read10_means_nothing(void **state)
{
	peer_run(peer, CDB(0x28, 0, 0, 0, 0, 0, 0, 0, 0), 0, &result);
	assert_int_equal(result.status, TGT_GOOD);
	assert_false(result.overflow || result.underflow);
}

static void test_last_block_is_there_and_the_next_is_not(void **state)
{
	assert_int_equal(sense_of(CDB(0x28, 0, 0, 0, 7, 0xff, 0, 0, 1)), 0);
	assert_int_equal(sense_of(CDB(0x28, 0, 0, 0, 8, 0, 0, 0, 1)), 0x052100);
	assert_int_equal(sense_of(CDB(0x28, 0, 0, 0, 7, 0xff, 0, 0, 2)),
			 0x052100);
}

static void test_huge_lba_does_not_wrap(void **state)
{
	assert_int_equal(sense_of(CDB(0x88, 0, 0xff, 0xff, 0xff, 0xff, 0xff,
				      0xff, 0xff, 0xff, 0, 0, 0, 2)),
			 0x052100);
}

static void test_longer_than_the_limit_is_invalid(void **state)
{
	world->lun->cfg.max_transfer = 4096;
	assert_int_equal(sense_of(CDB(0x28, 0, 0, 0, 0, 0, 0, 0, 9)), 0x052400);
}

static void test_protection_is_not_supported(void **state)
{
	assert_int_equal(sense_of(CDB(0x28, 0x20, 0, 0, 0, 0, 0, 0, 1)),
			 0x052400);
}

static void test_read_only_lun_refuses_whatever_writes(void **state)
{
	world->lun->cfg.read_only = true;
	assert_int_equal(out(CDB(0x2a, 0, 0, 0, 0, 0, 0, 0, 1), data, 512),
			 0x072700);
	assert_int_equal(out(CDB(0x42, 0, 0, 0, 0, 0, 0, 0, 8), data, 8),
			 0x072700);
	assert_int_equal(out(CDB(0x41, 0, 0, 0, 0, 0, 0, 0, 1), data, 512),
			 0x072700);
	assert_int_equal(sense_of(CDB(0x28, 0, 0, 0, 0, 0, 0, 0, 1)), 0);
}

static void test_capacity_is_the_last_block(void **state)
{
	peer_run(peer, CDB(0x25), 8, &result);
	assert_int_equal(get_be32(result.data), PEER_BLOCKS - 1);
	assert_int_equal(get_be32(result.data + 4), 512);
	peer_run(peer, CDB(0x9e, 0x10, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 32), 32,
		 &result);
	assert_int_equal(get_be64(result.data), PEER_BLOCKS - 1);
	assert_int_equal(result.data[14], 0xc0);
}

static void test_capacity_above_two_to_the_32_needs_the_long_form(void **state)
{
	world->lun->blocks = 1ull << 33;
	peer_run(peer, CDB(0x25), 8, &result);
	assert_int_equal(get_be32(result.data), 0xffffffff);
	peer_run(peer, CDB(0x9e, 0x10, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 32), 32,
		 &result);
	assert_true(get_be64(result.data) == (1ull << 33) - 1);
}

static void test_resize_is_told_and_holds(void **state)
{
	assert_int_equal(tgt_lun_resize(world->lun, 4 << 20), 0);
	peer_run(peer, CDB(0), 0, &result);
	assert_int_equal(result_sense(&result), 0x062a09);
	assert_int_equal(sense_of(CDB(0x28, 0, 0, 0, 0x1f, 0xff, 0, 0, 1)), 0);
	assert_int_equal(tgt_lun_resize(world->lun, 1000), -EINVAL);
}

static void test_blocks_may_be_of_4096_bytes(void **state)
{
	use_lun(4096, true);
	peer_run(peer, CDB(0x25), 8, &result);
	assert_int_equal(get_be32(result.data), 255);
	assert_int_equal(get_be32(result.data + 4), 4096);
	memset(data, 7, 4096);
	assert_int_equal(out(CDB(0x2a, 0, 0, 0, 0, 3, 0, 0, 1), data, 4096), 0);
	assert_memory_equal(on_disk(3), data, 4096);
}

/* A backend that counts flushes, and fails when told to. */
struct shaky {
	struct tgt_backend b;
	int flushes, err;
};

static struct shaky shaky;

static int shaky_read(struct tgt_backend *b, uint64_t off, void *buf,
		      size_t len)
{
	memset(buf, 0, len);
	return shaky.err;
}

static int shaky_write(struct tgt_backend *b, uint64_t off, const void *buf,
		       size_t len)
{
	return shaky.err;
}

static int shaky_flush(struct tgt_backend *b)
{
	shaky.flushes++;
	return shaky.err;
}

static void shaky_free(struct tgt_backend *b)
{
}

static const struct tgt_backend_ops shaky_ops = {
	.read = shaky_read,
	.write = shaky_write,
	.flush = shaky_flush,
	.free = shaky_free,
};

static void use_shaky(int err)
{
	tgt_backend_free(world->lun->backend);
	shaky.b.ops = &shaky_ops;
	shaky.b.size = PEER_BLOCKS * 512;
	shaky.flushes = 0;
	shaky.err = err;
	world->lun->backend = &shaky.b;
}

static void test_sync_reaches_the_backend(void **state)
{
	use_shaky(0);
	peer_run(peer, CDB(0x35), 0, &result);
	peer_run(peer, CDB(0x91), 0, &result);
	assert_int_equal(shaky.flushes, 2);
}

static void test_fua_is_a_flush(void **state)
{
	use_shaky(0);
	out(CDB(0x2a, 0, 0, 0, 0, 0, 0, 0, 1), data, 512);
	assert_int_equal(shaky.flushes, 0);
	out(CDB(0x2a, 8, 0, 0, 0, 0, 0, 0, 1), data, 512);
	assert_int_equal(shaky.flushes, 1);
}

static void test_without_a_write_cache_each_write_is_stable(void **state)
{
	use_shaky(0);
	world->lun->cfg.write_cache = false;
	out(CDB(0x0a, 0, 0, 0, 1, 0), data, 512);
	assert_int_equal(shaky.flushes, 1);
}

static void test_failing_backend_is_a_medium_error(void **state)
{
	use_shaky(-EIO);
	assert_int_equal(sense_of(CDB(0x28, 0, 0, 0, 0, 5, 0, 0, 1)), 0x031100);
	assert_int_equal(result.sense[0], 0xf0);
	assert_int_equal(get_be32(result.sense + 3), 5);
	assert_int_equal(out(CDB(0x2a, 0, 0, 0, 0, 5, 0, 0, 1), data, 512),
			 0x030c00);
}

static void test_full_backend_has_its_own_sense(void **state)
{
	use_shaky(-ENOSPC);
	assert_int_equal(out(CDB(0x2a, 0, 0, 0, 0, 5, 0, 0, 1), data, 512),
			 0x072707);
}

static void test_verify_compares_when_asked(void **state)
{
	memset(data, 6, 512);
	out(CDB(0x2a, 0, 0, 0, 0, 5, 0, 0, 1), data, 512);
	assert_int_equal(out(CDB(0x2f, 2, 0, 0, 0, 5, 0, 0, 1), data, 512), 0);
	data[511] = 7;
	assert_int_equal(out(CDB(0x2f, 2, 0, 0, 0, 5, 0, 0, 1), data, 512),
			 0x0e1d00);
	peer_run(peer, CDB(0x2f, 0, 0, 0, 0, 5, 0, 0, 1), 0, &result);
	assert_int_equal(result_sense(&result), 0);
}

static void fill_disk(void)
{
	memset(data, 0xaa, 4096);
	for (uint32_t i = 0; i < 4; i++)
		world->lun->backend->ops->write(world->lun->backend,
						i * 4096ull, data, 4096);
}

static uint32_t unmap(uint32_t lba, uint32_t blocks)
{
	uint8_t d[24] = { 0, 22, 0, 16 };

	put_be64(d + 8, lba);
	put_be32(d + 16, blocks);
	return out(CDB(0x42, 0, 0, 0, 0, 0, 0, 0, 24), d, sizeof(d));
}

static void test_unmapped_blocks_read_as_zeros(void **state)
{
	fill_disk();
	assert_int_equal(unmap(1, 9), 0);
	assert_memory_equal(on_disk(0), data, 512);
	assert_memory_equal(on_disk(1), zeros, 4096);
	assert_memory_equal(on_disk(9), zeros, 512);
	assert_int_equal(on_disk(10)[0], 0xaa);
}

static void test_unmap_beyond_the_end_is_refused_whole(void **state)
{
	uint8_t d[40] = { 0, 38, 0, 32 };

	fill_disk();
	put_be32(d + 16, 8);
	put_be64(d + 24, PEER_BLOCKS);
	put_be32(d + 32, 1);
	assert_int_equal(out(CDB(0x42, 0, 0, 0, 0, 0, 0, 0, 40), d, 40),
			 0x052100);
	assert_int_equal(on_disk(0)[0], 0xaa);
}

static void test_unmap_of_nothing_is_fine(void **state)
{
	static const uint8_t d[8] = { 0, 6 };

	peer_run(peer, CDB(0x42), 0, &result);
	assert_int_equal(result_sense(&result), 0);
	assert_int_equal(out(CDB(0x42, 0, 0, 0, 0, 0, 0, 0, 8), d, 8), 0);
}

static void test_unmap_list_that_lies_about_its_length_is_cut(void **state)
{
	uint8_t d[24] = { 0xff, 0xff, 0xff, 0xff };

	fill_disk();
	put_be32(d + 16, 1);
	assert_int_equal(out(CDB(0x42, 0, 0, 0, 0, 0, 0, 0, 24), d, 24), 0);
	assert_int_equal(on_disk(0)[0], 0);
	assert_int_equal(on_disk(1)[0], 0xaa);
}

static void test_unmap_needs_a_thin_lun(void **state)
{
	use_lun(512, false);
	assert_int_equal(unmap(0, 1), 0x052000);
}

static void test_write_same_repeats_its_block(void **state)
{
	memset(data, 0x33, 512);
	assert_int_equal(out(CDB(0x41, 0, 0, 0, 0, 2, 0, 0, 3), data, 512), 0);
	assert_int_equal(on_disk(1)[0], 0);
	assert_int_equal(on_disk(2)[0], 0x33);
	assert_int_equal(on_disk(4)[511], 0x33);
	assert_int_equal(on_disk(5)[0], 0);
}

static void test_write_same_of_zeros_may_unmap(void **state)
{
	fill_disk();
	assert_int_equal(out(CDB(0x93, 8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 8),
			     zeros, 512),
			 0);
	assert_memory_equal(on_disk(0), zeros, 4096);
}

static void test_write_same_that_unmaps_still_writes_other_data(void **state)
{
	memset(data, 0x44, 512);
	out(CDB(0x93, 8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1), data, 512);
	assert_int_equal(on_disk(0)[0], 0x44);
}

static void test_write_same_needs_no_data_out_buffer(void **state)
{
	fill_disk();
	peer_run(peer, CDB(0x93, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 8), 0,
		 &result);
	assert_int_equal(result_sense(&result), 0);
	assert_false(result.overflow);
	assert_memory_equal(on_disk(0), zeros, 4096);
}

static void test_write_same_of_length_zero_goes_to_the_end(void **state)
{
	memset(data, 0x55, 512);
	assert_int_equal(out(CDB(0x41, 0, 0, 0, 7, 0xfe, 0, 0, 0), data, 512),
			 0);
	assert_int_equal(on_disk(0x7fd)[0], 0);
	assert_int_equal(on_disk(0x7fe)[0], 0x55);
	assert_int_equal(on_disk(0x7fe)[1023], 0x55);
}

static void test_write_same_without_its_block_is_invalid(void **state)
{
	peer_run(peer, CDB(0x41, 0, 0, 0, 0, 0, 0, 0, 1), 0, &result);
	assert_int_equal(result_sense(&result), 0x052400);
}

static void test_write_same_unmap_needs_a_thin_lun(void **state)
{
	use_lun(512, false);
	assert_int_equal(out(CDB(0x41, 8, 0, 0, 0, 0, 0, 0, 1), data, 512),
			 0x052400);
}

#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(test_every_width_of_read_and_write_agrees),
		T(test_length_zero_of_read6_means_256),
		T(test_length_zero_of_read10_means_nothing),
		T(test_last_block_is_there_and_the_next_is_not),
		T(test_huge_lba_does_not_wrap),
		T(test_longer_than_the_limit_is_invalid),
		T(test_protection_is_not_supported),
		T(test_read_only_lun_refuses_whatever_writes),
		T(test_capacity_is_the_last_block),
		T(test_capacity_above_two_to_the_32_needs_the_long_form),
		T(test_resize_is_told_and_holds),
		T(test_blocks_may_be_of_4096_bytes),
		T(test_sync_reaches_the_backend),
		T(test_fua_is_a_flush),
		T(test_without_a_write_cache_each_write_is_stable),
		T(test_failing_backend_is_a_medium_error),
		T(test_full_backend_has_its_own_sense),
		T(test_verify_compares_when_asked),
		T(test_unmapped_blocks_read_as_zeros),
		T(test_unmap_beyond_the_end_is_refused_whole),
		T(test_unmap_of_nothing_is_fine),
		T(test_unmap_list_that_lies_about_its_length_is_cut),
		T(test_unmap_needs_a_thin_lun),
		T(test_write_same_repeats_its_block),
		T(test_write_same_of_zeros_may_unmap),
		T(test_write_same_that_unmaps_still_writes_other_data),
		T(test_write_same_needs_no_data_out_buffer),
		T(test_write_same_of_length_zero_goes_to_the_end),
		T(test_write_same_without_its_block_is_invalid),
		T(test_write_same_unmap_needs_a_thin_lun),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
