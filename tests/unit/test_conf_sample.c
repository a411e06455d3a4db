/*
 * test_conf_sample - the sample iscsi.conf and the manual page say what the
 * keyword table says.
 *
 * Arguments: the sample, the source of iscsi.conf(5) with its keywords.
 */
#include "conf_helper.h"

#include "conf/conf.h"

static char *sample, *page;

static bool is_plain(const struct keyword *k)
{
	return k->kind != KEY_SECTION && k->kind != KEY_UNUSED;
}

static bool in_sample(const struct keyword *k)
{
	return is_plain(k) && strcmp(k->name, "PollInterval") != 0;
}

static size_t defaults(void)
{
	size_t n = 0;

	for (size_t i = 0; i < keyword_count; i++)
		n += in_sample(&keywords[i]) && keywords[i].deflt;
	return n;
}

static void test_sample_has_every_keyword_with_its_default(void **state)
{
	char line[128];

	for (size_t i = 0; i < keyword_count; i++) {
		const struct keyword *k = &keywords[i];

		if (!in_sample(k))
			continue;
		snprintf(line, sizeof(line), "\n#%s=%s\n", k->name,
			 k->deflt ? k->deflt : "");
		if (!strstr(sample, line))
			fail_msg("make it anew (conf-doc sample): %s", line);
	}
}

static void test_page_has_every_keyword_alias_and_default(void **state)
{
	const char *name, *entry;
	char text[128];

	for (size_t i = 0; i < keyword_count; i++) {
		const struct keyword *k = &keywords[i];

		snprintf(text, sizeof(text), "\n*%s*=_", k->name);
		entry = strstr(page, text);
		if (!entry)
			fail_msg("%s is missing", k->name);
		for (size_t j = 0; (name = keyword_name(k, j)); j++)
			assert_non_null(strstr(entry, name));
		snprintf(text, sizeof(text), "Default: %s.",
			 k->deflt ? k->deflt : "none");
		if (is_plain(k))
			assert_non_null(strstr(entry, text));
	}
}

static struct conf *parse(const char *text)
{
	struct conf *conf;

	assert_int_equal(
		conf_parse("s", text, strlen(text), fresh_report(), &conf), 0);
	return conf;
}

static void test_sample_changes_nothing_and_has_no_faults(void **state)
{
	struct conf *conf = parse(sample);

	assert_string_equal(told, "");
	assert_int_equal(conf->nsections, 0);
	assert_int_equal(conf->globals.count, 0);
	conf_free(conf);
}

/* The lines "#Keyword=value", alive; those without a value left out. */
static void test_lines_of_the_sample_can_be_put_to_use(void **state)
{
	char *text = calloc(1, strlen(sample) + 1), *out = text;
	struct conf *conf;

	for (char *line = strtok(sample, "\n"); line;
	     line = strtok(NULL, "\n")) {
		size_t n = strlen(line);

		if (line[0] == '#' && line[1] >= 'A' && line[1] <= 'Z' &&
		    strchr(line, '=') && line[n - 1] != '=')
			out += sprintf(out, "%s\n", line + 1);
	}
	conf = parse(text);
	assert_string_equal(told, "");
	assert_int_equal(conf->nsections, 1);
	assert_int_equal(conf->globals.count, defaults());
	conf_free(conf);
	free(text);
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(
			test_sample_has_every_keyword_with_its_default),
		cmocka_unit_test(test_page_has_every_keyword_alias_and_default),
		cmocka_unit_test(test_sample_changes_nothing_and_has_no_faults),
		cmocka_unit_test(test_lines_of_the_sample_can_be_put_to_use),
	};
	int failed;

	if (argc != 3)
		return 2;
	sample = get_file(argv[1]);
	page = get_file(argv[2]);
	if (!sample || !page)
		return 2;
	failed = cmocka_run_group_tests(tests, NULL, NULL);
	free(sample);
	free(page);
	return failed;
}
