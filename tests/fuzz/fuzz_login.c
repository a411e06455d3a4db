/*
 * fuzz_login - login responses of any text and flags, with and without CHAP.
 */
#include "base/bytes.h"
#include "peer.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct peer p;
	struct input in = { data, size };
	uint8_t mode = input_byte(&in), out[BHS_LEN + 1028];

	peer_init(&p, mode & 4 ? SESSION_DISCOVERY : SESSION_NORMAL, mode & 1,
		  mode & 2);
	peer_connect(&p);
	while (in.left && p.c) {
		uint8_t flags = input_byte(&in), keep = input_byte(&in);
		uint32_t len = input_u16(&in) & 1023;

		peer_drain(&p, SIZE_MAX);
		memset(out, 0, sizeof(out));
		out[0] = OP_LOGIN_RSP;
		out[1] = flags;
		memcpy(out + 8, p.cfg.isid, ISID_LEN);
		put_be32(out + 16, p.login_itt);
		put_be32(out + 24, p.statsn++);
		out[15] = 1;
		if (keep & 1)
			input_bytes(&in, out + 36, 2);
		if (keep & 2)
			input_bytes(&in, out, BHS_LEN);
		put_be24(out + 5, len);
		input_bytes(&in, out + BHS_LEN, len);
		peer_feed(&p, out, BHS_LEN + len + pdu_pad(len),
			  keep & 4 ? 7 : sizeof(out));
		peer_settle(&p);
	}
	peer_fini(&p);
	return 0;
}
