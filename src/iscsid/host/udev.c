/*
 * udev - what a disk is, for the rules that make its names below /dev/disk.
 */
#include "iscsid/host/udev.h"

#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/log.h"
#include "base/str.h"
#include "export/sysfs.h"

/* The text ---------------------------------------------------------------- */

/*
 * As udev writes names: blanks in a row are one '_', at the ends none; what
 * has a meaning to a shell or a path is '_', too.
 */
static void add_value(struct strbuf *sb, const char *s)
{
	bool gap = false, any = false;

	for (; *s; s++) {
		unsigned char c = (unsigned char)*s;

		if (isspace(c)) {
			gap = true;
			continue;
		}
		if (gap && any)
			sb_add(sb, "_");
		gap = false;
		any = true;
		if (c >= 0x80 || (!isalnum(c) && !strchr("#+-.:=@_", c)))
			c = '_';
		sb_mem(sb, &c, 1);
	}
}

static void put(struct strbuf *sb, const char *key, const char *value)
{
	if (!value[strspn(value, " ")])
		return;
	sb_add(sb, "%s=", key);
	add_value(sb, value);
	sb_add(sb, "\n");
}

/* What follows a prefix of the identity, or NULL. */
static const char *after(const char *identity, const char *prefix)
{
	size_t n = strlen(prefix);

	return strncmp(identity, prefix, n) ? NULL : identity + n;
}

/* Designators with their digit in front (their type, SPC-4 7.8.6.1). */
static const struct {
	const char *prefix;
	char digit;
} kinds[] = { { "naa.", '3' }, { "eui.", '2' }, { "t10.", '1' } };

/* Without a designator it is made of page 80 and the INQUIRY. */
static void put_serial_80(struct strbuf *sb, const struct udev_disk *d)
{
	char text[512];

	if (!*d->serial)
		return;
	snprintf(text, sizeof(text), "S%s %s %s", d->vendor, d->model,
		 d->serial);
	put(sb, "ID_SERIAL", text);
	put(sb, "ID_SERIAL_SHORT", d->serial);
}

static void put_serial(struct strbuf *sb, const struct udev_disk *d)
{
	for (size_t i = 0; i < sizeof(kinds) / sizeof(*kinds); i++) {
		const char *id = after(d->identity, kinds[i].prefix);
		char text[512];

		if (!id)
			continue;
		snprintf(text, sizeof(text), "%c%s", kinds[i].digit, id);
		put(sb, "ID_SERIAL", text);
		put(sb, "ID_SERIAL_SHORT", id);
		return;
	}
	put_serial_80(sb, d);
}

/* The name is the first eight bytes; some have eight more. */
static void put_wwn(struct strbuf *sb, const struct udev_disk *d)
{
	const char *naa = after(d->identity, "naa.");
	char text[64];

	if (!naa)
		return;
	snprintf(text, sizeof(text), "0x%.16s", naa);
	put(sb, "ID_WWN", text);
	if (strlen(naa) > 16) {
		snprintf(text, sizeof(text), "0x%.32s", naa + 16);
		put(sb, "ID_WWN_VENDOR_EXTENSION", text);
	}
	snprintf(text, sizeof(text), "0x%.32s", naa);
	put(sb, "ID_WWN_WITH_EXTENSION", text);
}

/* A number below 256, else the first half of the field. */
static void lun_text(const uint8_t *lun, char *dst, size_t size)
{
	static const uint8_t none[LUN_LEN];

	if (lun[0] == 0 && memcmp(lun + 2, none, LUN_LEN - 2) == 0)
		snprintf(dst, size, "%u", lun[1]);
	else
		snprintf(dst, size, "0x%02x%02x%02x%02x00000000", lun[0],
			 lun[1], lun[2], lun[3]);
}

static void put_paths(struct strbuf *sb, const struct udev_disk *d)
{
	char lun[24], path[ADDR_HOST_SIZE + 320], key[24];

	lun_text(d->lun, lun, sizeof(lun));
	for (size_t i = 0; i < d->nportals && i < UDEV_PORTALS; i++) {
		const struct addr *a = &d->portals[i];

		snprintf(path, sizeof(path), "ip-%s:%u-iscsi-%s-lun-%s",
			 a->host, a->port, d->target, lun);
		snprintf(key, sizeof(key), "ISCSI_PATH_%zu", i + 1);
		put(sb, i ? key : "ID_PATH", path);
	}
}

void udev_text(const struct udev_disk *d, char *dst, size_t size)
{
	struct strbuf sb;

	sb_init(&sb, dst, size);
	put(&sb, "ID_SOFTHBA", "1");
	put(&sb, "ID_BUS", "scsi");
	put(&sb, "ID_SCSI", "1");
	put(&sb, "ID_TYPE", d->cd ? "cd" : "disk");
	put(&sb, "ID_VENDOR", d->vendor);
	put(&sb, "ID_MODEL", d->model);
	put(&sb, "ID_REVISION", d->rev);
	put_serial(&sb, d);
	put(&sb, "ID_SCSI_SERIAL", d->serial);
	put_wwn(&sb, d);
	put(&sb, "ISCSI_TARGET", d->target);
	put_paths(&sb, d);
}

/* The file ---------------------------------------------------------------- */

static void file_of(const char *rundir, const char *dev, char *dst, size_t size)
{
	snprintf(dst, size, "%s/udev%s%s", rundir, *dev ? "/" : "", dev);
}

static int write_whole(const char *path, const char *text)
{
	int fd = open(path,
		      O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC,
		      0644);
	size_t n = strlen(text);
	ssize_t done;

	if (fd < 0)
		return -errno;
	done = write(fd, text, n);
	close(fd);
	return done == (ssize_t)n ? 0 : -EIO;
}

int udev_put(const char *rundir, const char *dev, const struct udev_disk *d)
{
	char path[PATH_MAX], fresh[PATH_MAX + 8], text[UDEV_TEXT_SIZE];
	int err;

	file_of(rundir, "", path, sizeof(path));
	if (mkdir(path, 0755) < 0 && errno != EEXIST)
		return -errno;
	file_of(rundir, dev, path, sizeof(path));
	snprintf(fresh, sizeof(fresh), "%s.new", path);
	udev_text(d, text, sizeof(text));
	err = write_whole(fresh, text);
	if (!err && rename(fresh, path) < 0)
		err = -errno;
	return err;
}

void udev_drop(const char *rundir, const char *dev)
{
	char path[PATH_MAX];

	file_of(rundir, dev, path, sizeof(path));
	if (unlink(path) < 0 && errno != ENOENT)
		log_warn(path,
			 "cannot be removed (%s): another disk of that "
			 "name would get its links",
			 strerror(errno));
}

void udev_sweep(const char *rundir, bool (*gone)(void *ctx, const char *dev),
		void *ctx)
{
	char path[PATH_MAX];
	struct dirent *e;
	DIR *dir;

	file_of(rundir, "", path, sizeof(path));
	dir = opendir(path);
	while (dir && (e = readdir(dir)))
		if (*e->d_name != '.' && gone(ctx, e->d_name))
			udev_drop(rundir, e->d_name);
	if (dir)
		closedir(dir);
}

static void announce(const char *name)
{
	char path[96];
	int err;

	snprintf(path, sizeof(path), "/sys/class/block/%s/uevent", name);
	err = sysfs_put(path, "change");
	if (err && err != -ENOENT) /* a partition may be gone again */
		log_info(name,
			 "cannot be announced (%s): its names below /dev/disk "
			 "may be missing",
			 strerror(-err));
}

void udev_announce(const char *dev, const uint32_t *parts, size_t n)
{
	char name[64];

	announce(dev);
	for (size_t i = 0; i < n; i++) {
		snprintf(name, sizeof(name), "%sp%u", dev, parts[i]);
		announce(name);
	}
}
