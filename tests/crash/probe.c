/*
 * probe - what an application sees of a disk: a small write and a read every
 * few milliseconds, past the page cache.
 *
 *	probe DISK MS COUNT EVENTS
 *
 * COUNT is a file that tells how many requests have ended.  EVENTS is a file
 * of lines "SECONDS NAME", the time as of gettimeofday(2), which is read at
 * the end.  SIGTERM ends it; then it prints
 *
 *	requests N errors N wrong N longest-ms MS
 *	event NAME COUNT LONGEST-MS MEDIAN-MS
 *
 * where the pause of an event is the longest time a request took of the time
 * between this event and the next: one that waited already counts from the
 * event on.  The exit status is 1 when a request failed or a block was wrong.
 */
#include <errno.h>
#include <fcntl.h>
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

#define BLOCK	   4096
#define SLOTS	   256 /* blocks in use, from the disk's begin */
#define SLOW	   2   /* ms: shorter requests are not kept */
#define KEPT_MOST  (1 << 20)
#define EVENT_MOST 1024

struct span { /* us since 1970 */
	int64_t begin, end;
};

struct event {
	char name[32];
	struct span time; /* to the next */
	int64_t pause;	  /* us */
};

static struct span kept[KEPT_MOST];
static struct event events[EVENT_MOST];
static size_t kept_count, event_count;
static uint64_t requests, errors, wrong, last[SLOTS];
static int64_t longest;
static int disk, count_file;
static uint64_t *block; /* BLOCK bytes, aligned */
static volatile sig_atomic_t over;

static void on_term(int sig)
{
	over = 1;
}

static int64_t now(void)
{
	struct timeval t;

	gettimeofday(&t, NULL);
	return t.tv_sec * (int64_t)1000000 + t.tv_usec;
}

static void tell_count(void)
{
	char text[32];
	int n = snprintf(text, sizeof(text), "%20llu\n",
			 (unsigned long long)requests);

	if (pwrite(count_file, text, (size_t)n, 0) < 0)
		over = 1;
}

static void keep(int64_t begin)
{
	struct span s = { begin, now() };

	if (s.end - s.begin > longest)
		longest = s.end - s.begin;
	if (s.end - s.begin >= SLOW * 1000 && kept_count < KEPT_MOST)
		kept[kept_count++] = s;
	requests++;
	tell_count();
}

static bool did(ssize_t n, const char *what)
{
	if (n == BLOCK)
		return true;
	if (errors++ < 10)
		fprintf(stderr, "probe: %s: %s\n", what,
			n < 0 ? strerror(errno) : "short");
	return false;
}

static void put(unsigned slot, uint64_t value)
{
	int64_t begin = now();

	for (size_t i = 0; i < BLOCK / sizeof(*block); i++)
		block[i] = value;
	/* Failed, it may be there or not: then no value is right or wrong. */
	last[slot] =
		did(pwrite(disk, block, BLOCK, (off_t)slot * BLOCK), "write")
			? value
			: 0;
	keep(begin);
}

static void get(unsigned slot)
{
	int64_t begin = now();
	bool good;

	memset(block, 0xff, BLOCK);
	good = did(pread(disk, block, BLOCK, (off_t)slot * BLOCK), "read");
	keep(begin);
	for (size_t i = 0; good && last[slot] && i < BLOCK / sizeof(*block);
	     i++)
		if (block[i] != last[slot]) {
			fprintf(stderr, "probe: block %u has %llu, not %llu\n",
				slot, (unsigned long long)block[i],
				(unsigned long long)last[slot]);
			wrong++;
			break;
		}
}

static void work(const struct timespec *pause)
{
	for (uint64_t n = 1; !over; n++) {
		put(n % SLOTS, n);
		get(n % SLOTS);
		nanosleep(pause, NULL);
	}
	for (unsigned i = 0; i < SLOTS; i++)
		get(i);
}

/* Events -------------------------------------------------------------- */

static void read_events(const char *path)
{
	FILE *f = fopen(path, "r");
	double at;

	while (f && event_count < EVENT_MOST &&
	       fscanf(f, "%lf %31s", &at, events[event_count].name) == 2) {
		struct event *e = &events[event_count++];

		e->time = (struct span){ (int64_t)(at * 1e6), INT64_MAX };
		if (e > events)
			e[-1].time.end = e->time.begin;
	}
	if (f)
		fclose(f);
}

static void find_pause(struct event *e)
{
	for (size_t i = 0; i < kept_count; i++) {
		struct span s = kept[i];

		if (s.begin < e->time.begin)
			s.begin = e->time.begin;
		if (s.end > e->time.end)
			s.end = e->time.end;
		if (s.end - s.begin > e->pause)
			e->pause = s.end - s.begin;
	}
}

static int by_name(const void *a, const void *b)
{
	const struct event *x = a, *y = b;
	int d = strcmp(x->name, y->name);

	return d ? d : (x->pause > y->pause) - (x->pause < y->pause);
}

static void tell_events(void)
{
	size_t n;

	for (size_t i = 0; i < event_count; i++)
		find_pause(&events[i]);
	qsort(events, event_count, sizeof(*events), by_name);
	for (size_t i = 0; i < event_count; i += n) {
		for (n = 1; i + n < event_count &&
			    !strcmp(events[i].name, events[i + n].name);
		     n++)
			;
		printf("event %s %zu %lld %lld\n", events[i].name, n,
		       (long long)events[i + n - 1].pause / 1000,
		       (long long)events[i + n / 2].pause / 1000);
	}
}

static int open_all(const char *device, const char *count)
{
	void *p;

	disk = open(device, O_RDWR | O_DIRECT | O_CLOEXEC);
	count_file = open(count, O_WRONLY | O_CREAT | O_CLOEXEC, 0644);
	if (disk < 0 || count_file < 0 || posix_memalign(&p, BLOCK, BLOCK)) {
		perror("probe");
		return -1;
	}
	block = p;
	return 0;
}

int main(int argc, char **argv)
{
	struct sigaction act = { .sa_handler = on_term };
	struct timespec pause = { 0 };

	if (argc != 5 || open_all(argv[1], argv[3]) < 0)
		return 2;
	pause.tv_nsec = atoi(argv[2]) * 1000000;
	sigaction(SIGTERM, &act, NULL);
	mlockall(MCL_CURRENT | MCL_FUTURE); /* it must not wait itself */
	work(&pause);
	read_events(argv[4]);
	printf("requests %llu errors %llu wrong %llu longest-ms %lld\n",
	       (unsigned long long)requests, (unsigned long long)errors,
	       (unsigned long long)wrong, (long long)longest / 1000);
	tell_events();
	return errors || wrong;
}
