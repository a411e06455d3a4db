/*
 * fuzz_discovery - answers to SendTargets, cut anywhere.
 */
#include "base/bytes.h"
#include "peer.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct peer p;
	struct input in = { data, size };

	peer_init(&p, SESSION_DISCOVERY, false, false);
	peer_connect(&p);
	peer_log_in(&p, "", 0);
	peer_settle(&p);
	if (p.c)
		session_send_targets(p.s, p.now);
	while (in.left && p.c) {
		uint8_t flags = input_byte(&in), out[BHS_LEN + 4096];
		uint32_t len = input_u16(&in) & 4095;
		struct pdu_text_rsp rsp = {
			.final = flags & 1,
			.cont = (flags & 3) == 2,
			.ttt = flags & 4 ? TAG_NONE : 5,
			.data_len = len,
			.sn = { p.statsn++, 1, 40 },
		};

		peer_drain(&p, SIZE_MAX);
		rsp.itt = p.text_itt;
		pdu_put_text_rsp(out, &rsp);
		input_bytes(&in, out + BHS_LEN, len);
		memset(out + BHS_LEN + len, 0, pdu_pad(len));
		peer_feed(&p, out, BHS_LEN + len + pdu_pad(len),
			  flags & 8 ? 11 : sizeof(out));
		peer_settle(&p);
	}
	peer_fini(&p);
	return 0;
}
