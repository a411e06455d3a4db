/*
 * pulse - what a process shows of its loop to one that watches it.
 */
#include "io/pulse.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

static struct pulse nobody;
struct pulse *pulse_now = &nobody;

/*
 * Locked if the limits allow it: under memory pressure the data path must not
 * wait for a page.  It is in use at every turn, so that it stays all the same.
 */
static void *map_to_write(int fd)
{
	const int protection = PROT_READ | PROT_WRITE;
	void *at = mmap(NULL, PULSE_SIZE, protection,
			MAP_SHARED | MAP_POPULATE | MAP_LOCKED, fd, 0);

	if (at != MAP_FAILED)
		return at;
	return mmap(NULL, PULSE_SIZE, protection, MAP_SHARED | MAP_POPULATE, fd,
		    0);
}

/* Goes on counting there: what is under way was taken and is not answered. */
static void move_to(struct pulse *to)
{
	struct pulse *from = pulse_now;
	const struct pulse_seen seen = pulse_see(from);

	atomic_store_explicit(&to->taken, seen.taken, memory_order_relaxed);
	atomic_store_explicit(&to->answered, seen.answered,
			      memory_order_relaxed);
	atomic_store_explicit(&to->beats, seen.beats, memory_order_relaxed);
	pulse_now = to;
	/* Cannot fail for a mapping of ours; else a page would be lost. */
	if (from != &nobody)
		(void)munmap(from, PULSE_SIZE);
}

int pulse_show(int fd)
{
	struct pulse *at = map_to_write(fd);

	if (at == MAP_FAILED)
		return -errno;
	move_to(at);
	return 0;
}

void pulse_hide(void)
{
	if (pulse_now != &nobody)
		move_to(&nobody);
}

static int fill(int fd, const struct pulse **page)
{
	void *at;

	if (ftruncate(fd, PULSE_SIZE) < 0 ||
	    fcntl(fd, F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL) <
		    0)
		return -errno;
	at = mmap(NULL, PULSE_SIZE, PROT_READ, MAP_SHARED, fd, 0);
	if (at == MAP_FAILED)
		return -errno;
	*page = at;
	return 0;
}

int pulse_make(int *fd, const struct pulse **page)
{
	int made =
		memfd_create("iscsid-pulse", MFD_CLOEXEC | MFD_ALLOW_SEALING);
	int err;

	if (made < 0)
		return -errno;
	err = fill(made, page);
	if (err)
		close(made);
	else
		*fd = made;
	return err;
}

void pulse_free(const struct pulse *page)
{
	/* As in pulse_hide(). */
	if (page)
		(void)munmap((void *)(uintptr_t)page, PULSE_SIZE);
}

struct pulse_seen pulse_see(const struct pulse *page)
{
	return (struct pulse_seen){
		atomic_load_explicit(&page->beats, memory_order_relaxed),
		atomic_load_explicit(&page->taken, memory_order_relaxed),
		atomic_load_explicit(&page->answered, memory_order_relaxed),
	};
}
