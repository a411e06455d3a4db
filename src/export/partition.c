/*
 * partition - reads partition tables (libblkid), tells the kernel (BLKPG).
 */
#include "export/partition.h"

#include <blkid.h>
#include <errno.h>
#include <limits.h>
#include <linux/blkpg.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>

#include "base/str.h"
#include "export/sysfs.h"

#define SECTOR 512 /* unit of libblkid and of /sys, whatever the disk's */

/* Reading ------------------------------------------------------------- */

/* Keeps the numbers rising; of two with one number the first stays. */
static void insert(struct partition_table *t, const struct partition *p)
{
	unsigned i = t->count;

	if (t->count == PARTITION_MAX)
		return;
	while (i > 0 && t->part[i - 1].number > p->number)
		i--;
	if (i > 0 && t->part[i - 1].number == p->number)
		return;
	memmove(&t->part[i + 1], &t->part[i],
		(t->count - i) * sizeof(t->part[0]));
	t->part[i] = *p;
	t->count++;
}

/*
 * Of an extended DOS partition the kernel shows two sectors or a block, for
 * a boot loader; the whole of it would overlap the logical ones.
 */
static uint64_t shown_sectors(blkid_partition p, unsigned block_size)
{
	uint64_t n = (uint64_t)blkid_partition_get_size(p);
	uint64_t most = block_size > 2 * SECTOR ? block_size / SECTOR : 2;

	return blkid_partition_is_extended(p) && n > most ? most : n;
}

static void add(struct partition_table *t, blkid_partition p,
		unsigned block_size)
{
	struct partition part;
	int number = blkid_partition_get_partno(p);
	uint64_t start = (uint64_t)blkid_partition_get_start(p);
	uint64_t len = shown_sectors(p, block_size);

	if (number < 1 || number > PARTITION_MAX || len == 0 ||
	    start > INT64_MAX / SECTOR || len > INT64_MAX / SECTOR - start)
		return;
	part.number = (uint32_t)number;
	part.start = start * SECTOR;
	part.length = len * SECTOR;
	insert(t, &part);
}

static void read_list(blkid_probe pr, struct partition_table *t)
{
	blkid_partlist list = blkid_probe_get_partitions(pr);
	int n = list ? blkid_partlist_numof_partitions(list) : 0;

	for (int i = 0; i < n; i++)
		add(t, blkid_partlist_get_partition(list, i),
		    blkid_probe_get_sectorsize(pr));
}

static int probe(blkid_probe pr, int fd, struct partition_table *t)
{
	const char *type = "";
	int found;

	errno = 0;
	if (blkid_probe_set_device(pr, fd, 0, 0))
		return errno ? -errno : -EIO;
	blkid_probe_enable_superblocks(pr, 0);
	blkid_probe_enable_partitions(pr, 1);
	found = blkid_do_probe(pr);
	if (found < 0)
		return errno ? -errno : -EIO;
	if (found > 0)
		return 0;
	blkid_probe_lookup_value(pr, "PTTYPE", &type, NULL);
	str_copy(t->type, sizeof(t->type), type);
	read_list(pr, t);
	return 0;
}

int partition_read(int fd, struct partition_table *out)
{
	struct partition_table t = { 0 };
	blkid_probe pr = blkid_new_probe();
	int err;

	if (!pr)
		return -ENOMEM;
	err = probe(pr, fd, &t);
	blkid_free_probe(pr);
	if (!err)
		*out = t;
	return err;
}

static bool part_ok(const struct partition *p, uint32_t after, uint64_t size,
		    uint32_t block_size)
{
	return p->number > after && p->number <= PARTITION_MAX &&
	       p->length > 0 && p->start <= size &&
	       p->length <= size - p->start && p->start % block_size == 0 &&
	       p->length % block_size == 0;
}

bool partition_table_ok(const struct partition_table *t, uint64_t size,
			uint32_t block_size)
{
	uint32_t last = 0;

	if (t->count > PARTITION_MAX || !memchr(t->type, 0, sizeof(t->type)))
		return false;
	for (unsigned i = 0; i < t->count; i++) {
		if (!part_ok(&t->part[i], last, size, block_size))
			return false;
		last = t->part[i].number;
	}
	return true;
}

/* Telling the kernel -------------------------------------------------- */

/* "loop3" and 1: "loop3p1"; "sda" and 1: "sda1". */
static int get_part_u64(const char *disk, const char *part, const char *file,
			uint64_t *out)
{
	char path[PATH_MAX];

	snprintf(path, sizeof(path), "/sys/block/%s/%s/%s", disk, part, file);
	return sysfs_get_u64(path, out);
}

struct found {
	const char *disk;
	struct partition_table table; /* what the kernel has */
};

static bool see(void *ctx, const char *name)
{
	struct found *f = ctx;
	uint64_t number, start, sectors;
	struct partition p;

	if (strncmp(name, f->disk, strlen(f->disk)) ||
	    get_part_u64(f->disk, name, "partition", &number) ||
	    get_part_u64(f->disk, name, "start", &start) ||
	    get_part_u64(f->disk, name, "size", &sectors))
		return true;
	p.number = (uint32_t)number;
	p.start = start * SECTOR;
	p.length = sectors * SECTOR;
	insert(&f->table, &p);
	return true;
}

static int list_known(const char *disk, struct found *f)
{
	char path[PATH_MAX];

	memset(f, 0, sizeof(*f));
	f->disk = disk;
	snprintf(path, sizeof(path), "/sys/block/%s", disk);
	return sysfs_list(path, see, f);
}

static const struct partition *find(const struct partition_table *t,
				    uint32_t number)
{
	for (unsigned i = 0; i < t->count; i++)
		if (t->part[i].number == number)
			return &t->part[i];
	return NULL;
}

static int blkpg(int fd, int op, const struct partition *p)
{
	struct blkpg_partition part = { .start = (long long)p->start,
					.length = (long long)p->length,
					.pno = (int)p->number };
	struct blkpg_ioctl_arg arg = { .op = op,
				       .datalen = sizeof(part),
				       .data = &part };

	return ioctl(fd, BLKPG, &arg) < 0 ? -errno : 0;
}

/*
 * Only a partition that nobody uses can go, but one that merely grew or
 * shrank can be changed under its users.
 */
static int drop_or_resize(int fd, const struct partition *have,
			  const struct partition *want)
{
	if (!want || want->start != have->start)
		return blkpg(fd, BLKPG_DEL_PARTITION, have);
	if (want->length == have->length)
		return 0;
	return blkpg(fd, BLKPG_RESIZE_PARTITION, want);
}

static void keep_first(int *first, int err)
{
	if (!*first)
		*first = err;
}

int partition_apply(int fd, const char *disk, const struct partition_table *t)
{
	struct found f;
	const struct partition *p;
	int first, err;

	first = list_known(disk, &f);
	if (first)
		return first;
	for (unsigned i = 0; i < f.table.count; i++) {
		p = &f.table.part[i];
		keep_first(&first, drop_or_resize(fd, p, find(t, p->number)));
	}
	err = list_known(disk, &f);
	for (unsigned i = 0; !err && i < t->count; i++)
		if (!find(&f.table, t->part[i].number))
			keep_first(&first,
				   blkpg(fd, BLKPG_ADD_PARTITION, &t->part[i]));
	keep_first(&first, err);
	return first;
}
