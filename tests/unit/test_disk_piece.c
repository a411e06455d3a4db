/*
 * How requests are cut into commands.
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#include "base/bytes.h"
#include "disk/piece.h"

static struct disk_limits lim;
static struct disk_io io;
static uint8_t zeros[ZEROS_LEN];
static uint8_t data[64 << 20];

static int fill(void **state)
{
	lim = (struct disk_limits){
		.block_size = 512,
		.blocks = UINT64_C(1) << 40,
		.max_transfer = 8192,
		.max_unmap = 1000,
		.max_same = 0xffff,
		.granule = 1,
		.ways = WAY(WAY_SYNC10) | WAY(WAY_SYNC16),
	};
	return 0;
}

static void request(enum disk_op op, uint64_t lba, uint64_t count)
{
	memset(&io, 0, sizeof(io));
	io.op = op;
	io.buf = data;
	io.off = lba * lim.block_size;
	io.len = count * lim.block_size;
}

static void request_zero(bool unmap, uint64_t lba, uint64_t count)
{
	request(DISK_ZERO, lba, count);
	io.unmap = unmap;
}

/* What the command in io says. */
static uint64_t got_lba(void)
{
	const uint8_t *c = io.cmd.cdb;

	if (c[0] == SCSI_UNMAP)
		return get_be64(io.param + 8);
	return c[0] >= 0x80 ? get_be64(c + 2) : get_be32(c + 2);
}

static uint32_t got_count(void)
{
	const uint8_t *c = io.cmd.cdb;

	if (c[0] == SCSI_UNMAP)
		return get_be32(io.param + 16);
	return c[0] >= 0x80 ? get_be32(c + 10) : get_be16(c + 7);
}

/* The next piece is this command. */
static void next(uint8_t opcode, uint64_t lba, uint32_t count)
{
	assert_int_equal(piece_make(&lim, zeros, &io), 0);
	assert_int_equal(io.cmd.cdb[0], opcode);
	assert_int_equal(got_lba(), lba);
	assert_int_equal(got_count(), count);
	piece_done(&io);
}

static void end(void)
{
	assert_int_equal(piece_make(&lim, zeros, &io), PIECE_NONE);
}

static void error(int err)
{
	assert_int_equal(piece_make(&lim, zeros, &io), err);
}

static void test_small_read_is_one_command(void **state)
{
	request(DISK_READ, 7, 8);
	next(SCSI_READ_10, 7, 8);
	assert_int_equal(io.cmd.dir, CMD_READ);
	assert_ptr_equal(io.cmd.buf, data);
	assert_int_equal(io.cmd.len, 8 * 512);
	end();
}

static void test_large_write_is_cut_at_the_limit(void **state)
{
	lim.max_transfer = 100;
	request(DISK_WRITE, 1000, 250);
	next(SCSI_WRITE_10, 1000, 100);
	assert_int_equal(io.cmd.dir, CMD_WRITE);
	next(SCSI_WRITE_10, 1100, 100);
	assert_ptr_equal(io.cmd.buf, data + 100 * 512);
	next(SCSI_WRITE_10, 1200, 50);
	assert_int_equal(io.cmd.len, 50 * 512);
	end();
}

static void test_blocks_of_4096_count_in_their_size(void **state)
{
	lim.block_size = 4096;
	request(DISK_READ, 3, 5);
	next(SCSI_READ_10, 3, 5);
	assert_int_equal(io.cmd.len, 5 * 4096);
	end();
}

static void test_more_than_65535_blocks_need_16_bytes(void **state)
{
	lim.max_transfer = 0x10000;
	request(DISK_READ, 0, 0x1ffff);
	next(SCSI_READ_16, 0, 0x10000);
	next(SCSI_READ_10, 0x10000, 0xffff);
	end();
}

static void test_two_tib_boundary_needs_16_bytes(void **state)
{
	request(DISK_WRITE, 0xfffffff0, 16);
	next(SCSI_WRITE_10, 0xfffffff0, 16);
	end();
	request(DISK_WRITE, 0xfffffff0, 17);
	next(SCSI_WRITE_16, 0xfffffff0, 17);
	end();
	request(DISK_READ, 0x100000000, 1);
	next(SCSI_READ_16, 0x100000000, 1);
	end();
}

static void test_empty_requests_are_done(void **state)
{
	request(DISK_READ, 5, 0);
	end();
	request(DISK_DISCARD, 5, 0);
	end();
}

static void test_odd_bytes_are_refused(void **state)
{
	request(DISK_READ, 0, 1);
	io.off = 100;
	error(-EINVAL);
	request(DISK_WRITE, 0, 1);
	io.len = 513;
	error(-EINVAL);
}

static void test_beyond_the_end_is_refused_without_asking(void **state)
{
	lim.blocks = 100;
	request(DISK_READ, 99, 1);
	next(SCSI_READ_10, 99, 1);
	request(DISK_READ, 99, 2);
	error(-EREMOTEIO);
	request(DISK_READ, 101, 0);
	error(-EREMOTEIO);
	request(DISK_READ, 0, 1);
	io.len = UINT64_MAX - 511;
	error(-EREMOTEIO);
}

static void test_fua_bit_is_set_where_honoured(void **state)
{
	lim.ways |= WAY(WAY_FUA);
	request(DISK_WRITE, 0, 1);
	io.fua = true;
	next(SCSI_WRITE_10, 0, 1);
	assert_int_equal(io.cmd.cdb[1], 0x08);
	end();
	request(DISK_READ, 0, 1);
	io.fua = true;
	next(SCSI_READ_10, 0, 1);
	assert_int_equal(io.cmd.cdb[1], 0);
	end();
}

static void test_fua_elsewhere_is_a_flush_behind_the_data(void **state)
{
	lim.max_transfer = 1;
	request(DISK_WRITE, 0, 2);
	io.fua = true;
	next(SCSI_WRITE_10, 0, 1);
	assert_int_equal(io.cmd.cdb[1], 0);
	next(SCSI_WRITE_10, 1, 1);
	lim.blocks = 100;
	next(SCSI_SYNCHRONIZE_CACHE_10, 0, 0);
	assert_int_equal(io.cmd.dir, CMD_NO_DATA);
	end();
}

static void test_flush_takes_the_form_the_size_needs(void **state)
{
	request(DISK_FLUSH, 0, 0);
	next(SCSI_SYNCHRONIZE_CACHE_16, 0, 0);
	end();
	lim.blocks = UINT64_C(1) << 32;
	request(DISK_FLUSH, 0, 0);
	next(SCSI_SYNCHRONIZE_CACHE_10, 0, 0);
	end();
	lim.ways = WAY(WAY_SYNC16);
	request(DISK_FLUSH, 0, 0);
	next(SCSI_SYNCHRONIZE_CACHE_16, 0, 0);
	end();
}

static void test_flush_ignores_offset_and_length(void **state)
{
	request(DISK_FLUSH, 0, 0);
	io.off = 1;
	io.len = UINT64_MAX;
	next(SCSI_SYNCHRONIZE_CACHE_16, 0, 0);
	end();
}

static void test_flush_without_command_succeeds_only_without_cache(void **st)
{
	lim.ways = 0;
	request(DISK_FLUSH, 0, 0);
	lim.cache = CACHE_OFF;
	end();
	lim.cache = CACHE_UNKNOWN;
	end();
	lim.cache = CACHE_ON;
	error(-EREMOTEIO);
}

static void test_discard_prefers_unmap_and_keeps_its_limit(void **state)
{
	lim.ways = WAY(WAY_UNMAP) | WAY(WAY_SAME16_UNMAP);
	request(DISK_DISCARD, 5, 2500);
	next(SCSI_UNMAP, 5, 1000);
	assert_ptr_equal(io.cmd.buf, io.param);
	assert_int_equal(io.cmd.len, UNMAP_LIST_LEN);
	assert_int_equal(io.cmd.dir, CMD_WRITE);
	next(SCSI_UNMAP, 1005, 1000);
	next(SCSI_UNMAP, 2005, 500);
	end();
}

static void test_discard_drops_what_is_no_whole_granule(void **state)
{
	lim.ways = WAY(WAY_UNMAP);
	lim.granule = 100;
	lim.granule_start = 30;
	request(DISK_DISCARD, 31, 350);
	next(SCSI_UNMAP, 130, 200);
	end();
	request(DISK_DISCARD, 31, 150);
	end();
	request(DISK_DISCARD, 30, 100);
	next(SCSI_UNMAP, 30, 100);
	end();
	request(DISK_DISCARD, 0, 130);
	next(SCSI_UNMAP, 30, 100);
	end();
}

static void test_discard_pieces_begin_at_granules(void **state)
{
	lim.ways = WAY(WAY_UNMAP);
	lim.granule = 8;
	lim.max_unmap = 16;
	request(DISK_DISCARD, 3, 45);
	next(SCSI_UNMAP, 8, 16);
	next(SCSI_UNMAP, 24, 16);
	next(SCSI_UNMAP, 40, 8);
	end();
}

static void test_discard_by_write_same_carries_one_zero_block(void **state)
{
	lim.ways = WAY(WAY_SAME16_UNMAP);
	request(DISK_DISCARD, 8, 16);
	next(SCSI_WRITE_SAME_16, 8, 16);
	assert_int_equal(io.cmd.cdb[1], 0x08);
	assert_ptr_equal(io.cmd.buf, zeros);
	assert_int_equal(io.cmd.len, 512);
	end();
}

static void test_discard_without_any_way_is_not_supported(void **state)
{
	lim.ways = WAY(WAY_SAME16) | WAY(WAY_SAME10);
	request(DISK_DISCARD, 0, 8);
	error(-EOPNOTSUPP);
}

static void test_zero_is_write_same_without_unmap(void **state)
{
	lim.ways = WAY(WAY_SAME16) | WAY(WAY_SAME16_UNMAP) | WAY(WAY_UNMAP);
	lim.reads_zeros = lim.granule_known = true;
	request_zero(false, 1, 0x10000);
	next(SCSI_WRITE_SAME_16, 1, 0xffff);
	assert_int_equal(io.cmd.cdb[1], 0);
	next(SCSI_WRITE_SAME_16, 0x10000, 1);
	end();
}

static void test_write_same_that_may_write_is_kept_short(void **state)
{
	lim.ways = WAY(WAY_SAME16);
	lim.max_same = BLOCKS_MAX;
	request_zero(false, 0, 0x20001);
	next(SCSI_WRITE_SAME_16, 0, SAME_MAX / 512);
	next(SCSI_WRITE_SAME_16, 0x20000, 1);
	end();
}

static void test_zero_with_unmap_deallocates_where_that_reads_zeros(void **st)
{
	lim.ways = WAY(WAY_SAME16) | WAY(WAY_SAME16_UNMAP);
	request_zero(true, 0, 8);
	next(SCSI_WRITE_SAME_16, 0, 8);
	assert_int_equal(io.cmd.cdb[1], 0);
	lim.reads_zeros = true;
	request_zero(true, 0, 8);
	next(SCSI_WRITE_SAME_16, 0, 8);
	assert_int_equal(io.cmd.cdb[1], 0x08);
	end();
}

static void test_write_same_10_ends_at_two_tib(void **state)
{
	lim.ways = WAY(WAY_SAME10);
	request_zero(false, 0xfffffff0, 32);
	next(SCSI_WRITE_SAME_10, 0xfffffff0, 16);
	error(-EOPNOTSUPP);
}

static void test_write_same_10_is_never_sent_with_count_zero(void **state)
{
	lim.ways = WAY(WAY_SAME10);
	lim.max_same = 0x10000;
	request_zero(false, 0, 0x10000);
	next(SCSI_WRITE_SAME_10, 0, 0xffff);
	next(SCSI_WRITE_SAME_10, 0xffff, 1);
	end();
}

static void unmap_zeroes(void)
{
	lim.ways = WAY(WAY_UNMAP) | WAY(WAY_SAME16);
	lim.reads_zeros = lim.granule_known = true;
	lim.granule = 8;
	lim.granule_start = 2;
	lim.max_unmap = 16;
}

static void test_unmap_zeroes_whole_granules_and_write_same_the_edges(void **s)
{
	unmap_zeroes();
	request_zero(true, 5, 40);
	next(SCSI_WRITE_SAME_16, 5, 5);
	assert_int_equal(io.cmd.cdb[1], 0);
	next(SCSI_UNMAP, 10, 16);
	next(SCSI_UNMAP, 26, 16);
	next(SCSI_WRITE_SAME_16, 42, 3);
	end();
}

static void test_edges_are_written_where_write_same_is_missing(void **state)
{
	unmap_zeroes();
	lim.ways = WAY(WAY_UNMAP);
	lim.granule = 16;
	lim.granule_start = 0;
	request_zero(true, 5, 28);
	next(SCSI_WRITE_10, 5, 8); /* as many as fit into the zeros */
	assert_ptr_equal(io.cmd.buf, zeros);
	assert_int_equal(io.cmd.len, 4096);
	next(SCSI_WRITE_10, 13, 3);
	next(SCSI_UNMAP, 16, 16);
	next(SCSI_WRITE_10, 32, 1);
	end();
}

static void test_small_zero_inside_a_granule_is_no_unmap(void **state)
{
	unmap_zeroes();
	request_zero(true, 3, 4);
	next(SCSI_WRITE_SAME_16, 3, 4);
	end();
}

static void test_unmap_zeroes_nothing_without_a_promise(void **state)
{
	unmap_zeroes();
	lim.reads_zeros = false;
	request_zero(true, 2, 8);
	next(SCSI_WRITE_SAME_16, 2, 8);
	unmap_zeroes();
	lim.granule_known = false;
	request_zero(true, 2, 8);
	next(SCSI_WRITE_SAME_16, 2, 8);
	unmap_zeroes();
	lim.max_unmap = 4; /* never a whole granule */
	request_zero(true, 2, 8);
	next(SCSI_WRITE_SAME_16, 2, 8);
	unmap_zeroes();
	request_zero(false, 2, 8);
	next(SCSI_WRITE_SAME_16, 2, 8);
}

static void test_zero_without_any_way_is_not_supported(void **state)
{
	lim.ways = 0;
	request_zero(false, 0, 8);
	error(-EOPNOTSUPP);
	request_zero(true, 0, 8);
	error(-EOPNOTSUPP);
}

/* Every block exactly once, whatever the limits: a walk over many of them. */
static void test_pieces_cover_the_request_exactly(void **state)
{
	static const uint32_t steps[] = { 1, 3, 8, 100, 0xffff };

	for (int k = 0; k < 125; k++) {
		uint64_t at = 77;

		unmap_zeroes();
		lim.max_unmap = steps[k % 5];
		lim.max_same = steps[k / 5 % 5];
		lim.granule = steps[k / 25];
		lim.granule_start = lim.granule / 2;
		request_zero(true, at, 100000);
		while (piece_make(&lim, zeros, &io) == 0) {
			assert_int_equal(got_lba(), at);
			assert_true(got_count() > 0);
			assert_int_equal(io.piece, got_count() * 512u);
			at += got_count();
			piece_done(&io);
		}
		assert_int_equal(at, 77 + 100000);
	}
}

#define T(name) cmocka_unit_test_setup(name, fill)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(test_small_read_is_one_command),
		T(test_large_write_is_cut_at_the_limit),
		T(test_blocks_of_4096_count_in_their_size),
		T(test_more_than_65535_blocks_need_16_bytes),
		T(test_two_tib_boundary_needs_16_bytes),
		T(test_empty_requests_are_done),
		T(test_odd_bytes_are_refused),
		T(test_beyond_the_end_is_refused_without_asking),
		T(test_fua_bit_is_set_where_honoured),
		T(test_fua_elsewhere_is_a_flush_behind_the_data),
		T(test_flush_takes_the_form_the_size_needs),
		T(test_flush_ignores_offset_and_length),
		T(test_flush_without_command_succeeds_only_without_cache),
		T(test_discard_prefers_unmap_and_keeps_its_limit),
		T(test_discard_drops_what_is_no_whole_granule),
		T(test_discard_pieces_begin_at_granules),
		T(test_discard_by_write_same_carries_one_zero_block),
		T(test_discard_without_any_way_is_not_supported),
		T(test_zero_is_write_same_without_unmap),
		T(test_write_same_that_may_write_is_kept_short),
		T(test_zero_with_unmap_deallocates_where_that_reads_zeros),
		T(test_write_same_10_ends_at_two_tib),
		T(test_write_same_10_is_never_sent_with_count_zero),
		T(test_unmap_zeroes_whole_granules_and_write_same_the_edges),
		T(test_edges_are_written_where_write_same_is_missing),
		T(test_small_zero_inside_a_granule_is_no_unmap),
		T(test_unmap_zeroes_nothing_without_a_promise),
		T(test_zero_without_any_way_is_not_supported),
		T(test_pieces_cover_the_request_exactly),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
