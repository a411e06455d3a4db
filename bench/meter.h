/*
 * meter - how many requests were answered, how late, and at what cost; the
 * one line that every program of bench/ prints.
 */
#ifndef BENCH_METER_H
#define BENCH_METER_H

#include <stdint.h>
#include <sys/resource.h>

#define METER_BUCKETS 2048 /* of latency, 64 a factor of two from 1 us */

struct meter {
	uint64_t ios, errors, sum; /* sum: ns, of all latencies */
	uint64_t began;		   /* ns */
	struct rusage before;
	uint64_t buckets[METER_BUCKETS];
};

uint64_t meter_now(void); /* ns */

/* Counting, and the CPU time of this process, begin here. */
void meter_begin(struct meter *m);
/* One request that was sent at began is answered. */
void meter_count(struct meter *m, uint64_t began, uint64_t now);
/* Prints the line; size is that of a request, in bytes. */
void meter_report(const struct meter *m, uint32_t size);

#endif
