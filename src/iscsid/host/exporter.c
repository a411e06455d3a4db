/*
 * exporter - the table of exporters; which one a disk takes, and why.
 */
#include "iscsid/host/exporter.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/log.h"
#include "base/str.h"
#include "io/loop.h"

#define PROBE_WITHIN 20000 /* ms */

/* The table ----------------------------------------------------------- */

#define ROW(word, how) &via_##word,

static const struct via_ops *const table[] = { EXPORTERS(ROW) };

#define COUNT (sizeof(table) / sizeof(*table))

const struct via_ops *exporter_at(unsigned number)
{
	return number < COUNT ? table[number] : NULL;
}

unsigned exporter_number(const struct via_ops *via)
{
	unsigned i = 0;

	while (i < COUNT - 1 && table[i] != via)
		i++;
	return i;
}

const struct via_ops *exporter_find(const char *word)
{
	for (unsigned i = 0; i < COUNT; i++)
		if (*word ? strcmp(table[i]->word, word) == 0
			  : table[i]->implied)
			return table[i];
	return NULL;
}

bool exporter_serves(uint32_t wanted, uint32_t type)
{
	for (unsigned i = 0; i < COUNT; i++)
		if (table[i]->types & VIA_TYPE(type) &&
		    (wanted == CONF_EXPORT_AUTO || wanted == CONF_EXPORT(i)))
			return true;
	return false;
}

/* What is wanted ------------------------------------------------------ */

/* A set of numbers. */
static uint32_t wants(const struct conf *conf, const char *target)
{
	static struct conf_settings s;
	uint32_t wanted = UINT32_MAX;

	conf_target_settings(conf, target, NULL, NULL, &s);
	if (s.export != CONF_EXPORT_AUTO)
		wanted = UINT32_C(1) << (s.export - CONF_EXPORT(0));
	conf_settings_wipe(&s);
	return wanted;
}

static uint32_t all_wanted(const struct conf *conf)
{
	uint32_t wanted = wants(conf, "");

	for (size_t i = 0; i < conf->ntargets; i++)
		wanted |= wants(conf, conf->targets[i]->name);
	return wanted;
}

/* What there is ------------------------------------------------------- */

struct probe {
	const struct via_ops *via;
	struct via_host *out;
	bool over;
};

static int run_probe(const struct worker_job *job, void *arg, struct msg_out *m,
		     int *handle)
{
	const struct probe *p = arg;
	uint64_t features;
	int err = p->via->find(&features);

	if (!err)
		msg_u64(m, "features", features);
	return err;
}

static void probe_over(void *ctx, int err, const struct msg_in *m, int handle)
{
	struct probe *p = ctx;
	uint64_t features = 0;

	if (!err && msg_get_u64(m, "features", UINT64_MAX, &features))
		err = -EBADMSG;
	p->via->judge(err, features, p->out);
	p->over = true;
}

static void run(struct workers *ws, struct probe *p)
{
	const struct worker_job job = {
		.name = p->via->asking,
		.work = WORK_HOST,
		.fn = run_probe,
		.arg = p,
		.arg_size = sizeof(*p),
		.handle = -1,
		.deadline = PROBE_WITHIN,
		.done = probe_over,
		.ctx = p,
	};

	p->via->judge(-ENOMEM, 0, p->out);
	if (!worker_start(ws, &job))
		return;
	while (!p->over)
		if (io_loop_run_once(ws->loop, UINT64_MAX))
			return;
}

static void probe(struct workers *ws, const struct via_ops *via,
		  struct via_host *out)
{
	struct probe p = { .via = via, .out = out };

	run(ws, &p);
	if (*out->why)
		log_info(NULL, "no %s devices: %s; disks go through %s",
			 via->word, out->why, exporter_find("")->name);
	else
		log_info(NULL, "%s devices work here (features %#" PRIx64 ")",
			 via->word, out->features);
}

void exporters_probe(const struct conf *conf, struct workers *ws,
		     struct exporter_hosts *out)
{
	uint32_t wanted = all_wanted(conf);

	*out = (struct exporter_hosts){ 0 };
	for (unsigned i = 0; i < COUNT; i++) {
		struct via_host *h = &out->host[i];

		if (table[i]->find && wanted & UINT32_C(1) << i)
			probe(ws, table[i], h);
		else if (table[i]->find)
			str_copy(h->why, sizeof(h->why),
				 "no Export= asked for it when iscsid began; "
				 "iscsictl upgrade looks again");
	}
}

/* The choice ---------------------------------------------------------- */

/* Why not this one, in words; false: it works. */
static bool has_obstacle(const struct exporter_facts *f, unsigned i,
			 char why[EXPORTER_WHY])
{
	uint32_t bit = UINT32_C(1) << i;

	if (!(table[i]->types & VIA_TYPE(f->type)))
		snprintf(why, EXPORTER_WHY, "%s has no such devices",
			 table[i]->name);
	else if (*f->hosts->host[i].why)
		str_copy(why, EXPORTER_WHY, f->hosts->host[i].why);
	else if (!table[i]->implied && !(f->engine_can & bit))
		snprintf(why, EXPORTER_WHY,
			 "the engine was started before there was %s; a "
			 "restart or upgrade helps",
			 table[i]->word);
	else if (f->failed & bit)
		str_copy(why, EXPORTER_WHY, f->why_failed);
	else
		return false;
	return true;
}

static const struct via_ops *choose_first(const struct exporter_facts *f,
					  char why[EXPORTER_WHY])
{
	char not [EXPORTER_WHY];

	str_copy(why, EXPORTER_WHY, "Export=auto");
	for (unsigned i = 0, seen = 0; i < COUNT; i++) {
		if (!(table[i]->types & VIA_TYPE(f->type)))
			continue;
		if (!has_obstacle(f, i, not ))
			return table[i];
		if (!seen++)
			str_copy(why, EXPORTER_WHY, not );
	}
	return NULL;
}

const struct via_ops *exporter_choose(const struct exporter_facts *f,
				      char why[EXPORTER_WHY])
{
	unsigned i = f->wanted - CONF_EXPORT(0);

	if (f->wanted == CONF_EXPORT_AUTO)
		return choose_first(f, why);
	if (has_obstacle(f, i, why))
		return NULL;
	snprintf(why, EXPORTER_WHY, "Export=%s", table[i]->word);
	return table[i];
}

/* Names --------------------------------------------------------------- */

void exporter_disk_name(const struct via_ops *via, int number, char *dst,
			size_t size)
{
	snprintf(dst, size, "%s%d", via->disk, number);
}

const struct via_ops *exporter_of_disk(const char *name, unsigned *number)
{
	for (size_t i = 0; i < COUNT; i++) {
		size_t n = strlen(table[i]->disk);
		uint64_t value;

		if (strncmp(name, table[i]->disk, n) != 0 ||
		    str_u64(name + n, strlen(name + n), INT32_MAX, &value))
			continue;
		*number = (unsigned)value;
		return table[i];
	}
	return NULL;
}

size_t exporter_disk_length(const char *s)
{
	for (size_t i = 0; i < COUNT; i++) {
		size_t n = strlen(table[i]->disk), digits;

		if (strncmp(s, table[i]->disk, n) != 0)
			continue;
		digits = strspn(s + n, "0123456789");
		return digits && digits <= 9 ? n + digits : 0;
	}
	return 0;
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

	*out = (struct disk_geometry){ 0 };
	if (!bs) /* it is no disk */
		return;
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
