/*
 * held - what the manager keeps of a disk, from what an engine said of it.
 */
#include "manager.h"

#include "base/str.h"
#include "sim.h"

void held_keep_past(struct held *h, const struct msg_in *m)
{
	static const char *const keys[] = {
		"serial",
		"block-size",
		"physical-size",
		"blocks",
		"read-only",
		"rotational",
		"write-cache",
		"fua",
		"discard",
		"max-discard",
		"discard-granularity",
		"discard-alignment",
		"zero",
		"max-zero",
		"optimal-io",
	};
	struct strbuf sb;
	char value[64];

	sb_init(&sb, h->past, sizeof(h->past));
	for (size_t i = 0; i < sizeof(keys) / sizeof(*keys); i++)
		if (msg_get(m, keys[i], value, sizeof(value)) > 0)
			sb_add(&sb, " %s=%s", keys[i], value);
}

void held_hear_waits(struct held *h, const struct msg_in *m)
{
	char reason[16];
	uint64_t age = 0;
	int n = msg_get(m, "reason", reason, sizeof(reason));

	(void)msg_get_u64(m, "age", UINT32_MAX, &age);
	if (n == 0)
		h->waited_until = sim.now;
	else
		h->waits_since = sim.now - (age + 1) * SEC;
}

bool held_waits_for(const struct held *h, uint64_t us)
{
	if (!h->waits_since)
		return false;
	if (h->waited_until > h->waits_since && h->waited_until + SEC < sim.now)
		return false;
	return sim.now - h->waits_since >= us;
}
