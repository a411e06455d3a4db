/*
 * fuzz_session - a whole connection in full feature phase: the input says
 * what the owner does and what the target sends, with numbers mended often
 * enough to get anywhere.
 */
#include <errno.h>

#include "base/bytes.h"
#include "base/list.h"
#include "peer.h"

static struct peer peer;

static void cmd_done(struct cmd *c)
{
	peer.busy[c - peer.cmds] = false;
}

static void tmf_done(struct tmf_req *t, int response)
{
	peer.tmf_busy = false;
}

static void submit(struct input *in)
{
	unsigned i = input_byte(in) % PEER_CMDS;
	struct cmd *c = &peer.cmds[i];

	if (peer.busy[i])
		return;
	memset(c, 0, sizeof(*c));
	c->dir = (enum cmd_dir)(input_byte(in) % 3);
	c->buf = peer.data[i];
	c->len = c->dir == CMD_NO_DATA ? 0 : input_u16(in) % PEER_DATA;
	c->lun[1] = i & 1;
	c->timeout = i & 2 ? 20000 : 0;
	c->done = cmd_done;
	peer.busy[i] = true;
	session_submit(peer.s, c);
}

static void manage(struct input *in)
{
	unsigned i = input_byte(in) % PEER_CMDS;

	if (peer.tmf_busy)
		return;
	peer.tmf = (struct tmf_req){
		.function = (enum tmf)(1 + input_byte(in) % 7),
		.cmd = &peer.cmds[i],
		.done = tmf_done,
	};
	peer.tmf.lun[1] = i & 1;
	/* A command that was never submitted has no task to abort. */
	if (peer.tmf.function == TMF_ABORT_TASK && !peer.busy[i])
		return;
	peer.tmf_busy = true;
	if (session_manage(peer.s, &peer.tmf, peer.now))
		peer.tmf_busy = false;
}

static void cleared(struct clear_req *r, int err)
{
	MUST(!r->pending && (!err || err == -ENOTCONN));
}

/* The session's own ladder of functions. */
static void recover(struct input *in)
{
	unsigned i = input_byte(in) % (PEER_CMDS + 1);

	if (i < PEER_CMDS && peer.busy[i]) {
		session_expire(peer.s, &peer.cmds[i], peer.now);
	} else if (i == PEER_CMDS && !peer.clear.pending &&
		   session_is_up(peer.s)) {
		peer.clear.done = cleared;
		session_clear_lun(peer.s, &peer.clear);
	}
}

static void send_pdu(struct input *in)
{
	uint8_t mend = input_byte(in), out[BHS_LEN + 4100];
	uint32_t len = input_u16(in) & 4095;

	memset(out, 0, sizeof(out));
	input_bytes(in, out, BHS_LEN);
	out[4] = 0;
	put_be24(out + 5, len);
	if (mend & 1)
		put_be32(out + 16, peer.itts[mend >> 5]);
	if (mend & 2)
		put_be32(out + 24, peer.statsn);
	if (mend & 4)
		peer.statsn++;
	input_bytes(in, out + BHS_LEN, len);
	peer_feed(&peer, out, BHS_LEN + len + pdu_pad(len),
		  mend & 8 ? 13 : sizeof(out));
}

static void step(struct input *in)
{
	switch (input_byte(in) % 8) {
	case 0:
	case 1:
		submit(in);
		break;
	case 2:
		manage(in);
		break;
	case 3:
		peer_drain(&peer, input_u16(in));
		break;
	case 4:
		peer.now += input_u16(in);
		session_tick(peer.s, peer.now);
		break;
	case 5:
		if (input_byte(in) == 0)
			session_logout(peer.s, peer.now);
		else
			recover(in);
		break;
	default:
		send_pdu(in);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const char keys[] = "InitialR2T=No\0MaxOutstandingR2T=3\0"
				   "MaxRecvDataSegmentLength=512\0"
				   "FirstBurstLength=2048\0MaxBurstLength=4096";
	struct input in = { data, size };

	peer_init(&peer, SESSION_NORMAL, false, false);
	peer_connect(&peer);
	peer_log_in(&peer, keys, sizeof(keys));
	MUST(session_is_up(peer.s));
	while (in.left && peer.c) {
		step(&in);
		peer_settle(&peer);
		MUST(session_next_wake(peer.s) > 0);
	}
	peer_fini(&peer);
	return 0;
}
