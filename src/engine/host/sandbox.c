/*
 * sandbox - user, capabilities, root directory, limits, system calls.
 */
#include "engine/host/sandbox.h"

#include <cap-ng.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/sockios.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <pwd.h>
#include <seccomp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/log.h"
#include "io/sock.h"

#define HANDLES 65536 /* sockets and devices of the sessions to come */

static const struct passwd *find_user(const char *user)
{
	const struct passwd *pw = getpwnam(user);

	if (pw)
		return pw;
	log_debug(NULL, "no user %s, running as %s", user, SANDBOX_FALLBACK);
	return getpwnam(SANDBOX_FALLBACK);
}

/* A root directory that has no name and takes no new entries. */
static int enter_nowhere(void)
{
	static const char *const places[] = { "/run", "/tmp", "/dev/shm" };
	char dir[64];
	int err = 0;

	for (size_t i = 0; i < sizeof(places) / sizeof(*places); i++) {
		snprintf(dir, sizeof(dir), "%s/iscsid-engine.XXXXXX",
			 places[i]);
		if (!mkdtemp(dir)) {
			err = -errno;
			continue;
		}
		err = chdir(dir) < 0 ? -errno : 0;
		if (rmdir(dir) < 0 && !err)
			err = -errno;
		return err ? err : chroot(".") < 0 ? -errno : 0;
	}
	return err;
}

/* As many as there may be: sessions beyond fail one by one, and say so. */
static void allow_handles(void)
{
	struct rlimit files = { HANDLES, HANDLES }, have = { 0, 0 };

	if (setrlimit(RLIMIT_NOFILE, &files) == 0)
		return;
	if (getrlimit(RLIMIT_NOFILE, &have) == 0) {
		have.rlim_cur = have.rlim_max;
		if (setrlimit(RLIMIT_NOFILE, &have) == 0 &&
		    have.rlim_cur >= HANDLES)
			return;
	}
	log_debug(NULL, "no more than %llu handles are allowed",
		  (unsigned long long)have.rlim_cur);
}

static int set_limits(void)
{
	struct rlimit none = { 0, 0 }, all = { RLIM_INFINITY, RLIM_INFINITY };

	allow_handles();
	/* For the page of io/pulse.h, which comes later; it works without. */
	(void)setrlimit(RLIMIT_MEMLOCK, &all);
	/* A core dump would hold secrets and other people's data. */
	return setrlimit(RLIMIT_CORE, &none) < 0 ? -errno : 0;
}

static int become(const struct passwd *pw)
{
	capng_clear(CAPNG_SELECT_ALL);
	if (capng_change_id((int)pw->pw_uid, (int)pw->pw_gid,
			    CAPNG_DROP_SUPP_GRP | CAPNG_CLEAR_BOUNDING))
		return -EPERM;
	return 0;
}

int sandbox_drop(const char *user)
{
	const struct passwd *pw;
	int err = set_limits();

	if (err)
		return err;
	if (geteuid() == 0) {
		pw = find_user(user);
		if (!pw || !pw->pw_uid)
			return -ENOENT;
		err = enter_nowhere();
		if (!err)
			err = become(pw);
	} else {
		log_info(NULL, "not started as root: keeping the user");
	}
	if (err)
		return err;
	if (prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) < 0 ||
	    prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0)
		return -errno;
	return 0;
}

/* System calls of the loop, and what the C library needs by itself. */
static const int allowed[] = {
	SCMP_SYS(io_uring_enter),
	SCMP_SYS(read),
	SCMP_SYS(write),
	SCMP_SYS(writev),
	SCMP_SYS(sendmsg),
	SCMP_SYS(recvmsg),
	SCMP_SYS(close),
	SCMP_SYS(fstat),
	SCMP_SYS(clock_gettime),
	SCMP_SYS(clock_nanosleep),
	SCMP_SYS(gettimeofday),
	SCMP_SYS(time),
	SCMP_SYS(getrandom),
	SCMP_SYS(futex),
	SCMP_SYS(sched_yield),
	SCMP_SYS(munmap),
	SCMP_SYS(brk),
	SCMP_SYS(madvise),
	SCMP_SYS(getpid),
	SCMP_SYS(gettid),
	SCMP_SYS(rt_sigaction),
	SCMP_SYS(rt_sigprocmask),
	SCMP_SYS(rt_sigreturn),
	SCMP_SYS(sigaltstack),
	SCMP_SYS(restart_syscall),
	SCMP_SYS(exit),
	SCMP_SYS(exit_group),
};

/* No library ever tries these by itself. */
static const int deadly[] = {
	SCMP_SYS(execve),
	SCMP_SYS(execveat),
	SCMP_SYS(fork),
	SCMP_SYS(vfork),
	SCMP_SYS(ptrace),
	SCMP_SYS(process_vm_readv),
	SCMP_SYS(process_vm_writev),
	SCMP_SYS(mount),
	SCMP_SYS(umount2),
	SCMP_SYS(pivot_root),
	SCMP_SYS(chroot),
	SCMP_SYS(unshare),
	SCMP_SYS(setns),
	SCMP_SYS(setuid),
	SCMP_SYS(capset),
	SCMP_SYS(bpf),
	SCMP_SYS(perf_event_open),
	SCMP_SYS(init_module),
	SCMP_SYS(finit_module),
	SCMP_SYS(kexec_load),
	SCMP_SYS(io_uring_setup),
};

#define COUNT(table) (sizeof(table) / sizeof(*(table)))

static int add_table(scmp_filter_ctx f, uint32_t action, const int *call,
		     size_t n)
{
	for (size_t i = 0; i < n; i++) {
		int err = seccomp_rule_add(f, action, call[i], 0);

		if (err)
			return err;
	}
	return 0;
}

/* Memory, but never memory that holds code. */
static int add_memory(scmp_filter_ctx f)
{
	static const int call[] = { SCMP_SYS(mmap), SCMP_SYS(mprotect) };
	int err = 0;

	for (size_t i = 0; i < COUNT(call) && !err; i++)
		err = seccomp_rule_add(
			f, SCMP_ACT_ALLOW, call[i], 1,
			SCMP_A2(SCMP_CMP_MASKED_EQ, PROT_EXEC, 0));
	return err;
}

/*
 * TCP over IPv4 and IPv6, and no other stream (MPTCP, SCTP); 0xf cuts
 * SOCK_NONBLOCK and SOCK_CLOEXEC.
 */
static int add_socket(scmp_filter_ctx f)
{
	static const int domain[] = { AF_INET, AF_INET6 };
	int err = 0;

	for (size_t i = 0; i < COUNT(domain) && !err; i++)
		err = seccomp_rule_add(
			f, SCMP_ACT_ALLOW, SCMP_SYS(socket), 3,
			SCMP_A0(SCMP_CMP_EQ, (scmp_datum_t)domain[i]),
			SCMP_A1(SCMP_CMP_MASKED_EQ, 0xf, SOCK_STREAM),
			SCMP_A2(SCMP_CMP_EQ, 0));
	return err;
}

/* What io/sock.c sets; the rest of them reach far into the kernel. */
static int add_options(scmp_filter_ctx f)
{
	static const struct {
		int level, name;
	} option[] = {
		{ SOL_SOCKET, SO_SNDBUF },
		{ SOL_SOCKET, SO_RCVBUF },
		{ SOL_SOCKET, SO_KEEPALIVE },
		{ SOL_SOCKET, SO_LINGER },
		{ SOL_SOCKET, SO_REUSEADDR },
		{ IPPROTO_TCP, TCP_NODELAY },
		{ IPPROTO_TCP, TCP_KEEPIDLE },
		{ IPPROTO_TCP, TCP_KEEPINTVL },
		{ IPPROTO_TCP, TCP_KEEPCNT },
		{ IPPROTO_TCP, TCP_USER_TIMEOUT },
		{ IPPROTO_TCP, TCP_RTO_MAX_MS },
	};
	int err = 0;

	for (size_t i = 0; i < COUNT(option) && !err; i++)
		err = seccomp_rule_add(
			f, SCMP_ACT_ALLOW, SCMP_SYS(setsockopt), 2,
			SCMP_A1(SCMP_CMP_EQ, (scmp_datum_t)option[i].level),
			SCMP_A2(SCMP_CMP_EQ, (scmp_datum_t)option[i].name));
	/* And what it asks: does the peer acknowledge? */
	if (!err)
		err = seccomp_rule_add(f, SCMP_ACT_ALLOW, SCMP_SYS(getsockopt),
				       2, SCMP_A1(SCMP_CMP_EQ, IPPROTO_TCP),
				       SCMP_A2(SCMP_CMP_EQ, TCP_INFO));
	return err;
}

/* Not F_SETOWN: it can have signals sent to our likes. */
static int add_fcntl(scmp_filter_ctx f)
{
	static const int command[] = { F_GETFL, F_SETFL, F_GETFD, F_SETFD,
				       F_DUPFD_CLOEXEC };
	int err = 0;

	for (size_t i = 0; i < COUNT(command) && !err; i++)
		err = seccomp_rule_add(
			f, SCMP_ACT_ALLOW, SCMP_SYS(fcntl), 1,
			SCMP_A1(SCMP_CMP_EQ, (scmp_datum_t)command[i]));
	return err;
}

/*
 * A connection may begin at a port of its own choice.  A filter cannot look
 * into the address, only at its size: here that of IPv4 and of IPv6.  The
 * worst that leaves is a port in use: without listen(2) nothing can be
 * accepted, ports below 1024 need a capability, and the manager's socket,
 * the one of another family, gets no name of a file in an empty root.
 */
static int add_bind(scmp_filter_ctx f)
{
	static const size_t size[] = { sizeof(struct sockaddr_in),
				       sizeof(struct sockaddr_in6) };
	int err = seccomp_rule_add(f, SCMP_ACT_ALLOW, SCMP_SYS(getsockname), 0);

	for (size_t i = 0; i < COUNT(size) && !err; i++)
		err = seccomp_rule_add(f, SCMP_ACT_ALLOW, SCMP_SYS(bind), 1,
				       SCMP_A2(SCMP_CMP_EQ, size[i]));
	return err;
}

/*
 * fe80::1%eth0 needs the number of eth0, which may appear at any time; and
 * how much of what was written is not acknowledged, or not even sent?
 */
static int add_ioctl(scmp_filter_ctx f)
{
	static const scmp_datum_t request[] = { SIOCGIFINDEX, SIOCOUTQ,
						SIOCOUTQNSD };
	int err = 0;

	for (size_t i = 0; i < COUNT(request) && !err; i++)
		err = seccomp_rule_add(f, SCMP_ACT_ALLOW, SCMP_SYS(ioctl), 1,
				       SCMP_A1(SCMP_CMP_EQ, request[i]));
	return err;
}

/* abort() signals its own thread; nothing else may be signalled. */
static int add_abort(scmp_filter_ctx f)
{
	return seccomp_rule_add(f, SCMP_ACT_ALLOW, SCMP_SYS(tgkill), 1,
				SCMP_A0(SCMP_CMP_EQ, (scmp_datum_t)getpid()));
}

/* Calls that are fine with some of their arguments. */
static int (*const partly[])(scmp_filter_ctx f) = {
	add_memory, add_socket, add_options, add_bind,
	add_fcntl,  add_ioctl,	add_abort,
};

static int fill_filter(scmp_filter_ctx f)
{
	int err = add_table(f, SCMP_ACT_ALLOW, allowed, COUNT(allowed));

	if (!err)
		err = add_table(f, SCMP_ACT_KILL_PROCESS, deadly,
				COUNT(deadly));
	for (size_t i = 0; i < COUNT(partly) && !err; i++)
		err = partly[i](f);
	return err;
}

int sandbox_filter(void)
{
	scmp_filter_ctx f = seccomp_init(SCMP_ACT_ERRNO(EPERM));
	int err;

	if (!f)
		return -ENOMEM;
	err = fill_filter(f);
	if (!err)
		err = seccomp_load(f);
	seccomp_release(f);
	return err;
}
