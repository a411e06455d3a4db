/* Tests of target/control.c: changing a running target. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include <errno.h>

#include "unit/target_peer.h"

#include "base/bytes.h"
#include "target/control.h"

static struct world *world;
static struct peer *peer;
static struct result result;
static struct control ctl;

static int setup(void **state)
{
	world = world_new();
	peer = peer_new(world);
	peer_login(peer);
	ctl.tgt = world->t;
	ctl.script = tgt_script_new();
	world->t->fault = tgt_script_hook(ctl.script);
	return 0;
}

static int teardown(void **state)
{
	peer_free(peer);
	world_free(world);
	tgt_script_free(ctl.script);
	return 0;
}

static void good(const char *line)
{
	char err[256] = "";

	if (control_run(&ctl, line, err, sizeof(err)) < 0)
		fail_msg("%s: %s", line, err);
}

static void bad(const char *line, const char *why)
{
	char err[256] = "";

	assert_int_equal(control_run(&ctl, line, err, sizeof(err)), -EINVAL);
	assert_string_equal(err, why);
}

static uint32_t ready(void)
{
	peer_run(peer, CDB(0), 0, &result);
	return result_sense(&result);
}

static void test_resize_is_told(void **state)
{
	good("resize " PEER_TARGET " 0 8M");
	assert_int_equal(world->lun->blocks, 16384);
	assert_int_equal(ready(), 0x062a09);
}

static void test_disk_can_be_exchanged(void **state)
{
	good("identity " PEER_TARGET " 0 abc");
	peer_run(peer, CDB(0x12, 1, 0x83, 1, 0, 0), 256, &result);
	assert_true(get_be64(result.data + 8) == 0x3000000000000abcull);
	peer_run(peer, CDB(0x12, 1, 0x80, 1, 0, 0), 256, &result);
	assert_memory_equal(result.data + 4, "abc", 3);
}

static void test_page_can_be_hidden_and_shown(void **state)
{
	good("page " PEER_TARGET " 0 83 off");
	peer_run(peer, CDB(0x12, 1, 0x83, 1, 0, 0), 256, &result);
	assert_int_equal(result_sense(&result), 0x052400);
	peer_run(peer, CDB(0x12, 1, 0x00, 1, 0, 0), 256, &result);
	assert_memory_equal(result.data + 4, "\x00\x80\xb0", 3);
	good("page " PEER_TARGET " 0 83 on");
	peer_run(peer, CDB(0x12, 1, 0x83, 1, 0, 0), 256, &result);
	assert_int_equal(result.data[1], 0x83);
	bad("page " PEER_TARGET " 0 83 maybe", "not on or off: 'maybe'");
}

static void test_write_protection_can_change(void **state)
{
	good("read-only " PEER_TARGET " 0 on");
	assert_true(world->lun->cfg.read_only);
	assert_int_equal(ready(), 0x062a01);
	good("read-only " PEER_TARGET " 0 off");
	assert_false(world->lun->cfg.read_only);
}

static void test_luns_come_and_go(void **state)
{
	good("lun-add " PEER_TARGET " 7:mem:1M,bs=4096");
	assert_non_null(tgt_lun_find(world->tt, 7));
	assert_int_equal(ready(), 0x063f0e);
	good("lun-remove " PEER_TARGET " 7");
	assert_null(tgt_lun_find(world->tt, 7));
}

static void test_attention_by_name(void **state)
{
	good("attention " PEER_TARGET " 0 inquiry");
	assert_int_equal(ready(), 0x063f03);
}

static void test_async_message_reaches_the_session(void **state)
{
	struct pdu_async m;

	good("async 3 0 1 2");
	peer_expect(peer, OP_ASYNC);
	assert_int_equal(pdu_get_async(peer->bhs, &m), 0);
	assert_int_equal(m.event, ASYNC_DROP_SESSION);
	assert_int_equal(m.param2, 1);
	assert_int_equal(m.param3, 2);
}

static void test_drop_ends_all_connections(void **state)
{
	good("drop");
	assert_true(tgt_conn_over(peer->c));
}

static void test_window_is_told(void **state)
{
	good("window 3");
	peer_expect(peer, OP_NOP_IN);
	assert_int_equal(ready(), 0);
}

static void test_faults_come_and_go(void **state)
{
	good("fault scsi test-unit-ready all sense 2/04/01");
	assert_int_equal(ready(), 0x020401);
	good("fault-clear");
	assert_int_equal(ready(), 0);
}

static void test_logins_can_be_refused_and_redirected(void **state)
{
	struct peer *q = peer_new(world);

	good("redirect " PEER_TARGET " 192.0.2.5");
	assert_int_equal(peer_login_with(q, TEXT(WHO)), LOGIN_MOVED_TEMP);
	peer_free(q);
	q = peer_new(world);
	good("redirect " PEER_TARGET " off");
	good("hidden " PEER_TARGET " on");
	assert_true(world->tt->hidden);
	good("hidden " PEER_TARGET " off");
	good("refuse " PEER_TARGET " 0x0302");
	assert_int_equal(peer_login_with(q, TEXT(WHO)), LOGIN_NO_RESOURCES);
	peer_free(q);
}

static void test_the_name_of_the_only_target_may_be_left_out(void **state)
{
	struct tgt_target *other;

	good("resize 0 8M");
	assert_int_equal(world->lun->blocks, 16384);
	good("refuse 0x0302");
	assert_int_equal(world->tt->refuse, 0x0302);
	assert_int_equal(tgt_target_add(world->t, PEER_TARGET "2", &other), 0);
	bad("refuse 0", "no such target: '0'");
}

static void test_a_redirection_can_name_a_portal_and_be_for_good(void **state)
{
	struct addr a;

	assert_int_equal(addr_parse("192.0.2.5:3261", 14, &a), 0);
	assert_true(tgt_portal_add(world->t, &a) >= 0);
	good("redirect portal:1 permanent 2");
	assert_true(
		addr_same(&world->tt->redirect.to, &world->t->portals[0].addr));
	assert_true(world->tt->redirect.permanent);
	assert_int_equal(world->tt->redirect.times, 2);
	bad("redirect portal:9", "no such portal: 'portal:9'");
}

static void test_a_scsi_event_carries_sense_data(void **state)
{
	good("async 0 6/3f/0e");
	peer_expect(peer, OP_ASYNC);
	assert_int_equal(peer->len, 20);
	assert_int_equal(get_be16(peer->data), 18);
	assert_int_equal(peer->data[2 + 2], 6);
	assert_int_equal(get_be16(peer->data + 2 + 12), 0x3f0e);
}

static enum portal_state asked_state;

static int on_portal(void *ctx, size_t i, enum portal_state state)
{
	assert_int_equal(i, 0);
	asked_state = state;
	return 0;
}

static void test_a_portal_can_fall_silent(void **state)
{
	bad("portal 1 silent", "no portal to change: '1'");
	ctl.portal = on_portal;
	good("portal 1 silent");
	assert_int_equal(asked_state, PORTAL_SILENT);
	bad("portal 1 loud", "not up, down or silent: 'loud'");
	ctl.portal = NULL;
}

static void test_errors_say_which_word(void **state)
{
	bad("explode", "unknown command: 'explode'");
	bad("resize iqn.2026-01.example:no 0 1M",
	    "no such target: 'iqn.2026-01.example:no'");
	bad("resize " PEER_TARGET " 5 1M", "no such LUN: '5'");
	bad("resize " PEER_TARGET " 0", "missing: 'SIZE'");
	bad("resize " PEER_TARGET " 0 lots", "not a size: 'lots'");
	bad("resize " PEER_TARGET " 0 1000", "Invalid argument: '1000'");
	bad("resize " PEER_TARGET " 0 1M now", "too much: 'now'");
	bad("read-only " PEER_TARGET " 0 maybe", "not on or off: 'maybe'");
	bad("attention " PEER_TARGET " 0 x", "unknown attention: 'x'");
	bad("async 256", "not a number, or too large: '256'");
	bad("async 1 2 3 4 5", "too much: '5'");
	bad("fault rx scsi-cmd 1", "and do what?");
}

static void test_blank_line_is_nothing(void **state)
{
	good("");
	good("  ");
}

static void test_help_names_every_verb(void **state)
{
	char text[4096];
	struct strbuf out;

	sb_init(&out, text, sizeof(text));
	control_help(&out);
	assert_false(out.full);
	assert_non_null(strstr(text, "resize TARGET LUN SIZE"));
	assert_non_null(strstr(text, "fault-clear"));
}

#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(test_resize_is_told),
		T(test_disk_can_be_exchanged),
		T(test_page_can_be_hidden_and_shown),
		T(test_write_protection_can_change),
		T(test_luns_come_and_go),
		T(test_attention_by_name),
		T(test_async_message_reaches_the_session),
		T(test_drop_ends_all_connections),
		T(test_window_is_told),
		T(test_faults_come_and_go),
		T(test_logins_can_be_refused_and_redirected),
		T(test_the_name_of_the_only_target_may_be_left_out),
		T(test_a_redirection_can_name_a_portal_and_be_for_good),
		T(test_a_scsi_event_carries_sense_data),
		T(test_a_portal_can_fall_silent),
		T(test_errors_say_which_word),
		T(test_blank_line_is_nothing),
		T(test_help_names_every_verb),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
