/*
 * fuzz_msg - messages between the processes, as a hostile engine or client
 * would write them.
 */
#include "fuzz.h"

#include "ctl/msg.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const char *const keys[] = { "id", "lun", "text", "portal" };
	struct msg_in m;
	char value[64];
	uint64_t n;

	if (msg_read(&m, (const char *)data, size))
		return 0;
	(void)msg_is(&m, "target");
	for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++) {
		int len = msg_get(&m, keys[i], value, sizeof(value));

		MUST(len < (int)sizeof(value));
		if (len >= 0)
			MUST(value[len] == '\0');
		(void)msg_get_nth(&m, keys[i], 3, value, sizeof(value));
		if (!msg_get_u64(&m, keys[i], 1000, &n))
			MUST(n <= 1000);
	}
	return 0;
}
