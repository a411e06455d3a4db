/* Tests of target/text.c: SendTargets and long text. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include <stdio.h>

#include "unit/target_peer.h"

#include "base/bytes.h"
#include "wire/text.h"

static struct world *world;
static struct peer *peer;

static int setup(void **state)
{
	world = world_new();
	peer = peer_new(world);
	return 0;
}

static int teardown(void **state)
{
	peer_free(peer);
	world_free(world);
	return 0;
}

static void ask_with(const char *text, size_t n, uint32_t ttt, bool final,
		     bool cont)
{
	struct pdu_text_req q = {
		.final = final,
		.cont = cont,
		.itt = 0x31,
		.ttt = ttt,
		.cmdsn = peer->cmdsn++,
	};
	uint8_t bhs[BHS_LEN];

	pdu_put_text_req(bhs, &q);
	peer_send(peer, bhs, text, (uint32_t)n);
}

static struct pdu_text_rsp ask(const char *text, size_t n)
{
	struct pdu_text_rsp t;

	ask_with(text, n, TAG_NONE, true, false);
	peer_expect(peer, OP_TEXT_RSP);
	assert_int_equal(pdu_get_text_rsp(peer->bhs, &t), 0);
	return t;
}

static void discover(void)
{
	assert_int_equal(peer_login_with(peer, TEXT(WHO_D)), LOGIN_OK);
}

static void test_all_targets_are_named_with_their_portals(void **state)
{
	struct addr v6 = { "2001:db8::7", 3261, 2 };
	struct tgt_target *second;
	static const char want[] =
		"TargetName=" PEER_TARGET "\0TargetAddress=192.0.2.1:3260,7"
		"\0TargetAddress=[2001:db8::7]:3261,2"
		"\0TargetName=iqn.2026-01.example:b"
		"\0TargetAddress=192.0.2.1:3260,7"
		"\0TargetAddress=[2001:db8::7]:3261,2";

	tgt_portal_add(world->t, &v6);
	tgt_target_add(world->t, "iqn.2026-01.example:b", &second);
	discover();
	assert_true(ask(TEXT("SendTargets=All")).final);
	assert_int_equal(peer->len, sizeof(want));
	assert_memory_equal(peer->data, want, sizeof(want));
}

static void test_one_target_can_be_asked_for(void **state)
{
	struct tgt_target *second;

	tgt_target_add(world->t, "iqn.2026-01.example:b", &second);
	discover();
	ask(TEXT("SendTargets=iqn.2026-01.example:b"));
	assert_string_equal(peer_key(peer, "TargetName"),
			    "iqn.2026-01.example:b");
}

static void test_unknown_target_gives_an_empty_answer(void **state)
{
	discover();
	assert_true(ask(TEXT("SendTargets=iqn.2026-01.example:x")).final);
	assert_int_equal(peer->len, 0);
}

static void test_hidden_target_is_not_in_all(void **state)
{
	world->tt->hidden = true;
	discover();
	ask(TEXT("SendTargets=All"));
	assert_int_equal(peer->len, 0);
	ask(TEXT("SendTargets=" PEER_TARGET));
	assert_non_null(peer_key(peer, "TargetName"));
}

static void test_wildcard_portal_is_told_as_the_local_address(void **state)
{
	struct addr any = { "0.0.0.0", 3260, 1 };
	struct addr local = { "198.51.100.4", 3260, -1 };

	peer_free(peer);
	world->t->nportals = 0;
	tgt_portal_add(world->t, &any);
	peer = peer_new(world);
	tgt_conn_free(peer->c, world->now);
	peer->c = tgt_conn_new(world->t, 0, &local, NULL, world->now);
	discover();
	ask(TEXT("SendTargets=All"));
	assert_string_equal(peer_key(peer, "TargetAddress"),
			    "198.51.100.4:3260,1");
}

static void test_normal_session_may_ask_for_its_own_target(void **state)
{
	struct tgt_target *second;

	tgt_target_add(world->t, "iqn.2026-01.example:b", &second);
	peer_login(peer);
	ask(TEXT("SendTargets="));
	assert_string_equal(peer_key(peer, "TargetName"), PEER_TARGET);
	ask(TEXT("SendTargets=iqn.2026-01.example:b"));
	assert_int_equal(peer->len, 0);
	ask(TEXT("SendTargets=All"));
	assert_string_equal(peer_key(peer, "SendTargets"), "Reject");
}

static void test_long_answer_comes_in_pieces(void **state)
{
	char all[16384], name[64];
	struct pdu_text_rsp t;
	struct tgt_target *tt;
	struct text_pair kv;
	size_t n = 0, pos = 0;
	int targets = 0, pieces = 1;

	for (int i = 0; i < 50; i++) {
		snprintf(name, sizeof(name), "iqn.2026-01.example:t%d", i);
		tgt_target_add(world->t, name, &tt);
	}
	assert_int_equal(
		peer_login_with(peer,
				TEXT(WHO_D "\0MaxRecvDataSegmentLength=512")),
		LOGIN_OK);
	t = ask(TEXT("SendTargets=All"));
	for (;; pieces++) {
		memcpy(all + n, peer->data, peer->len);
		n += peer->len;
		assert_true(peer->len <= 512);
		if (t.final)
			break;
		assert_true(t.cont);
		assert_int_not_equal(t.ttt, TAG_NONE);
		ask_with(NULL, 0, t.ttt, true, false);
		peer_expect(peer, OP_TEXT_RSP);
		assert_int_equal(pdu_get_text_rsp(peer->bhs, &t), 0);
	}
	assert_int_equal(t.ttt, TAG_NONE);
	assert_false(t.cont);
	while (text_next(all, n, &pos, &kv) == 1)
		targets += text_key_is(&kv, "TargetName");
	assert_int_equal(targets, 51);
	assert_true(pieces > 5);
}

static void test_question_may_come_in_pieces(void **state)
{
	struct pdu_text_rsp t;

	discover();
	ask_with("SendTar", 7, TAG_NONE, false, true);
	peer_expect(peer, OP_TEXT_RSP);
	assert_int_equal(pdu_get_text_rsp(peer->bhs, &t), 0);
	assert_false(t.final);
	assert_int_equal(peer->len, 0);
	ask_with(TEXT("gets=All"), t.ttt, true, false);
	peer_expect(peer, OP_TEXT_RSP);
	assert_non_null(peer_key(peer, "TargetName"));
}

static void test_foreign_transfer_tag_is_rejected(void **state)
{
	discover();
	ask_with(TEXT("SendTargets=All"), 0x1234, true, false);
	peer_expect(peer, OP_REJECT);
	assert_int_equal(peer->bhs[2], REJECT_PROTOCOL);
}

static void test_unknown_key_is_not_understood(void **state)
{
	peer_login(peer);
	ask(TEXT("X-com.example.a=1"));
	assert_string_equal(peer_key(peer, "X-com.example.a"), "NotUnderstood");
}

static void test_segment_length_may_be_declared_anew(void **state)
{
	struct result r2;

	peer_login(peer);
	ask(TEXT("MaxRecvDataSegmentLength=512"));
	assert_int_equal(peer->len, 0);
	peer_run(peer, CDB(0x28, 0, 0, 0, 0, 0, 0, 0, 2), 1024, &r2);
	assert_int_equal(peer->len, 512);
}

static void test_text_that_is_none_is_rejected(void **state)
{
	discover();
	ask_with(TEXT("nonsense"), TAG_NONE, true, false);
	peer_expect(peer, OP_REJECT);
}

static void test_endless_question_is_cut_off(void **state)
{
	static char text[65536];
	struct pdu_text_rsp t;

	memset(text, 'x', sizeof(text));
	discover();
	ask_with(text, sizeof(text), TAG_NONE, false, true);
	peer_expect(peer, OP_TEXT_RSP);
	assert_int_equal(pdu_get_text_rsp(peer->bhs, &t), 0);
	ask_with(text, 1, t.ttt, false, true);
	peer_expect(peer, OP_REJECT);
	assert_int_equal(peer->bhs[2], REJECT_OUT_OF_RESOURCES);
}

#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(test_all_targets_are_named_with_their_portals),
		T(test_one_target_can_be_asked_for),
		T(test_unknown_target_gives_an_empty_answer),
		T(test_hidden_target_is_not_in_all),
		T(test_wildcard_portal_is_told_as_the_local_address),
		T(test_normal_session_may_ask_for_its_own_target),
		T(test_long_answer_comes_in_pieces),
		T(test_question_may_come_in_pieces),
		T(test_foreign_transfer_tag_is_rejected),
		T(test_unknown_key_is_not_understood),
		T(test_segment_length_may_be_declared_anew),
		T(test_text_that_is_none_is_rejected),
		T(test_endless_question_is_cut_off),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
