/* Tests of tests/scripts/script.c: what lines of a fault script mean. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "scripts/script.h"

static struct script script;
static char err[512];

static int read_text(const char *text)
{
	char path[] = "/tmp/test_fault_script.XXXXXX";
	int fd = mkstemp(path), r;

	assert_true(fd >= 0);
	assert_int_equal(write(fd, text, strlen(text)), strlen(text));
	close(fd);
	r = script_read(path, &script, err, sizeof(err));
	unlink(path);
	return r;
}

static const struct step *good(const char *line)
{
	if (read_text(line))
		fail_msg("%s: %s", line, err);
	return &script.steps[script.nsteps - 1];
}

static void bad(const char *text, const char *why)
{
	assert_int_equal(read_text(text), -EINVAL);
	assert_string_equal(err, why);
}

static void test_a_request_says_how_and_when_it_ends(void **state)
{
	const struct step *p =
		good("write 8+4 A lun 1 fua ENODATA after 1.5s within 2m\n");

	assert_int_equal(p->verb, VERB_ASK);
	assert_int_equal(p->want.kind, ASK_WRITE);
	assert_int_equal(p->want.first, 8);
	assert_int_equal(p->want.n, 4);
	assert_int_equal(p->want.lun, 1);
	assert_true(p->want.fua);
	assert_int_equal(p->err, ENODATA);
	assert_int_equal(p->after, 1500);
	assert_int_equal(p->within, 120000);
}

static void test_a_read_may_allow_two_answers(void **state)
{
	const struct step *p = good("read 0+1 A or zero\n");

	assert_string_equal(p->want.data[0], "A");
	assert_string_equal(p->want.data[1], "zero");
}

static void test_a_count_may_be_open(void **state)
{
	const struct step *p = good("saw 2- rx tmf abort-task within 1s\n");

	assert_int_equal(p->min, 2);
	assert_true(p->max == SCRIPT_FOREVER);
	assert_string_equal(p->text, "rx tmf abort-task");
	p = good("saw 0 scsi write\n");
	assert_int_equal(p->max, 0);
}

static void
test_lines_of_iscsi_conf_and_of_the_target_stay_as_they_are(void **state)
{
	const struct step *p = good("# A title.\nconf LoginTimeout=2\n"
				    "target fault rx any 1- drop\n");

	assert_string_equal(script.title, "A title.");
	assert_non_null(strstr(script.setup.conf, "\nLoginTimeout=2\n"));
	assert_string_equal(p->text, "fault rx any 1- drop");
}

static void test_each_block_is_told_from_others(void **state)
{
	uint8_t a[512], b[512];

	script_fill("A", 1, a);
	script_fill("A", 2, b);
	assert_true(memcmp(a, b, sizeof(a)) != 0);
	script_fill("B", 1, b);
	assert_true(memcmp(a, b, sizeof(a)) != 0);
	script_fill("zero", 1, a);
	memset(b, 0, sizeof(b));
	assert_memory_equal(a, b, sizeof(a));
}

static void test_errors_name_line_and_word(void **state)
{
	bad("start\njump\n", "line 2: unknown: 'jump'");
	bad("write 0 A\n", "line 1: not FIRST+COUNT of blocks: '0'");
	bad("read 0+8\n", "line 1: which data?: ''");
	bad("write 0+8 A soon\n", "line 1: too much: 'soon'");
	bad("write 0+8 A within 3\n", "line 1: ms, s or m are missing: '3'");
	bad("wait long\n", "line 1: not a time: 'long'");
	bad("saw many rx tmf\n", "line 1: not a number or a range: 'many'");
	bad("start\nconf A=1\n", "line 2: comes before the first step: 'conf'");
	bad("disks luns=9\n", "line 1: 1 to 3 LUNs: 'luns=9'");
	bad("device 1 here\n", "line 1: there or away?: 'here'");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_a_request_says_how_and_when_it_ends),
		cmocka_unit_test(test_a_read_may_allow_two_answers),
		cmocka_unit_test(test_a_count_may_be_open),
		cmocka_unit_test(
			test_lines_of_iscsi_conf_and_of_the_target_stay_as_they_are),
		cmocka_unit_test(test_each_block_is_told_from_others),
		cmocka_unit_test(test_errors_name_line_and_word),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
