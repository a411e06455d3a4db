/*
 * fake_engine - an engine without a network: what iscsid starts in its tests.
 *
 * Speaks docs/engine-protocol.md and serves files of the directory
 * FAKE_DIR through the real exporter; "lun3.img" is LUN 3.  A file "mode" there
 * holds words that make it misbehave:
 *   4k            blocks of 4096 bytes
 *   ro            write protected
 *   garbage       says impossible things besides
 *   silent        never says ready
 *   refuse        every discovery fails
 *   no-session    every login fails
 *   no-attach     answers no attach
 *   group-1       its sessions are in portal group 1, where all writes are
 *   no-port       it does not tell the local port of its sessions
 *   group-2       in group 2, and writes may still run elsewhere
 *   ends-old      was seen: a new session ends the old one, after 7 ms
 *   no-pulse      is of a version that knows no page
 *   still         has one, and never writes there
 *   lies          writes nonsense there
 *   spin, asleep  does nothing else any more after a signal
 *   deaf          after SIGUSR2 reads no requests, and says nothing of it
 * SIGUSR1: looks at the files again.  SIGUSR2: gives up all disks.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/codec.h"
#include "base/list.h"
#include "ctl/chan.h"
#include "disk/disk.h"
#include "export/export.h"
#include "io/loop.h"
#include "io/pulse.h"
#include "wire/lun.h"

#define LUNS 300
#define NAME "iqn.2026-11.net.softhba.test:one"

struct disk {
	struct disk_geometry geometry;
	int fd;
	unsigned number;
	struct export *export;
	bool known, stopping, deaf;
	uint64_t id; /* of its target */
};

static struct io_loop *loop;
static struct chan manager;
static struct disk disks[LUNS];
static struct msg_out out;
static const char *dir;
static int signals;
static struct io_op signalled;

static bool mode(const char *word)
{
	char path[256], text[256] = "", *w;
	FILE *f;

	snprintf(path, sizeof(path), "%s/mode", dir);
	f = fopen(path, "r");
	if (!f)
		return false;
	if (!fgets(text, sizeof(text), f))
		*text = '\0';
	fclose(f);
	for (w = strtok(text, " \n"); w; w = strtok(NULL, " \n"))
		if (strcmp(w, word) == 0)
			return true;
	return false;
}

static void tell(void)
{
	if (chan_send(&manager, &out, -1))
		_exit(3);
}

static void begin(const char *verb, uint64_t id)
{
	msg_begin(&out, verb);
	msg_u64(&out, "id", id);
}

static void add_lun(unsigned number)
{
	uint8_t lun[LUN_LEN];
	char hex[2 * LUN_LEN + 1];

	lun_encode(lun, number);
	hex_put(hex, lun, LUN_LEN);
	msg_str(&out, "lun", hex);
}

/* Stand-in for disk/: a file, at once ---------------------------------- */

const struct disk_geometry *disk_geometry(const struct disk *d)
{
	return &d->geometry;
}

static ssize_t move(const struct disk *d, const struct disk_io *io)
{
	static uint8_t zeros[1 << 20];
	size_t n = io->len < sizeof(zeros) ? io->len : sizeof(zeros);

	switch (io->op) {
	case DISK_READ:
		return pread(d->fd, io->buf, io->len, (off_t)io->off);
	case DISK_WRITE:
		return pwrite(d->fd, io->buf, io->len, (off_t)io->off);
	case DISK_ZERO:
		return pwrite(d->fd, zeros, n, (off_t)io->off);
	default:
		return 0;
	}
}

void disk_submit(struct disk *d, struct disk_io *io)
{
	io->done(io, move(d, io) < 0 ? -EIO : 0);
}

/* Disks --------------------------------------------------------------- */

static bool look_at(struct disk *d)
{
	struct stat st;
	char path[256];

	snprintf(path, sizeof(path), "%s/lun%u.img", dir, d->number);
	if (d->fd < 0)
		d->fd = open(path, O_RDWR | O_CLOEXEC);
	if (d->fd < 0 || fstat(d->fd, &st))
		return false;
	d->geometry.block_size = mode("4k") ? 4096 : 512;
	d->geometry.physical_size = 4096;
	d->geometry.read_only = mode("ro");
	d->geometry.blocks = (uint64_t)st.st_size / d->geometry.block_size;
	return true;
}

static void tell_disk(const struct disk *d)
{
	char identity[32];

	begin("lun", d->id);
	add_lun(d->number);
	msg_u64(&out, "number", d->number);
	msg_str(&out, "state", "online");
	msg_str(&out, "vendor", "SEAGATE");
	msg_str(&out, "model", "ST39103FC");
	msg_str(&out, "rev", "0002");
	msg_u64(&out, "type", 0);
	msg_u64(&out, "ansi", 2);
	msg_u64(&out, "block-size", d->geometry.block_size);
	msg_u64(&out, "physical-size", d->geometry.physical_size);
	msg_u64(&out, "blocks", d->geometry.blocks);
	msg_u64(&out, "read-only", d->geometry.read_only);
	snprintf(identity, sizeof(identity), "t10.FAKE    %u", d->number);
	msg_str(&out, "identity", identity);
	tell();
}

static struct disk *disk_of(const struct msg_in *m)
{
	char hex[2 * LUN_LEN + 1];
	uint8_t lun[LUN_LEN];
	uint32_t number;

	if (msg_get(m, "lun", hex, sizeof(hex)) != 2 * LUN_LEN ||
	    hex_get(lun, LUN_LEN, hex, 2 * LUN_LEN) != LUN_LEN ||
	    lun_number(lun, &number) || number >= LUNS)
		_exit(4);
	return &disks[number];
}

static void on_started(void *ctx, int err)
{
	struct disk *d = ctx;

	if (err)
		_exit(5);
	begin("attached", d->id);
	add_lun(d->number);
	tell();
}

static void on_hung_up(void *ctx)
{
	struct disk *d = ctx;

	export_stop(d->export);
}

static void on_stopped(void *ctx, int err)
{
	struct disk *d = ctx;

	d->export = NULL;
	if (d->deaf)
		return;
	begin("detached", d->id);
	add_lun(d->number);
	msg_u64(&out, "error", d->stopping ? 0 : ENODEV);
	tell();
}

static const struct export_events events = { on_started, on_hung_up,
					     on_stopped };

/* Verbs --------------------------------------------------------------- */

static void garbage(uint64_t id)
{
	static const char *const verbs[] = { "lun", "session", "found",
					     "attached", "weather" };

	for (unsigned i = 0; i < 5; i++) {
		begin(verbs[i], id);
		msg_str(&out, "state", "upside-down");
		tell();
	}
	begin("attached", id);
	msg_str(&out, "lun", "ffffffffffffffff");
	tell();
	begin("removed", id);
	tell();
	begin("removed", UINT64_MAX);
	tell();
	if (send(3, "\x7f\x01", 2, 0) < 0)
		_exit(6);
}

static void say(const char *what, const char *of)
{
	char text[256];

	snprintf(text, sizeof(text), "told %s %s", what, of);
	msg_begin(&out, "log");
	msg_u64(&out, "level", 6);
	msg_str(&out, "object", "fake");
	msg_str(&out, "text", text);
	tell();
}

static void do_discover(const struct msg_in *m, uint64_t id)
{
	char portal[128];

	if (mode("refuse")) {
		begin("failed", id);
		msg_str(&out, "reason", "nobody is there");
		msg_str(&out, "retry", "soon");
		tell();
		return;
	}
	if (msg_get(m, "portal", portal, sizeof(portal)) < 0)
		_exit(7);
	say("to ask", portal);
	if (mode("ask-moved")) {
		begin("moved", id);
		msg_str(&out, "portal", "127.0.0.7:13350");
		tell();
	}
	begin("found", id);
	msg_str(&out, "name", NAME);
	msg_str(&out, "addr", portal);
	tell();
	begin("discovered", id);
	msg_u64(&out, "count", 1);
	tell();
}

static void say_connection(const struct msg_in *m)
{
	char portal[128], text[160];
	uint64_t port;

	if (msg_get(m, "old-portal", portal, sizeof(portal)) < 0 ||
	    msg_get_u64(m, "old-port", UINT16_MAX, &port))
		return;
	snprintf(text, sizeof(text), "%s from port %u", portal, (unsigned)port);
	say("of a connection to", text);
}

static void say_heritage(const struct msg_in *m)
{
	char group[8] = "none", text[64];
	uint64_t resumes = 0, doubt = 0;

	(void)msg_get(m, "group", group, sizeof(group));
	(void)msg_get_u64(m, "resumes", LUNS, &resumes);
	(void)msg_get_u64(m, "doubt", 1, &doubt);
	say_connection(m);
	snprintf(text, sizeof(text), "group %s, %u disks%s", group,
		 (unsigned)resumes, doubt ? ", in doubt" : "");
	say("of a session in", text);
}

static void say_seen(const struct msg_in *m)
{
	char word[16], text[64];
	uint64_t ms = 0;

	if (msg_get(m, "reinstates", word, sizeof(word)) < 0 ||
	    msg_get_u64(m, "reinstates-ms", UINT32_MAX, &ms))
		return;
	snprintf(text, sizeof(text), "%s, %u ms", word, (unsigned)ms);
	say("what was seen:", text);
}

static void do_target(const struct msg_in *m, uint64_t id)
{
	char portal[128];
	unsigned count = 0;

	if (msg_get(m, "portal", portal, sizeof(portal)) < 0)
		_exit(7);
	say("the target at", portal);
	say_heritage(m);
	say_seen(m);
	if (mode("moved")) {
		begin("moved", id);
		msg_str(&out, "from", portal);
		msg_str(&out, "portal", "127.0.0.8:13350");
		tell();
	}
	begin("session", id);
	msg_str(&out, "portal", portal);
	if (mode("give-up")) {
		msg_str(&out, "state", "down");
		msg_str(&out, "reason", "the target refuses the login");
		msg_u64(&out, "given-up", 1);
		tell();
		return;
	}
	if (mode("no-session")) {
		msg_str(&out, "state", "down");
		msg_str(&out, "reason", "the target refuses the login");
		msg_u64(&out, "wait", 60000);
		tell();
		return;
	}
	msg_str(&out, "state", "up");
	msg_str(&out, "isid", "800000000000");
	msg_u64(&out, "tsih", 945);
	msg_u64(&out, "local-port", mode("no-port") ? 0 : 50123);
	msg_str(&out, "alias", "fake\x1b");
	if (mode("group-1") || mode("group-2"))
		msg_str(&out, "group", mode("group-1") ? "1" : "2");
	tell();
	if (mode("ends-old")) {
		begin("fence", id);
		msg_str(&out, "reinstates", "yes");
		msg_u64(&out, "reinstates-ms", 7);
		msg_u64(&out, "holds", 0);
		tell();
	}
	if (mode("group-1")) {
		begin("settled", id);
		msg_str(&out, "group", "1");
		tell();
	}
	for (unsigned i = 0; i < LUNS; i++) {
		disks[i].id = id;
		disks[i].known = look_at(&disks[i]);
		count += disks[i].known;
		if (disks[i].known)
			tell_disk(&disks[i]);
	}
	begin("luns", id);
	msg_u64(&out, "count", count);
	tell();
}

static void do_attach(const struct msg_in *m, int fd)
{
	struct disk *d = disk_of(m);
	uint64_t resume = 0;
	struct export_config cfg = {
		.loop = loop, .fd = fd, .disk = d, .events = &events, .ctx = d
	};

	if (mode("no-attach"))
		return;
	msg_get_u64(m, "resume", 1, &resume);
	cfg.resume = resume;
	if (!look_at(d) || export_start(&export_fuse, &cfg, &d->export))
		_exit(8);
}

static void do_detach(const struct msg_in *m)
{
	struct disk *d = disk_of(m);

	d->stopping = true;
	if (d->export)
		export_stop(d->export);
	else
		on_stopped(d, 0);
}

static void do_at(const struct msg_in *m)
{
	char portal[128], text[200], ms[16];

	if (msg_get(m, "portal", portal, sizeof(portal)) < 0 ||
	    msg_get(m, "login-timeout", ms, sizeof(ms)) < 0)
		_exit(7);
	snprintf(text, sizeof(text), "%s login-timeout %s", portal, ms);
	say("at", text);
}

static void do_settings(const struct msg_in *m, uint64_t id)
{
	char ms[16];

	if (msg_get(m, "login-timeout", ms, sizeof(ms)) < 0)
		_exit(7);
	say("settings, login-timeout", ms);
	do_target(m, id);
}

static void do_log(const struct msg_in *m)
{
	uint64_t mask = 0;
	char text[64];

	msg_get_u64(m, "mask", UINT32_MAX, &mask);
	snprintf(text, sizeof(text), "told to log %x", (unsigned)mask);
	msg_begin(&out, "log");
	msg_u64(&out, "level", 7);
	msg_str(&out, "object", "fake");
	msg_str(&out, "text", text);
	tell();
}

static struct io_timer lie;

/* Huge, small again, and as if nothing had been: each is another value. */
static void on_lie(struct io_timer *t)
{
	static uint8_t nonsense = 0xff;

	memset((void *)pulse_now, nonsense, PULSE_SIZE);
	nonsense -= 0x33;
	io_timer_after(loop, &lie, 20);
}

static void do_hello(int fd)
{
	bool shows = fd >= 0 && !mode("no-pulse") &&
		     (mode("still") || !pulse_show(fd));

	if (shows && mode("lies")) {
		lie.fn = on_lie;
		io_timer_after(loop, &lie, 0);
	}
	msg_begin(&out, "ready");
	msg_u64(&out, "version", 1);
	if (shows)
		msg_u64(&out, "pulse", 1);
	if (!mode("silent"))
		tell();
}

static void on_msg(struct chan *c, const struct msg_in *m, int fd)
{
	uint64_t id = 0;

	msg_get_u64(m, "id", UINT64_MAX, &id);
	if (msg_is(m, "hello")) {
		do_hello(fd);
		return;
	}
	if (mode("garbage"))
		garbage(id);
	if (msg_is(m, "log"))
		do_log(m);
	if (msg_is(m, "discover")) {
		do_discover(m, id);
	} else if (msg_is(m, "target")) {
		do_target(m, id);
	} else if (msg_is(m, "settings")) {
		do_settings(m, id);
	} else if (msg_is(m, "at")) {
		do_at(m);
	} else if (msg_is(m, "attach")) {
		do_attach(m, fd);
	} else if (msg_is(m, "detach")) {
		do_detach(m);
	} else if (msg_is(m, "remove")) {
		begin("removed", id);
		tell();
	} else if (msg_is(m, "ping")) {
		msg_begin(&out, "pong");
		tell();
	} else if (msg_is(m, "quit")) {
		_exit(0);
	}
}

static void on_garbage(struct chan *c)
{
	_exit(9);
}

static void on_end(struct chan *c, int err)
{
	_exit(0);
}

static const struct chan_ops ops = { on_msg, on_garbage, on_end, NULL };

static void hang(void)
{
	while (mode("spin"))
		for (volatile unsigned i = 1; i; i++)
			;
	while (mode("asleep"))
		pause();
}

static void on_signal(struct io_op *op, int res)
{
	struct signalfd_siginfo info;

	if (read(signals, &info, sizeof(info)) != sizeof(info))
		_exit(10);
	hang();
	for (unsigned i = 0; i < LUNS; i++) {
		if (!disks[i].export || !look_at(&disks[i]))
			continue;
		if (info.ssi_signo == SIGUSR2) {
			disks[i].deaf = mode("deaf");
			export_stop(disks[i].export);
			continue;
		}
		tell_disk(&disks[i]);
		export_resized(disks[i].export);
	}
	io_poll(loop, &signalled, signals, POLLIN);
}

int main(void)
{
	sigset_t set;

	dir = getenv("FAKE_DIR");
	if (!dir || io_loop_new(256, 0, &loop))
		return 1;
	for (unsigned i = 0; i < LUNS; i++)
		disks[i] = (struct disk){ .fd = -1, .number = i };
	sigemptyset(&set);
	sigaddset(&set, SIGUSR1);
	sigaddset(&set, SIGUSR2);
	sigprocmask(SIG_BLOCK, &set, NULL);
	signals = signalfd(-1, &set, SFD_CLOEXEC);
	signalled.fn = on_signal;
	io_poll(loop, &signalled, signals, POLLIN);
	fcntl(3, F_SETFL, O_NONBLOCK);
	chan_open(&manager, loop, 3, &ops, 1 << 20);
	return io_loop_run(loop) ? 2 : 0;
}
