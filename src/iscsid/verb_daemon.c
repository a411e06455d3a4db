/*
 * verb_daemon - "reload", "log" and "shutdown".
 */
#include <errno.h>
#include <string.h>

#include "base/log.h"
#include "iscsid/manager.h"
#include "iscsid/verb_fns.h"

void verb_reload(struct call *c, const struct msg_in *args)
{
	int err = manager_reload(c->m);

	if (err)
		call_fail(c, err,
			  "%s cannot be read (%s), the configuration "
			  "stays as it was; the log says more",
			  c->m->opt->conf, strerror(-err));
	else
		call_ok(c, "%s is read again", c->m->opt->conf);
}

void verb_shutdown(struct call *c, const struct msg_in *args)
{
	log_info(NULL, "shutdown is asked for");
	manager_stop(c->m);
	call_ok(c, "shutting down");
}

/* Logging ------------------------------------------------------------- */

struct topic {
	const char *name;
	unsigned bit;
};

/* The original's words and the bits it printed. */
static const struct topic topics[] = {
	{ "error", 1u << 1 }, { "sense", 1u << 2 }, { "init", 1u << 3 },
	{ "queue", 1u << 4 }, { "alloc", 1u << 5 }, { "eh", 1u << 6 },
	{ "flow", 1u << 7 },  { "retry", 1u << 8 }, { "login", 1u << 9 },
	{ "smp", 0 },
};

static const struct {
	const char *word;
	int on; /* -1: only for sense */
	bool value;
} switches[] = {
	{ "on", 1, true },	{ "yes", 1, true },	  { "1", 1, true },
	{ "off", 1, false },	{ "no", 1, false },	  { "0", 1, false },
	{ "always", -1, true }, { "minimal", -1, false },
};

static bool read_switch(const char *word, bool sense, bool *value)
{
	for (size_t i = 0; i < sizeof(switches) / sizeof(*switches); i++) {
		if (strcmp(switches[i].word, word) != 0 ||
		    (switches[i].on < 0 && !sense))
			continue;
		*value = switches[i].value;
		return true;
	}
	return false;
}

/*
 * The daemon does not sort its lines by topic: with any topic on it says
 * what -d makes it say, with none it is as without -d.
 */
static void set_mask(struct call *c, unsigned mask)
{
	bool debug = mask || c->m->opt->debug;

	c->m->log_mask = mask;
	log_set_level(debug ? LOG_DEBUG : LOG_INFO);
	log_info(NULL, "log settings %x", mask);
	call_ok(c, "log settings %x", mask);
}

static unsigned all_topics(void)
{
	unsigned mask = 0;

	for (size_t i = 0; i < sizeof(topics) / sizeof(*topics); i++)
		mask |= topics[i].bit;
	return mask;
}

static const struct topic *find_topic(const char *name)
{
	for (size_t i = 0; i < sizeof(topics) / sizeof(*topics); i++)
		if (strcmp(topics[i].name, name) == 0)
			return &topics[i];
	return NULL;
}

void verb_log(struct call *c, const struct msg_in *args)
{
	char what[16] = "", word[16] = "";
	const struct topic *t;
	bool on;

	if (msg_get(args, "what", what, sizeof(what)) < 0)
		*what = '\0';
	(void)msg_get(args, "value", word, sizeof(word));
	t = find_topic(what);
	if (!*word && strcmp(what, "all") == 0)
		set_mask(c, all_topics());
	else if (!*word && strcmp(what, "none") == 0)
		set_mask(c, 0);
	else if (!t)
		call_fail(c, -EINVAL, "there is nothing to log of that name");
	else if (!read_switch(word, strcmp(what, "sense") == 0, &on))
		call_fail(c, -EINVAL, "%s is to be on or off", what);
	else
		set_mask(c, on ? c->m->log_mask | t->bit
			       : c->m->log_mask & ~t->bit);
}
