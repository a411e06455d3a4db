/*
 * fuzz_hba - the file of the HBA: requests that no kernel would write, and
 * lines that nobody should.
 */
#include "fuzz.h"

#include "iscsid/admin/hba_proto.h"
#include "iscsid/admin/hba_text.h"

static void request(const uint8_t *p, size_t n)
{
	struct hba_request r;
	struct hba_answer a;
	struct hba_body body;

	hba_proto_read(p, n, &r);
	switch (r.kind) {
	case HBA_IS_NOTHING:
		return;
	case HBA_IS_SIMPLE:
		MUST(r.error <= 0);
		hba_proto_simple(&r, &body);
		break;
	case HBA_IS_OPEN:
		hba_proto_open(&body, 7);
		break;
	case HBA_IS_WRITE:
		MUST(r.data >= p && r.size <= n &&
		     (size_t)(r.data - p) <= n - r.size);
		hba_proto_written(&body, r.size);
		break;
	default:
		body.len = 0;
	}
	MUST(body.len <= sizeof(body.bytes));
	hba_proto_answer(&a, r.unique, r.error, body.bytes, body.len);
	MUST(a.iov[0].iov_len == sizeof(a.head));
}

static void line(const char *text, size_t n)
{
	static struct msg_out out;
	struct msg_in m;
	const char *why = hba_text_request(text, n, &out);

	if (why) {
		MUST(*why);
		return;
	}
	MUST(!out.full && msg_read(&m, out.text, out.len) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (!size)
		return 0;
	if (data[0] & 1)
		request(data + 1, size - 1);
	else
		line((const char *)data + 1, size - 1);
	return 0;
}
