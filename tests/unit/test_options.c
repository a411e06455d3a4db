/*
 * test_options - iscsid's command line.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "iscsid/daemon/options.h"

static struct options options;
static char complaint[512];

static void read_line(const char *line)
{
	static char words[256];
	char *argv[32] = { (char[]){ "iscsid" } };
	FILE *err = fmemopen(complaint, sizeof(complaint), "w");
	int argc = 1;

	snprintf(words, sizeof(words), "%s", line);
	for (char *w = strtok(words, " "); w; w = strtok(NULL, " "))
		argv[argc++] = w;
	memset(complaint, 0, sizeof(complaint));
	options_read(argc, argv, err, &options);
	fclose(err);
}

static void test_without_words_everything_is_in_its_old_place(void **state)
{
	read_line("");
	assert_int_equal(options.verb, OPTIONS_RUN);
	assert_string_equal(options.conf, "/etc/iscsi.conf");
	assert_string_equal(options.bindings, "/etc/iscsi.bindings");
	assert_string_equal(options.initiatorname, "/etc/initiatorname.iscsi");
	assert_string_equal(options.linkdir, "/dev/iscsi");
	assert_string_equal(options.rundir, "/run/iscsi");
	assert_int_equal(options.mode, 0755);
	assert_false(options.foreground);
	assert_false(options.debug);
}

static void test_every_place_can_be_given(void **state)
{
	read_line("-b B -d -f F -I I -l L -m 0700 -n -R R -e 3 -c 250");
	assert_int_equal(options.verb, OPTIONS_RUN);
	assert_string_equal(options.bindings, "B");
	assert_true(options.custom_bindings);
	assert_string_equal(options.conf, "F");
	assert_string_equal(options.initiatorname, "I");
	assert_string_equal(options.linkdir, "L");
	assert_string_equal(options.rundir, "R");
	assert_int_equal(options.mode, 0700);
	assert_int_equal(options.engines, 3);
	assert_int_equal(options.task_timeout, 250);
	assert_true(options.foreground && options.debug);
}

static void test_the_other_verbs_are_known(void **state)
{
	read_line("-t -f F");
	assert_int_equal(options.verb, OPTIONS_CHECK);
	read_line("-F -R R");
	assert_int_equal(options.verb, OPTIONS_FREE);
	assert_true(options.foreground);
	read_line("--free");
	assert_int_equal(options.verb, OPTIONS_FREE);
	read_line("--help");
	assert_int_equal(options.verb, OPTIONS_HELP);
	read_line("-V");
	assert_int_equal(options.verb, OPTIONS_VERSION);
}

static void test_a_wrong_word_is_named(void **state)
{
	static const struct {
		const char *line, *text;
	} wrong[] = {
		{ "-x", "-x: no such option" },
		{ "-f", "-f: a value is needed" },
		{ "-m 0888", "0888: an octal mode" },
		{ "-m 1777", "1777: an octal mode" },
		{ "-m -7", "-7: an octal mode" },
		{ "-c 0", "0: a number" },
		{ "-e 0", "0: a number" },
		{ "-e 65", "65: a number" },
		{ "start", "start: unexpected word" },
	};

	for (size_t i = 0; i < sizeof(wrong) / sizeof(*wrong); i++) {
		read_line(wrong[i].line);
		assert_int_equal(options.verb, OPTIONS_WRONG);
		assert_non_null(strstr(complaint, wrong[i].text));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(
			test_without_words_everything_is_in_its_old_place),
		cmocka_unit_test(test_every_place_can_be_given),
		cmocka_unit_test(test_the_other_verbs_are_known),
		cmocka_unit_test(test_a_wrong_word_is_named),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
