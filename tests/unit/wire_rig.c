/*
 * wire_rig - a session and a target with a wire between them.
 */
#include "wire_rig.h"

#include <stdarg.h>
#include <setjmp.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "scsi/cdb.h"

uint32_t rig_random(struct rig *r, uint32_t below)
{
	r->seed = r->seed * 1664525 + 1013904223;
	return (uint32_t)((uint64_t)r->seed * below >> 32);
}

static void on_up(void *ctx)
{
	((struct rig *)ctx)->ups++;
}

static void on_close(void *ctx, struct conn *c)
{
	((struct rig *)ctx)->closing = true;
}

static void on_down(void *ctx, const struct fault *why, const char *detail)
{
	struct rig *r = ctx;

	r->downs++;
	r->why = why;
	snprintf(r->detail, sizeof(r->detail), "%s", detail);
}

static void on_note(void *ctx, int level, const char *line)
{
}

static void on_kick(void *ctx, struct conn *c)
{
}

static void on_found(void *ctx, const char *name, const struct addr *addr)
{
	struct rig *r = ctx;

	r->founds++;
	snprintf(r->last_found, sizeof(r->last_found), "%s", name);
}

static void on_found_all(void *ctx)
{
	((struct rig *)ctx)->found_alls++;
}

static const struct session_transport transport = {
	.close = on_close,
	.kick = on_kick,
};

static const struct session_user submitter = {
	.up = on_up,
	.down = on_down,
	.note = on_note,
};

static const struct session_discovery asker = {
	.found = on_found,
	.found_all = on_found_all,
};

static const struct session_ops session_ops = {
	.transport = &transport,
	.user = &submitter,
	.discovery = &asker,
};

/* Not to be guessed by the other side: the two must not agree. */
static void ours(void *dst, size_t n)
{
	static uint8_t next = 1;

	for (size_t i = 0; i < n; i++)
		((uint8_t *)dst)[i] = next += 37;
}

static void theirs(void *ctx, void *dst, size_t n)
{
	for (size_t i = 0; i < n; i++)
		((uint8_t *)dst)[i] = (uint8_t)rig_random(ctx, 256);
}

static const struct tgt_ops tgt_ops = { .random = theirs };

static void new_target(struct rig *r)
{
	struct addr portal = { .host = "192.0.2.1", .port = 3260, .tag = 1 };
	struct tgt_lun_config lc;
	struct tgt_backend *disk = tgt_mem_new(RIG_DISK);

	r->tgt = tgt_new(&tgt_ops, r);
	assert_non_null(r->tgt);
	assert_non_null(disk);
	assert_int_equal(tgt_portal_add(r->tgt, &portal), 0);
	assert_int_equal(tgt_target_add(r->tgt, r->cfg.target_name, &r->target),
			 0);
	r->target->quiet_login = true;
	tgt_lun_defaults(&lc);
	assert_int_equal(tgt_lun_add(r->target, 0, disk, &lc, &r->lun), 0);
}

struct rig *rig_new(void)
{
	struct rig *r = calloc(1, sizeof(*r));

	assert_non_null(r);
	session_config_defaults(&r->cfg);
	snprintf(r->cfg.initiator_name, NAME_SIZE, "iqn.2026-11.test:us");
	snprintf(r->cfg.target_name, NAME_SIZE, "iqn.2026-11.test:them");
	memcpy(r->cfg.isid, "\x80\1\2\3\4\5", ISID_LEN);
	r->cfg.random = ours;
	r->now = 1000000;
	r->seed = 1;
	r->chunk = RIG_PIPE;
	new_target(r);
	r->s = session_new(&r->cfg, &session_ops, r);
	assert_non_null(r->s);
	return r;
}

void rig_free(struct rig *r)
{
	if (r->c)
		rig_cut(r);
	session_free(r->s);
	tgt_free(r->tgt);
	free(r);
}

void rig_secret(uint8_t *secret, size_t *len, char *user, const char *name,
		const char *text)
{
	*len = strlen(text);
	memcpy(secret, text, *len);
	strcpy(user, name);
}

void rig_connect(struct rig *r)
{
	r->closing = false;
	r->to_target.len = r->to_session.len = 0;
	r->tc = tgt_conn_new(r->tgt, 0, NULL, "us", r->now);
	assert_non_null(r->tc);
	r->c = session_connected(r->s, r->now);
	assert_non_null(r->c);
}

static void closed(struct rig *r)
{
	struct conn *c = r->c;

	r->c = NULL;
	if (r->tc)
		tgt_conn_free(r->tc, r->now);
	r->tc = NULL;
	session_conn_closed(r->s, c, r->now);
}

void rig_cut(struct rig *r)
{
	session_transport_lost(r->s, r->c, 0, r->now);
	closed(r);
}

/* How many of n bytes move this time: often few, now and then all. */
static size_t some(struct rig *r, size_t n)
{
	size_t max = rig_random(r, 4) ? r->chunk : r->chunk / 50 + 1;
	size_t k = 1 + rig_random(r, (uint32_t)max);

	return k < n ? k : n;
}

/* The first k of the bytes in iov, into the pipe. */
static void push(struct pipe *p, const struct iovec *iov, size_t k)
{
	while (k) {
		size_t n = iov->iov_len < k ? iov->iov_len : k;

		memcpy(p->bytes + p->len, iov->iov_base, n);
		p->len += n;
		k -= n;
		iov++;
	}
}

static void pop(struct pipe *p, size_t k)
{
	p->len -= k;
	memmove(p->bytes, p->bytes + k, p->len);
}

static size_t total(const struct iovec *iov, int n)
{
	size_t sum = 0;

	while (n-- > 0)
		sum += iov[n].iov_len;
	return sum;
}

static bool session_sends(struct rig *r)
{
	struct iovec iov[CONN_TX_IOV];
	struct pipe *p = &r->to_target;
	size_t n, room = RIG_PIPE - p->len;

	n = total(iov, conn_tx_want(r->c, iov, CONN_TX_IOV));
	n = some(r, n < room ? n : room);
	if (!n || !room)
		return false;
	n = n < room ? n : room;
	push(p, iov, n);
	conn_tx_done(r->c, n, r->now);
	return true;
}

static bool target_sends(struct rig *r)
{
	struct iovec iov[TGT_TX_IOV];
	struct pipe *p = &r->to_session;
	size_t n, room = RIG_PIPE - p->len;

	n = total(iov, tgt_conn_tx_want(r->tc, iov, TGT_TX_IOV));
	n = some(r, n < room ? n : room);
	if (!n)
		return false;
	push(p, iov, n);
	tgt_conn_tx_done(r->tc, n, r->now);
	return true;
}

static bool target_receives(struct rig *r)
{
	struct pipe *p = &r->to_target;
	size_t n = tgt_conn_rx(r->tc, p->bytes, some(r, p->len), r->now);

	pop(p, n);
	return n > 0;
}

static bool session_receives(struct rig *r)
{
	struct pipe *p = &r->to_session;
	struct iovec iov[CONN_RX_IOV];
	size_t n = some(r, p->len), put = 0;
	int pieces;

	if (!n)
		return false;
	pieces = conn_rx_want(r->c, iov);
	for (int i = 0; i < pieces && put < n; i++) {
		size_t k = iov[i].iov_len < n - put ? iov[i].iov_len : n - put;

		memcpy(iov[i].iov_base, p->bytes + put, k);
		put += k;
	}
	pop(p, put);
	if (put)
		conn_rx_done(r->c, put, r->now);
	return put > 0;
}

bool rig_step(struct rig *r)
{
	bool moved = false;

	if (r->c && !r->closing)
		moved |= session_sends(r);
	if (r->tc && !tgt_conn_over(r->tc))
		moved |= target_receives(r);
	if (r->tc)
		moved |= target_sends(r);
	if (r->c && !r->closing)
		moved |= session_receives(r);
	return moved;
}

void rig_run(struct rig *r)
{
	while (r->c) {
		if (r->closing)
			closed(r);
		else if (!rig_step(r) && !r->closing) {
			if (!tgt_conn_over(r->tc))
				return;
			session_transport_lost(r->s, r->c, 0, r->now);
		}
	}
}

bool rig_login(struct rig *r)
{
	rig_connect(r);
	rig_run(r);
	return session_is_up(r->s);
}

static void cmd_done(struct cmd *c)
{
	container_of(c, struct rig_cmd, cmd)->done++;
}

void rig_submit(struct rig *r, struct rig_cmd *k, enum cmd_dir dir,
		uint64_t sector, uint8_t *buf, uint32_t len)
{
	memset(k, 0, sizeof(*k));
	k->cmd.dir = dir;
	k->cmd.buf = buf;
	k->cmd.len = len;
	k->cmd.done = cmd_done;
	if (dir == CMD_READ)
		cdb_read_16(k->cmd.cdb, sector, len / 512);
	else
		cdb_write_16(k->cmd.cdb, sector, len / 512, false);
	session_submit(r->s, &k->cmd);
}
