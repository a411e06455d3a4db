/*
 * test_machines - the manager's state machines against the files beside this
 * one.
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
#include "disk/reserve.h"
#include "iscsid/device/device.h"
#include "iscsid/core/core.h"
#include "iscsid/life/stop.h"
#include "iscsid/source/source.h"
#include "iscsid/engines/supervise.h"

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

static void test_devices_move_as_agreed(void **state)
{
	compare(&device_fsm);
}

static void test_fences_move_as_agreed(void **state)
{
	compare(&fence_fsm);
}

static void test_reservations_move_as_agreed(void **state)
{
	compare(&reserve_fsm);
}

static void test_sources_move_as_agreed(void **state)
{
	compare(&source_fsm);
}

static void test_engines_move_as_agreed(void **state)
{
	compare(&engine_fsm);
}

static void test_the_manager_moves_as_agreed(void **state)
{
	compare(&manager_fsm);
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
		cmocka_unit_test(test_devices_move_as_agreed),
		cmocka_unit_test(test_sources_move_as_agreed),
		cmocka_unit_test(test_fences_move_as_agreed),
		cmocka_unit_test(test_reservations_move_as_agreed),
		cmocka_unit_test(test_engines_move_as_agreed),
		cmocka_unit_test(test_the_manager_moves_as_agreed),
		cmocka_unit_test(test_every_device_reaches_its_end_when_forced),
	};

	golden_dir = argc > 1 ? argv[1] : ".";
	writing = argc > 2;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
