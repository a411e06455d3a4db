/*
 * test_msg - the message format and its sockets (ctl/msg.h).
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "ctl/msg.h"

static int read_text(struct msg_in *m, const char *text)
{
	return msg_read(m, text, strlen(text));
}

static void test_a_message_is_written_as_one_line(void **state)
{
	static struct msg_out m;

	msg_begin(&m, "lun");
	msg_u64(&m, "id", 7);
	msg_i64(&m, "delta", -3);
	msg_str(&m, "vendor", "ACME");
	assert_string_equal(m.text, "lun id=7 delta=-3 vendor=ACME");
	assert_int_equal(m.len, strlen(m.text));
	assert_false(m.full);
}

static void test_every_byte_survives_the_way_through_a_value(void **state)
{
	static struct msg_out m;
	struct msg_in in;
	char bytes[256], back[257];

	for (unsigned i = 0; i < 256; i++)
		bytes[i] = (char)i;
	msg_begin(&m, "v");
	msg_mem(&m, "k", bytes, sizeof(bytes));
	assert_int_equal(msg_read(&in, m.text, m.len), 0);
	assert_int_equal(msg_get(&in, "k", back, sizeof(back)), 256);
	assert_memory_equal(bytes, back, 256);
}

static void test_a_message_that_does_not_fit_is_marked(void **state)
{
	static struct msg_out m;
	static char big[MSG_MAX];

	memset(big, 'x', sizeof(big) - 1);
	msg_begin(&m, "v");
	msg_str(&m, "k", big);
	assert_true(m.full);
	assert_int_equal(msg_send(-1, &m, -1), -EMSGSIZE);
}

static void test_malformed_messages_are_refused(void **state)
{
	static const char *const bad[] = {
		"",
		" ",
		"=",
		"a=b",
		"verb word",
		"verb  a=b",
		"verb a=b ",
		" verb",
		"verb =b",
		"verb a=\x01",
		"verb a=\x7f",
		"verb\n",
		"verb a=\xc3\xa4",
	};
	struct msg_in m;

	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++)
		assert_int_equal(read_text(&m, bad[i]), -EBADMSG);
}

static void test_a_zero_byte_in_a_message_is_refused(void **state)
{
	struct msg_in m;

	assert_int_equal(msg_read(&m, "ls\0 a=b", 7), -EBADMSG);
}

static void test_a_verb_matches_only_as_a_whole(void **state)
{
	struct msg_in m;

	assert_int_equal(read_text(&m, "luns id=1"), 0);
	assert_true(msg_is(&m, "luns"));
	assert_false(msg_is(&m, "lun"));
	assert_false(msg_is(&m, "lunsx"));
}

static void test_a_key_matches_only_as_a_whole(void **state)
{
	struct msg_in m;
	char v[8];

	assert_int_equal(read_text(&m, "v block-size=512 block=4"), 0);
	assert_int_equal(msg_get(&m, "block", v, sizeof(v)), 1);
	assert_string_equal(v, "4");
	assert_int_equal(msg_get(&m, "size", v, sizeof(v)), -ENOENT);
}

static void test_repeated_keys_are_read_in_order(void **state)
{
	struct msg_in m;
	char v[16];

	assert_int_equal(read_text(&m, "t p=a x=1 p=b p="), 0);
	assert_int_equal(msg_get_nth(&m, "p", 0, v, sizeof(v)), 1);
	assert_string_equal(v, "a");
	assert_int_equal(msg_get_nth(&m, "p", 1, v, sizeof(v)), 1);
	assert_string_equal(v, "b");
	assert_int_equal(msg_get_nth(&m, "p", 2, v, sizeof(v)), 0);
	assert_int_equal(msg_get_nth(&m, "p", 3, v, sizeof(v)), -ENOENT);
}

static void test_a_value_too_long_for_its_place_is_refused(void **state)
{
	struct msg_in m;
	char v[4];

	assert_int_equal(read_text(&m, "v a=123 b=1234 c=%31%32%33%34"), 0);
	assert_int_equal(msg_get(&m, "a", v, sizeof(v)), 3);
	assert_int_equal(msg_get(&m, "b", v, sizeof(v)), -ENOSPC);
	assert_int_equal(msg_get(&m, "c", v, sizeof(v)), -ENOSPC);
}

static void test_a_bad_escape_is_refused(void **state)
{
	struct msg_in m;
	char v[16];

	assert_int_equal(read_text(&m, "v a=% b=%4 c=%4g d=%zz"), 0);
	assert_int_equal(msg_get(&m, "a", v, sizeof(v)), -EBADMSG);
	assert_int_equal(msg_get(&m, "b", v, sizeof(v)), -EBADMSG);
	assert_int_equal(msg_get(&m, "c", v, sizeof(v)), -EBADMSG);
	assert_int_equal(msg_get(&m, "d", v, sizeof(v)), -EBADMSG);
}

static void test_numbers_are_bounded(void **state)
{
	struct msg_in m;
	uint64_t n = 99;

	assert_int_equal(read_text(&m, "v a=255 b=256 c=-1 d= e=1x"), 0);
	assert_int_equal(msg_get_u64(&m, "b", 255, &n), -ERANGE);
	assert_int_equal(msg_get_u64(&m, "c", 255, &n), -EINVAL);
	assert_int_equal(msg_get_u64(&m, "d", 255, &n), -EINVAL);
	assert_int_equal(msg_get_u64(&m, "e", 255, &n), -EINVAL);
	assert_int_equal(msg_get_u64(&m, "f", 255, &n), -ENOENT);
	assert_int_equal(n, 99);
	assert_int_equal(msg_get_u64(&m, "a", 255, &n), 0);
	assert_int_equal(n, 255);
}

static void open_pair(int sv[2])
{
	assert_int_equal(
		socketpair(AF_UNIX,
			   SOCK_SEQPACKET | SOCK_NONBLOCK | SOCK_CLOEXEC, 0,
			   sv),
		0);
}

static void test_a_handle_travels_with_its_message(void **state)
{
	static struct msg_out m;
	char buf[64];
	int sv[2], p[2], fd = -1;

	open_pair(sv);
	assert_int_equal(pipe2(p, O_CLOEXEC), 0);
	msg_begin(&m, "attach");
	assert_int_equal(msg_send(sv[0], &m, p[1]), 0);
	assert_int_equal(msg_recv(sv[1], buf, sizeof(buf), &fd), 6);
	assert_true(fd >= 0);
	assert_true(fcntl(fd, F_GETFD) & FD_CLOEXEC);
	assert_int_equal(write(fd, "x", 1), 1);
	assert_int_equal(read(p[0], buf, 1), 1);
	close(fd);
	close(p[0]);
	close(p[1]);
	close(sv[0]);
	close(sv[1]);
}

static void test_a_record_larger_than_the_buffer_is_refused(void **state)
{
	static struct msg_out m;
	char buf[4];
	int sv[2], fd = 0;

	open_pair(sv);
	msg_begin(&m, "attach");
	assert_int_equal(msg_send(sv[0], &m, -1), 0);
	assert_int_equal(msg_recv(sv[1], buf, sizeof(buf), &fd), -EMSGSIZE);
	assert_int_equal(fd, -1);
	close(sv[0]);
	close(sv[1]);
}

static void test_receiving_does_not_block_and_sees_the_end(void **state)
{
	char buf[4];
	int sv[2], fd;

	open_pair(sv);
	assert_int_equal(msg_recv(sv[1], buf, sizeof(buf), &fd), -EAGAIN);
	close(sv[0]);
	assert_int_equal(msg_recv(sv[1], buf, sizeof(buf), &fd), 0);
	close(sv[1]);
}

static void send_two_handles(int sock, int a, int b)
{
	union {
		struct cmsghdr align;
		char bytes[CMSG_SPACE(2 * sizeof(int))];
	} space = { 0 };
	struct iovec iov = { (void *)(uintptr_t) "v", 1 };
	struct msghdr h = { .msg_iov = &iov,
			    .msg_iovlen = 1,
			    .msg_control = space.bytes,
			    .msg_controllen = sizeof(space.bytes) };
	struct cmsghdr *c = CMSG_FIRSTHDR(&h);
	int fds[2] = { a, b };

	c->cmsg_level = SOL_SOCKET;
	c->cmsg_type = SCM_RIGHTS;
	c->cmsg_len = CMSG_LEN(sizeof(fds));
	memcpy(CMSG_DATA(c), fds, sizeof(fds));
	assert_int_equal(sendmsg(sock, &h, 0), 1);
}

static int lowest_free(void)
{
	int fd = dup(0);

	close(fd);
	return fd;
}

static void test_more_handles_than_one_do_not_leak(void **state)
{
	char buf[8];
	int sv[2], fd, before;

	open_pair(sv);
	before = lowest_free();
	send_two_handles(sv[0], 0, 1);
	assert_int_equal(msg_recv(sv[1], buf, sizeof(buf), &fd), 1);
	assert_true(fd >= 0);
	close(fd);
	assert_int_equal(lowest_free(), before);
	close(sv[0]);
	close(sv[1]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_a_message_is_written_as_one_line),
		cmocka_unit_test(
			test_every_byte_survives_the_way_through_a_value),
		cmocka_unit_test(test_a_message_that_does_not_fit_is_marked),
		cmocka_unit_test(test_malformed_messages_are_refused),
		cmocka_unit_test(test_a_zero_byte_in_a_message_is_refused),
		cmocka_unit_test(test_a_verb_matches_only_as_a_whole),
		cmocka_unit_test(test_a_key_matches_only_as_a_whole),
		cmocka_unit_test(test_repeated_keys_are_read_in_order),
		cmocka_unit_test(
			test_a_value_too_long_for_its_place_is_refused),
		cmocka_unit_test(test_a_bad_escape_is_refused),
		cmocka_unit_test(test_numbers_are_bounded),
		cmocka_unit_test(test_a_handle_travels_with_its_message),
		cmocka_unit_test(
			test_a_record_larger_than_the_buffer_is_refused),
		cmocka_unit_test(
			test_receiving_does_not_block_and_sees_the_end),
		cmocka_unit_test(test_more_handles_than_one_do_not_leak),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
