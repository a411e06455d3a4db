/*
 * iscsi-bench - the protocol engine alone: reads and writes over one
 * session, in this process, with no kernel device.
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
#include <sys/resource.h>
#include <time.h>

#include "base/bytes.h"
#include "base/list.h"
#include "base/str.h"
#include "io/loop.h"
#include "io/sock.h"
#include "proto/conn.h"
#include "proto/session.h"
#include "wire/addr.h"
#include "wire/lun.h"

#define MAX_DEPTH 1024
#define BUCKETS	  2000 /* of latency, log scale */

struct bench;

struct slot {
	struct cmd cmd;
	struct bench *bench;
	uint64_t began; /* ns */
	uint8_t *buf;
};

struct bench {
	struct session_config cfg;
	struct session *s;
	struct conn *c;
	struct sock sock;
	struct io_loop *loop;
	struct io_timer timer;
	bool up, over;
	/* what to do */
	uint32_t size, depth, lun;
	unsigned write_percent;
	bool sequential;
	double seconds;
	/* what was done */
	struct slot slots[MAX_DEPTH];
	uint64_t blocks, next, ios, limit, errors;
	uint32_t block_size;
	uint64_t histogram[BUCKETS];
	uint64_t began, until; /* ns */
	uint32_t seed;
};

static struct bench bench;

static uint64_t now_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000000000 + (uint64_t)t.tv_nsec;
}

static void die(const char *what, const char *why)
{
	fprintf(stderr, "iscsi-bench: %s: %s\n", what, why);
	exit(1);
}

/* Latency buckets: 64 a factor of two, from 1 us. */
static unsigned bucket_of(uint64_t ns)
{
	unsigned log2 = 0;
	uint64_t us64 = ns * 64 / 1000;

	while (us64 >= 128) {
		us64 >>= 1;
		log2++;
	}
	us64 = log2 * 64 + (us64 >= 64 ? us64 - 64 : 0);
	return us64 < BUCKETS ? (unsigned)us64 : BUCKETS - 1;
}

static double bucket_us(unsigned b)
{
	double us = 1.0 + (b % 64) / 64.0;

	for (unsigned i = 0; i < b / 64; i++)
		us *= 2;
	return us;
}

static double percentile(double p)
{
	uint64_t sum = 0;

	for (unsigned i = 0; i < BUCKETS; i++) {
		sum += bench.histogram[i];
		if ((double)sum >= (double)bench.ios * p)
			return bucket_us(i);
	}
	return 0;
}

/* The session and its socket ------------------------------------------ */

static void kick_timer(void)
{
	uint64_t at = session_next_wake(bench.s);

	if (at == UINT64_MAX)
		io_timer_cancel(bench.loop, &bench.timer);
	else
		io_timer_set(bench.loop, &bench.timer, at);
}

static void on_timer(struct io_timer *t)
{
	session_tick(bench.s, io_now(bench.loop));
	kick_timer();
}

static void on_up(void *ctx)
{
	bench.up = true;
}

static void on_close(void *ctx, struct conn *c)
{
	sock_close(&bench.sock);
}

static void on_down(void *ctx, const struct fault *why, const char *detail)
{
	bench.over = true;
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
	sock_kick_tx(&bench.sock);
}

static const struct session_ops session_ops = {
	.up = on_up,
	.close = on_close,
	.down = on_down,
	.note = on_note,
	.kick = on_kick,
};

static void sock_up(struct sock *s)
{
	bench.c = session_connected(bench.s, io_now(bench.loop));
	kick_timer();
}

static void sock_lost(struct sock *s, int err)
{
	if (bench.c)
		session_transport_lost(bench.s, bench.c, err,
				       io_now(bench.loop));
	else
		die("connect", strerror(-err));
}

static int rx_want(struct sock *s, struct iovec iov[static SOCK_RX_IOV])
{
	return conn_rx_want(bench.c, iov);
}

static void rx_done(struct sock *s, size_t n)
{
	conn_rx_done(bench.c, n, io_now(bench.loop));
}

static int tx_want(struct sock *s, struct iovec *iov, int max)
{
	return conn_tx_want(bench.c, iov, max);
}

static void tx_done(struct sock *s, size_t n)
{
	conn_tx_done(bench.c, n, io_now(bench.loop));
}

static void sock_gone(struct sock *s)
{
	if (bench.c)
		session_conn_closed(bench.s, bench.c, io_now(bench.loop));
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
	t->began = now_ns();
	session_submit(bench.s, c);
}

static void done(struct cmd *c)
{
	struct slot *t = container_of(c, struct slot, cmd);
	uint64_t now = now_ns();

	if (c->outcome != CMD_DONE || c->status)
		bench.errors++;
	bench.histogram[bucket_of(now - t->began)]++;
	bench.ios++;
	if (!bench.over && now < bench.until &&
	    (!bench.limit || bench.ios + bench.depth <= bench.limit))
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

static bool ask(uint8_t opcode, uint8_t service, uint8_t *buf, uint32_t len)
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
	session_submit(bench.s, &q.cmd);
	while (!q.answered)
		turn(UINT64_MAX);
	return q.cmd.outcome == CMD_DONE && q.cmd.status == 0;
}

static void find_size(void)
{
	uint8_t cap[32] = { 0 };

	/* The first answers may be unit attentions. */
	for (int i = 0; i < 10 && !ask(0x00, 0, NULL, 0); i++)
		;
	if (!ask(0x9e, 0x10, cap, sizeof(cap)))
		die("READ CAPACITY(16)", "the target refuses it");
	bench.blocks = get_be64(cap) + 1;
	bench.block_size = get_be32(cap + 8);
	if (!bench.block_size || bench.size % bench.block_size ||
	    bench.blocks < bench.size / bench.block_size)
		die("--size", "does not fit the blocks of this LUN");
}

static void run(void)
{
	bench.began = now_ns();
	bench.until = bench.began + (uint64_t)(bench.seconds * 1e9);
	for (uint32_t i = 0, n = bench.depth; i < n; i++) {
		struct slot *t = &bench.slots[i];

		lun_encode(t->cmd.lun, bench.lun);
		t->cmd.done = done;
		t->buf = aligned_alloc(4096, (bench.size + 4095u) & ~4095u);
		if (!t->buf)
			die("memory", strerror(errno));
		memset(t->buf, (int)i, bench.size);
		begin(t);
	}
	while (bench.depth && !bench.over) {
		turn(UINT64_MAX);
		kick_timer();
	}
}

static double seconds_of(const struct timeval *t)
{
	return (double)t->tv_sec + (double)t->tv_usec / 1e6;
}

static void report(const struct rusage *a, const struct rusage *b)
{
	double s = (double)(now_ns() - bench.began) / 1e9;
	double n = bench.ios ? (double)bench.ios : 1;
	double user = seconds_of(&b->ru_utime) - seconds_of(&a->ru_utime);
	double sys = seconds_of(&b->ru_stime) - seconds_of(&a->ru_stime);

	printf("iops %.0f  MB/s %.1f  p50 %.0f us  p99 %.0f us  p99.9 %.0f us  "
	       "user %.2f us/io  sys %.2f us/io  errors %llu\n",
	       n / s, n * bench.size / s / 1e6, percentile(0.5),
	       percentile(0.99), percentile(0.999), user * 1e6 / n,
	       sys * 1e6 / n, (unsigned long long)bench.errors);
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
	"  -h, --help\n";

static const struct option options[] = {
	{ "lun", 1, NULL, 'l' },	{ "size", 1, NULL, 's' },
	{ "depth", 1, NULL, 'q' },	{ "write", 1, NULL, 'w' },
	{ "sequential", 0, NULL, 'S' }, { "time", 1, NULL, 't' },
	{ "count", 1, NULL, 'n' },	{ "digests", 0, NULL, 'd' },
	{ "help", 0, NULL, 'h' },	{ 0 },
};

static uint64_t number(const char *name, uint64_t max)
{
	uint64_t n;

	if (str_u64(optarg, strlen(optarg), max, &n))
		die(name, "not a number in range");
	return n;
}

static void parse(int argc, char **argv)
{
	int c;

	while ((c = getopt_long(argc, argv, "l:s:q:w:St:n:dh", options,
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
			bench.seconds = (double)number("--time", 86400);
			break;
		case 'n':
			bench.limit = number("--count", UINT64_MAX);
			bench.seconds = 86400;
			break;
		case 'd':
			bench.cfg.header_digest = DIGEST_ALWAYS;
			bench.cfg.data_digest = DIGEST_ALWAYS;
			break;
		case 'h':
			fputs(usage, stdout);
			exit(0);
		default:
			fputs(usage, stderr);
			exit(2);
		}
	}
	if (argc - optind != 2 || !bench.depth || !bench.size) {
		fputs(usage, stderr);
		exit(2);
	}
}

static void get_random(void *dst, size_t n)
{
	if (getrandom(dst, n, 0) != (ssize_t)n)
		die("getrandom", strerror(errno));
}

static void connect_to(const char *portal, const char *target)
{
	const struct sock_options opt = { .connect_ms = 5000 };
	struct sockaddr_storage to;
	struct addr addr;

	if (addr_parse(portal, strlen(portal), &addr) ||
	    sock_addr(addr.host, addr.port, &to))
		die(portal, "not a numeric address");
	str_copy(bench.cfg.initiator_name, NAME_SIZE,
		 "iqn.2026-11.net.softhba:bench");
	str_copy(bench.cfg.target_name, NAME_SIZE, target);
	bench.cfg.isid[0] = 0x80;
	get_random(bench.cfg.isid + 1, 5);
	bench.cfg.random = get_random;
	bench.s = session_new(&bench.cfg, &session_ops, NULL);
	if (!bench.s)
		die("memory", strerror(ENOMEM));
	if (sock_connect(&bench.sock, bench.loop, &sock_ops, &to, &opt))
		die(portal, strerror(errno));
	while (!bench.up && !bench.over)
		turn(UINT64_MAX);
	if (bench.over)
		exit(1);
}

int main(int argc, char **argv)
{
	struct rusage before, after;
	int err;

	session_config_defaults(&bench.cfg);
	bench.size = 4096;
	bench.depth = 32;
	bench.seconds = 5;
	bench.timer.fn = on_timer;
	parse(argc, argv);
	err = io_loop_new(256, 0, &bench.loop);
	if (err)
		die("io_uring", io_loop_strerror(err));
	connect_to(argv[optind], argv[optind + 1]);
	find_size();
	getrusage(RUSAGE_SELF, &before);
	run();
	getrusage(RUSAGE_SELF, &after);
	report(&before, &after);
	session_logout(bench.s, io_now(bench.loop));
	while (!bench.over)
		turn(1000);
	return bench.errors ? 1 : 0;
}
