/*
 * meter - how many requests were answered, how late, and at what cost.
 */
#include "meter.h"

#include <stdio.h>
#include <time.h>

uint64_t meter_now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000000000 + (uint64_t)t.tv_nsec;
}

void meter_begin(struct meter *m)
{
	*m = (struct meter){ .began = meter_now() };
	getrusage(RUSAGE_SELF, &m->before);
}

static unsigned bucket_of(uint64_t ns)
{
	uint64_t n = ns * 64 / 1000;
	unsigned factor = 0;

	while (n >= 128) {
		n >>= 1;
		factor++;
	}
	n = factor * 64 + (n >= 64 ? n - 64 : 0);
	return n < METER_BUCKETS ? (unsigned)n : METER_BUCKETS - 1;
}

static double bucket_us(unsigned b)
{
	return (1.0 + (b % 64) / 64.0) * (double)(1ull << b / 64);
}

void meter_count(struct meter *m, uint64_t began, uint64_t now)
{
	m->buckets[bucket_of(now - began)]++;
	m->sum += now - began;
	m->ios++;
}

static double percentile(const struct meter *m, double p)
{
	uint64_t sum = 0;

	for (unsigned i = 0; i < METER_BUCKETS; i++) {
		sum += m->buckets[i];
		if (sum && (double)sum >= (double)m->ios * p)
			return bucket_us(i);
	}
	return 0;
}

/* Microseconds a request. */
static double cost(const struct meter *m, struct timeval a, struct timeval b)
{
	double us = (double)(b.tv_sec - a.tv_sec) * 1e6 +
		    (double)(b.tv_usec - a.tv_usec);

	return us / (double)(m->ios ? m->ios : 1);
}

void meter_report(const struct meter *m, uint32_t size)
{
	double s = (double)(meter_now() - m->began) / 1e9;
	double n = (double)(m->ios ? m->ios : 1);
	struct rusage after;

	getrusage(RUSAGE_SELF, &after);
	printf("iops %.0f  MB/s %.1f  mean %.1f us  p50 %.0f us  "
	       "p99 %.0f us  p99.9 %.0f us  user %.2f us/io  sys %.2f us/io  "
	       "errors %llu\n",
	       n / s, n * size / s / 1e6, (double)m->sum / n / 1e3,
	       percentile(m, 0.5), percentile(m, 0.99), percentile(m, 0.999),
	       cost(m, m->before.ru_utime, after.ru_utime),
	       cost(m, m->before.ru_stime, after.ru_stime),
	       (unsigned long long)m->errors);
}
