/*
 * held - what an engine said: of a disk that waits, for the log, in error.
 */
#include "host.h"

#include <string.h>

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

void held_hear_log(const struct msg_in *m)
{
	char object[256] = "", text[512] = "";

	msg_get(m, "object", object, sizeof(object));
	msg_get(m, "text", text, sizeof(text));
	if (host_log)
		host_log(object, text);
}

void held_hear_error(const struct msg_in *m)
{
	char text[256] = "";

	msg_get(m, "text", text, sizeof(text));
	if (strncmp(text, "switch", 6) != 0 && !strstr(text, "were lost") &&
	    !strstr(text, "no such"))
		sim_fail(FIG_ERROR, "the engine refuses: %s", text);
}
