/*
 * test_initiatorname - /etc/initiatorname.iscsi, and new names.
 */
#include "conf_helper.h"

#include <errno.h>

#include "conf/iname.h"
#include "conf/initiatorname.h"

#define NAME "iqn.2001-04.com.example:host"

static struct initiator got;

static int read_text(const char *text)
{
	put_file(in_tmp("name"), text);
	memset(&got, 0, sizeof(got));
	return initiatorname_read(in_tmp("name"), fresh_report(), &got);
}

static void test_name_is_read(void **state)
{
	assert_int_equal(read_text("InitiatorName=" NAME "\n"), 0);
	assert_string_equal(got.name, NAME);
	assert_string_equal(got.alias, "");
	assert_string_equal(told, "");
}

static void test_name_as_people_write_it_is_read(void **state)
{
	assert_int_equal(read_text("# me\n\n\t InitiatorName = " NAME
				   "\t(host)\r\nsomething else\n"
				   "other=thing"),
			 0);
	assert_string_equal(got.name, NAME);
	assert_int_equal(read_text("InitiatorName=" NAME), 0);
	assert_string_equal(got.name, NAME);
}

static void test_last_of_several_names_wins(void **state)
{
	assert_int_equal(read_text("InitiatorName=" NAME "1\n"
				   "InitiatorName=" NAME "2\n"),
			 0);
	assert_string_equal(got.name, NAME "2");
}

static void test_wrong_name_is_told_and_a_good_one_used(void **state)
{
	assert_int_equal(read_text("InitiatorName=" NAME "\n"
				   "InitiatorName=host\n"
				   "InitiatorName=\n"
				   "InitiatorName=iqn.x\xff\n"),
			 0);
	assert_told("name:2: the InitiatorName does not begin with");
	assert_told("name:3: the InitiatorName is empty");
	assert_told("name:4: the line is not well-formed UTF-8");
	assert_string_equal(got.name, NAME);
}

static void test_too_long_name_is_told(void **state)
{
	char text[400] = "InitiatorName=" NAME;

	memset(text + strlen(text), 'x', 300);
	assert_int_equal(read_text(text), -EINVAL);
	assert_told("name:1: the InitiatorName is longer than 223 bytes");
}

static void test_capitals_are_folded_with_a_warning(void **state)
{
	assert_int_equal(read_text("InitiatorName=iqn.2001-04.com.Example:H\n"),
			 0);
	assert_string_equal(got.name, "iqn.2001-04.com.example:h");
	assert_told("warning: ");
}

static void test_alias_is_the_rest_of_its_line(void **state)
{
	assert_int_equal(read_text("InitiatorAlias= my host \n"
				   "InitiatorName=" NAME "\n"),
			 0);
	assert_string_equal(got.alias, "my host");
}

static void test_file_without_a_name_is_an_error(void **state)
{
	assert_int_equal(read_text("# nothing\n"), -EINVAL);
	assert_told("name: an InitiatorName is required, but was not found");
	assert_int_equal(read_text(""), -EINVAL);
}

static void test_missing_file_is_an_error_of_reading(void **state)
{
	assert_int_equal(
		initiatorname_read(in_tmp("none"), fresh_report(), &got),
		-ENOENT);
	assert_told("none: cannot open the InitiatorName configuration file");
}

static void test_missing_file_is_made_once(void **state)
{
	struct initiator again;
	struct stat st;

	assert_int_equal(initiatorname_get(in_tmp("new"), fresh_report(), &got),
			 0);
	assert_string_equal(told, "");
	assert_memory_equal(got.name, INAME_PREFIX ".",
			    strlen(INAME_PREFIX "."));
	assert_int_equal(stat(in_tmp("new"), &st), 0);
	assert_int_equal(st.st_mode & 07777, 0600);
	assert_int_equal(
		initiatorname_get(in_tmp("new"), fresh_report(), &again), 0);
	assert_string_equal(got.name, again.name);
}

static void test_existing_file_is_never_replaced(void **state)
{
	char *text;

	put_file(in_tmp("bad"), "InitiatorName=oops\n");
	assert_int_equal(initiatorname_get(in_tmp("bad"), fresh_report(), &got),
			 -EINVAL);
	text = get_file(in_tmp("bad"));
	assert_string_equal(text, "InitiatorName=oops\n");
	free(text);
}

static void test_place_that_cannot_be_written_is_told(void **state)
{
	assert_int_equal(
		initiatorname_get("/proc/none/name", fresh_report(), &got),
		-ENOENT);
	assert_told("/proc/none/name: cannot make it: No such file");
}

static void test_new_names_differ_and_are_names(void **state)
{
	char a[NAME_SIZE], c[NAME_SIZE];

	assert_int_equal(iname_make(NULL, a, sizeof(a)), 0);
	assert_int_equal(iname_make(NULL, c, sizeof(c)), 0);
	assert_string_not_equal(a, c);
	assert_null(name_fault(a, strlen(a), NULL));
	assert_int_equal(strlen(a), strlen(INAME_PREFIX) + 13);
}

static void test_new_name_takes_a_prefix(void **state)
{
	char a[NAME_SIZE];

	assert_int_equal(iname_make("iqn.2001-04.com.Example:01", a, sizeof(a)),
			 0);
	assert_memory_equal(a, "iqn.2001-04.com.example:01.", 27);
}

static void test_prefix_that_makes_no_name_is_refused(void **state)
{
	char a[NAME_SIZE], longest[NAME_SIZE] = "iqn.2001-04.com.example:";

	assert_int_equal(iname_make("host", a, sizeof(a)), -EINVAL);
	assert_int_equal(iname_make("", a, sizeof(a)), -EINVAL);
	assert_int_equal(
		iname_make("iqn.2001-04.com.example:a b", a, sizeof(a)),
		-EINVAL);
	memset(longest + 24, 'x', sizeof(longest) - 25);
	assert_int_equal(iname_make(longest, a, sizeof(a)), -EINVAL);
	assert_int_equal(iname_make(NULL, a, 10), -ENOSPC);
}

#define T(name)                                                                \
	cmocka_unit_test_setup_teardown(name, make_tmp_dir, remove_tmp_dir)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(test_name_is_read),
		T(test_name_as_people_write_it_is_read),
		T(test_last_of_several_names_wins),
		T(test_wrong_name_is_told_and_a_good_one_used),
		T(test_too_long_name_is_told),
		T(test_capitals_are_folded_with_a_warning),
		T(test_alias_is_the_rest_of_its_line),
		T(test_file_without_a_name_is_an_error),
		T(test_missing_file_is_an_error_of_reading),
		T(test_missing_file_is_made_once),
		T(test_existing_file_is_never_replaced),
		T(test_place_that_cannot_be_written_is_told),
		cmocka_unit_test(test_new_names_differ_and_are_names),
		cmocka_unit_test(test_new_name_takes_a_prefix),
		cmocka_unit_test(test_prefix_that_makes_no_name_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
