/*
 * sysfs - small files and directories of /sys.
 */
#include "export/sysfs.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "base/str.h"

int sysfs_get(const char *path, char *dst, size_t size)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t n;
	int err;

	if (fd < 0)
		return -errno;
	n = read(fd, dst, size);
	err = n < 0 ? -errno : 0;
	close(fd);
	if (err)
		return err;
	if ((size_t)n == size)
		return -ENAMETOOLONG;
	dst[n] = '\0';
	dst[strcspn(dst, "\n")] = '\0';
	return 0;
}

int sysfs_get_u64(const char *path, uint64_t *out)
{
	char text[32];
	int err = sysfs_get(path, text, sizeof(text));

	return err ? err : str_u64(text, strlen(text), UINT64_MAX, out);
}

int sysfs_get_dev(const char *path, dev_t *out)
{
	unsigned major, minor;
	char text[32];
	int err = sysfs_get(path, text, sizeof(text));

	if (err)
		return err;
	if (sscanf(text, "%u:%u", &major, &minor) != 2)
		return -EINVAL;
	*out = makedev(major, minor);
	return 0;
}

int sysfs_put(const char *path, const char *value)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC), err = 0;

	if (fd < 0)
		return -errno;
	if (write(fd, value, strlen(value)) < 0)
		err = -errno;
	close(fd);
	return err;
}

int sysfs_list(const char *dir, bool (*each)(void *ctx, const char *name),
	       void *ctx)
{
	DIR *d = opendir(dir);
	struct dirent *e;
	bool more = true;

	if (!d)
		return -errno;
	while (more && (e = readdir(d)))
		if (e->d_name[0] != '.')
			more = each(ctx, e->d_name);
	closedir(d);
	return 0;
}
