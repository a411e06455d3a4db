/*
 * world - a run: from the seed to the verdict.
 */
#include "world.h"

#include <string.h>

#include "app.h"
#include "box.h"
#include "config.h"
#include "fault.h"
#include "host.h"
#include "kernel.h"
#include "net.h"
#include "records.h"
#include "sim.h"

/* Every request ends in so long after the last fault: back-off is a minute at
 * most, then come login, resets and probes with their time limits. */
#define CALM (400 * SEC)

void world_init(void)
{
	config_describe();
	net_init();
	boxes_init();
	host_init();
	app_init();
	faults_init();
}

bool world_until(bool (*done)(void), uint64_t limit)
{
	uint64_t until = sim.now + limit;

	while (!sim.failed && !done())
		if (!sim_step(until))
			return done();
	return !sim.failed;
}

static bool never(void)
{
	return false;
}

/* What is on the medium, without asking the driver. */
static void check_media(const char *where)
{
	for (unsigned i = 0; i < config.boxes; i++)
		for (unsigned j = 0; j < config.luns; j++) {
			struct disk_of_box *d = &boxes[i].disks[j];

			model_check(d->model, 0, config.blocks, d->store.now,
				    model_began(), where);
			if (d->other.touched)
				sim_fail(FIG_WRONG,
					 "%s: a disk that is none of ours was "
					 "written to",
					 d->name);
		}
}

static void cut_power(void)
{
	for (unsigned i = 0; i < config.boxes; i++)
		for (unsigned j = 0; j < config.luns; j++) {
			struct disk_of_box *d = &boxes[i].disks[j];

			store_power_cut(&d->store);
			if (config.write_cache)
				model_power_cut(d->model);
		}
}

static void expect(bool (*done)(void), uint64_t limit, const char *what)
{
	if (!world_until(done, limit) && !sim.failed)
		sim_fail(FIG_STUCK, "%s: %s", what, app_waiting());
}

/* What is not as it has to be in a calm; NULL: all is. */
static const char *what_lacks(void)
{
	if (!app_is_idle())
		return app_waiting();
	if (!host_has_engine())
		return "no engine serves, or no manager runs";
	if (host_is_outdated())
		return "the engine is that of the version before";
	if (files_lack())
		return "a record could not be written, and is not yet";
	for (unsigned i = 0; i < config.boxes; i++)
		for (unsigned j = 0; j < config.luns; j++)
			if (!boxes[i].disks[j].exchanged &&
			    !kernel_is_whole(&held[i][j]))
				return "a disk is not online, or not as large "
				       "as it is";
	return NULL;
}

static bool all_is_well(void)
{
	return !what_lacks();
}

void world_finish(void)
{
	app_stop();
	faults_end();
	if (!world_until(all_is_well, CALM / 2) && app_is_idle())
		host_rescan(); /* LUNs that gave a wrong answer are given up */
	if (!world_until(all_is_well, CALM / 2) && !sim.failed)
		sim_fail(FIG_STUCK, "after the last fault: %s", what_lacks());
	if (sim.failed)
		return;
	app_read_back();
	expect(app_is_read_back, CALM, "reading everything back");
	if (sim.failed)
		return;
	check_media("medium at the end");
	cut_power();
	check_media("medium after a last power cut");
	if (sim.failed)
		return;
	host_leave();
	expect(host_is_over, CALM, "the end of the engine");
	if (!sim.failed)
		host_bury();
}

/* The orderly end, in the middle of it all; what is not done is forced. */
static void leave_now(void)
{
	app_stop();
	expect(host_runs, CALM, "the next start of the manager");
	if (sim.failed)
		return;
	host_leave();
	world_until(host_is_over, config.leaves_for);
	if (!sim.failed && !host_is_over())
		host_force();
	expect(host_is_over, CALM, "the end by force");
	world_until(never, SEC); /* what was killed ends */
	if (sim.failed)
		return;
	check_media("medium after the end by force");
	host_bury();
}

static const char *settings[16];
static unsigned nsettings;

static bool apply(const char *setting)
{
	char name[32];
	const char *value = strchr(setting, '=');

	if (!value || (size_t)(value - setting) >= sizeof(name))
		return false;
	memcpy(name, setting, (size_t)(value - setting));
	name[value - setting] = '\0';
	return config_set(name, value + 1);
}

bool world_set(const char *setting)
{
	if (nsettings == sizeof(settings) / sizeof(*settings) ||
	    !apply(setting))
		return false;
	settings[nsettings++] = setting;
	return true;
}

bool world_run(uint64_t seed, bool trace, struct figures *f)
{
	sim_init(seed, trace, f);
	f->seeds++;
	config_draw();
	for (unsigned i = 0; i < nsettings; i++)
		apply(settings[i]);
	world_init();
	world_until(never, config.duration);
	if (sim.failed)
		return false;
	if (config.leaves_for)
		leave_now();
	else
		world_finish();
	return !sim.failed;
}
