/*
 * trouble - what goes wrong with the manager and what it stands on, and when.
 *
 * It has a time and dice of its own: what else a seed decides stays as it is.
 */
#include "trouble.h"

#include <string.h>

#include "config.h"
#include "host.h"
#include "lie.h"
#include "records.h"
#include "sim.h"

static struct io_timer next;

/* What comes first may come while the first sessions do. */
#define QUIET (500 * MS)

static uint64_t skewed_ms(uint64_t a, uint64_t b)
{
	return dice_skewed(&sim.host, a, b) * MS;
}

static void do_kill_manager(void)
{
	host_kill_manager(skewed_ms(1, 20000));
}

static void do_kill_both(void)
{
	host_kill_engine();
	host_kill_manager(skewed_ms(1, 3000));
}

static void do_upgrade(void)
{
	host_upgrade();
}

static void do_reload(void)
{
	host_reload();
}

static void do_fill(void)
{
	files_full(skewed_ms(10, 20000));
}

static void do_starve(void)
{
	host_starve(skewed_ms(10, 10000));
}

static const struct kind {
	const char *name;
	void (*fn)(void);
} kinds[] = {
	{ "manager killed", do_kill_manager },
	{ "manager and engine killed", do_kill_both },
	{ "upgrade", do_upgrade },
	{ "reload", do_reload },
	{ "files full", do_fill },
	{ "no process", do_starve },
	{ "engine lies", lie_tell },
};

_Static_assert(TROUBLE_FIRST + sizeof(kinds) / sizeof(kinds[0]) <= FAULT_KINDS,
	       "there is a figure for each");

unsigned trouble_kinds(void)
{
	return sizeof(kinds) / sizeof(kinds[0]);
}

const char *trouble_name(unsigned i)
{
	return kinds[i].name;
}

static uint64_t bit(const char *name)
{
	unsigned i = 0;

	while (strcmp(kinds[i].name, name) != 0)
		i++;
	return UINT64_C(1) << i;
}

static void on_next(struct io_timer *t)
{
	unsigned i = dice_below(&sim.host, trouble_kinds());

	if (config.troubles >> i & 1) {
		sim_trace("trouble", "%s", kinds[i].name);
		kinds[i].fn();
		sim.figures->faults[TROUBLE_FIRST + i]++;
	}
	sim_after(t, dice_skewed(&sim.host, 1, 2 * config.trouble_gap));
}

void troubles_init(void)
{
	next.fn = on_next;
	if (config.duration && config.trouble_gap)
		sim_after(&next, dice_below(&sim.host, QUIET));
}

void troubles_end(void)
{
	sim_cancel(&next);
	config.trouble_gap = 0;
	config.steps_fail = config.steps_slow = 0;
	files_full(0);
	host_starve(0);
	host_spare();
	host_reload();
}

/* Which a run has ----------------------------------------------------- */

static uint32_t pick(const uint32_t *list, size_t n)
{
	return list[dice_below(&sim.host, (uint32_t)n)];
}

/* One of these. */
#define PICK(...)                                                              \
	pick((const uint32_t[]){ __VA_ARGS__ },                                \
	     sizeof((const uint32_t[]){ __VA_ARGS__ }) / sizeof(uint32_t))

/* One that dies often, with several disks, and nothing else goes wrong. */
static void theme_deaths(void)
{
	config.boxes = PICK(1, 2);
	config.luns = PICK(2, 3);
	config.kinds = 0;
	config.pdu_rate = config.cmd_rate = 0;
	config.troubles = bit("manager killed") | bit("upgrade");
	if (dice_chance(&sim.host, 700))
		config.troubles |= bit("manager and engine killed");
	config.troubles |= dice_roll(&sim.host) & dice_roll(&sim.host);
	config.trouble_gap = PICK(200, 1000) * MS;
	config.steps_fail = PICK(0, 50, 300);
	config.steps_slow = PICK(0, 50, 300);
}

/* One kind of trouble. */
static void theme_one(void)
{
	config.troubles = UINT64_C(1) << dice_below(&sim.host, trouble_kinds());
	config.trouble_gap = PICK(50, 200) * MS;
}

void troubles_draw(void)
{
	bool themed = config.themed || config.stall_gap;

	if (dice_chance(&sim.host, themed ? 700 : 200))
		return;
	config.steps_fail = PICK(0, 0, 50, 300);
	config.steps_slow = PICK(0, 0, 50, 300);
	config.troubles = dice_roll(&sim.host) | dice_roll(&sim.host);
	config.trouble_gap = PICK(1000, 5000) * MS;
	if (themed)
		return;
	if (dice_chance(&sim.host, 300))
		config.leaves_for = PICK(1, 1000, 20000, 60000) * MS;
	if (dice_chance(&sim.host, 600))
		theme_deaths();
	else if (dice_chance(&sim.host, 300))
		theme_one();
}
