/*
 * test_asked - what an engine takes from its manager, and when.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <string.h>

#include "base/str.h"
#include "ctl/msg.h"
#include "engine/host/asked.h"
#include "words/words.h"

#define LUN_1 "lun=0001000000000000"

static struct asked asked;
static bool has_subject;
static char why_text[128];

static int hear(const char *text)
{
	struct strbuf why;
	struct msg_in m;

	assert_int_equal(msg_read(&m, text, strlen(text)), 0);
	assert_int_not_equal(asked_kind(&m), ASKED_KINDS);
	has_subject = false;
	sb_init(&why, why_text, sizeof(why_text));
	return asked_read(&m, asked_kind(&m), &asked, &has_subject, &why);
}

static void assert_refused(const char *text, const char *reason)
{
	assert_int_equal(hear(text), -EINVAL);
	assert_string_equal(why_text, reason);
}

static void test_an_attachment_is_read_whole(void **state)
{
	static const uint8_t lun[LUN_LEN] = { 0, 1 };

	assert_int_equal(hear("attach id=7 " LUN_1 " resume=1 expect=t10.x "
			      "export=ublk depth=64"),
			 0);
	assert_int_equal(asked.kind, ASKED_attach);
	assert_int_equal(asked.id, 7);
	assert_memory_equal(asked.lun, lun, LUN_LEN);
	assert_true(asked.attach.resume);
	assert_string_equal(asked.attach.expect, "t10.x");
	assert_string_equal(asked.attach.export, "ublk");
	assert_int_equal(asked.attach.depth, 64);
}

static void test_what_may_be_missing_is_nothing_then(void **state)
{
	assert_int_equal(hear("attach id=7 " LUN_1), 0);
	assert_false(asked.attach.resume);
	assert_string_equal(asked.attach.export, "");
	assert_int_equal(asked.attach.depth, 0);
}

static void test_a_message_names_its_subject(void **state)
{
	assert_refused("detach " LUN_1, "id is missing");
	assert_refused("detach id=7", "lun is missing");
	assert_refused("remove id=x", "id is not valid");
	assert_false(has_subject);
}

static void test_a_lun_is_sixteen_digits(void **state)
{
	assert_refused("forget id=7 lun=1", "lun is not valid");
	assert_refused("forget id=7 lun=000100000000000g", "lun is not valid");
}

static void test_a_wrong_attachment_still_has_its_subject(void **state)
{
	assert_refused("attach id=7 " LUN_1 " resume=2",
		       "resume is out of range");
	assert_true(has_subject);
	assert_int_equal(asked.id, 7);
	assert_refused("attach id=7 " LUN_1 " depth=65536",
		       "depth is out of range");
	assert_refused("attach id=7 lun=1 depth=65536", "lun is not valid");
	assert_false(has_subject);
}

static void test_topics_are_a_number(void **state)
{
	assert_refused("log", "mask is missing");
	assert_refused("log mask=4294967296", "mask is out of range");
	assert_int_equal(hear("log mask=5"), 0);
	assert_int_equal(asked.mask, 5);
}

static void test_an_unknown_verb_is_none(void **state)
{
	struct msg_in m;

	assert_int_equal(msg_read(&m, "hell version=1", 14), 0);
	assert_int_equal(asked_kind(&m), ASKED_KINDS);
}

static void test_only_a_greeting_comes_first(void **state)
{
	for (enum asked_kind kind = 0; kind < ASKED_KINDS; kind++) {
		assert_int_equal(asked_is_due(kind, WHEN_NEW),
				 kind == ASKED_hello);
		assert_true(asked_is_due(kind, WHEN_GREETED));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_an_attachment_is_read_whole),
		cmocka_unit_test(test_what_may_be_missing_is_nothing_then),
		cmocka_unit_test(test_a_message_names_its_subject),
		cmocka_unit_test(test_a_lun_is_sixteen_digits),
		cmocka_unit_test(test_a_wrong_attachment_still_has_its_subject),
		cmocka_unit_test(test_topics_are_a_number),
		cmocka_unit_test(test_an_unknown_verb_is_none),
		cmocka_unit_test(test_only_a_greeting_comes_first),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
