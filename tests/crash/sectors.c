/*
 * sectors - see sectors.h.
 */
#include "sectors.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define LEDGER_MAGIC 0x736f6674686c6567u
#define SECTOR_MAGIC 0x736f667468736563u
#define WORDS	     (SECTOR / 8)

static struct ledger *map(int fd, size_t len)
{
	void *p = mmap(NULL, len, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);

	return p == MAP_FAILED ? NULL : p;
}

static size_t ledger_len(uint64_t sectors)
{
	return sizeof(struct ledger) + sectors * sizeof(struct entry);
}

static uint64_t new_run(void)
{
	struct timespec t;

	clock_gettime(CLOCK_REALTIME, &t);
	return (uint64_t)t.tv_sec * 1000000000 + (uint64_t)t.tv_nsec;
}

struct ledger *ledger_new(const char *path, uint64_t sectors, uint64_t workers)
{
	int fd = open(path, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	struct ledger *l = NULL;

	if (fd < 0)
		return NULL;
	if (!ftruncate(fd, (off_t)ledger_len(sectors)))
		l = map(fd, ledger_len(sectors));
	close(fd);
	if (!l)
		return NULL;
	l->run = new_run();
	l->sectors = sectors;
	l->workers = workers;
	l->magic = LEDGER_MAGIC;
	return l;
}

struct ledger *ledger_open(const char *path)
{
	int fd = open(path, O_RDWR | O_CLOEXEC);
	struct ledger *l = NULL;
	struct stat st;

	if (fd < 0)
		return NULL;
	errno = EBADMSG;
	if (!fstat(fd, &st) && st.st_size >= (off_t)sizeof(*l))
		l = map(fd, (size_t)st.st_size);
	close(fd);
	if (l && l->magic == LEDGER_MAGIC && l->workers <= WORKER_MOST &&
	    ledger_len(l->sectors) == (size_t)st.st_size)
		return l;
	return NULL;
}

void sector_fill(uint8_t s[static SECTOR], uint64_t run, uint64_t place,
		 uint64_t seq)
{
	uint64_t w[WORDS] = { SECTOR_MAGIC, run, place, seq };
	uint64_t x =
		run ^ place * 0x9e3779b97f4a7c15u ^ seq * 0xbf58476d1ce4e5b9u;

	for (size_t i = 4; i < WORDS; i++) {
		x ^= x << 13;
		x ^= x >> 7;
		x ^= x << 17;
		w[i] = x;
	}
	memcpy(s, w, SECTOR);
}

uint64_t sector_seq(const uint8_t s[static SECTOR], uint64_t run,
		    uint64_t place)
{
	static const uint8_t zeros[SECTOR];
	uint8_t expected[SECTOR];
	uint64_t w[4];

	if (!memcmp(s, zeros, SECTOR))
		return 0;
	memcpy(w, s, sizeof(w));
	sector_fill(expected, run, place, w[3]);
	return memcmp(s, expected, SECTOR) ? NO_SEQ : w[3];
}

enum verdict entry_judge(const struct entry *e, uint64_t seq)
{
	if (seq == e->acked || (e->pending && seq == e->pending))
		return VERDICT_GOOD;
	return seq < e->acked ? VERDICT_LOST : VERDICT_WRONG;
}
