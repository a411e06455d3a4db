/*
 * test_machines - the tables of state machines: complete, and as the files
 * beside this one have them.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/fsm.h"
#include "base/str.h"
#include "disk/fence.h"
#include "disk/internal.h"
#include "disk/reserve.h"
#include "engine/lun/listing.h"
#include "engine/lun/scan.h"
#include "engine/target/attempt.h"
#include "engine/target/target.h"
#include "engine/target/witness.h"
#include "export/life.h"
#include "io/sock.h"
#include "iscsid/device/device.h"
#include "iscsid/core/core.h"
#include "iscsid/life/stop.h"
#include "iscsid/source/source.h"
#include "iscsid/target/target.h"
#include "iscsid/engines/supervise.h"
#include "proto/state.h"

static const char *golden_dir;

/*
 * A change of a table shows up here; when it is meant, write the new one
 * with: test_machines DIR write
 */
static bool writing;

static void compare(const struct fsm *f)
{
	static char now[65536], then[65536];
	struct strbuf sb;
	char path[512];
	size_t n = 0;
	FILE *file;

	sb_init(&sb, now, sizeof(now));
	fsm_dump(f, &sb);
	assert_false(sb.full);
	snprintf(path, sizeof(path), "%s/%s.fsm", golden_dir, f->name);
	file = fopen(path, writing ? "w" : "r");
	assert_non_null(file);
	if (writing)
		fputs(now, file);
	else
		n = fread(then, 1, sizeof(then) - 1, file);
	fclose(file);
	then[n] = '\0';
	if (!writing)
		assert_string_equal(now, then);
}

static const struct fsm *const machines[] = {
	&conn_fsm,    &session_fsm, &probe_fsm,	  &fence_fsm,
	&reserve_fsm, &device_fsm,  &source_fsm,  &engine_fsm,
	&target_fsm,  &manager_fsm, &life_fsm,	  &engine_target_fsm,
	&attempt_fsm, &lun_fsm,	    &listing_fsm, &witness_fsm,
	&sock_fsm,    &disk_fsm,    &scan_fsm,
};
#define EACH_MACHINE(f)                                                        \
	for (size_t i = 0; i < sizeof(machines) / sizeof(*machines); i++)      \
		for (const struct fsm *f = machines[i]; f; f = NULL)

static void test_machines_move_as_agreed(void **state)
{
	EACH_MACHINE(f)
	compare(f);
}

static void check_names(const struct fsm *f, const char *const *names,
			uint8_t n)
{
	if (!n)
		fail_msg("%s does not say how many there are", f->name);
	for (uint8_t i = 0; i < n; i++)
		if (!names[i])
			fail_msg("%s lacks a name after %s", f->name,
				 names[i - 1]);
}

/* The pairs for which the row is the first that fits. */
static uint32_t reached(const struct fsm *f, const struct fsm_row *row)
{
	uint32_t left = row->from;

	for (const struct fsm_row *r = f->rows; r < row; r++)
		if (r->event == row->event)
			left &= ~r->from;
	return left;
}

static void check_row(const struct fsm *f, const struct fsm_row *row)
{
	bool ignored = row->to == FSM_IGNORED;
	const char *event = "an event";

	if (row->event < f->nevents)
		event = f->events[row->event];
	else
		fail_msg("%s has a row for an event without a name", f->name);
	if (f->nstates < 32 && row->from >> f->nstates)
		fail_msg("%s: %s in a state without a name", f->name, event);
	if (!ignored && row->to >= f->nstates)
		fail_msg("%s: %s leads nowhere", f->name, event);
	if (ignored && (row->act || !row->label))
		fail_msg("%s: %s is ignored for no reason", f->name, event);
	if (!reached(f, row))
		fail_msg("%s: a row for %s is never reached", f->name, event);
}

static bool has_step_for(const struct fsm *f, uint8_t event)
{
	for (size_t i = 0; i < f->nrows; i++)
		if (f->rows[i].event == event && f->rows[i].to != FSM_IGNORED)
			return true;
	return false;
}

/* What is not listed is impossible: then somebody has to be told. */
static void test_each_machine_is_complete(void **state)
{
	EACH_MACHINE(f)
	{
		if (!f->broken || !f->check)
			fail_msg("%s promises nothing", f->name);
		check_names(f, f->states, f->nstates);
		check_names(f, f->events, f->nevents);
		for (size_t r = 0; r < f->nrows; r++)
			check_row(f, &f->rows[r]);
		for (uint8_t ev = 0; ev < f->nevents; ev++)
			if (!has_step_for(f, ev))
				fail_msg("%s: %s is for nothing", f->name,
					 f->events[ev]);
	}
}

/* Every state from which a stop does not lead to the end is a hang. */
static void test_every_device_reaches_its_end_when_forced(void **state)
{
	static const uint8_t evs[] = { DEVICE_FORCE, DEVICE_STOP };

	for (unsigned s = 0; s < DEVICE_GONE; s++) {
		bool leaves = false;

		for (size_t i = 0; i < device_fsm.nrows; i++)
			for (size_t e = 0; e < sizeof(evs); e++)
				leaves |= (device_fsm.rows[i].from & IN(s)) &&
					  device_fsm.rows[i].event == evs[e];
		if (!leaves)
			fail_msg("%s ignores the stop", device_fsm.states[s]);
	}
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_machines_move_as_agreed),
		cmocka_unit_test(test_each_machine_is_complete),
		cmocka_unit_test(test_every_device_reaches_its_end_when_forced),
	};

	golden_dir = argc > 1 ? argv[1] : ".";
	writing = argc > 2;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
