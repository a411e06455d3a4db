/*
 * test_conf_lines - lines of a text file as people write them.
 */
#include "conf_helper.h"

#include "conf/lines.h"

static struct line line_of(const char *text, size_t n, unsigned no)
{
	struct lines lines;
	struct line l = { 0 };

	lines_init(&lines, text, n);
	while (lines_next(&lines, &l))
		if (l.no == no)
			return l;
	fail_msg("there is no line %u", no);
	return l;
}

static void assert_line(const char *text, unsigned no, const char *line)
{
	struct line l = line_of(text, strlen(text), no);

	assert_int_equal(l.n, strlen(line));
	assert_memory_equal(l.s, line, l.n);
}

static void test_last_line_needs_no_newline(void **state)
{
	assert_line("a\nb", 2, "b");
	assert_line("a\nb\n", 2, "b");
}

static void test_windows_line_ends_are_cut(void **state)
{
	assert_line("a\r\nb\r\n", 1, "a");
	assert_line("a\r\nb\r\n", 2, "b");
}

static void test_byte_order_mark_is_skipped(void **state)
{
	assert_line("\xef\xbb\xbf"
		    "a\n",
		    1, "a");
}

static void test_tab_counts_eight_columns_of_indent(void **state)
{
	assert_int_equal(line_of("\t x", 3, 1).indent, 9);
	assert_int_equal(line_of("  x ", 4, 1).indent, 2);
	assert_int_equal(line_of("x", 1, 1).indent, 0);
}

static void test_blank_lines_and_comments_are_empty(void **state)
{
	static const char *const empty[] = { "\n", "  \t\n", "# x\n", "  #" };

	for (size_t i = 0; i < 4; i++) {
		struct line l = line_of(empty[i], strlen(empty[i]), 1);

		assert_true(line_is_empty(&l));
	}
}

static void assert_faulty(const char *text, size_t n, const char *part)
{
	struct line l = line_of(text, n, 1);
	const char *fault = line_fault(&l, 100);

	assert_non_null(fault);
	assert_non_null(strstr(fault, part));
}

static void test_what_is_no_text_is_a_fault(void **state)
{
	char longest[101];

	memset(longest, 'x', sizeof(longest));
	assert_faulty("a\001b", 3, "control");
	assert_faulty("a\177b", 3, "control");
	assert_faulty("a\rb", 3, "control");
	assert_faulty("a\302\205b", 4, "control");
	assert_faulty("a\0b", 3, "NUL");
	assert_faulty("a\377b", 3, "UTF-8");
	assert_faulty("a\303", 2, "UTF-8");
	assert_faulty(longest, sizeof(longest), "long");
}

static void test_good_text_is_no_fault(void **state)
{
	struct line l = line_of("a\tb \303\244", 6, 1);

	assert_null(line_fault(&l, 100));
}

static void test_words_are_separated_by_any_blanks(void **state)
{
	const char *s = "0 \t 1  iqn", *word;
	size_t pos = 0, len;

	assert_true(line_word(s, strlen(s), &pos, &word, &len));
	assert_true(line_word(s, strlen(s), &pos, &word, &len));
	assert_int_equal(word[0], '1');
	assert_true(line_word(s, strlen(s), &pos, &word, &len));
	assert_int_equal(len, 3);
	assert_false(line_word(s, strlen(s), &pos, &word, &len));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_last_line_needs_no_newline),
		cmocka_unit_test(test_windows_line_ends_are_cut),
		cmocka_unit_test(test_byte_order_mark_is_skipped),
		cmocka_unit_test(test_tab_counts_eight_columns_of_indent),
		cmocka_unit_test(test_blank_lines_and_comments_are_empty),
		cmocka_unit_test(test_what_is_no_text_is_a_fault),
		cmocka_unit_test(test_good_text_is_no_fault),
		cmocka_unit_test(test_words_are_separated_by_any_blanks),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
