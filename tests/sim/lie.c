/*
 * lie - words that the engine did not say, put into its socket.
 *
 * An engine reads the network, so it may be somebody else's one day.  What it
 * says of disks that are its own can hurt them: such lies are left out here.
 * All others must hurt nobody.
 */
#include "lie.h"

#include <stdio.h>
#include <string.h>

#include "config.h"
#include "host.h"
#include "sim.h"

static struct msg_out out;

static uint32_t below(uint32_t n)
{
	return dice_below(&sim.host, n);
}

/* Of one of its targets, or of nobody. */
static void begin(const char *verb, bool own)
{
	uint64_t id = own ? host_id_of(&boxes[below(config.boxes)]) : 0;

	msg_begin(&out, verb);
	msg_u64(&out, "id", id ? id : 1000 + dice_roll(&sim.host) / 2);
}

/* One that no target has, but in some other form of a number that it has. */
static void add_lun(void)
{
	char hex[32];

	snprintf(hex, sizeof(hex), "%04x00000000000%x", 0x4000 | below(0x4000),
		 below(3) & 3);
	msg_str(&out, "lun", hex);
}

/* As long as a message bears, or short. */
static void add_text(const char *key)
{
	static char text[30001];
	size_t n = below(2) ? sizeof(text) - 1 : below(2000);

	memset(text, below(2) ? 'x' : '%', n / 3);
	text[n / 3] = '\0';
	msg_str(&out, key, text);
}

static void say_lun(void)
{
	/* A place that is free, or none: else it is its own disk's. */
	static const uint32_t numbers[] = { 7,	 100, 255,   256,
					    257, 300, 65536, UINT32_MAX };

	const struct held *h = &held[below(config.boxes)][below(config.luns)];
	bool second = h->device && below(2); /* its place is taken */

	begin("lun", below(4));
	if (second) {
		msg_begin(&out, "lun");
		msg_u64(&out, "id", host_id_of(h->box));
	}
	add_lun();
	msg_u64(&out, "number", second ? h->lun : numbers[below(8)]);
	msg_str(&out, "state", below(3) ? "online" : "failed");
	msg_u64(&out, "block-size", below(2) ? 512 : below(1u << 20));
	msg_u64(&out, "blocks", dice_roll(&sim.host) >> below(64));
	msg_u64(&out, "type", below(2) ? below(32) : 0);
	msg_u64(&out, "cdbs", below(2));
	add_text("vendor");
	if (below(2))
		msg_str(&out, "identity", "t10.nobody");
}

static void say_of_a_lun(void)
{
	static const char *const verbs[] = { "attached", "detached", "vanished",
					     "waits", "held" };

	begin(verbs[below(5)], below(4));
	add_lun();
	msg_u64(&out, "error", below(200));
	add_text("reason");
}

/* That a disk of its own is served may be said at any time. */
static void say_attached(void)
{
	char hex[32];

	begin("attached", true);
	snprintf(hex, sizeof(hex), "%04x000000000000", below(MAX_LUNS));
	msg_str(&out, "lun", hex);
}

static void say_of_a_target(void)
{
	static const char *const verbs[] = { "has",	"settled", "fence",
					     "session", "moved",   "redirected",
					     "resolve", "failed",  "found" };

	begin(verbs[below(9)], false);
	msg_str(&out, "name", boxes[below(config.boxes)].iqn);
	msg_str(&out, "group", "1");
	msg_str(&out, "reinstates", "yes");
	msg_str(&out, "state", below(2) ? "up" : "down");
	msg_str(&out, "portal", "10.0.1.1:3260,1");
	msg_str(&out, "host", "nobody.example");
	msg_u64(&out, "port", 3260);
	add_text("reason");
}

static void say_end(void)
{
	static const char *const verbs[] = { "removed",	   "ended",
					     "discovered", "luns",
					     "switched",   "redirected" };

	begin(verbs[below(6)], below(2));
	msg_u64(&out, "doubt", below(2));
	msg_u64(&out, "count", below(1000));
	msg_u64(&out, "error", below(200));
	msg_str(&out, "portal", "10.9.9.9:3260,1");
}

static void say_of_itself(void)
{
	static const char *const verbs[] = { "ready", "adopted", "pong",
					     "log",   "error",	 "nonsense" };

	msg_begin(&out, verbs[below(6)]);
	msg_u64(&out, "version", below(3));
	msg_u64(&out, "level", below(9));
	msg_u64(&out, "count", below(1000));
	add_text("text");
}

static void say_garbage(void)
{
	msg_begin(&out, below(2) ? "lun" : "\x01");
	for (uint32_t n = below(100); n > 0; n--)
		out.text[out.len++] = (char)below(256);
}

void lie_tell(void)
{
	static void (*const lies[])(void) = {
		say_lun, say_of_a_lun,	say_attached, say_of_a_target,
		say_end, say_of_itself, say_garbage,
	};
	unsigned n = below(10) ? 1 + below(5) : 300;

	while (n--) {
		lies[below(sizeof(lies) / sizeof(*lies))]();
		if (!out.full)
			host_lie(&out);
	}
}
