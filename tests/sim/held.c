/*
 * held - what an engine said of a disk that waits.
 */
#include "host.h"

#include "sim.h"

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
