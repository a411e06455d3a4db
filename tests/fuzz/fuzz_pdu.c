/*
 * fuzz_pdu - any 48 bytes through every decoder; what one accepts must come
 * back the same after encoding and decoding again.
 */
#include "fuzz.h"
#include "wire/pdu.h"

/* Compares by encoding once more: structs have padding. */
#define ROUND(type)                                                            \
	do {                                                                   \
		struct pdu_##type a, b;                                        \
		uint8_t one[BHS_LEN], two[BHS_LEN];                            \
                                                                               \
		if (pdu_get_##type(bhs, &a))                                   \
			break;                                                 \
		pdu_put_##type(one, &a);                                       \
		MUST(pdu_get_##type(one, &b) == 0);                            \
		pdu_put_##type(two, &b);                                       \
		MUST(memcmp(one, two, BHS_LEN) == 0);                          \
	} while (0)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct input in = { data, size };
	uint8_t bhs[BHS_LEN];

	input_bytes(&in, bhs, sizeof(bhs));
	ROUND(nop_out);
	ROUND(scsi_cmd);
	ROUND(tmf_req);
	ROUND(login_req);
	ROUND(text_req);
	ROUND(data_out);
	ROUND(logout_req);
	ROUND(nop_in);
	ROUND(scsi_rsp);
	ROUND(tmf_rsp);
	ROUND(login_rsp);
	ROUND(text_rsp);
	ROUND(data_in);
	ROUND(logout_rsp);
	ROUND(r2t);
	ROUND(async);
	ROUND(reject);
	return 0;
}
