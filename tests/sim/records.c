/*
 * records - the files of the simulated host that outlive a manager.
 */
#include "records.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/str.h"
#include "sim.h"

#define TARGETS MAX_BOXES

struct entry {
	char key[BINDING_KEY_SIZE]; /* "": not bound */
	bool has_target, has_seen;
	struct record_target target;
	struct reported_fence seen;
	bool has_disk[MAX_LUNS];
	bool lacks_target, lacks_disk[MAX_LUNS];
	struct record_disk disks[MAX_LUNS];
};

static struct {
	struct entry entries[TARGETS];
	uint64_t full_until; /* us */
} files;

void files_init(void)
{
	memset(&files, 0, sizeof(files));
}

void files_full(uint64_t us)
{
	files.full_until = sim.now + us;
}

bool files_lack(void)
{
	for (unsigned i = 0; i < TARGETS; i++) {
		const struct entry *e = &files.entries[i];

		if (e->lacks_target)
			return true;
		for (unsigned j = 0; j < MAX_LUNS; j++)
			if (e->lacks_disk[j])
				return true;
	}
	return false;
}

static int check_room(void)
{
	return sim.now < files.full_until ? -ENOSPC : 0;
}

int records_box(unsigned target)
{
	for (unsigned i = 0; i < config.boxes; i++)
		if (target < TARGETS &&
		    strcmp(files.entries[target].key, boxes[i].iqn) == 0)
			return (int)i;
	return -1;
}

int records_number(const struct box *b)
{
	for (unsigned i = 0; i < TARGETS; i++)
		if (strcmp(files.entries[i].key, b->iqn) == 0)
			return (int)i;
	return -1;
}

static void bind_one(const char *key, struct binding *out)
{
	unsigned i = 0;

	*out = (struct binding){ 0 };
	while (i < TARGETS && *files.entries[i].key &&
	       strcmp(files.entries[i].key, key) != 0)
		i++;
	out->target = (uint16_t)i;
	if (i == TARGETS) {
		out->error = -ENOSPC;
	} else if (!*files.entries[i].key) {
		out->error = check_room();
		out->fresh = true;
		if (!out->error)
			str_copy(files.entries[i].key,
				 sizeof(files.entries[i].key), key);
	}
}

int files_bind(const char *const *keys, size_t n, struct binding *out)
{
	int err = 0;

	for (size_t i = 0; i < n; i++) {
		bind_one(keys[i], &out[i]);
		if (!err)
			err = out[i].error;
	}
	return err;
}

/* A record is whole, or as it was before. */
int files_put_target(const struct record_target *t)
{
	struct entry *e = &files.entries[t->number];

	if (t->number >= TARGETS)
		return -ENOSPC;
	e->lacks_target = check_room();
	if (e->lacks_target)
		return -ENOSPC;
	e->has_target = true;
	e->target = *t;
	return 0;
}

int files_put_disk(const struct record_disk *d)
{
	struct entry *e = &files.entries[d->number];

	if (d->number >= TARGETS || d->lun.number >= MAX_LUNS)
		return -ENOSPC;
	e->lacks_disk[d->lun.number] = check_room();
	if (e->lacks_disk[d->lun.number])
		return -ENOSPC;
	e->has_disk[d->lun.number] = true;
	e->disks[d->lun.number] = *d;
	return 0;
}

void files_drop_target(unsigned number)
{
	if (number < TARGETS)
		files.entries[number].has_target =
			files.entries[number].lacks_target = false;
}

void files_drop_disk(unsigned number, unsigned lun)
{
	if (number < TARGETS && lun < MAX_LUNS)
		files.entries[number].has_disk[lun] =
			files.entries[number].lacks_disk[lun] = false;
}

int files_put_seen(unsigned number, const struct reported_fence *f)
{
	if (number >= TARGETS || check_room())
		return -ENOSPC;
	files.entries[number].seen = *f;
	files.entries[number].has_seen = strcmp(f->reinstates, "unknown") != 0;
	return 0;
}

bool files_get_seen(unsigned number, struct reported_fence *f)
{
	const struct entry *e = &files.entries[number];

	if (number >= TARGETS || !e->has_seen)
		return false;
	str_copy(f->reinstates, sizeof(f->reinstates), e->seen.reinstates);
	f->reinstates_ms = e->seen.reinstates_ms;
	return true;
}

void files_left(const struct outside_left *each, void *ctx)
{
	for (unsigned i = 0; i < TARGETS; i++) {
		const struct entry *e = &files.entries[i];

		if (e->has_target)
			each->target(ctx, &e->target);
		for (unsigned j = 0; j < MAX_LUNS; j++)
			if (e->has_disk[j])
				each->disk(ctx, &e->disks[j]);
	}
}

/* The configuration --------------------------------------------------- */

static const char *yes(bool is)
{
	return is ? "yes" : "no";
}

static void add_session(struct strbuf *sb)
{
	sb_add(sb, "HeaderDigest=%s\nDataDigest=%s\n", config.header_digest,
	       config.data_digest);
	sb_add(sb, "InitialR2T=%s\nImmediateData=%s\n", yes(config.initial_r2t),
	       yes(config.immediate_data));
	sb_add(sb, "MaxRecvDataSegmentLength=%u\n", config.max_recv);
	sb_add(sb, "FirstBurstLength=%u\nMaxBurstLength=%u\n",
	       config.first_burst, config.max_burst);
	sb_add(sb, "PortalFailover=%s\nExport=fuse\n", yes(config.failover));
	sb_add(sb, "SessionReinstatement=%s\nFenceReservation=%s\n",
	       config.reinstatement, yes(config.reserve));
}

/* Whole seconds, as an administrator has them. */
static void add_time(struct strbuf *sb, const char *name, uint32_t ms)
{
	sb_add(sb, "%s=%u\n", name, (ms + 999) / 1000);
}

static void add_times(struct strbuf *sb)
{
	add_time(sb, "LoginTimeout", config.login_timeout);
	add_time(sb, "ActiveTimeout", config.active_timeout);
	add_time(sb, "IdleTimeout", config.idle_timeout);
	add_time(sb, "PingTimeout", config.ping_timeout);
	add_time(sb, "AbortTimeout", config.abort_timeout);
	add_time(sb, "ResetTimeout", config.reset_timeout);
	add_time(sb, "ConnFailTimeout", config.connfail_timeout);
	add_time(sb, "FenceTimeout", config.fence_timeout);
	if (config.disk_timeout)
		add_time(sb, "MaxDiskCommandTimeout", config.disk_timeout);
}

static void add_target(struct strbuf *sb, const struct box *b)
{
	char text[ADDR_TEXT_SIZE];

	sb_add(sb, "TargetName=%s\n", b->iqn);
	for (unsigned i = 0; i < config.portals; i++) {
		struct addr a = b->paths[i].addr;

		addr_format(&a, config.knows_groups, text, sizeof(text));
		sb_add(sb, "\tTargetIPAddress=%s\n", text);
	}
}

int files_conf(struct report *r, struct conf **out)
{
	char text[4096];
	struct strbuf sb;

	sb_init(&sb, text, sizeof(text));
	add_session(&sb);
	add_times(&sb);
	for (unsigned i = 0; i < config.boxes; i++)
		add_target(&sb, &boxes[i]);
	return conf_parse("iscsi.conf", text, strlen(text), r, out);
}
