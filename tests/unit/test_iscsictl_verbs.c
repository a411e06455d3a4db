/*
 * test_iscsictl_verbs - requests of words (tools/iscsictl_verbs.h).
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "tools/iscsictl_verbs.h"
#include "words/verbs.h"

#define WORDS_MOST 8

static struct msg_out request;

/* The request that a line becomes, or what is wrong with it. */
static const char *asked(const char *line)
{
	static char text[256];
	char *words[WORDS_MOST];
	int count = 0;
	const struct control_verb *v;
	const char *wrong;

	strncpy(text, line, sizeof(text) - 1);
	for (char *w = strtok(text, " "); w; w = strtok(NULL, " ")) {
		assert_true(count < WORDS_MOST);
		words[count++] = w;
	}
	v = verb_find(words[0]);
	assert_non_null(v);
	wrong = verb_request(v, count - 1, words + 1, &request);
	return wrong ? wrong : request.text;
}

static void test_words_become_values_of_the_keys(void **state)
{
	assert_string_equal(asked("status"), "status");
	assert_string_equal(asked("add 0 3 1"), "add bus=0 target=3 lun=1");
	assert_string_equal(asked("connfailtimeout - - 15"),
			    "connfailtimeout bus=- target=- seconds=15");
}

static void test_what_may_be_missing_comes_last(void **state)
{
	assert_string_equal(asked("config"), "config");
	assert_string_equal(asked("config iqn.x"), "config name=iqn.x");
	assert_string_equal(asked("rescan"), "rescan");
	assert_string_equal(asked("rescan 0 3"), "rescan bus=0 target=3");
}

static void test_a_portal_is_an_address_or_an_index(void **state)
{
	assert_string_equal(asked("portal 0 3 192.0.2.20"),
			    "portal bus=0 target=3 address=192.0.2.20");
	assert_string_equal(asked("portal 0 3 1"),
			    "portal bus=0 target=3 index=1");
}

static void test_words_too_many_or_too_few_are_refused(void **state)
{
	assert_string_equal(asked("status now"), "too many words");
	assert_string_equal(asked("remove 0 3"), "words are missing");
	assert_string_equal(asked("portal 0 3"), "words are missing");
	assert_string_equal(asked("portal 0 3 1 2"), "too many words");
	assert_string_equal(asked("log"), "words are missing");
}

static void test_half_an_address_of_a_target_is_refused(void **state)
{
	assert_string_equal(asked("rescan 0"),
			    "a target id has to follow the bus id");
}

static void test_a_topic_is_on_or_off_and_all_of_them_alone(void **state)
{
	assert_string_equal(asked("log all"), "log what=all");
	assert_string_equal(asked("log eh on"), "log what=eh value=on");
	assert_string_equal(asked("log eh"), "on or off has to follow");
	assert_string_equal(asked("log none off"), "all and none stand alone");
}

static void test_no_verb_is_found_by_its_beginning(void **state)
{
	assert_null(verb_find("stat"));
	assert_null(verb_find(""));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_words_become_values_of_the_keys),
		cmocka_unit_test(test_what_may_be_missing_comes_last),
		cmocka_unit_test(test_a_portal_is_an_address_or_an_index),
		cmocka_unit_test(test_words_too_many_or_too_few_are_refused),
		cmocka_unit_test(test_half_an_address_of_a_target_is_refused),
		cmocka_unit_test(
			test_a_topic_is_on_or_off_and_all_of_them_alone),
		cmocka_unit_test(test_no_verb_is_found_by_its_beginning),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
