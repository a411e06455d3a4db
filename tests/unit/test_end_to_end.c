/*
 * test_end_to_end - the whole protocol between session and demo target.
 *
 * Both were written from the RFC alone, so each is the other's second
 * opinion.
 */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "proto/fault.h"
#include "target/fault.h"
#include "wire/chap.h"
#include "wire/status.h"
#include "wire_rig.h"

#define MIB (1u << 20)

static uint8_t wrote[4 * MIB], got[4 * MIB];

static int setup(void **state)
{
	*state = rig_new();
	return 0;
}

static int teardown(void **state)
{
	rig_free(*state);
	return 0;
}

static void fill(struct rig *r, uint8_t *p, size_t n)
{
	for (size_t i = 0; i < n; i++)
		p[i] = (uint8_t)rig_random(r, 256);
}

static void expect_done(const struct rig_cmd *k)
{
	assert_int_equal(k->done, 1);
	assert_int_equal(k->cmd.outcome, CMD_DONE);
	assert_int_equal(k->cmd.status, 0);
	assert_int_equal(k->cmd.underflow, 0);
	assert_int_equal(k->cmd.overflow, 0);
}

/* Writes len bytes, reads them back, compares. */
static void try_size(struct rig *r, uint64_t sector, uint32_t len)
{
	struct rig_cmd w, rd;

	fill(r, wrote, len);
	memset(got, 0, len);
	rig_submit(r, &w, CMD_WRITE, sector, wrote, len);
	rig_run(r);
	expect_done(&w);
	rig_submit(r, &rd, CMD_READ, sector, got, len);
	rig_run(r);
	expect_done(&rd);
	assert_memory_equal(got, wrote, len);
}

static void try_all_sizes(struct rig *r)
{
	static const uint32_t sizes[] = { 512,	   4096,	8192,	8704,
					  65536,   131072,	262144, 262656,
					  1 * MIB, 1536 * 1024, 4 * MIB };

	for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++)
		try_size(r, 8 * i + 3, sizes[i]);
}

/* Login --------------------------------------------------------------- */

static void test_a_plain_login_agrees_on_the_wishes_of_both(void **state)
{
	struct rig *r = *state;
	struct session_info i;

	assert_true(rig_login(r));
	assert_int_equal(r->ups, 1);
	session_info(r->s, &i);
	assert_int_equal(i.portal_group, 1);
	assert_int_not_equal(i.tsih, 0);
	assert_int_equal(i.max_burst, r->target->wishes.max_burst);
	assert_int_equal(i.max_xmit_data, r->target->wishes.max_recv);
	assert_string_equal(i.auth, "None");
}

static void test_a_logout_ends_a_session_in_good_order(void **state)
{
	struct rig *r = *state;

	assert_true(rig_login(r));
	session_logout(r->s, r->now);
	rig_run(r);
	assert_int_equal(r->downs, 1);
	assert_ptr_equal(r->why, &fault_logged_out);
	assert_true(rig_login(r));
}

static void test_a_target_that_is_not_there_is_said_so(void **state)
{
	struct rig *r = *state;

	strcpy(r->cfg.target_name, "iqn.2026-11.test:nobody");
	assert_false(rig_login(r));
	assert_ptr_equal(r->why, &fault_login_impossible);
	assert_non_null(strstr(r->detail, status_login(LOGIN_NOT_FOUND)));
}

static void test_a_redirection_is_told(void **state)
{
	struct rig *r = *state;
	const struct addr *to;
	bool permanent;

	r->target->redirect = (struct tgt_redirect){
		.on = true,
		.permanent = true,
		.to = { .host = "192.0.2.9", .port = 3261, .tag = -1 },
	};
	assert_false(rig_login(r));
	assert_ptr_equal(r->why, &fault_login_redirected);
	to = session_redirect(r->s, &permanent);
	assert_non_null(to);
	assert_string_equal(to->host, "192.0.2.9");
	assert_true(permanent);
}

/* CHAP ---------------------------------------------------------------- */

static void set_chap(struct rig *r, const char *initiator, const char *target)
{
	struct tgt_auth *a = &r->target->auth;

	rig_secret(r->cfg.out.secret, &r->cfg.out.secret_len, r->cfg.out.user,
		   "alice", initiator);
	rig_secret(a->in.secret, &a->in.secret_len, a->in.user, "alice",
		   "wonderland-1865");
	if (!target)
		return;
	rig_secret(r->cfg.in.secret, &r->cfg.in.secret_len, r->cfg.in.user,
		   "tina", target);
	rig_secret(a->out.secret, &a->out.secret_len, a->out.user, "tina",
		   "turner-is-best");
}

static void test_each_chap_algorithm_works_both_ways(void **state)
{
	for (int both = 0; both < 2; both++) {
		for (unsigned number = 5; number <= 8; number++) {
			struct rig *r = rig_new();
			struct session_info i;
			char name[40];

			set_chap(r, "wonderland-1865",
				 both ? "turner-is-best" : NULL);
			r->target->auth.algorithms[0] = (uint8_t)number;
			assert_true(rig_login(r));
			session_info(r->s, &i);
			snprintf(name, sizeof(name), "%sCHAP %s",
				 both ? "mutual " : "",
				 chap_find(number)->name);
			assert_string_equal(i.auth, name);
			try_size(r, 0, 4096);
			rig_free(r);
		}
	}
}

static void test_a_wrong_password_is_refused_by_the_target(void **state)
{
	struct rig *r = *state;

	set_chap(r, "wonderland-1866", NULL);
	r->target->auth.algorithms[0] = CHAP_MD5;
	assert_false(rig_login(r));
	assert_ptr_equal(r->why, &fault_login_refused);
	assert_non_null(strstr(r->detail, status_login(LOGIN_AUTH_FAILED)));
}

static void test_a_wrong_password_of_the_target_is_refused(void **state)
{
	struct rig *r = *state;

	set_chap(r, "wonderland-1865", "turner-is-worst");
	assert_false(rig_login(r));
	assert_ptr_equal(r->why, &fault_auth_failed);
}

/* Digests ------------------------------------------------------------- */

/*
 * What comes of our word and the target's wish; -1: no session.  The demo
 * target takes the one it prefers wherever the list has it, or the first of
 * the list when it has no preference.
 */
static int digest_result(enum digest_offer we, uint32_t they)
{
	bool we_can = we != DIGEST_NEVER, we_must = we == DIGEST_ALWAYS;
	bool they_can = they != TGT_DIGEST_NONE;
	bool they_must = they == TGT_DIGEST_REQUIRE;

	if ((we_must && !they_can) || (they_must && !we_can))
		return -1;
	if (they == TGT_DIGEST_ALLOW && we == DIGEST_PREFER_OFF)
		return 0;
	return we_can && they_can;
}

static void try_digests(enum digest_offer header, enum digest_offer data,
			uint32_t their_header, uint32_t their_data)
{
	int h = digest_result(header, their_header);
	int d = digest_result(data, their_data);
	struct rig *r = rig_new();
	struct session_info i;
	bool up;

	r->cfg.header_digest = header;
	r->cfg.data_digest = data;
	r->target->wishes.header_digest = their_header;
	r->target->wishes.data_digest = their_data;
	up = rig_login(r);
	assert_int_equal(up, h >= 0 && d >= 0);
	if (up) {
		session_info(r->s, &i);
		assert_int_equal(i.header_digest, h);
		assert_int_equal(i.data_digest, d);
		try_size(r, 1, 512);
		try_size(r, 7, 100 * 512);
	}
	rig_free(r);
}

static void test_each_combination_of_digests_works(void **state)
{
	for (int h = DIGEST_NEVER; h <= DIGEST_ALWAYS; h++)
		for (int d = DIGEST_NEVER; d <= DIGEST_ALWAYS; d++)
			for (uint32_t th = 0; th <= TGT_DIGEST_REQUIRE; th++)
				for (uint32_t td = 0; td <= TGT_DIGEST_REQUIRE;
				     td++)
					try_digests((enum digest_offer)h,
						    (enum digest_offer)d, th,
						    td);
}

/* Data ---------------------------------------------------------------- */

static void test_each_way_to_begin_a_write_moves_all_sizes(void **state)
{
	for (int i = 0; i < 4; i++) {
		struct rig *r = rig_new();
		struct session_info info;

		r->cfg.initial_r2t = i & 1;
		r->cfg.immediate_data = i & 2;
		assert_true(rig_login(r));
		session_info(r->s, &info);
		assert_int_equal(info.initial_r2t, i & 1);
		assert_int_equal(info.immediate_data, !!(i & 2));
		try_all_sizes(r);
		rig_free(r);
	}
}

static void test_small_segments_and_bursts_move_all_sizes(void **state)
{
	struct rig *r = *state;

	r->cfg.max_recv_data = 1024;
	r->target->wishes.max_recv = 512;
	r->target->wishes.max_burst = 5120;
	r->target->wishes.first_burst = 1536;
	r->target->wishes.max_r2t = 1;
	assert_true(rig_login(r));
	try_all_sizes(r);
}

static void test_digests_and_odd_r2ts_move_all_sizes(void **state)
{
	struct rig *r = *state;

	r->cfg.header_digest = r->cfg.data_digest = DIGEST_ALWAYS;
	r->target->wishes.header_digest = TGT_DIGEST_PREFER;
	r->target->wishes.data_digest = TGT_DIGEST_PREFER;
	r->target->r2t_size = 7001; /* no multiple of anything */
	r->target->split_status = true;
	assert_true(rig_login(r));
	try_all_sizes(r);
}

static void test_a_byte_at_a_time_is_enough(void **state)
{
	struct rig *r = *state;

	r->chunk = 1;
	r->cfg.header_digest = r->cfg.data_digest = DIGEST_ALWAYS;
	r->target->wishes.header_digest = TGT_DIGEST_PREFER;
	r->target->wishes.data_digest = TGT_DIGEST_PREFER;
	assert_true(rig_login(r));
	try_size(r, 5, 8704);
}

#define CROWD 200
#define PART  (24 * 512)

/* More commands than tasks, window and pipe have room for. */
static void test_a_crowd_of_commands_keeps_its_data_apart(void **state)
{
	static struct rig_cmd w[CROWD], rd[CROWD];
	struct rig *r = *state;
	uint8_t *to = malloc(CROWD * PART), *from = calloc(CROWD, PART);

	assert_non_null(to);
	assert_non_null(from);
	r->target->depth = 50;
	r->target->wishes.first_burst = 2048;
	r->target->r2t_size = 4096;
	assert_true(rig_login(r));
	fill(r, to, CROWD * PART);
	for (unsigned i = 0; i < CROWD; i++)
		rig_submit(r, &w[i], CMD_WRITE, i * 24, to + i * PART, PART);
	rig_run(r);
	for (unsigned i = 0; i < CROWD; i++) {
		expect_done(&w[i]);
		rig_submit(r, &rd[i], CMD_READ, i * 24, from + i * PART, PART);
	}
	rig_run(r);
	for (unsigned i = 0; i < CROWD; i++)
		expect_done(&rd[i]);
	assert_memory_equal(from, to, CROWD * PART);
	free(to);
	free(from);
}

/* Ends ---------------------------------------------------------------- */

/* Cut anywhere, a write is given back, and done again on a new session. */
static void test_a_cut_wire_costs_a_repetition_and_no_data(void **state)
{
	struct rig *r = *state;
	struct rig_cmd w;

	for (uint32_t seed = 1; seed < 60; seed++) {
		assert_true(rig_login(r));
		r->seed = seed;
		fill(r, wrote, 300 * 512);
		rig_submit(r, &w, CMD_WRITE, 9, wrote, 300 * 512);
		for (uint32_t n = rig_random(r, 12); n; n--)
			rig_step(r);
		rig_cut(r);
		assert_int_equal(w.done, 1);
		if (w.cmd.outcome != CMD_DONE)
			assert_ptr_equal(w.cmd.why, &fault_peer_closed);
		r->now += 1000;
		assert_true(rig_login(r));
		session_submit(r->s, &w.cmd);
		rig_run(r);
		assert_int_equal(w.done, 2);
		assert_int_equal(w.cmd.outcome, CMD_DONE);
		session_logout(r->s, r->now);
		rig_run(r);
	}
	assert_true(rig_login(r));
	rig_submit(r, &w, CMD_READ, 9, got, 300 * 512);
	rig_run(r);
	assert_memory_equal(got, wrote, 300 * 512);
}

struct reset {
	struct tmf_req req;
	unsigned done;
	int response;
};

static void reset_done(struct tmf_req *t, int response)
{
	struct reset *x = container_of(t, struct reset, req);

	x->done++;
	x->response = response;
}

/* 4.2.3.3: the R2Ts that are out are still honoured. */
static void test_a_reset_in_the_middle_of_writes_ends_them(void **state)
{
	static struct rig_cmd w[20];
	struct rig *r = *state;
	struct reset x = { .req = { .function = TMF_LUN_RESET,
				    .done = reset_done } };

	r->target->wishes.first_burst = 512;
	r->target->r2t_size = 4096;
	assert_true(rig_login(r));
	for (unsigned i = 0; i < 20; i++)
		rig_submit(r, &w[i], CMD_WRITE, i * 200, wrote, 200 * 512);
	for (int i = 0; i < 20; i++)
		rig_step(r);
	assert_int_equal(session_manage(r->s, &x.req, r->now), 0);
	rig_run(r);
	assert_int_equal(x.done, 1);
	assert_int_equal(x.response, TMF_COMPLETE);
	for (unsigned i = 0; i < 20; i++)
		assert_int_equal(w[i].done, 1);
	assert_true(session_is_up(r->s));
}

static void test_pings_go_both_ways(void **state)
{
	struct rig *r = *state;

	assert_true(rig_login(r));
	for (int i = 0; i < 5; i++) {
		r->now += 60000;
		tgt_tick(r->tgt, r->now);
		tgt_conn_ping(r->tc);
		session_tick(r->s, r->now);
		rig_run(r);
		session_tick(r->s, r->now + 5000);
		assert_true(session_is_up(r->s));
	}
}

/* Faults -------------------------------------------------------------- */

/* What comes of digests, of a peer's mistake, of a path that breaks. */
static const char *const faults_of_a_peer[] = {
	"tx any %u corrupt header",
	"tx data-in %u corrupt data 3",
	"tx scsi-rsp %u drop",
	"tx scsi-rsp %u dup",
	"tx data-in %u dup",
	"tx r2t %u dup",
	"tx any %u close",
	"tx any %u set 1 0x7f",
	"tx any %u set 16 0x12345678 4",
	"tx data-in %u set 40 0xfffffff0 4",
	"tx r2t %u set 44 0xffffff 4",
	"tx r2t %u set 40 0x7fffffff 4",
	"rx any %u close",
	"rx any %u corrupt header",
	"rx data-out %u corrupt data",
	"rx scsi-cmd %u reject 4",
	"scsi any %u busy",
	"scsi any %u sense b/47/5",
};

static void pass_time(struct rig *r)
{
	uint64_t at = session_next_wake(r->s), other = tgt_next_wake(r->tgt);

	at = at < other ? at : other;
	if (at == UINT64_MAX || at <= r->now)
		at = r->now + 1;
	r->now = at;
	tgt_tick(r->tgt, r->now);
	session_tick(r->s, r->now);
}

static bool is_good(const struct rig_cmd *k)
{
	return k->done && k->cmd.outcome == CMD_DONE && k->cmd.status == 0;
}

/* Connects, sends and waits until the command is done as it should be. */
static void insist(struct rig *r, struct rig_cmd *k)
{
	for (int round = 0; round < 300 && !is_good(k); round++) {
		if (!r->c)
			rig_connect(r);
		rig_run(r);
		if (k->done && !is_good(k) && session_is_up(r->s)) {
			k->done = 0;
			session_submit(r->s, &k->cmd);
			rig_run(r);
		} else if (!is_good(k)) {
			pass_time(r);
		}
	}
	assert_true(is_good(k));
}

/* Returns whether it struck. */
static uint32_t try_fault(const char *line)
{
	struct rig *r = rig_new();
	struct tgt_script *script = tgt_script_new();
	struct rig_cmd w, rd;
	char err[100];
	uint32_t hits;

	assert_non_null(script);
	assert_int_equal(tgt_script_add(script, line, err, sizeof(err)), 0);
	r->cfg.header_digest = r->cfg.data_digest = DIGEST_ALWAYS;
	r->target->wishes.header_digest = TGT_DIGEST_PREFER;
	r->target->wishes.data_digest = TGT_DIGEST_PREFER;
	r->target->wishes.first_burst = 4096;
	r->target->wishes.max_recv = 8192;
	r->target->r2t_size = 16384;
	r->cfg.max_recv_data = 8192;
	assert_true(rig_login(r));
	r->tgt->fault = tgt_script_hook(script);
	fill(r, wrote, 64 * 1024);
	rig_submit(r, &w, CMD_WRITE, 77, wrote, 64 * 1024);
	insist(r, &w);
	rig_submit(r, &rd, CMD_READ, 77, got, 64 * 1024);
	insist(r, &rd);
	assert_memory_equal(got, wrote, 64 * 1024);
	hits = tgt_script_hits(script);
	rig_free(r);
	tgt_script_free(script);
	return hits;
}

static void test_no_fault_of_a_peer_costs_a_command_or_data(void **state)
{
	size_t n = sizeof(faults_of_a_peer) / sizeof(faults_of_a_peer[0]);
	char line[80];

	for (size_t i = 0; i < n; i++) {
		uint32_t hits = 0;

		for (unsigned at = 1; at <= 12; at++) {
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
			snprintf(line, sizeof(line), faults_of_a_peer[i], at);
#pragma GCC diagnostic pop
			hits += try_fault(line);
		}
		assert_true(hits > 0);
	}
}

/* Discovery ----------------------------------------------------------- */

static void test_hundreds_of_targets_are_found(void **state)
{
	struct rig *r = *state;
	struct tgt_target *tt;
	char name[NAME_SIZE];

	for (int i = 0; i < 500; i++) {
		snprintf(name, sizeof(name), "iqn.2026-11.test:t%03d", i);
		assert_int_equal(tgt_target_add(r->tgt, name, &tt), 0);
	}
	r->chunk = 900;
	r->cfg.type = SESSION_DISCOVERY;
	r->cfg.target_name[0] = '\0';
	assert_true(rig_login(r));
	session_send_targets(r->s, r->now);
	rig_run(r);
	assert_int_equal(r->found_alls, 1);
	assert_int_equal(r->founds, 501);
	assert_string_equal(r->last_found, "iqn.2026-11.test:t499");
	session_logout(r->s, r->now);
	rig_run(r);
	assert_ptr_equal(r->why, &fault_logged_out);
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
	const struct CMUnitTest tests[] = {
		T(test_a_plain_login_agrees_on_the_wishes_of_both),
		T(test_a_logout_ends_a_session_in_good_order),
		T(test_a_target_that_is_not_there_is_said_so),
		T(test_a_redirection_is_told),
		cmocka_unit_test(test_each_chap_algorithm_works_both_ways),
		T(test_a_wrong_password_is_refused_by_the_target),
		T(test_a_wrong_password_of_the_target_is_refused),
		cmocka_unit_test(test_each_combination_of_digests_works),
		cmocka_unit_test(
			test_each_way_to_begin_a_write_moves_all_sizes),
		T(test_small_segments_and_bursts_move_all_sizes),
		T(test_digests_and_odd_r2ts_move_all_sizes),
		T(test_a_byte_at_a_time_is_enough),
		T(test_a_crowd_of_commands_keeps_its_data_apart),
		T(test_a_cut_wire_costs_a_repetition_and_no_data),
		T(test_a_reset_in_the_middle_of_writes_ends_them),
		T(test_pings_go_both_ways),
		cmocka_unit_test(
			test_no_fault_of_a_peer_costs_a_command_or_data),
		T(test_hundreds_of_targets_are_found),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
