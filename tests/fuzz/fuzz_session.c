/*
 * fuzz_session - a whole connection in full feature phase: the input says
 * what the owner does and what the target sends, with numbers mended often
 * enough to get anywhere.
 */
#include <errno.h>

#include "base/bytes.h"
#include "base/list.h"
#include "peer.h"

static struct peer p;

static void cmd_done(struct cmd *c)
{
	p.busy[c - p.cmds] = false;
}

static void tmf_done(struct tmf_req *t, int response)
{
	p.tmf_busy = false;
}

static void submit(struct input *in)
{
	unsigned i = input_byte(in) % PEER_CMDS;
	struct cmd *c = &p.cmds[i];

	if (p.busy[i])
		return;
	memset(c, 0, sizeof(*c));
	c->dir = (enum cmd_dir)(input_byte(in) % 3);
	c->buf = p.data[i];
	c->len = c->dir == CMD_NO_DATA ? 0 : input_u16(in) % PEER_DATA;
	c->lun[1] = i & 1;
	c->timeout = i & 2 ? 20000 : 0;
	c->done = cmd_done;
	p.busy[i] = true;
	session_submit(p.s, c);
}

static void manage(struct input *in)
{
	unsigned i = input_byte(in) % PEER_CMDS;

	if (p.tmf_busy)
		return;
	p.tmf = (struct tmf_req){
		.function = (enum tmf)(1 + input_byte(in) % 7),
		.cmd = &p.cmds[i],
		.done = tmf_done,
	};
	p.tmf.lun[1] = i & 1;
	/* A command that was never submitted has no task to abort. */
	if (p.tmf.function == TMF_ABORT_TASK && !p.busy[i])
		return;
	p.tmf_busy = true;
	if (session_manage(p.s, &p.tmf, p.now))
		p.tmf_busy = false;
}

static void cleared(struct clear_req *r, int err)
{
	MUST(!r->pending && (!err || err == -ENOTCONN));
}

/* The session's own ladder of functions. */
static void recover(struct input *in)
{
	unsigned i = input_byte(in) % (PEER_CMDS + 1);

	if (i < PEER_CMDS && p.busy[i]) {
		session_expire(p.s, &p.cmds[i], p.now);
	} else if (i == PEER_CMDS && !p.clear.pending && session_is_up(p.s)) {
		p.clear.done = cleared;
		session_clear_lun(p.s, &p.clear);
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
		put_be32(out + 16, p.itts[mend >> 5]);
	if (mend & 2)
		put_be32(out + 24, p.statsn);
	if (mend & 4)
		p.statsn++;
	input_bytes(in, out + BHS_LEN, len);
	peer_feed(&p, out, BHS_LEN + len + pdu_pad(len),
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
		peer_drain(&p, input_u16(in));
		break;
	case 4:
		p.now += input_u16(in);
		session_tick(p.s, p.now);
		break;
	case 5:
		if (input_byte(in) == 0)
			session_logout(p.s, p.now);
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

	peer_init(&p, SESSION_NORMAL, false, false);
	peer_connect(&p);
	peer_log_in(&p, keys, sizeof(keys));
	MUST(session_is_up(p.s));
	while (in.left && p.c) {
		step(&in);
		peer_settle(&p);
		MUST(session_next_wake(p.s) > 0);
	}
	peer_fini(&p);
	return 0;
}
