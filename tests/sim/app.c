/*
 * app - who uses the disks.
 */
#include "app.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/list.h"
#include "heap.h"
#include "sim.h"

#define WORKERS_MAX 8
#define HOT_BLOCKS  4  /* where many threads meet */
#define SLACK	    MS /* between the manager's clock and the engine's */

struct worker {
	struct request r;
	struct held *held;
	struct io_timer next;
	uint8_t *data;
	struct mwrite *write;
	uint64_t began, first, n;
	bool busy;
	void (*done)(void *ctx, int err); /* of a single request */
	void *ctx;
};

static struct {
	struct worker workers[MAX_BOXES][MAX_LUNS][WORKERS_MAX];
	bool stopping, reading_back;
	unsigned busy;
} app;

static struct disk_of_box *disk_of(const struct held *h)
{
	return &h->box->disks[h->lun];
}

static const char *const kind_names[] = {
	[REQ_READ] = "read", [REQ_WRITE] = "write", [REQ_FLUSH] = "flush",
	[REQ_ZERO] = "zero", [REQ_PUNCH] = "punch",
};

static uint64_t think(void);
static void read_back(struct worker *k);

/* Errors -------------------------------------------------------------- */

/* Does the configuration, or what happened to the disk, permit it? */
static bool is_honest(const struct worker *k, int err)
{
	const struct disk_of_box *d = disk_of(k->held);
	uint64_t age = sim.now - k->r.since;
	uint64_t connfail = config.connfail_timeout * MS;

	if (d->exchanged || host_is_forced())
		return true;
	switch (-err) {
	case ENODEV:
		return d->doubtful ||
		       (d->served_at && sim.now < d->served_at + SEC);
	case ENOLINK:
		/* The first that waited may end before the word of it comes. */
		return config.connfail_timeout &&
		       (age + SLACK >= connfail ||
			host_down_for(k->held->box) + SLACK >= connfail ||
			host_is_deaf(connfail + SEC) ||
			held_waits_for(k->held, connfail));
	case ETIMEDOUT:
		return config.disk_timeout &&
		       age + SLACK >= config.disk_timeout * MS;
	case EOPNOTSUPP:
		return k->r.kind == REQ_ZERO || k->r.kind == REQ_PUNCH;
	case ENODATA:
		return d->medium_errors;
	}
	return false;
}

static void judge_error(const struct worker *k, int err)
{
	if (is_honest(k, err))
		sim_count(FIG_ERRORS);
	else
		sim_fail(FIG_ERROR, "%s: a %s failed (%s), and nothing says so",
			 disk_of(k->held)->name, kind_names[k->r.kind],
			 strerror(-err));
}

/* Requests ------------------------------------------------------------ */

static void end_read(struct worker *k, const uint8_t *data)
{
	struct disk_of_box *d = disk_of(k->held);

	sim_count(FIG_READS);
	if (d->exchanged && k->began > d->exchanged_at)
		sim_fail(FIG_WRONG, "%s: a read of an exchanged disk succeeded",
			 d->name);
	else
		model_check(d->model, k->first, k->n, data, k->began, "read");
}

static void end_change(struct worker *k, int err)
{
	bool stable = k->r.fua || !config.write_cache;

	if (k->r.kind != REQ_WRITE)
		stable = !config.write_cache;
	if (!err)
		sim_count(FIG_WRITES);
	model_write_end(disk_of(k->held)->model, k->write, err, stable);
}

static void end_flush(struct worker *k, int err)
{
	if (err)
		return;
	sim_count(FIG_FLUSHES);
	model_flushed(disk_of(k->held)->model, k->began);
}

/* A disk that was exchanged and is back must not be given up again. */
static void note_served(struct disk_of_box *d)
{
	if (!d->doubtful || d->exchanged)
		return;
	d->doubtful = false;
	d->served_at = sim.now;
}

static void on_done(struct request *r, int err, const uint8_t *data, size_t n)
{
	struct worker *k = container_of(r, struct worker, r);

	sim_trace(disk_of(k->held)->name, "%s %llu+%llu ends: %s",
		  kind_names[r->kind], (unsigned long long)k->first,
		  (unsigned long long)k->n, err ? strerror(-err) : "ok");
	k->busy = false;
	app.busy--;
	if (err)
		judge_error(k, err);
	else
		note_served(disk_of(k->held));
	if (r->kind == REQ_FLUSH)
		end_flush(k, err);
	else if (r->kind != REQ_READ)
		end_change(k, err);
	else if (!err)
		end_read(k, data);
	free(k->data);
	k->data = NULL;
	if (k->done)
		k->done(k->ctx, err);
	else if (!app.stopping)
		sim_after(&k->next, think());
}

static void ask(struct worker *k, enum request_kind kind, uint64_t first,
		uint64_t n, bool fua)
{
	struct disk_of_box *d = disk_of(k->held);

	k->busy = true;
	app.busy++;
	k->first = first;
	k->n = n;
	k->r = (struct request){
		.kind = kind,
		.fua = fua,
		.off = first * config.block_size,
		.len = n * config.block_size,
		.done = on_done,
	};
	k->began = model_began();
	k->write = NULL;
	if (kind != REQ_READ && kind != REQ_FLUSH)
		k->write = model_write_begin(d->model, first, n,
					     kind != REQ_WRITE);
	if (kind == REQ_WRITE) {
		k->data = malloc(k->r.len);
		model_fill(d->model, k->write, k->data);
		k->r.data = k->data;
	}
	sim_trace(d->name, "%s %llu+%llu%s", kind_names[kind],
		  (unsigned long long)first, (unsigned long long)n,
		  fua ? " fua" : "");
	kdev_ask(k->held->device, &k->r);
}

static enum request_kind pick_kind(bool *fua)
{
	uint32_t x = dice_below(&sim.app, 100);

	*fua = x >= 95;
	if (x < 30)
		return REQ_READ;
	if (x < 38)
		return REQ_FLUSH;
	if (config.thin && x < 38 + config.zeroing)
		return x & 1 ? REQ_ZERO : REQ_PUNCH;
	return REQ_WRITE;
}

static void ask_something(struct worker *k)
{
	uint64_t first, n, blocks = config.blocks;
	enum request_kind kind;
	bool fua;

	if (dice_chance(&sim.app, config.overlap))
		blocks = HOT_BLOCKS;
	kind = pick_kind(&fua);
	first = dice_below(&sim.app, (uint32_t)blocks);
	n = dice_skewed(&sim.app, 1, config.request_blocks);
	if (n > blocks - first)
		n = blocks - first;
	if (kind == REQ_FLUSH)
		first = n = 0;
	ask(k, kind, first, n, fua);
}

/* Who has more disks or threads thinks longer: a run stays short. */
static uint64_t think(void)
{
	unsigned workers = config.boxes * config.luns * config.threads;

	return dice_skewed(&sim.app, 0, (uint64_t)config.think * workers);
}

static void on_next(struct io_timer *t)
{
	struct worker *k = container_of(t, struct worker, next);

	const struct disk_of_box *d = disk_of(k->held);

	if (app.reading_back && d->doubtful && !k->busy)
		read_back(k);
	if (app.stopping || k->held->gone || (d->exchanged && !d->lent))
		return;
	if (k->held->device)
		ask_something(k);
	else
		sim_after(t, 10 * MS);
}

/* All together -------------------------------------------------------- */

static void each(void (*fn)(struct worker *k))
{
	for (unsigned i = 0; i < config.boxes; i++)
		for (unsigned j = 0; j < config.luns; j++)
			for (unsigned n = 0; n < WORKERS_MAX; n++)
				fn(&app.workers[i][j][n]);
}

static void start(struct worker *k)
{
	if (k <
	    app.workers[k->held->box->number][k->held->lun] + config.threads)
		sim_after(&k->next, think());
}

void app_init(void)
{
	memset(&app, 0, sizeof(app));
	for (unsigned i = 0; i < config.boxes; i++)
		for (unsigned j = 0; j < config.luns; j++)
			for (unsigned n = 0; n < WORKERS_MAX; n++) {
				app.workers[i][j][n].held = &held[i][j];
				app.workers[i][j][n].next.fn = on_next;
			}
	each(start);
}

static bool waits(const struct held *h)
{
	const struct worker *k = app.workers[h->box->number][h->lun];

	for (unsigned i = 0; i < WORKERS_MAX; i++)
		if (k[i].busy)
			return true;
	return false;
}

bool app_uses(const struct held *h)
{
	const struct disk_of_box *d = disk_of(h);

	if (d->exchanged && !d->lent)
		return false;
	return app.stopping ? waits(h) : config.threads;
}

void app_stop(void)
{
	app.stopping = true;
}

bool app_is_idle(void)
{
	return app.busy == 0;
}

static bool is_back(const struct worker *k)
{
	return !k->held->device || k->held->gone || !disk_of(k->held)->doubtful;
}

static bool all_are_back;

static void find_away(struct worker *k)
{
	all_are_back &= is_back(k);
}

bool app_is_read_back(void)
{
	all_are_back = true;
	each(find_away);
	return app_is_idle() && all_are_back;
}

static const struct worker *oldest;

static void find_oldest(struct worker *k)
{
	if (k->busy && (!oldest || k->r.since < oldest->r.since))
		oldest = k;
}

const char *app_waiting(void)
{
	static char text[128];

	oldest = NULL;
	each(find_oldest);
	if (!oldest)
		return "nothing waits";
	snprintf(text, sizeof(text), "%s: a %s waits for %llu s",
		 disk_of(oldest->held)->name, kind_names[oldest->r.kind],
		 (unsigned long long)((sim.now - oldest->r.since) / SEC));
	return text;
}

/* A disk that was exchanged for a while has to come back. */
static void on_read_back(void *ctx, int err)
{
	struct worker *k = ctx;

	if (k->r.kind == REQ_READ && !err)
		ask(k, REQ_FLUSH, 0, 0, false);
	else if (err && disk_of(k->held)->doubtful)
		sim_after(&k->next, 100 * MS);
}

static void read_back(struct worker *k)
{
	if (k != app.workers[k->held->box->number][k->held->lun] ||
	    !k->held->device || k->held->gone)
		return;
	k->done = on_read_back;
	k->ctx = k;
	ask(k, REQ_READ, 0, config.blocks, false);
}

void app_read_back(void)
{
	app.reading_back = true;
	each(read_back);
}
