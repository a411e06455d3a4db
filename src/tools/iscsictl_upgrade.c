/*
 * iscsictl_upgrade - waits for what "upgrade" set off.
 */
#include "tools/iscsictl_upgrade.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

#include "ctl/client.h"
#include "words/verbs.h"

#define LOOK_EVERY   100   /* ms */
#define ANSWER_IN    5000  /* ms */
#define DISKS_WITHIN 10000 /* ms; a disk that was away before stays away */

struct state {
	char version[64], state[16], renew[16], engines[64], disks[64];
};

static struct ctl_client client;

static void take_row(const struct msg_in *m, struct state *s)
{
	const struct {
		const char *name;
		char *dst;
		size_t size;
	} facts[] = {
		{ "version", s->version, sizeof(s->version) },
		{ "state", s->state, sizeof(s->state) },
		{ "to-renew", s->renew, sizeof(s->renew) },
		{ "engines", s->engines, sizeof(s->engines) },
		{ "disks", s->disks, sizeof(s->disks) },
	};
	char name[32];

	if (msg_get(m, "name", name, sizeof(name)) < 0)
		return;
	for (size_t i = 0; i < sizeof(facts) / sizeof(*facts); i++)
		if (strcmp(facts[i].name, name) == 0 &&
		    msg_get(m, "value", facts[i].dst, facts[i].size) < 0)
			*facts[i].dst = '\0';
}

static bool ask(const char *rundir, struct state *s)
{
	static struct msg_out request;
	struct msg_in m;
	bool ok = false;

	memset(s, 0, sizeof(*s));
	if (ctl_open(&client, rundir, ANSWER_IN))
		return false;
	msg_begin(&request, control_verbs[CONTROL_status].name);
	if (!ctl_ask(&client, &request))
		while (!ok && !ctl_next(&client, &m) && !msg_is(&m, "error")) {
			ok = msg_is(&m, "ok");
			take_row(&m, s);
		}
	ctl_close(&client);
	return ok;
}

/* The old image answers for a moment, with something to renew. */
static bool is_new(const struct state *s)
{
	return strcmp(s->renew, "0") == 0 && strcmp(s->state, "starting") != 0;
}

static bool are_all(const char *count)
{
	unsigned all, so;

	return sscanf(count, "%u, %u", &all, &so) == 2 && so == all;
}

static bool is_whole(const struct state *s)
{
	return are_all(s->engines) && are_all(s->disks);
}

static uint64_t now_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000 + (uint64_t)t.tv_nsec / 1000000;
}

bool upgrade_wait(const char *rundir, uint64_t timeout)
{
	const struct timespec pause = { .tv_nsec = LOOK_EVERY * 1000000L };
	uint64_t until = now_ms() + timeout * 1000;
	struct state s, new;
	bool runs = false;

	while (now_ms() < until && !(runs && is_whole(&new))) {
		nanosleep(&pause, NULL);
		if (!ask(rundir, &s) || !is_new(&s))
			continue;
		if (!runs)
			until = now_ms() + DISKS_WITHIN;
		runs = true;
		new = s;
	}
	if (runs)
		printf("iscsid %s runs; engines: %s; disks: %s\n", new.version,
		       new.engines, new.disks);
	else
		fprintf(stderr,
			"iscsictl: upgrade: the daemon is not back after %u s; "
			"its log says why, its disks go on\n",
			(unsigned)timeout);
	return runs;
}
