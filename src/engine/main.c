/*
 * iscsid-engine - the unprivileged process between network and kernel.
 *
 * Started by iscsid with one end of a socket as file descriptor 3 and a
 * listening socket, for the iscsid that comes after it, as 4; reads no file
 * and takes no options.
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/log.h"
#include "engine/host/managers.h"
#include "engine/host/memory.h"
#include "engine/host/sandbox.h"
#include "export/export.h"
#include "io/loop.h"
#include "wire/chap.h"

#define MANAGER_FD   3
#define LISTENER_FD  4
#define LOOP_ENTRIES 1024

static bool is_local(int fd, int want_listening)
{
	int domain, type, listening;
	socklen_t n = sizeof(int);

	return !getsockopt(fd, SOL_SOCKET, SO_DOMAIN, &domain, &n) &&
	       !getsockopt(fd, SOL_SOCKET, SO_TYPE, &type, &n) &&
	       !getsockopt(fd, SOL_SOCKET, SO_ACCEPTCONN, &listening, &n) &&
	       domain == AF_UNIX && type == SOCK_SEQPACKET &&
	       listening == want_listening && !fcntl(fd, F_SETFD, FD_CLOEXEC);
}

static bool is_manager(int fd)
{
	return is_local(fd, 0) && !fcntl(fd, F_SETFL, O_NONBLOCK);
}

/* Without one nobody can come after the manager: fine in tests. */
static int find_listener(void)
{
	return is_local(LISTENER_FD, 1) ? LISTENER_FD : -1;
}

/*
 * What ends other programs is meant for the manager: it detaches the disks in
 * order and then ends us.
 */
static void ignore_signals(void)
{
	static const int ignored[] = { SIGPIPE, SIGINT, SIGTERM, SIGHUP };

	for (size_t i = 0; i < sizeof(ignored) / sizeof(*ignored); i++)
		(void)signal(ignored[i], SIG_IGN); /* no signal is unknown */
}

/* libcrypto reads files at the first use of a hash. */
static void warm_up_hashes(void)
{
	uint8_t dst[CHAP_MAX_RESPONSE], challenge[1] = { 0 };

	for (size_t i = 0; i < chap_algorithm_count; i++)
		/* What it answers is for nobody. */
		(void)chap_response(&chap_algorithms[i], 0, "", 0, challenge,
				    sizeof(challenge), dst);
}

static int enter_sandbox(void)
{
	int err = sandbox_drop(SANDBOX_USER);

	if (err) {
		log_err(NULL, "cannot give up privileges: %s", strerror(-err));
		return err;
	}
	err = sandbox_filter();
	if (err)
		log_err(NULL, "cannot filter system calls: %s", strerror(-err));
	return err;
}

/*
 * Where no exporter needs them, the ring is not allowed the commands: they
 * reach other drivers and the options of sockets, too.
 */
static int new_loop(bool commands, struct io_loop **out)
{
	return io_loop_new(LOOP_ENTRIES,
			   IO_LOOP_RESTRICTED | IO_LOOP_SPINS |
				   (commands ? IO_LOOP_COMMANDS : 0),
			   out);
}

int main(void)
{
	static struct engine engine;
	struct io_loop *loop;
	int err, listener = find_listener();
	struct export_abilities can;

	if (!is_manager(MANAGER_FD)) {
		fprintf(stderr, "iscsid-engine is started by iscsid\n");
		return 2;
	}
	/* What is not meant for us. */
	close_range(listener >= 0 ? LISTENER_FD + 1 : MANAGER_FD + 1, ~0u, 0);
	ignore_signals();
	warm_up_hashes();
	can = exports_ask();
	err = new_loop(can.commands, &loop);
	if (err) {
		log_err(NULL, "%s", io_loop_strerror(err));
		return 1;
	}
	engine_init(&engine, loop, MANAGER_FD, listener);
	engine.serves = can.serves;
	engine_log_to_manager(&engine);
	memory_prepare();
	err = enter_sandbox();
	if (!err)
		err = io_loop_run(loop);
	if (err)
		log_err(NULL, "ending: %s", io_loop_strerror(err));
	engine_fini(&engine);
	return err ? 1 : 0;
}
