/*
 * seqwrite - writes numbered sectors past the page cache, all the time and
 * over one another, and says which of them came back older than acknowledged.
 *
 *	seqwrite DISK LEDGER [WORKERS]
 *	seqwrite --count LEDGER
 *	seqwrite --figures LEDGER
 *	seqwrite --verify MEDIUM LEDGER
 *
 * Each worker has a small region of its own and one request at a time in it,
 * so that a write that arrives late finds newer ones there, and is seen.
 * SIGTERM ends the first form: each region is read once more, then the figures
 * come as a line
 *
 *	writes N reads N lost N wrong N errors N stuck N pause-ms N longest-ms N
 *
 * lost counts sectors that were older than what was acknowledged, wrong those
 * that nobody wrote, stuck the workers whose request had no end.  --figures
 * says the same of one that runs, and begins the pause anew; --count only says
 * how many requests have ended.  --verify judges what is on the medium.  The
 *exit status is 1 when anything was amiss.
 */
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

#include "sectors.h"

#define REGION	  128	 /* sectors, and so the longest request */
#define SHORT	  8	 /* sectors: half of the requests are no longer */
#define GAP	  2000	 /* us: most between two requests of a worker */
#define AGAIN	  100000 /* us: after an error */
#define PATIENCE  100	 /* s for the last requests */
#define TELL_MOST 4	 /* lines of each worker */

struct worker {
	pthread_t thread;
	struct worker_figures *figures;
	uint64_t first; /* sector of its region */
	uint64_t seq;
	uint64_t chance;
	uint8_t *data; /* of a region, aligned */
	unsigned told;
};

struct extent {
	uint64_t first, count;
};

static struct worker workers[WORKER_MOST];
static struct ledger *ledger;
static int disk;
static atomic_bool over;

static uint64_t now(void)
{
	struct timeval t;

	gettimeofday(&t, NULL);
	return (uint64_t)t.tv_sec * 1000000 + (uint64_t)t.tv_usec;
}

static uint64_t any(struct worker *w, uint64_t below)
{
	w->chance ^= w->chance << 13;
	w->chance ^= w->chance >> 7;
	w->chance ^= w->chance << 17;
	return w->chance % below;
}

static void tell(struct worker *w, const char *what, uint64_t sector,
		 const char *more)
{
	uint64_t t = now();

	if (w->told++ < TELL_MOST)
		fprintf(stderr, "seqwrite: %llu.%03u %s sector %llu %s\n",
			(unsigned long long)(t / 1000000),
			(unsigned)(t / 1000 % 1000), what,
			(unsigned long long)sector, more);
}

/* Judging ------------------------------------------------------------- */

static void judge_sector(struct worker *w, uint64_t sector, const uint8_t *s)
{
	struct entry *e = &ledger->sector[sector];
	uint64_t seq = sector_seq(s, ledger->run, sector);
	enum verdict v = entry_judge(e, seq);
	char more[96];

	if (v == VERDICT_GOOD || e->told)
		return;
	e->told = 1;
	if (v == VERDICT_LOST)
		w->figures->lost++;
	else
		w->figures->wrong++;
	snprintf(more, sizeof(more), "shows %lld, acknowledged is %lld",
		 (long long)seq, (long long)e->acked);
	tell(w, v == VERDICT_LOST ? "LOST" : "WRONG", sector, more);
}

static void judge(struct worker *w, struct extent x)
{
	for (uint64_t i = 0; i < x.count; i++)
		judge_sector(w, x.first + i, w->data + i * SECTOR);
}

/* Requests ------------------------------------------------------------ */

static void count_pause(struct worker_figures *f)
{
	uint64_t took = now() - f->since;

	f->since = 0;
	if (took > f->pause)
		f->pause = took;
	if (took > f->longest)
		f->longest = took;
}

static bool request(struct worker *w, struct extent x, bool write)
{
	size_t len = x.count * SECTOR;
	off_t at = (off_t)(x.first * SECTOR);
	ssize_t n;
	int err;

	w->figures->since = now();
	n = write ? pwrite(disk, w->data, len, at)
		  : pread(disk, w->data, len, at);
	err = errno;
	count_pause(w->figures);
	if (n == (ssize_t)len)
		return true;
	w->figures->errors++;
	tell(w, write ? "ERROR of a write to" : "ERROR of a read from", x.first,
	     n < 0 ? strerror(err) : "short");
	usleep(AGAIN);
	return false;
}

static struct extent any_extent(struct worker *w)
{
	uint64_t most = any(w, 2) ? SHORT : REGION;
	struct extent x = { .count = 1 + any(w, most) };

	x.first = w->first + any(w, REGION - x.count + 1);
	return x;
}

/* A write that failed may be there or not, so it is repeated. */
static void put(struct worker *w, struct extent x)
{
	uint64_t seq = ++w->seq;

	for (uint64_t i = 0; i < x.count; i++) {
		sector_fill(w->data + i * SECTOR, ledger->run, x.first + i,
			    seq);
		ledger->sector[x.first + i].pending = seq;
	}
	while (!request(w, x, true))
		if (over)
			return;
	for (uint64_t i = 0; i < x.count; i++)
		ledger->sector[x.first + i] = (struct entry){ .acked = seq };
	w->figures->writes++;
}

static void get(struct worker *w, struct extent x)
{
	if (!request(w, x, false))
		return;
	judge(w, x);
	w->figures->reads++;
}

static void *work(void *arg)
{
	struct worker *w = arg;
	struct extent all = { w->first, REGION };

	put(w, all);
	while (!over) {
		if (any(w, 2))
			put(w, any_extent(w));
		else
			get(w, any(w, 2) ? all : any_extent(w));
		usleep((useconds_t)any(w, GAP));
	}
	get(w, all);
	return NULL;
}

/* The whole ----------------------------------------------------------- */

struct sum {
	uint64_t writes, reads, lost, wrong, errors, stuck, pause, longest;
};

static void longer(uint64_t *most, uint64_t us)
{
	if (us > *most)
		*most = us;
}

static void add(struct sum *s, struct worker_figures *f)
{
	uint64_t since = f->since, waits = since ? now() - since : 0;

	s->writes += f->writes;
	s->reads += f->reads;
	s->lost += f->lost;
	s->wrong += f->wrong;
	s->errors += f->errors;
	s->stuck += waits > (uint64_t)PATIENCE * 1000000;
	longer(&s->pause, waits);
	longer(&s->pause, atomic_exchange(&f->pause, 0));
	longer(&s->longest, waits);
	longer(&s->longest, f->longest);
}

static int tell_figures(struct ledger *l)
{
	struct sum s = { 0 };

	for (uint64_t i = 0; i < l->workers; i++)
		add(&s, &l->worker[i]);
	printf("writes %llu reads %llu lost %llu wrong %llu errors %llu "
	       "stuck %llu pause-ms %llu longest-ms %llu\n",
	       (unsigned long long)s.writes, (unsigned long long)s.reads,
	       (unsigned long long)s.lost, (unsigned long long)s.wrong,
	       (unsigned long long)s.errors, (unsigned long long)s.stuck,
	       (unsigned long long)s.pause / 1000,
	       (unsigned long long)s.longest / 1000);
	fflush(stdout);
	return s.lost || s.wrong || s.errors || s.stuck;
}

static int tell_count(const struct ledger *l)
{
	uint64_t n = 0;

	for (uint64_t i = 0; i < l->workers; i++)
		n += l->worker[i].writes + l->worker[i].reads;
	printf("%llu\n", (unsigned long long)n);
	return 0;
}

static int start_worker(uint64_t n)
{
	struct worker *w = &workers[n];
	void *p;

	if (posix_memalign(&p, 4096, (size_t)REGION * SECTOR))
		return -ENOMEM;
	w->data = p;
	w->figures = &ledger->worker[n];
	w->first = n * REGION;
	w->chance = ledger->run * (n + 1) | 1;
	return -pthread_create(&w->thread, NULL, work, w);
}

/* Whoever waits for a dead disk cannot be told to end. */
static int wait_for_workers(void)
{
	struct timespec end;

	clock_gettime(CLOCK_REALTIME, &end);
	end.tv_sec += PATIENCE;
	for (uint64_t i = 0; i < ledger->workers; i++)
		if (pthread_timedjoin_np(workers[i].thread, NULL, &end)) {
			fprintf(stderr, "seqwrite: STUCK worker %llu\n",
				(unsigned long long)i);
			return 1;
		}
	return 0;
}

static int run(const char *device, const char *path, uint64_t count)
{
	int err = 0, stuck, sig;
	sigset_t term;

	disk = open(device, O_RDWR | O_DIRECT | O_CLOEXEC);
	ledger = disk < 0 ? NULL : ledger_new(path, count * REGION, count);
	if (!ledger) {
		perror("seqwrite");
		return 2;
	}
	sigemptyset(&term);
	sigaddset(&term, SIGTERM);
	pthread_sigmask(SIG_BLOCK, &term, NULL);
	mlockall(MCL_CURRENT | MCL_FUTURE); /* it must not wait itself */
	for (uint64_t i = 0; i < count && !err; i++)
		err = start_worker(i);
	if (err) {
		fprintf(stderr, "seqwrite: %s\n", strerror(-err));
		return 2;
	}
	sigwait(&term, &sig);
	over = true;
	stuck = wait_for_workers();
	return tell_figures(ledger) || stuck;
}

static int verify(const char *medium)
{
	struct worker_figures figures = { 0 };
	struct worker w = { .figures = &figures };
	uint8_t s[SECTOR];
	int fd = open(medium, O_RDONLY | O_CLOEXEC);

	for (uint64_t i = 0; i < ledger->sectors; i++) {
		ledger->sector[i].told = 0;
		if (pread(fd, s, SECTOR, (off_t)i * SECTOR) != SECTOR) {
			perror(medium);
			return 2;
		}
		judge_sector(&w, i, s);
	}
	printf("sectors %llu lost %llu wrong %llu\n",
	       (unsigned long long)ledger->sectors,
	       (unsigned long long)figures.lost,
	       (unsigned long long)figures.wrong);
	return figures.lost || figures.wrong;
}

static int look(const char *how, const char *medium)
{
	if (!strcmp(how, "--count"))
		return tell_count(ledger);
	if (!strcmp(how, "--figures"))
		return tell_figures(ledger);
	return medium ? verify(medium) : 2;
}

int main(int argc, char **argv)
{
	uint64_t count = argc == 4 ? strtoull(argv[3], NULL, 10) : 12;

	if (argc < 3)
		return 2;
	if (!strncmp(argv[1], "--", 2)) {
		ledger = ledger_open(argv[argc - 1]);
		if (ledger)
			return look(argv[1], argc == 4 ? argv[2] : NULL);
		perror(argv[argc - 1]);
		return 2;
	}
	if (count == 0 || count > WORKER_MOST)
		return 2;
	return run(argv[1], argv[2], count);
}
