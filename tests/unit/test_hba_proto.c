/*
 * test_hba_proto - FUSE requests for the HBA file, and what the kernel may
 * never see in an answer.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <linux/fuse.h>
#include <string.h>

#include "iscsid/admin/hba.h"
#include "iscsid/admin/hba_proto.h"

static uint8_t req[HBA_REQUEST_MAX];
static struct hba_request request;

static void feed(uint32_t opcode, const void *body, size_t len, size_t extra)
{
	struct fuse_in_header h = { .opcode = opcode, .unique = 77 };

	memset(req, 0, sizeof(req));
	h.len = (uint32_t)(sizeof(h) + len + extra);
	memcpy(req, &h, sizeof(h));
	memcpy(req + sizeof(h), body, len);
	hba_proto_read(req, h.len, &request);
}

static void test_a_write_brings_its_bytes(void **state)
{
	const struct fuse_write_in in = { .fh = 3, .size = 5, .offset = 100 };

	feed(FUSE_WRITE, &in, sizeof(in), 5);
	assert_int_equal(request.kind, HBA_IS_WRITE);
	assert_int_equal(request.size, 5);
	assert_ptr_equal(request.data,
			 req + sizeof(struct fuse_in_header) + sizeof(in));
}

static void test_a_write_of_more_than_came_is_refused(void **state)
{
	const struct fuse_write_in in = { .size = 6 };

	feed(FUSE_WRITE, &in, sizeof(in), 5);
	assert_int_equal(request.kind, HBA_IS_SIMPLE);
	assert_int_equal(request.error, -EINVAL);
}

static void test_a_read_says_where(void **state)
{
	const struct fuse_read_in in = { .fh = 3, .size = 9, .offset = 8 };

	feed(FUSE_READ, &in, sizeof(in), 0);
	assert_int_equal(request.kind, HBA_IS_READ);
	assert_int_equal(request.fh, 3);
	assert_int_equal(request.off, 8);
	assert_int_equal(request.size, 9);
}

static void test_a_request_cut_short_is_refused(void **state)
{
	feed(FUSE_READ, "", 0, 3);
	assert_int_equal(request.kind, HBA_IS_SIMPLE);
	assert_int_equal(request.error, -EINVAL);
	hba_proto_read(req, 8, &request);
	assert_int_equal(request.kind, HBA_IS_NOTHING);
}

static void test_cutting_the_file_is_no_change(void **state)
{
	const struct fuse_setattr_in cut = { .valid = FATTR_SIZE };
	const struct fuse_setattr_in mode = { .valid = FATTR_MODE };

	feed(FUSE_SETATTR, &cut, sizeof(cut), 0);
	assert_int_equal(request.error, 0);
	feed(FUSE_SETATTR, &mode, sizeof(mode), 0);
	assert_int_equal(request.error, -EPERM);
}

static void test_unknown_requests_are_not_implemented(void **state)
{
	feed(FUSE_LSEEK, "", 0, 0);
	assert_int_equal(request.error, -ENOSYS);
	feed(4095, "", 0, 0);
	assert_int_equal(request.error, -ENOSYS);
}

static void test_the_kernel_is_told_how_long_a_command_may_be(void **state)
{
	const struct fuse_init_in in = { .major = 7, .minor = 31 };
	struct fuse_init_out init;
	struct hba_body body;

	feed(FUSE_INIT, &in, sizeof(in), 0);
	assert_int_equal(request.kind, HBA_IS_SIMPLE);
	hba_proto_simple(&request, &body);
	assert_int_equal(body.len, sizeof(init));
	memcpy(&init, body.bytes, sizeof(init));
	assert_int_equal(init.minor, 31);
	assert_int_equal(init.max_write, HBA_WRITE);
}

static void test_an_error_has_no_body(void **state)
{
	struct fuse_out_header h;
	struct hba_answer a;

	hba_proto_answer(&a, 77, -EBUSY, "12345", 5);
	memcpy(&h, a.head, sizeof(h));
	assert_int_equal(h.len, sizeof(h));
	assert_int_equal(h.error, -EBUSY);
	assert_int_equal(h.unique, 77);
	assert_int_equal(a.iov[1].iov_len, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_a_write_brings_its_bytes),
		cmocka_unit_test(test_a_write_of_more_than_came_is_refused),
		cmocka_unit_test(test_a_read_says_where),
		cmocka_unit_test(test_a_request_cut_short_is_refused),
		cmocka_unit_test(test_cutting_the_file_is_no_change),
		cmocka_unit_test(test_unknown_requests_are_not_implemented),
		cmocka_unit_test(
			test_the_kernel_is_told_how_long_a_command_may_be),
		cmocka_unit_test(test_an_error_has_no_body),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
