/*
 * sim - random runs of the whole engine against our target in a simulated
 * world, and the replay of one.
 *
 *   run [--seeds N] [--hours N] [--from SEED] [--jobs N] [--first]
 *   run --seed SEED [--trace]
 *
 * Each run has a process of its own, so that one which crashes is a result
 * like any other.  Prints TAP and the figures.
 */
#include <getopt.h>
#include <inttypes.h>
#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/log.h"
#include "fault.h"
#include "pdu_fault.h"
#include "sim.h"
#include "trouble.h"
#include "world.h"

#define RUN_LIMIT    120 /* seconds a run may take by the real clock ... */
#define MUTANT_LIMIT 10	 /* ... and one that is expected to fail */
#define JOBS_MAX     16
#define TOLD_MAX     20 /* failed seeds to name */

struct shared { /* between the runs and their parent */
	struct figures figures;
	char failure[512];
};

struct options {
	uint64_t first, count;
	double hours;
	bool single, trace;
	bool first_only; /* end with the first run that fails */
	unsigned jobs;
};

struct job {
	pid_t pid; /* 0: free */
	uint64_t seed;
	struct shared *shared;
};

static void run_here(struct shared *s, uint64_t seed, unsigned limit)
{
	alarm(limit);
	log_set_level(LOG_DEBUG);
	if (world_run(seed, false, &s->figures))
		_exit(0);
	snprintf(s->failure, sizeof(s->failure), "%s", sim.failed);
	_exit(1);
}

static void start(struct job *j, uint64_t seed, unsigned limit)
{
	j->seed = seed;
	j->shared->failure[0] = '\0';
	fflush(stdout);
	j->pid = fork();
	if (j->pid == 0)
		run_here(j->shared, seed, limit);
	if (j->pid < 0) {
		perror("fork");
		exit(2);
	}
}

static void tell(const struct job *j, int status)
{
	if (WIFSIGNALED(status))
		printf("not ok - seed %" PRIu64 ": crash: signal %d\n", j->seed,
		       WTERMSIG(status));
	else
		printf("not ok - seed %" PRIu64 ": %s\n", j->seed,
		       *j->shared->failure ? j->shared->failure
					   : "crash: it ended itself");
}

static struct job *wait_for(struct job *jobs, unsigned n, int *status)
{
	pid_t pid = wait(status);

	for (unsigned i = 0; i < n; i++)
		if (jobs[i].pid == pid)
			return &jobs[i];
	return NULL;
}

static double seconds(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static void add_figures(struct figures *all, const struct figures *f)
{
	all->seeds += f->seeds;
	for (int i = 0; i < FIG_COUNT; i++)
		all->n[i] += f->n[i];
	for (int i = 0; i < FAULT_KINDS; i++)
		all->faults[i] += f->faults[i];
}

static void print_figures(const struct figures *f, uint64_t failed)
{
	uint64_t faults = 0;

	for (int i = 0; i < FAULT_KINDS; i++)
		faults += f->faults[i];
	printf("# %-28s %" PRIu64 "\n", "seeds", f->seeds);
	printf("# %-28s %" PRIu64 "\n", "seeds that failed", failed);
	for (int i = 0; i < FIG_COUNT; i++)
		printf("# %-28s %" PRIu64 "\n", figure_name((enum figure)i),
		       f->n[i]);
	printf("# %-28s %" PRIu64 "\n", "faults injected", faults);
	for (unsigned i = 0; i < fault_kinds(); i++)
		printf("#   %-26s %" PRIu64 "\n", fault_name(i), f->faults[i]);
	for (unsigned i = 0; i < trouble_kinds(); i++)
		printf("#   %-26s %" PRIu64 "\n", trouble_name(i),
		       f->faults[TROUBLE_FIRST + i]);
	for (unsigned i = 0; i < pdu_fault_kinds(); i++)
		printf("#   %-26s %" PRIu64 "\n", pdu_fault_name(i),
		       f->faults[PDU_FAULT_FIRST + i]);
}

static void *shared_memory(size_t n)
{
	void *p = mmap(NULL, n, PROT_READ | PROT_WRITE,
		       MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	if (p == MAP_FAILED) {
		perror("mmap");
		exit(2);
	}
	return p;
}

static int run_many(const struct options *o)
{
	struct shared *shared = shared_memory(JOBS_MAX * sizeof(*shared));
	struct job jobs[JOBS_MAX] = { 0 }, *j;
	double end = o->hours > 0 ? seconds() + o->hours * 3600 : 0;
	uint64_t seed = o->first, failed = 0;
	struct figures all = { 0 };
	unsigned running = 0;
	int status;

	for (unsigned i = 0; i < o->jobs; i++)
		jobs[i].shared = &shared[i];
	for (;;) {
		bool more =
			end > 0 ? seconds() < end : seed < o->first + o->count;

		more &= !(failed && o->first_only);

		for (unsigned i = 0; more && i < o->jobs; i++) {
			if (jobs[i].pid)
				continue;
			start(&jobs[i], seed++,
			      o->first_only ? MUTANT_LIMIT : RUN_LIMIT);
			running++;
			break;
		}
		if (more && running < o->jobs)
			continue;
		if (!running)
			break;
		j = wait_for(jobs, o->jobs, &status);
		if (!j)
			continue;
		j->pid = 0;
		running--;
		if (status && failed++ < TOLD_MAX)
			tell(j, status);
	}
	for (unsigned i = 0; i < o->jobs; i++)
		add_figures(&all, &shared[i].figures);
	if (!failed)
		printf("ok - no write is lost in %" PRIu64 " random runs\n",
		       all.seeds);
	print_figures(&all, failed);
	return failed ? 1 : 0;
}

static int run_one(const struct options *o)
{
	struct figures f = { 0 };
	bool ok;

	log_set_level(LOG_DEBUG);
	ok = world_run(o->first, o->trace, &f);
	fflush(stdout);
	if (ok)
		printf("ok - seed %" PRIu64 "\n", o->first);
	else
		printf("not ok - seed %" PRIu64 ": %s\n", o->first, sim.failed);
	print_figures(&f, !ok);
	return ok ? 0 : 1;
}

static void usage(void)
{
	fprintf(stderr, "usage: run [--seeds N] [--hours N] [--from SEED] "
			"[--jobs N] [--first]\n"
			"       run --seed SEED [--trace]\n"
			"       ... --set NAME=VALUE: as the trace tells the "
			"settings\n");
	exit(2);
}

static void read_options(int argc, char **argv, struct options *o)
{
	static const struct option longs[] = {
		{ "seeds", required_argument, NULL, 'n' },
		{ "hours", required_argument, NULL, 'h' },
		{ "from", required_argument, NULL, 'f' },
		{ "jobs", required_argument, NULL, 'j' },
		{ "seed", required_argument, NULL, 's' },
		{ "trace", no_argument, NULL, 't' },
		{ "set", required_argument, NULL, '=' },
		{ "first", no_argument, NULL, '1' },
		{ 0 },
	};
	int c;

	while ((c = getopt_long(argc, argv, "", longs, NULL)) != -1) {
		switch (c) {
		case 'n':
			o->count = strtoull(optarg, NULL, 0);
			break;
		case 'h':
			o->hours = strtod(optarg, NULL);
			break;
		case 's':
			o->single = true;
			o->first = strtoull(optarg, NULL, 0);
			break;
		case 'f':
			o->first = strtoull(optarg, NULL, 0);
			break;
		case 'j':
			o->jobs = (unsigned)strtoul(optarg, NULL, 0);
			break;
		case 't':
			o->trace = true;
			break;
		case '=':
			if (!world_set(optarg))
				usage();
			break;
		case '1':
			o->first_only = true;
			break;
		default:
			usage();
		}
	}
	if (optind != argc || !o->jobs || o->jobs > JOBS_MAX)
		usage();
}

int main(int argc, char **argv)
{
	struct options o = { .first = 1, .count = 1000, .jobs = 2 };

	read_options(argc, argv, &o);
	mallopt(M_MMAP_THRESHOLD, 64 << 20);
	mallopt(M_TRIM_THRESHOLD, INT32_MAX);
	mallopt(M_TOP_PAD, 4 << 20);
	return o.single ? run_one(&o) : run_many(&o);
}
