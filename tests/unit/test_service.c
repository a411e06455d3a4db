/*
 * test_service - a service manager that is told and keeps handles
 * (iscsid/daemon/service.h).
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "iscsid/daemon/service.h"

static int manager; /* its socket */

/* An abstract name: no file to remove. */
static int open_manager(void **state)
{
	struct sockaddr_un un = { .sun_family = AF_UNIX };
	socklen_t len;
	char name[32];

	snprintf(name, sizeof(name), "@test-service-%d", (int)getpid());
	memcpy(un.sun_path, name, strlen(name));
	un.sun_path[0] = '\0';
	len = (socklen_t)(offsetof(struct sockaddr_un, sun_path) +
			  strlen(name));
	manager = socket(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK, 0);
	setenv("NOTIFY_SOCKET", name, 1);
	return bind(manager, (struct sockaddr *)&un, len);
}

static int close_manager(void **state)
{
	close(manager);
	unsetenv("NOTIFY_SOCKET");
	return 0;
}

/* What it was told, and the handle that came along, or -1. */
static int heard(char *dst, size_t size)
{
	_Alignas(struct cmsghdr) char room[CMSG_SPACE(sizeof(int))];
	struct iovec iov = { dst, size - 1 };
	struct msghdr m = { .msg_iov = &iov,
			    .msg_iovlen = 1,
			    .msg_control = room,
			    .msg_controllen = sizeof(room) };
	ssize_t n = recvmsg(manager, &m, 0);
	struct cmsghdr *c = CMSG_FIRSTHDR(&m);
	int fd = -1;

	assert_true(n >= 0);
	dst[n] = '\0';
	if (c)
		memcpy(&fd, CMSG_DATA(c), sizeof(fd));
	return fd;
}

static void test_a_line_reaches_it(void **state)
{
	char text[64];

	service_tell("READY=1");
	assert_int_equal(heard(text, sizeof(text)), -1);
	assert_string_equal(text, "READY=1");
}

static void test_a_handle_goes_with_its_name(void **state)
{
	struct stat ours, theirs;
	int p[2], fd;
	char text[64];

	assert_int_equal(pipe(p), 0);
	service_keep("b0t1l2", p[0]);
	fd = heard(text, sizeof(text));
	assert_string_equal(text, "FDSTORE=1\nFDNAME=b0t1l2");
	assert_int_equal(fstat(p[0], &ours), 0);
	assert_int_equal(fstat(fd, &theirs), 0);
	assert_int_equal(ours.st_ino, theirs.st_ino);
	close(fd);
	close(p[0]);
	close(p[1]);
}

static void test_a_handle_is_dropped_by_name(void **state)
{
	char text[64];

	service_drop("b0t1l2");
	assert_int_equal(heard(text, sizeof(text)), -1);
	assert_string_equal(text, "FDSTOREREMOVE=1\nFDNAME=b0t1l2");
}

static void test_without_one_nothing_happens(void **state)
{
	unsetenv("NOTIFY_SOCKET");
	service_tell("READY=1");
	assert_int_equal(recv(manager, (char[8]){ 0 }, 8, 0), -1);
}

struct kept {
	unsigned count;
	char names[4][16];
	int handles[4];
};

static void take(void *ctx, const char *name, int handle)
{
	struct kept *k = ctx;

	assert_true(k->count < 4);
	snprintf(k->names[k->count], sizeof(*k->names), "%s", name);
	k->handles[k->count++] = handle;
}

static void set_environment(const char *count, const char *names)
{
	char pid[16];

	snprintf(pid, sizeof(pid), "%d", (int)getpid());
	setenv("LISTEN_PID", pid, 1);
	setenv("LISTEN_FDS", count, 1);
	setenv("LISTEN_FDNAMES", names, 1);
}

static void test_kept_handles_come_with_their_names(void **state)
{
	struct kept k = { 0 };
	int other = dup2(manager, 4);

	assert_int_equal(other, 4);
	set_environment("2", "b0t0l0:b0t0l1");
	service_kept(take, &k);
	close(other);
	assert_int_equal(k.count, 2);
	assert_string_equal(k.names[0], "b0t0l0");
	assert_string_equal(k.names[1], "b0t0l1");
	assert_int_equal(k.handles[0], 3);
	assert_int_equal(k.handles[1], 4);
}

static void test_a_kept_handle_that_is_none_is_left_out(void **state)
{
	struct kept k = { 0 };

	close(4);
	set_environment("2", "b0t0l0:b0t0l1");
	service_kept(take, &k);
	assert_int_equal(k.count, 1);
	assert_string_equal(k.names[0], "b0t0l0");
}

static void test_kept_handles_come_once(void **state)
{
	struct kept k = { 0 };

	set_environment("1", "x");
	service_kept(take, &k);
	service_kept(take, &k);
	assert_int_equal(k.count, 1);
}

static void test_handles_of_another_process_are_not_ours(void **state)
{
	struct kept k = { 0 };

	set_environment("1", "x");
	setenv("LISTEN_PID", "1", 1);
	service_kept(take, &k);
	assert_int_equal(k.count, 0);
}

static void test_a_count_that_is_none_is_nothing(void **state)
{
	struct kept k = { 0 };

	set_environment("-1", "x");
	service_kept(take, &k);
	set_environment("99999999999", "x");
	service_kept(take, &k);
	assert_int_equal(k.count, 0);
}

int main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, open_manager, close_manager)
	const struct CMUnitTest tests[] = {
		TEST(test_a_line_reaches_it),
		TEST(test_a_handle_goes_with_its_name),
		TEST(test_a_handle_is_dropped_by_name),
		TEST(test_without_one_nothing_happens),
		TEST(test_kept_handles_come_with_their_names),
		TEST(test_a_kept_handle_that_is_none_is_left_out),
		TEST(test_kept_handles_come_once),
		TEST(test_handles_of_another_process_are_not_ours),
		TEST(test_a_count_that_is_none_is_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
