/*
 * memory - arena, heap, locks and the kernel's favours.
 */
#include "engine/host/memory.h"

#include <errno.h>
#include <fcntl.h>
#include <malloc.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/log.h"

#ifndef PR_SET_IO_FLUSHER
#define PR_SET_IO_FLUSHER 57 /* since Linux 5.6 */
#endif

#define ARENA_MOST  (64ull << 30)
#define ARENA_LEAST (64ull << 20)
#define HEAP_READY  (32u << 20) /* for sessions, disks and tables */
#define STACK_READY (256u << 10)

static size_t physical_memory(void)
{
	long pages = sysconf(_SC_PHYS_PAGES), size = sysconf(_SC_PAGESIZE);

	return pages > 0 && size > 0 ? (size_t)pages * (size_t)size : 0;
}

/* Address space only: pages come when a piece is handed out. */
static void reserve_arena(void)
{
	size_t size = physical_memory();
	bool locked = false;
	int err = -ENOMEM;

	if (size > ARENA_MOST)
		size = ARENA_MOST;
	for (; size >= ARENA_LEAST; size /= 2) {
		err = arena_reserve(size, &locked);
		if (!err)
			break;
	}
	if (err)
		log_warn(NULL, "no memory reserved (%s)", strerror(-err));
	else if (!locked)
		log_warn(NULL, "memory cannot be locked: under memory "
			       "pressure the disks may stall");
}

/*
 * The heap takes its pages now and never gives one back, so a session that is
 * made under memory pressure finds them present.
 */
static void ready_heap(void)
{
	char *p;

	mallopt(M_MMAP_MAX, 0);
	mallopt(M_TRIM_THRESHOLD, INT32_MAX);
	mallopt(M_TOP_PAD, 1 << 20);
	p = malloc(HEAP_READY);
	if (!p)
		return;
	for (size_t i = 0; i < HEAP_READY; i += 4096)
		((volatile char *)p)[i] = 0;
	free(p);
}

/* As deep as any call goes, with room to spare. */
static void ready_stack(void)
{
	volatile char deep[STACK_READY];

	for (size_t i = 0; i < sizeof(deep); i += 4096)
		deep[i] = 0;
}

static int write_file(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC), err;

	if (fd < 0)
		return -errno;
	err = write(fd, text, strlen(text)) < 0 ? -errno : 0;
	close(fd);
	return err;
}

static void ask_favours(void)
{
	int err;

	if (prctl(PR_SET_IO_FLUSHER, 1, 0, 0, 0) < 0)
		log_info(NULL,
			 "the kernel does not let this process count as an "
			 "I/O flusher (%s); going on without",
			 strerror(errno));
	err = write_file("/proc/self/oom_score_adj", "-1000");
	if (err)
		log_info(NULL,
			 "the kernel may kill this process when memory is "
			 "short (%s); going on all the same",
			 strerror(-err));
}

void memory_prepare(void)
{
	ready_heap();
	ready_stack();
	if (mlockall(MCL_CURRENT) < 0)
		log_warn(NULL, "cannot lock memory (%s)", strerror(errno));
	/* After mlockall(2), which would make all of it present. */
	reserve_arena();
	ask_favours();
}
