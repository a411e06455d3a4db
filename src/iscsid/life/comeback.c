/*
 * comeback - the disks that a manager before us had: how many are back, and
 * what the others wait for.
 */
#include "iscsid/life/comeback.h"

#include <syslog.h>

#include "base/list.h"
#include "base/log.h"
#include "base/str.h"
#include "iscsid/device/device.h"
#include "iscsid/core/core.h"
#include "iscsid/target/target.h"

#define LOOK_EVERY 250	/* ms, until the first line */
#define LOOK_LATER 2000 /* ms, from then on */
#define NAMED	   5	/* disks, at most, in one report */

struct comeback {
	struct manager *m;
	struct io_timer timer;
	unsigned count;	      /* of disks that go on */
	uint64_t began, next; /* ms: the start, and the next line */
};

/* What a disk in this state waits for. */
static void add_cause(struct strbuf *sb, const struct device *d)
{
	const struct target *t = target_of(d->bay);

	if (!t->bay.engine)
		sb_add(sb, "for an engine");
	else if (!t->bay.up && *t->reason)
		sb_add(sb, "for a session: %s", t->reason);
	else if (!t->bay.up)
		sb_add(sb, "for a session");
	else if (*d->waits.reason)
		sb_add(sb, "for the target: %s", d->waits.reason);
	else if (t->fence.holds)
		sb_add(sb, "for the end of the old session (FenceTimeout)");
	else if (d->recovery || d->recovering)
		sb_add(sb, "for its %s device to be recovered", d->via->word);
	else if (!d->serving)
		sb_add(sb, "for the engine to take it");
	else if (d->state == DEVICE_PARSING)
		sb_add(sb, "for an answer to a read");
	else
		sb_add(sb, "for its block device (%s)", device_state_name(d));
}

static void name_one(const struct device *d)
{
	char text[512];
	struct strbuf sb;

	sb_init(&sb, text, sizeof(text));
	add_cause(&sb, d);
	log_warn(d->label, "is not back yet: it waits %s", text);
}

/* How many are not back yet; names some of them. */
static unsigned look(struct manager *m, bool name)
{
	struct list *t, *d;
	unsigned n = 0;

	list_for_each (t, &m->targets) {
		list_for_each (
			d, &container_of(t, struct target, link)->bay.devices) {
			const struct device *dev =
				container_of(d, struct device, link);

			if (!dev->resumed)
				continue;
			if (name && n < NAMED)
				name_one(dev);
			n++;
		}
	}
	return n;
}

static void say(const struct manager *m, unsigned missing)
{
	const struct comeback *c = m->comeback;
	unsigned ms = (unsigned)(manager_now(m) - c->began);
	unsigned back = c->count - missing - m->not_back;

	log_line(back == c->count ? LOG_INFO : LOG_WARNING, NULL,
		 "%u of %u disk%s %s back after %u.%u s", back, c->count,
		 c->count == 1 ? "" : "s", back == 1 ? "is" : "are", ms / 1000,
		 ms % 1000 / 100);
}

static void report(struct manager *m, unsigned missing)
{
	say(m, missing);
	look(m, true);
	if (missing > NAMED)
		log_warn(NULL, "... and %u more are not", missing - NAMED);
}

static void on_time(struct io_timer *timer)
{
	struct comeback *c = container_of(timer, struct comeback, timer);
	struct manager *m = c->m;
	uint64_t now = manager_now(m);
	unsigned missing = look(m, false);

	if (!missing) {
		say(m, 0);
		return;
	}
	if (now >= c->next) {
		report(m, missing);
		c->next = now + COMEBACK_EVERY;
	}
	manager_set_timer(m, timer,
			  c->next < c->began + COMEBACK_EVERY ? LOOK_EVERY
							      : LOOK_LATER);
}

void comeback_begin(struct manager *m, unsigned n)
{
	static struct comeback only;
	struct comeback *c = &only;

	if (!n)
		return;
	m->comeback = c;
	c->m = m;
	c->timer.fn = on_time;
	c->count = n;
	c->began = manager_now(m);
	c->next = c->began + COMEBACK_FIRST;
	manager_set_timer(m, &c->timer, LOOK_EVERY);
}

void comeback_end(struct manager *m)
{
	if (m->comeback)
		manager_clear_timer(m, &m->comeback->timer);
}
