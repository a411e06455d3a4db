/*
 * test_sandbox - what a process in the engine's sandbox can still do.
 *
 * Each attempt runs in a child of its own, which is in the sandbox before it
 * tries; the child's end tells what came of it.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/fuse.h>
#include <linux/sockios.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <stdbool.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/ipc.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "engine/host/sandbox.h"
#include "io/loop.c" /* whose ring nobody else can reach */
#include "io/sock.h"

enum {
	WORKED = 0,
	NO_SANDBOX = 255
}; /* else the errno */

/* As in the engine the ring is there before the sandbox. */
static struct io_loop *loop;

/* Returns what the attempt ended with, or 1000 + the signal. */
static int outcome(int (*attempt)(void), bool filter)
{
	int status;
	pid_t pid = fork();

	assert_true(pid >= 0);
	if (!pid) {
		if (io_loop_new(8, IO_LOOP_RESTRICTED, &loop) < 0 ||
		    sandbox_drop(SANDBOX_USER) < 0 ||
		    (filter && sandbox_filter() < 0))
			_exit(NO_SANDBOX);
		_exit(attempt() < 0 ? errno : WORKED);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	return WIFSIGNALED(status) ? 1000 + WTERMSIG(status)
				   : WEXITSTATUS(status);
}

#define KILLED (1000 + SIGSYS)

static int inside(int (*attempt)(void))
{
	return outcome(attempt, true);
}

/* Without the filter the user, the root and the limits must do alone. */
static int dropped_only(int (*attempt)(void))
{
	return outcome(attempt, false);
}

static int open_file(void)
{
	return open("/etc/passwd", O_RDONLY);
}

static int make_file(void)
{
	return open("x", O_RDWR | O_CREAT, 0600);
}

static int start_program(void)
{
	char *const argv[] = { (char[]){ "true" }, NULL };

	return execv("/bin/true", argv);
}

static int start_process(void)
{
	pid_t pid = fork();

	if (!pid)
		_exit(0);
	return pid;
}

static int trace(void)
{
	return (int)ptrace(PTRACE_ATTACH, 1, NULL, NULL);
}

static int signal_init(void)
{
	return kill(1, 0);
}

static int unix_socket(void)
{
	return socket(AF_UNIX, SOCK_STREAM, 0);
}

static int udp_socket(void)
{
	return socket(AF_INET, SOCK_DGRAM, 0);
}

static int look_up_zone(void)
{
	struct sockaddr_storage a;

	errno = -sock_addr("fe80::1%lo", 3260, &a);
	return errno ? -1 : 0;
}

static int tcp_socket(void)
{
	return socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
}

static int tcp6_socket(void)
{
	return socket(AF_INET6, SOCK_STREAM, 0);
}

static int code_memory(void)
{
	void *p = mmap(NULL, 4096, PROT_READ | PROT_EXEC,
		       MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	return p == MAP_FAILED ? -1 : 0;
}

static int data_memory(void)
{
	void *p = mmap(NULL, 4096, PROT_READ | PROT_WRITE,
		       MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	return p == MAP_FAILED ? -1 : 0;
}

static int new_ring(void)
{
	char params[120] = { 0 };

	return (int)syscall(SYS_io_uring_setup, 8, params);
}

struct call {
	const char *name;
	long number, arg[4];
};

/* Calls that end in a new handle. */
static const struct call makers[] = {
	{ "openat", SYS_openat, { AT_FDCWD, (long)"/", O_RDONLY } },
	{ "openat2", SYS_openat2, { AT_FDCWD, (long)"/", 0, 24 } },
	{ "open_by_handle_at", SYS_open_by_handle_at, { 0 } },
	{ "open_tree", SYS_open_tree, { AT_FDCWD, (long)"/", 0 } },
	{ "dup", SYS_dup, { 2 } },
	{ "dup3", SYS_dup3, { 2, 9, 0 } },
	{ "fcntl F_DUPFD", SYS_fcntl, { 2, F_DUPFD, 0 } },
	{ "pipe2", SYS_pipe2, { 0 } },
	{ "socketpair", SYS_socketpair, { AF_UNIX, SOCK_STREAM, 0 } },
	{ "accept4", SYS_accept4, { 0 } },
	{ "memfd_create", SYS_memfd_create, { (long)"x", 0 } },
	{ "memfd_secret", SYS_memfd_secret, { 0 } },
	{ "eventfd2", SYS_eventfd2, { 0 } },
	{ "epoll_create1", SYS_epoll_create1, { 0 } },
	{ "inotify_init1", SYS_inotify_init1, { 0 } },
	{ "fanotify_init", SYS_fanotify_init, { 0 } },
	{ "signalfd4", SYS_signalfd4, { -1 } },
	{ "timerfd_create", SYS_timerfd_create, { 0 } },
	{ "userfaultfd", SYS_userfaultfd, { 0 } },
	{ "pidfd_open", SYS_pidfd_open, { 1, 0 } },
	{ "pidfd_getfd", SYS_pidfd_getfd, { 3, 0, 0 } },
	{ "MPTCP socket", SYS_socket, { AF_INET, SOCK_STREAM, 262 } },
	{ "SCTP socket", SYS_socket, { AF_INET, SOCK_STREAM, 132 } },
	{ "netlink socket", SYS_socket, { AF_NETLINK, SOCK_RAW, 0 } },
	{ "packet socket", SYS_socket, { AF_PACKET, SOCK_RAW, 0 } },
	{ "raw socket", SYS_socket, { AF_INET, SOCK_RAW, 1 } },
	{ "landlock", SYS_landlock_create_ruleset, { 0, 0, 1 } },
	{ "clone", SYS_clone, { SIGCHLD } },
	{ "clone3", SYS_clone3, { 0 } },
};

/* No process: without a filter ESRCH, whoever asks. */
#define NOBODY INT_MAX

/* Calls that reach other processes, or what they share. */
static const struct call reachers[] = {
	{ "FUSE clone", SYS_ioctl, { 0, FUSE_DEV_IOC_CLONE, 0 } },
	{ "terminal input", SYS_ioctl, { 0, TIOCSTI, (long)"x" } },
	{ "shmget", SYS_shmget, { IPC_PRIVATE, 4096, IPC_CREAT | 0666 } },
	{ "shmat", SYS_shmat, { 0 } },
	{ "msgget", SYS_msgget, { IPC_PRIVATE, IPC_CREAT | 0666 } },
	{ "semget", SYS_semget, { IPC_PRIVATE, 1, IPC_CREAT | 0666 } },
	{ "mq_open", SYS_mq_open, { (long)"x", O_RDWR | O_CREAT, 0600 } },
	{ "kcmp", SYS_kcmp, { NOBODY, NOBODY, 0 } },
	{ "process_madvise", SYS_process_madvise, { 3, 0, 0, 0 } },
	{ "process_mrelease", SYS_process_mrelease, { 3, 0 } },
	{ "pidfd_send_signal", SYS_pidfd_send_signal, { 3, 9 } },
	{ "prlimit of another", SYS_prlimit64, { NOBODY, RLIMIT_NOFILE } },
	{ "setpriority", SYS_setpriority, { PRIO_PROCESS, NOBODY, 0 } },
	{ "prctl", SYS_prctl, { PR_SET_DUMPABLE, 1 } },
	{ "personality", SYS_personality, { 0 } },
	{ "keyctl", SYS_keyctl, { 0, -3, 0 } },
	{ "add_key", SYS_add_key, { (long)"user", (long)"x", (long)"x", 1 } },
	{ "io_uring_register", SYS_io_uring_register, { 3, 0 } },
	{ "tgkill of another", SYS_tgkill, { NOBODY, NOBODY, 0 } },
	{ "bind to a path", SYS_bind, { 3, 0, sizeof(struct sockaddr_un) } },
	{ "bind to any name", SYS_bind, { 3, 0, sizeof(sa_family_t) } },
	{ "interface address", SYS_ioctl, { 3, SIOCSIFADDR, 0 } },
	{ "process group", SYS_ioctl, { 3, SIOCSPGRP, 0 } },
	{ "interface list", SYS_ioctl, { 3, SIOCGIFCONF, 0 } },
};

#define COUNT(table) (sizeof(table) / sizeof(*(table)))

static const struct call *call;

static int do_call(void)
{
	const long *a = call->arg;

	return (int)syscall(call->number, a[0], a[1], a[2], a[3]);
}

/* Signals to whom it likes: F_SETOWN is how without kill(2). */
static int own_by_init(void)
{
	return fcntl(2, F_SETOWN, 1);
}

static int filter_packets(void)
{
	int fd = socket(AF_INET, SOCK_STREAM, 0), none = 0;

	return fd < 0 ? 0
		      : setsockopt(fd, SOL_SOCKET, SO_ATTACH_FILTER, &none,
				   sizeof(none));
}

/* What io/sock.c needs to know when a path is dead. */
static int watch_silence(void)
{
	int fd = socket(AF_INET, SOCK_STREAM, 0), ms = 1000;
	struct tcp_info i;
	socklen_t n = sizeof(i);

	/* ENOPROTOOPT: a kernel before 6.15. */
	if (setsockopt(fd, IPPROTO_TCP, 44 /* TCP_RTO_MAX_MS */, &ms,
		       sizeof(ms)) < 0 &&
	    errno != ENOPROTOOPT)
		return -1;
	return getsockopt(fd, IPPROTO_TCP, TCP_INFO, &i, &n);
}

/* What a lost connection may still deliver, and where the next begins. */
static int know_what_is_unsent(void)
{
	const struct linger l = { .l_onoff = 1 };
	struct sockaddr_in a = { .sin_family = AF_INET };
	socklen_t n = sizeof(a);
	int fd = socket(AF_INET, SOCK_STREAM, 0), on = 1, bytes;

	a.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	if (setsockopt(fd, SOL_SOCKET, SO_LINGER, &l, sizeof(l)) < 0 ||
	    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on)) < 0 ||
	    bind(fd, (const struct sockaddr *)&a, sizeof(a)) < 0 ||
	    getsockname(fd, (struct sockaddr *)&a, &n) < 0 || !a.sin_port ||
	    ioctl(fd, SIOCOUTQ, &bytes) < 0)
		return -1;
	return ioctl(fd, SIOCOUTQNSD, &bytes);
}

static int bind6(void)
{
	struct sockaddr_in6 a = { .sin6_family = AF_INET6 };
	int fd = socket(AF_INET6, SOCK_STREAM, 0);

	return bind(fd, (const struct sockaddr *)&a, sizeof(a));
}

static int bind_where_root_listens(void)
{
	struct sockaddr_in a = { .sin_family = AF_INET,
				 .sin_port = htons(860) };
	int fd = socket(AF_INET, SOCK_STREAM, 0);

	return bind(fd, (const struct sockaddr *)&a, sizeof(a));
}

/* Options that reach further than the connection. */
static const struct option {
	const char *name;
	int level, option;
} far_options[] = {
	{ "SO_REUSEPORT", SOL_SOCKET, SO_REUSEPORT },
	{ "SO_BINDTODEVICE", SOL_SOCKET, SO_BINDTODEVICE },
	{ "SO_MARK", SOL_SOCKET, SO_MARK },
	{ "SO_ATTACH_BPF", SOL_SOCKET, SO_ATTACH_BPF },
	{ "SO_ZEROCOPY", SOL_SOCKET, SO_ZEROCOPY },
	{ "IP_TRANSPARENT", IPPROTO_IP, IP_TRANSPARENT },
	{ "IP_FREEBIND", IPPROTO_IP, IP_FREEBIND },
	{ "IP_OPTIONS", IPPROTO_IP, IP_OPTIONS },
	{ "TCP_REPAIR", IPPROTO_TCP, TCP_REPAIR },
	{ "TCP_ULP", IPPROTO_TCP, TCP_ULP },
	{ "TCP_LINGER2", IPPROTO_TCP, TCP_LINGER2 },
	/* The number of SO_LINGER and of SO_REUSEADDR elsewhere. */
	{ "level IP, 13", IPPROTO_IP, SO_LINGER },
	{ "level TCP, 2", IPPROTO_TCP, SO_REUSEADDR },
};

static const struct option *option;

static int set_far_option(void)
{
	int fd = socket(AF_INET, SOCK_STREAM, 0), value = 1;

	return fd < 0 ? 0
		      : setsockopt(fd, option->level, option->option, &value,
				   sizeof(value));
}

static int steer_packets(void)
{
	int fd = socket(AF_INET, SOCK_STREAM, 0), cpu;
	socklen_t n = sizeof(cpu);

	return fd < 0 ? 0
		      : getsockopt(fd, SOL_SOCKET, SO_INCOMING_CPU, &cpu, &n);
}

static int listen_for_others(void)
{
	int fd = socket(AF_INET, SOCK_STREAM, 0);

	return fd < 0 ? 0 : listen(fd, 1);
}

static uint8_t opcode;

static int use_ring(void)
{
	struct io_uring_sqe *sqe = io_uring_get_sqe(&loop->ring);
	struct io_uring_cqe *cqe;

	io_uring_prep_rw(opcode, sqe, AF_INET, "/", SOCK_STREAM, 0);
	if (opcode == IORING_OP_OPENAT)
		io_uring_prep_openat(sqe, AT_FDCWD, "/", O_RDONLY, 0);
	if (io_uring_submit_and_wait(&loop->ring, 1) < 0 ||
	    io_uring_peek_cqe(&loop->ring, &cqe))
		return 0;
	errno = -cqe->res;
	return cqe->res;
}

static int own_abort(void)
{
	abort();
}

static void test_files_cannot_be_opened(void **state)
{
	assert_int_equal(inside(open_file), EPERM);
	assert_int_equal(inside(make_file), EPERM);
}

static void test_starting_a_program_ends_the_process(void **state)
{
	assert_int_equal(inside(start_program), KILLED);
}

static void test_processes_cannot_be_made_seen_or_signalled(void **state)
{
	assert_int_equal(inside(start_process), EPERM);
	assert_int_equal(inside(trace), KILLED);
	assert_int_equal(inside(signal_init), EPERM);
}

static void test_only_tcp_sockets_can_be_made(void **state)
{
	assert_int_equal(inside(tcp_socket), WORKED);
	assert_int_equal(inside(tcp6_socket), WORKED);
	assert_int_equal(inside(look_up_zone), WORKED);
	assert_int_equal(inside(udp_socket), EPERM);
	assert_int_equal(inside(unix_socket), EPERM);
}

static void test_no_call_makes_a_handle(void **state)
{
	for (call = makers; call < makers + COUNT(makers); call++)
		if (inside(do_call) != EPERM)
			fail_msg("%s is not refused", call->name);
}

static void test_other_processes_are_out_of_reach(void **state)
{
	static const struct call reads = { "", SYS_process_vm_readv, { 1 } };
	static const struct call writes = { "", SYS_process_vm_writev, { 1 } };

	for (call = reachers; call < reachers + COUNT(reachers); call++)
		if (inside(do_call) != EPERM)
			fail_msg("%s is not refused", call->name);
	call = &reads;
	assert_int_equal(inside(do_call), KILLED);
	call = &writes;
	assert_int_equal(inside(do_call), KILLED);
}

static void test_sockets_are_for_connections_only(void **state)
{
	assert_int_equal(inside(watch_silence), WORKED);
	assert_int_equal(inside(steer_packets), EPERM);
	assert_int_equal(inside(filter_packets), EPERM);
	assert_int_equal(inside(listen_for_others), EPERM);
	assert_int_equal(inside(own_by_init), EPERM);
}

static void test_a_connection_can_be_given_up_and_begun_anew(void **state)
{
	assert_int_equal(inside(know_what_is_unsent), WORKED);
	assert_int_equal(inside(bind6), WORKED);
	assert_int_equal(inside(bind_where_root_listens), EACCES);
}

static void test_options_end_at_the_connection(void **state)
{
	for (option = far_options; option < far_options + COUNT(far_options);
	     option++)
		if (inside(set_far_option) != EPERM)
			fail_msg("%s is not refused", option->name);
}

/* The ring is no way around the filter. */
static void test_the_ring_makes_no_handle(void **state)
{
	static const uint8_t ways[] = {
		IORING_OP_OPENAT,   IORING_OP_OPENAT2,	 IORING_OP_SOCKET,
		IORING_OP_SPLICE,   IORING_OP_EPOLL_CTL, IORING_OP_FILES_UPDATE,
		IORING_OP_UNLINKAT, IORING_OP_RENAMEAT,	 IORING_OP_STATX,
		IORING_OP_MSG_RING, IORING_OP_URING_CMD,
	};

	int err;

	for (size_t i = 0; i < sizeof(ways); i++) {
		opcode = ways[i];
		err = inside(use_ring);
		/* EINVAL: this kernel does not know it at all. */
		assert_true(err == EACCES || err == EINVAL);
	}
}

static void test_memory_is_for_data_only(void **state)
{
	assert_int_equal(inside(data_memory), WORKED);
	assert_int_equal(inside(code_memory), EPERM);
}

static void test_no_second_ring_can_be_made(void **state)
{
	assert_int_equal(inside(new_ring), KILLED);
}

static void test_abort_still_ends_the_process(void **state)
{
	assert_int_equal(inside(own_abort), 1000 + SIGABRT);
}

static int become_root(void)
{
	return setuid(0);
}

static int leave_root_dir(void)
{
	return open("../../../etc/passwd", O_RDONLY);
}

static int is_dumpable(void)
{
	return -prctl(PR_GET_DUMPABLE, 0, 0, 0, 0);
}

static int has_core(void)
{
	struct rlimit r;

	return getrlimit(RLIMIT_CORE, &r) < 0 || r.rlim_max ? -1 : 0;
}

static int has_groups(void)
{
	return getgroups(0, NULL) ? -1 : 0;
}

static void test_the_user_cannot_come_back(void **state)
{
	assert_int_equal(dropped_only(become_root), EPERM);
	assert_int_equal(dropped_only(has_groups), WORKED);
}

static void test_the_root_directory_is_closed(void **state)
{
	assert_int_equal(dropped_only(open_file), EACCES);
	assert_int_equal(dropped_only(leave_root_dir), EACCES);
	assert_int_equal(dropped_only(make_file), EACCES);
}

static void test_no_core_dump_can_be_made(void **state)
{
	assert_int_equal(dropped_only(is_dumpable), WORKED);
	assert_int_equal(dropped_only(has_core), WORKED);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_files_cannot_be_opened),
		cmocka_unit_test(test_starting_a_program_ends_the_process),
		cmocka_unit_test(
			test_processes_cannot_be_made_seen_or_signalled),
		cmocka_unit_test(test_only_tcp_sockets_can_be_made),
		cmocka_unit_test(test_no_call_makes_a_handle),
		cmocka_unit_test(test_other_processes_are_out_of_reach),
		cmocka_unit_test(test_sockets_are_for_connections_only),
		cmocka_unit_test(
			test_a_connection_can_be_given_up_and_begun_anew),
		cmocka_unit_test(test_options_end_at_the_connection),
		cmocka_unit_test(test_the_ring_makes_no_handle),
		cmocka_unit_test(test_memory_is_for_data_only),
		cmocka_unit_test(test_no_second_ring_can_be_made),
		cmocka_unit_test(test_abort_still_ends_the_process),
		cmocka_unit_test(test_the_user_cannot_come_back),
		cmocka_unit_test(test_the_root_directory_is_closed),
		cmocka_unit_test(test_no_core_dump_can_be_made),
	};

	if (geteuid() != 0)
		return 77; /* skipped: dropping privileges needs some */
	return cmocka_run_group_tests(tests, NULL, NULL);
}
