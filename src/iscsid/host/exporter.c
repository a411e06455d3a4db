/*
 * exporter - by what way a disk reaches the kernel, and why by this one.
 */
#include "iscsid/host/exporter.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/log.h"
#include "base/str.h"
#include "export/ublk_control.h"
#include "export/ublk_proto.h"
#include "io/loop.h"
#include "iscsid/daemon/options.h"

#define PROBE_WITHIN 20000 /* ms */
#define NEEDED	     (UBLK_CAN_RECOVER | UBLK_CAN_REISSUE | UBLK_CAN_ENCODE)

/* Whose it is --------------------------------------------------------- */

bool exporter_is_ours(const struct options *o, const struct ublk_info *info,
		      struct ublk_place *at)
{
	return ublk_mark_is_of(info->mark, o->owner, at) ||
	       ublk_mark_is_of(info->mark, o->rundir, at) ||
	       ublk_mark_is_of(info->mark, o->asked_rundir, at);
}

/* What is wanted ------------------------------------------------------ */

static bool wants(const struct conf *conf, const char *target)
{
	static struct conf_settings s;
	bool wanted;

	conf_target_settings(conf, target, NULL, NULL, &s);
	wanted = s.export != CONF_EXPORT_FUSE;
	conf_settings_wipe(&s);
	return wanted;
}

static bool is_wanted(const struct conf *conf)
{
	bool wanted = wants(conf, "");

	for (size_t i = 0; i < conf->ntargets && !wanted; i++)
		wanted = wants(conf, conf->targets[i]->name);
	return wanted;
}

/* What there is ------------------------------------------------------- */

/* Nothing asks for this module when its device is opened. */
static void load_module(void)
{
	pid_t pid;

	if (access(UBLK_CONTROL, F_OK) == 0)
		return;
	pid = fork();
	if (pid == 0) {
		execl("/sbin/modprobe", "modprobe", "-q", "ublk_drv",
		      (char *)NULL);
		_exit(127);
	}
	if (pid > 0)
		(void)waitpid(pid, NULL, 0); /* the device tells of success */
}

static int run_probe(const struct worker_job *job, void *arg, struct msg_out *m,
		     int *handle)
{
	uint64_t features;
	int err;

	load_module();
	err = ublk_get_features(&features);
	if (!err)
		msg_u64(m, "features", features);
	return err;
}

void exporter_judge(int err, uint64_t features, struct ublk_host *out)
{
	uint64_t lacking = NEEDED & ~features;

	*out = (struct ublk_host){ .features = err ? 0 : features };
	if (err == -ENOENT || err == -ENXIO)
		str_copy(out->why, sizeof(out->why),
			 "there is no " UBLK_CONTROL " (module ublk_drv)");
	else if (err == -EACCES || err == -EPERM)
		snprintf(out->why, sizeof(out->why),
			 UBLK_CONTROL " is not permitted: %s", strerror(-err));
	else if (err == -EOPNOTSUPP)
		str_copy(out->why, sizeof(out->why),
			 "this kernel's ublk cannot tell what it can "
			 "(Linux 6.5 can)");
	else if (err)
		snprintf(out->why, sizeof(out->why), UBLK_CONTROL ": %s",
			 strerror(-err));
	else if (lacking)
		snprintf(out->why, sizeof(out->why),
			 "this kernel's ublk lacks the recovery of requests "
			 "(features %#" PRIx64 ")",
			 lacking);
}

struct probe {
	struct ublk_host *out;
	bool over;
};

static void probe_over(void *ctx, int err, const struct msg_in *m, int handle)
{
	struct probe *p = ctx;
	uint64_t features = 0;

	if (!err && msg_get_u64(m, "features", UINT64_MAX, &features))
		err = -EBADMSG;
	exporter_judge(err, features, p->out);
	p->over = true;
}

static void probe(struct workers *ws, struct ublk_host *out)
{
	struct probe p = { .out = out };
	const struct worker_job job = {
		.name = "asking for ublk",
		.work = WORK_HOST,
		.fn = run_probe,
		.handle = -1,
		.deadline = PROBE_WITHIN,
		.done = probe_over,
		.ctx = &p,
	};

	exporter_judge(-ENOMEM, 0, out);
	if (!worker_start(ws, &job))
		return;
	while (!p.over)
		if (io_loop_run_once(ws->loop, UINT64_MAX))
			return;
}

void exporter_find(const struct conf *conf, struct workers *ws,
		   struct ublk_host *out)
{
	if (!is_wanted(conf)) {
		*out = (struct ublk_host){ 0 };
		str_copy(out->why, sizeof(out->why),
			 "no Export= asked for it when iscsid began; iscsictl "
			 "upgrade looks again");
		return;
	}
	probe(ws, out);
	if (*out->why)
		log_info(NULL,
			 "no ublk devices: %s; disks go through FUSE and loop "
			 "devices",
			 out->why);
	else
		log_info(NULL, "ublk devices work here (features %#" PRIx64 ")",
			 out->features);
}

/* The choice ---------------------------------------------------------- */

static const char *obstacle(const struct exporter_facts *f)
{
	if (*f->host->why)
		return f->host->why;
	if (!f->engine_can)
		return "the engine was started before there was ublk; a "
		       "restart or upgrade helps";
	return f->failed;
}

int exporter_choose(const struct exporter_facts *f, char why[EXPORTER_WHY])
{
	const char *not = obstacle(f);

	switch (f->wanted) {
	case CONF_EXPORT_FUSE:
		str_copy(why, EXPORTER_WHY, "Export=fuse");
		return EXPORTER_FUSE;
	case CONF_EXPORT_UBLK:
		if (*not )
			snprintf(why, EXPORTER_WHY, "%s", not );
		else
			str_copy(why, EXPORTER_WHY, "Export=ublk");
		return *not ? -ENOTSUP : EXPORTER_UBLK;
	case CONF_EXPORT_AUTO:
		break;
	}
	if (*not )
		snprintf(why, EXPORTER_WHY, "%s", not );
	else
		str_copy(why, EXPORTER_WHY, "Export=auto");
	return *not ? EXPORTER_FUSE : EXPORTER_UBLK;
}

/* Names --------------------------------------------------------------- */

static const struct {
	const char *name, *disk;
} names[] = {
	[EXPORTER_FUSE] = { "FUSE and loop", "loop" },
	[EXPORTER_UBLK] = { "ublk", "ublkb" },
};

const char *exporter_name(enum exporter e)
{
	return names[e].name;
}

void exporter_disk_name(enum exporter e, int number, char *dst, size_t size)
{
	snprintf(dst, size, "%s%d", names[e].disk, number);
}

bool exporter_disk_number(const char *name, enum exporter *e, unsigned *number)
{
	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++) {
		size_t n = strlen(names[i].disk);
		uint64_t value;

		if (strncmp(name, names[i].disk, n) != 0 ||
		    str_u64(name + n, strlen(name + n), INT32_MAX, &value))
			continue;
		*e = (enum exporter)i;
		*number = (unsigned)value;
		return true;
	}
	return false;
}

/* The disk ------------------------------------------------------------ */

static uint64_t whole(uint64_t n, uint32_t unit)
{
	return n - n % unit;
}

void exporter_geometry(const struct reported_lun *l, struct disk_geometry *out)
{
	uint32_t bs = l->block_size;
	uint32_t granule = l->discard_granularity;

	*out = (struct disk_geometry){
		.block_size = bs,
		.physical_size = l->physical_size ? l->physical_size : bs,
		.blocks = l->blocks,
		.read_only = l->read_only,
		.rotational = l->rotational,
		.write_cache = l->write_cache,
		.fua = l->fua,
		.max_discard = whole(l->max_discard, bs),
		.max_zero = whole(l->max_zero, bs),
		.optimal_io = l->optimal_io % bs ? 0 : l->optimal_io,
	};
	out->can_discard = l->discard && out->max_discard;
	out->can_zero = l->zero && out->max_zero;
	if (!out->can_discard)
		return;
	out->discard_granularity = granule && granule % bs == 0 ? granule : bs;
	out->discard_alignment = (uint32_t)whole(
		l->discard_alignment % out->discard_granularity, bs);
}
