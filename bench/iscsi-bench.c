/*
 * iscsi-bench - the protocol engine alone: reads and writes over one or
 * many sessions, in this process, with no kernel device.
 *
 * Prints one line: requests and megabytes a second, latencies, and the CPU
 * time a request costs.  Writing destroys what is on the LUN.
 */
#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "base/bytes.h"
#include "base/list.h"
#include "base/str.h"
#include "io/loop.h"
#include "io/sock.h"
#include "proto/conn.h"
#include "proto/session.h"
#include "proto/stage.h"
#include "wire/addr.h"
#include "wire/lun.h"

#include "meter.h"

#define MAX_DEPTH 1024

struct bench;

/* One session, and the socket below it. */
struct nexus {
	struct session_config cfg;
	struct session *s;
	struct conn *c;
	struct sock sock;
	struct io_timer timer;
	struct io_op settle;
	bool up, over;
};

struct slot {
	struct cmd cmd;
	uint64_t began; /* ns */
	uint8_t *buf;
};

struct bench {
	struct session_config cfg;
	struct nexus *nexus;
	struct io_loop *loop;
	struct stages stages;
	unsigned nup, nover;
	/* what to do */
	uint32_t size, depth, lun, sessions;
	unsigned write_percent;
	bool sequential;
	double seconds;
	/* what was done */
	struct slot slots[MAX_DEPTH];
	uint64_t blocks, next, limit, turn;
	uint32_t block_size;
	struct meter meter;
	uint64_t until; /* ns */
	uint32_t seed;
};

static struct bench bench;

static void die(const char *what, const char *why)
{
	fprintf(stderr, "iscsi-bench: %s: %s\n", what, why);
	exit(1);
}

/* The sessions and their sockets -------------------------------------- */

static void on_settle(struct io_op *op, int res)
{
	struct nexus *x = container_of(op, struct nexus, settle);
	uint64_t at = session_next_wake(x->s);

	if (at == UINT64_MAX)
		io_timer_cancel(bench.loop, &x->timer);
	else
		io_timer_set(bench.loop, &x->timer, at);
}

static void touch(struct nexus *x)
{
	io_soon(bench.loop, &x->settle);
}

static void on_timer(struct io_timer *t)
{
	struct nexus *x = container_of(t, struct nexus, timer);

	session_tick(x->s, io_now(bench.loop));
	touch(x);
}

static void on_up(void *ctx)
{
	struct nexus *x = ctx;

	x->up = true;
	bench.nup++;
}

static void on_close(void *ctx, struct conn *c)
{
	struct nexus *x = ctx;

	sock_close(&x->sock);
}

static void on_down(void *ctx, const struct fault *why, const char *detail)
{
	struct nexus *x = ctx;

	x->over = true;
	bench.nover++;
	if (why != &fault_logged_out)
		fprintf(stderr, "iscsi-bench: %s%s%s\n", why->text,
			detail[0] ? ": " : "", detail);
}

static void on_note(void *ctx, int level, const char *line)
{
	fprintf(stderr, "iscsi-bench: %s\n", line);
}

static void on_kick(void *ctx, struct conn *c)
{
	struct nexus *x = ctx;

	sock_kick_tx(&x->sock);
	touch(x);
}

static const struct session_transport transport = {
	.close = on_close,
	.kick = on_kick,
};

static const struct session_user submitter = {
	.up = on_up,
	.down = on_down,
	.note = on_note,
};

static const struct session_ops session_ops = {
	.transport = &transport,
	.user = &submitter,
};

static struct nexus *of_sock(struct sock *s)
{
	return container_of(s, struct nexus, sock);
}

static void sock_up(struct sock *s)
{
	struct nexus *x = of_sock(s);

	x->c = session_connected(x->s, io_now(bench.loop));
	touch(x);
}

static void sock_lost(struct sock *s, int err)
{
	struct nexus *x = of_sock(s);

	if (!x->c)
		die("connect", strerror(-err));
	session_transport_lost(x->s, x->c, err, io_now(bench.loop));
}

static int rx_want(struct sock *s, struct iovec iov[static SOCK_RX_IOV])
{
	return conn_rx_want(of_sock(s)->c, iov);
}

static void rx_done(struct sock *s, size_t n)
{
	conn_rx_done(of_sock(s)->c, n, io_now(bench.loop));
	touch(of_sock(s));
}

static int tx_want(struct sock *s, struct iovec *iov, int max)
{
	return conn_tx_want(of_sock(s)->c, iov, max);
}

static void tx_done(struct sock *s, size_t n)
{
	conn_tx_done(of_sock(s)->c, n, io_now(bench.loop));
}

static void sock_gone(struct sock *s)
{
	struct nexus *x = of_sock(s);

	if (x->c)
		session_conn_closed(x->s, x->c, io_now(bench.loop));
}

static const struct sock_ops sock_ops = {
	.up = sock_up,
	.lost = sock_lost,
	.rx_want = rx_want,
	.rx_done = rx_done,
	.tx_want = tx_want,
	.tx_done = tx_done,
	.gone = sock_gone,
};

/* The load ------------------------------------------------------------ */

static void turn(uint64_t wait)
{
	if (io_loop_run_once(bench.loop, wait))
		die("io_uring", "the ring failed");
}

static uint64_t pick_lba(void)
{
	uint64_t per = bench.size / bench.block_size;
	uint64_t n = bench.blocks / per;

	if (bench.sequential)
		return bench.next++ % n * per;
	bench.seed = bench.seed * 1664525 + 1013904223;
	return ((uint64_t)bench.seed << 16 ^ bench.seed >> 8) % n * per;
}

static void begin(struct slot *t)
{
	struct cmd *c = &t->cmd;
	bool write;

	bench.seed = bench.seed * 1664525 + 1013904223;
	write = (bench.seed >> 16) % 100 < bench.write_percent;
	c->cdb[0] = write ? 0x8a : 0x88; /* WRITE(16), READ(16) */
	put_be64(c->cdb + 2, pick_lba());
	put_be32(c->cdb + 10, bench.size / bench.block_size);
	c->dir = write ? CMD_WRITE : CMD_READ;
	c->buf = t->buf;
	c->len = bench.size;
	t->began = meter_now();
	/* Each session in its turn. */
	session_submit(bench.nexus[bench.turn++ % bench.sessions].s, c);
}

static void done(struct cmd *c)
{
	struct slot *t = container_of(c, struct slot, cmd);
	uint64_t now = meter_now();

	if (c->outcome != CMD_DONE || c->status)
		bench.meter.errors++;
	meter_count(&bench.meter, t->began, now);
	if (!bench.nover && now < bench.until &&
	    (!bench.limit || bench.meter.ios + bench.depth <= bench.limit))
		begin(t);
	else
		bench.depth--;
}

/* One command by itself, before the load. */
struct question {
	struct cmd cmd;
	bool answered;
};

static void question_done(struct cmd *c)
{
	container_of(c, struct question, cmd)->answered = true;
}

static bool ask(struct session *s, uint8_t opcode, uint8_t service,
		uint8_t *buf, uint32_t len)
{
	static struct question q;

	q = (struct question){ 0 };
	lun_encode(q.cmd.lun, bench.lun);
	q.cmd.cdb[0] = opcode;
	q.cmd.cdb[1] = service;
	put_be32(q.cmd.cdb + 10, len);
	q.cmd.dir = len ? CMD_READ : CMD_NO_DATA;
	q.cmd.buf = buf;
	q.cmd.len = len;
	q.cmd.done = question_done;
	session_submit(s, &q.cmd);
	while (!q.answered)
		turn(UINT64_MAX);
	return q.cmd.outcome == CMD_DONE && q.cmd.status == 0;
}

/* The first answers of a session may be unit attentions. */
static void clear_attentions(struct session *s)
{
	for (int i = 0; i < 10 && !ask(s, 0x00, 0, NULL, 0); i++)
		;
}

static void find_size(void)
{
	uint8_t cap[32] = { 0 };

	if (!ask(bench.nexus->s, 0x9e, 0x10, cap, sizeof(cap)))
		die("READ CAPACITY(16)", "the target refuses it");
	bench.blocks = get_be64(cap) + 1;
	bench.block_size = get_be32(cap + 8);
	if (!bench.block_size || bench.size % bench.block_size ||
	    bench.blocks < bench.size / bench.block_size)
		die("--size", "does not fit the blocks of this LUN");
}

static uint8_t *memory_for(size_t size)
{
	uint8_t *p = aligned_alloc(4096, (size + 4095) / 4096 * 4096);

	if (!p)
		die("memory", strerror(errno));
	return p;
}

static void prepare(struct slot *t, int fill)
{
	lun_encode(t->cmd.lun, bench.lun);
	t->cmd.done = done;
	t->buf = memory_for(bench.size);
	memset(t->buf, fill, bench.size);
}

static void run(void)
{
	uint32_t n = bench.depth;

	for (uint32_t i = 0; i < n; i++)
		prepare(&bench.slots[i], (int)i);
	meter_begin(&bench.meter);
	bench.until = bench.meter.began + (uint64_t)(bench.seconds * 1e9);
	for (uint32_t i = 0; i < n; i++)
		begin(&bench.slots[i]);
	while (bench.depth && !bench.nover)
		turn(UINT64_MAX);
}

static const char usage[] =
	"Usage: iscsi-bench [OPTION]... PORTAL TARGETNAME\n"
	"Measures the protocol engine against a target, without a kernel "
	"device.\n\n"
	"  -l, --lun N         the LUN (0)\n"
	"  -s, --size BYTES    of a request (4096)\n"
	"  -q, --depth N       requests in flight (32)\n"
	"  -w, --write PERCENT of the requests write: destroys data (0)\n"
	"  -S, --sequential    one after the other, not at random\n"
	"  -t, --time SECONDS  how long (5)\n"
	"  -n, --count N       or so many requests\n"
	"  -d, --digests       CRC32C for headers and data\n"
	"  -N, --sessions N    that take turns (1)\n"
	"  -h, --help\n";

static const struct option options[] = {
	{ "lun", 1, NULL, 'l' },
	{ "size", 1, NULL, 's' },
	{ "depth", 1, NULL, 'q' },
	{ "write", 1, NULL, 'w' },
	{ "sequential", 0, NULL, 'S' },
	{ "time", 1, NULL, 't' },
	{ "count", 1, NULL, 'n' },
	{ "digests", 0, NULL, 'd' },
	{ "sessions", 1, NULL, 'N' },
	{ "help", 0, NULL, 'h' },
	{ 0 },
};

static uint64_t number(const char *name, uint64_t max)
{
	uint64_t n;

	if (str_u64(optarg, strlen(optarg), max, &n))
		die(name, "not a number in range");
	return n;
}

static double seconds_in(const char *text)
{
	char *end;
	double s = strtod(text, &end);

	if (*end || !(s > 0 && s <= 86400))
		die("--time", "not a number in range");
	return s;
}

static void parse(int argc, char **argv)
{
	int c;

	while ((c = getopt_long(argc, argv, "l:s:q:w:St:n:dN:h", options,
				NULL)) != -1) {
		switch (c) {
		case 'l':
			bench.lun = (uint32_t)number("--lun", 16383);
			break;
		case 's':
			bench.size = (uint32_t)number("--size", 16 << 20);
			break;
		case 'q':
			bench.depth = (uint32_t)number("--depth", MAX_DEPTH);
			break;
		case 'w':
			bench.write_percent = (unsigned)number("--write", 100);
			break;
		case 'S':
			bench.sequential = true;
			break;
		case 't':
			bench.seconds = seconds_in(optarg);
			break;
		case 'n':
			bench.limit = number("--count", UINT64_MAX);
			bench.seconds = 86400;
			break;
		case 'd':
			bench.cfg.header_digest = DIGEST_ALWAYS;
			bench.cfg.data_digest = DIGEST_ALWAYS;
			break;
		case 'N':
			bench.sessions = (uint32_t)number("--sessions", 65536);
			break;
		case 'h':
			fputs(usage, stdout);
			exit(0);
		default:
			fputs(usage, stderr);
			exit(2);
		}
	}
	if (argc - optind != 2 || !bench.depth || !bench.size ||
	    !bench.sessions) {
		fputs(usage, stderr);
		exit(2);
	}
}

static void get_random(void *dst, size_t n)
{
	if (getrandom(dst, n, 0) != (ssize_t)n)
		die("getrandom", strerror(errno));
}

static void connect_one(struct nexus *x, const struct sockaddr_storage *to)
{
	const struct sock_options opt = { .connect_ms = 5000 };

	x->cfg = bench.cfg;
	x->cfg.isid[0] = 0x80;
	get_random(x->cfg.isid + 1, 5);
	x->timer.fn = on_timer;
	x->settle.fn = on_settle;
	x->s = session_new(&x->cfg, &session_ops, x);
	if (!x->s)
		die("memory", strerror(ENOMEM));
	session_share(x->s, &bench.stages);
	if (sock_connect(&x->sock, bench.loop, &sock_ops, to, &opt))
		die("connect", strerror(errno));
}

static void connect_all(const char *portal, const char *target)
{
	struct sockaddr_storage to;
	struct addr addr;

	if (addr_parse(portal, strlen(portal), &addr) ||
	    sock_addr(addr.host, addr.port, &to))
		die(portal, "not a numeric address");
	str_copy(bench.cfg.initiator_name, NAME_SIZE,
		 "iqn.2026-11.net.softhba:bench");
	str_copy(bench.cfg.target_name, NAME_SIZE, target);
	bench.cfg.random = get_random;
	bench.nexus = calloc(bench.sessions, sizeof(*bench.nexus));
	if (!bench.nexus)
		die("memory", strerror(errno));
	for (uint32_t i = 0; i < bench.sessions; i++) {
		connect_one(&bench.nexus[i], &to);
		while (bench.nup <= i && !bench.nover)
			turn(UINT64_MAX);
		if (bench.nover)
			exit(1);
		clear_attentions(bench.nexus[i].s);
	}
}

static void log_out(void)
{
	for (uint32_t i = 0; i < bench.sessions; i++)
		if (!bench.nexus[i].over)
			session_logout(bench.nexus[i].s, io_now(bench.loop));
	while (bench.nover < bench.sessions)
		turn(1000);
}

int main(int argc, char **argv)
{
	int err;

	session_config_defaults(&bench.cfg);
	bench.size = 4096;
	bench.depth = 32;
	bench.sessions = 1;
	bench.seconds = 5;
	parse(argc, argv);
	err = io_loop_new(256, IO_LOOP_SPINS, &bench.loop);
	if (err)
		die("io_uring", io_loop_strerror(err));
	stages_init(&bench.stages, memory_for(STAGES_MEMORY));
	connect_all(argv[optind], argv[optind + 1]);
	find_size();
	run();
	meter_report(&bench.meter, bench.size);
	log_out();
	return bench.meter.errors ? 1 : 0;
}
