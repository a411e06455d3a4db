/* Tests of large transfers straight from and to the memory of a LUN. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "unit/target_peer.h"

#include "base/bytes.h"

#define BLOCKS 256
#define LEN    (BLOCKS * 512)
#define HALF   (LEN / 2)
#define SHRUNK (64 * 512)

static struct world *world;
static struct peer *peer;
static struct result result;
static uint8_t data[LEN], zeros[LEN], back[LEN];

static int setup(void **state)
{
	world = world_new();
	peer = peer_new(world);
	for (size_t i = 0; i < LEN; i++)
		data[i] = (uint8_t)(i * 7 + i / 512 + 1);
	return 0;
}

static int teardown(void **state)
{
	peer_free(peer);
	world_free(world);
	return 0;
}

static void login(const char *text, size_t n)
{
	assert_int_equal(peer_login_with(peer, text, n), LOGIN_OK);
}

static void put_on_disk(const uint8_t *from)
{
	world->lun->backend->ops->write(world->lun->backend, 0, from, LEN);
}

static const uint8_t *on_disk(void)
{
	world->lun->backend->ops->read(world->lun->backend, 0, back, LEN);
	return back;
}

static void resize(uint64_t size)
{
	assert_int_equal(tgt_lun_resize(world->lun, size), 0);
}

/* A write of which two R2Ts ask for all. */
static void begin_write(struct pdu_scsi_cmd *c, struct pdu_r2t *r2t)
{
	login(TEXT(WHO "\0InitialR2T=Yes\0ImmediateData=No\0"
		       "MaxBurstLength=65536"));
	peer_write10(peer, c, 0, BLOCKS);
	peer_command_send(peer, c, NULL, 0);
	peer_expect(peer, OP_R2T);
	assert_int_equal(pdu_get_r2t(peer->bhs, r2t), 0);
}

static void first_half(const struct pdu_scsi_cmd *c, struct pdu_r2t *r2t)
{
	peer_data_out(peer, c->itt, r2t->ttt, 0, 0, data, HALF, true);
	peer_expect(peer, OP_R2T);
	assert_int_equal(pdu_get_r2t(peer->bhs, r2t), 0);
	assert_int_equal(r2t->offset, HALF);
}

static uint32_t second_half(const struct pdu_scsi_cmd *c,
			    const struct pdu_r2t *r2t)
{
	peer_data_out(peer, c->itt, r2t->ttt, 0, HALF, data + HALF, HALF, true);
	peer_finish(peer, c->itt, &result);
	return result_sense(&result);
}

/* How a write ends whose disk has another size in the middle of it. */
static uint32_t write_while_resized(uint64_t size)
{
	struct pdu_scsi_cmd c;
	struct pdu_r2t r2t;

	begin_write(&c, &r2t);
	first_half(&c, &r2t);
	resize(size);
	return second_half(&c, &r2t);
}

static void test_a_large_write_is_on_the_disk(void **state)
{
	struct pdu_scsi_cmd c;
	struct pdu_r2t r2t;

	begin_write(&c, &r2t);
	first_half(&c, &r2t);
	assert_int_equal(second_half(&c, &r2t), 0);
	assert_memory_equal(on_disk(), data, LEN);
}

static void test_immediate_data_of_a_large_write_is_part_of_it(void **state)
{
	struct pdu_scsi_cmd c;
	struct pdu_r2t r2t;

	login(TEXT(WHO "\0InitialR2T=Yes\0ImmediateData=Yes"));
	peer_write10(peer, &c, 0, BLOCKS);
	peer_command_send(peer, &c, data, 8192);
	peer_expect(peer, OP_R2T);
	assert_int_equal(pdu_get_r2t(peer->bhs, &r2t), 0);
	assert_int_equal(r2t.offset, 8192);
	peer_data_out(peer, c.itt, r2t.ttt, 0, 8192, data + 8192, LEN - 8192,
		      true);
	peer_finish(peer, c.itt, &result);
	assert_int_equal(result_sense(&result), 0);
	assert_memory_equal(on_disk(), data, LEN);
}

static void test_a_write_is_whole_though_the_disk_grows_meanwhile(void **state)
{
	assert_int_equal(write_while_resized(1 << 24), 0);
	assert_memory_equal(on_disk(), data, LEN);
}

static void test_a_write_to_blocks_that_went_meanwhile_fails(void **state)
{
	assert_int_equal(write_while_resized(SHRUNK), 0x052100);
}

static void test_a_read_is_whole_though_the_disk_shrinks_meanwhile(void **state)
{
	struct pdu_scsi_cmd c;

	put_on_disk(data);
	peer_login(peer);
	peer_read10(peer, &c, 0, BLOCKS);
	peer_command_send(peer, &c, NULL, 0);
	resize(SHRUNK);
	peer_finish(peer, c.itt, &result);
	assert_int_equal(result.len, LEN);
	assert_memory_equal(result.data, data, LEN);
}

static void test_a_read_with_digests_is_as_it_was_then(void **state)
{
	struct pdu_scsi_cmd c;

	put_on_disk(data);
	login(TEXT(WHO "\0DataDigest=CRC32C"));
	peer->ddigest = true;
	peer_read10(peer, &c, 0, BLOCKS);
	peer_command_send(peer, &c, NULL, 0);
	put_on_disk(zeros);
	peer_finish(peer, c.itt, &result);
	assert_false(peer->bad_ddigest);
	assert_memory_equal(result.data, data, LEN);
}

int main(void)
{
#define T(fn) cmocka_unit_test_setup_teardown(fn, setup, teardown)
	const struct CMUnitTest tests[] = {
		T(test_a_large_write_is_on_the_disk),
		T(test_immediate_data_of_a_large_write_is_part_of_it),
		T(test_a_write_is_whole_though_the_disk_grows_meanwhile),
		T(test_a_write_to_blocks_that_went_meanwhile_fails),
		T(test_a_read_is_whole_though_the_disk_shrinks_meanwhile),
		T(test_a_read_with_digests_is_as_it_was_then),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
