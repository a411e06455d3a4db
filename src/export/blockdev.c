/*
 * blockdev - what holds for block devices of both kinds.
 */
#include "export/blockdev.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/fs.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "export/sysfs.h"

bool blockdev_is_read_only(const char *name)
{
	char path[64];
	uint64_t ro;

	snprintf(path, sizeof(path), "/sys/block/%s/ro", name);
	return sysfs_get_u64(path, &ro) == 0 && ro;
}

uint64_t blockdev_size(const char *name)
{
	uint64_t sectors;
	char path[64];

	snprintf(path, sizeof(path), "/sys/block/%s/size", name);
	return sysfs_get_u64(path, &sectors) ? 0 : sectors * 512;
}

int blockdev_set_read_only(const char *name, bool read_only)
{
	int fd, err, value = read_only;
	char path[64];

	snprintf(path, sizeof(path), "/dev/%s", name);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	err = ioctl(fd, BLKROSET, &value) < 0 ? -errno : 0;
	close(fd);
	/* Of a device that was made read-only it takes nothing away. */
	if (!err && !read_only && blockdev_is_read_only(name))
		err = -EROFS;
	return err;
}
