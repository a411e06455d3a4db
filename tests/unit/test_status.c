/*
 * test_status - every number has words.
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>
#include <cmocka.h>

#include "wire/pdu.h"
#include "wire/status.h"

static void test_login_statuses_have_their_own_words(void **state)
{
	static const uint16_t known[] = {
		0x0000, 0x0101, 0x0102, 0x0200, 0x0201, 0x0202,
		0x0203, 0x0204, 0x0205, 0x0206, 0x0207, 0x0208,
		0x0209, 0x020a, 0x020b, 0x0300, 0x0301, 0x0302,
	};
	size_t n = sizeof(known) / sizeof(known[0]);

	(void)state;
	for (size_t i = 0; i < n; i++)
		for (size_t j = 0; j < i; j++)
			assert_string_not_equal(status_login(known[i]),
						status_login(known[j]));
	assert_string_equal(status_login(LOGIN_NOT_FOUND), "target not found");
	assert_string_equal(status_login(LOGIN_AUTH_FAILED),
			    "authentication failed");
}

static void test_unknown_login_detail_gets_the_words_of_its_class(void **state)
{
	(void)state;
	assert_string_equal(status_login(0x0142), "redirection");
	assert_string_equal(status_login(0x0242), "initiator error");
	assert_string_equal(status_login(0x03ff), "target error");
	assert_string_equal(status_login(0x0001), "success");
}

static void test_unknown_login_class_has_words(void **state)
{
	(void)state;
	assert_string_equal(status_login(0x0401), "unknown login status");
	assert_string_equal(status_login(0xffff), "unknown login status");
}

static void test_every_reject_reason_has_words(void **state)
{
	static const char unknown[] = "unknown reject reason";

	(void)state;
	for (unsigned i = 0; i < 256; i++) {
		if (i >= 0x02 && i <= 0x0c)
			assert_string_not_equal(status_reject((uint8_t)i),
						unknown);
		else
			assert_string_equal(status_reject((uint8_t)i), unknown);
	}
	assert_string_equal(status_reject(REJECT_INVALID_PDU_FIELD),
			    "invalid PDU field");
}

static void test_async_events_have_words(void **state)
{
	(void)state;
	assert_string_equal(status_async(ASYNC_LOGOUT),
			    "target requests logout");
	assert_string_equal(status_async(248), "vendor-specific event");
	assert_string_equal(status_async(255), "vendor-specific event");
	assert_string_equal(status_async(247), "unknown event");
	assert_string_equal(status_async(6), "unknown event");
}

static void test_task_management_responses_have_words(void **state)
{
	(void)state;
	assert_string_equal(status_tmf(TMF_COMPLETE), "function complete");
	assert_string_equal(status_tmf(TMF_NO_LUN), "LUN does not exist");
	assert_string_equal(status_tmf(TMF_REJECTED), "function rejected");
	assert_string_equal(status_tmf(8), "unknown task management response");
}

static void test_logout_responses_have_words(void **state)
{
	(void)state;
	assert_string_equal(status_logout(0), "closed");
	assert_string_equal(status_logout(1), "connection ID not found");
	assert_string_equal(status_logout(4), "unknown logout response");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		/* clang-format off */
		cmocka_unit_test(test_login_statuses_have_their_own_words),
		cmocka_unit_test(test_unknown_login_detail_gets_the_words_of_its_class),
		cmocka_unit_test(test_unknown_login_class_has_words),
		cmocka_unit_test(test_every_reject_reason_has_words),
		cmocka_unit_test(test_async_events_have_words),
		cmocka_unit_test(test_task_management_responses_have_words),
		cmocka_unit_test(test_logout_responses_have_words),
		/* clang-format on */
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
