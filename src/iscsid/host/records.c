/*
 * records - records of what this manager holds, for the manager after it.
 */
#include "iscsid/host/records.h"

#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/log.h"
#include "base/str.h"
#include "iscsid/host/record.h"

#define VERB_TARGET "target"
#define VERB_LUN    "lun" /* as an engine says it */

static void target_name(unsigned bus, unsigned number,
			char dst[static RECORD_NAME])
{
	snprintf(dst, RECORD_NAME, "b%ut%u", bus, number);
}

void records_disk_name(unsigned bus, unsigned number, unsigned lun,
		       char dst[static RECORD_NAME])
{
	snprintf(dst, RECORD_NAME, "b%ut%ul%u", bus, number, lun);
}

bool records_disk_number(const char *name, unsigned *bus, unsigned *number,
			 unsigned *lun)
{
	char again[RECORD_NAME];

	if (sscanf(name, "b%ut%ul%u", bus, number, lun) != 3)
		return false;
	records_disk_name(*bus, *number, *lun, again);
	return strcmp(again, name) == 0;
}

static bool target_number(const char *name, unsigned *bus, unsigned *number)
{
	char again[RECORD_NAME];

	if (sscanf(name, "b%ut%u", bus, number) != 2)
		return false;
	target_name(*bus, *number, again);
	return strcmp(again, name) == 0;
}

/* Writing ---------------------------------------------------------------- */

int records_put_target(const char *dir, const struct record_target *t)
{
	static struct msg_out m;
	char name[RECORD_NAME], text[ADDR_TEXT_SIZE];

	msg_begin(&m, VERB_TARGET);
	msg_u64(&m, "id", t->id);
	msg_str(&m, "name", t->name);
	msg_str(&m, "key", t->key);
	msg_u64(&m, "multipath", t->multipath);
	msg_str(&m, "found-by", t->found_by);
	msg_str(&m, "group", t->group);
	for (unsigned i = 0; i < t->nportals; i++) {
		addr_format(&t->portals[i], true, text, sizeof(text));
		msg_str(&m, "portal", text);
	}
	target_name(t->bus, t->number, name);
	return record_put(dir, name, &m);
}

int records_put_disk(const char *dir, const struct record_disk *d)
{
	static struct msg_out m;
	char name[RECORD_NAME];

	reported_put_lun(&m, 1, &d->lun);
	records_disk_name(d->bus, d->number, d->lun.number, name);
	return record_put(dir, name, &m);
}

static void drop(const char *dir, const char *name)
{
	char path[PATH_MAX];

	snprintf(path, sizeof(path), "%s/%s", dir, name);
	if (unlink(path) < 0 && errno != ENOENT)
		log_warn(path,
			 "cannot be removed (%s): the next manager will "
			 "look for what it tells of",
			 strerror(errno));
}

void records_drop_target(const char *dir, unsigned bus, unsigned number)
{
	char name[RECORD_NAME];

	target_name(bus, number, name);
	drop(dir, name);
}

void records_drop_disk(const char *dir, unsigned bus, unsigned number,
		       unsigned lun)
{
	char name[RECORD_NAME];

	records_disk_name(bus, number, lun, name);
	drop(dir, name);
}

/* Reading ---------------------------------------------------------------- */

static bool read_portals(const struct msg_in *m, struct record_target *t)
{
	char text[ADDR_TEXT_SIZE];
	int n;

	for (t->nportals = 0; t->nportals < RECORD_PORTALS; t->nportals++) {
		n = msg_get_nth(m, "portal", t->nportals, text, sizeof(text));
		if (n == -ENOENT)
			break;
		if (n < 0 ||
		    addr_parse(text, (size_t)n, &t->portals[t->nportals]))
			return false;
	}
	return t->nportals > 0;
}

static bool read_target(const struct msg_in *m, struct record_target *t)
{
	uint64_t multipath;
	int n = msg_get(m, "name", t->name, sizeof(t->name));

	if (n < 0 || name_fault(t->name, (size_t)n, NULL) ||
	    msg_get_u64(m, "id", UINT64_MAX, &t->id) ||
	    msg_get_u64(m, "multipath", CONF_MULTIPATH_PORTALGROUP, &multipath))
		return false;
	t->multipath = (enum conf_multipath)multipath;
	return msg_get(m, "key", t->key, sizeof(t->key)) > 0 &&
	       msg_get(m, "found-by", t->found_by, sizeof(t->found_by)) >= 0 &&
	       msg_get(m, "group", t->group, sizeof(t->group)) >= 0 &&
	       read_portals(m, t);
}

static bool take_target(const struct msg_in *m, unsigned bus, unsigned number,
			const struct records_ops *ops, void *ctx)
{
	static struct record_target t;

	memset(&t, 0, sizeof(t));
	t.bus = bus;
	t.number = number;
	if (!read_target(m, &t))
		return false;
	ops->target(ctx, &t);
	return true;
}

static bool take_disk(const struct msg_in *m, const struct record_disk *at,
		      const struct records_ops *ops, void *ctx)
{
	static struct reported s;
	struct record_disk d = *at;
	const char *wrong;

	if (reported_read(m, &s, &wrong) || s.kind != REPORTED_LUN ||
	    s.lun.number != at->lun.number)
		return false;
	d.lun = s.lun;
	ops->disk(ctx, &d);
	return true;
}

static bool take_record(const char *name, const struct msg_in *m,
			const struct records_ops *ops, void *ctx)
{
	struct record_disk at = { 0 };
	bool disk =
		records_disk_number(name, &at.bus, &at.number, &at.lun.number);

	if (!disk && !target_number(name, &at.bus, &at.number))
		return false;
	if (at.bus >= BINDING_BUSES || at.number >= BINDING_TARGETS)
		return false;
	if (disk)
		return msg_is(m, VERB_LUN) && take_disk(m, &at, ops, ctx);
	return msg_is(m, VERB_TARGET) &&
	       take_target(m, at.bus, at.number, ops, ctx);
}

static bool read_record(int dir, const char *name,
			const struct records_ops *ops, void *ctx)
{
	static char text[MSG_MAX];
	struct msg_in m;

	return record_get(dir, name, text, sizeof(text), &m) &&
	       take_record(name, &m, ops, ctx);
}

int records_each(const char *dir, const struct records_ops *ops, void *ctx)
{
	DIR *d = opendir(dir);
	struct dirent *e;

	if (!d)
		return -errno;
	while ((e = readdir(d)))
		if (*e->d_name != '.' &&
		    !read_record(dirfd(d), e->d_name, ops, ctx))
			/* Where it stays it is no record again. */
			(void)unlinkat(dirfd(d), e->d_name, 0);
	closedir(d);
	return 0;
}
