/*
 * verb_daemon - "reload", "log" and "shutdown".
 */
#include <errno.h>
#include <string.h>

#include "base/log.h"
#include "base/topic.h"
#include "iscsid/life/manager.h"
#include "iscsid/life/stop.h"
#include "iscsid/admin/verb_fns.h"

void verb_reload(struct call *c, const struct msg_in *args)
{
	unsigned faulty = 0;
	int err = manager_reload(c->m, &faulty);

	if (err)
		call_fail(c, err,
			  "%s cannot be read (%s), the configuration "
			  "stays as it was; the log says more",
			  c->m->opt->conf, strerror(-err));
	else if (faulty)
		call_fail(c, -EBADMSG,
			  "%s is read again, but %u faulty line%s not used; "
			  "the log names %s",
			  c->m->opt->conf, faulty,
			  faulty == 1 ? " is" : "s are",
			  faulty == 1 ? "it" : "them");
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
 * It is the engines that have lines by topic; they come as debug lines, with
 * those that -d gives.
 */
static void set_mask(struct call *c, unsigned mask)
{
	bool debug = mask || c->m->opt->debug;

	log_set_level(debug ? LOG_DEBUG : LOG_INFO);
	engines_set_topics(&c->m->engines, mask);
	log_info(NULL, "log settings %x", mask);
	call_ok(c, "log settings %x", mask);
}

void verb_log(struct call *c, const struct msg_in *args)
{
	char what[16] = "", word[16] = "";
	unsigned mask = c->m->engines.topics, bit;
	bool on, known;

	if (msg_get(args, "what", what, sizeof(what)) < 0)
		*what = '\0';
	/* Without one it stays "". */
	(void)msg_get(args, "value", word, sizeof(word));
	bit = topic_by_name(what);
	known = bit || strcmp(what, "smp") == 0; /* of old, about nothing */
	if (!*word && strcmp(what, "all") == 0)
		set_mask(c, TOPICS_ALL);
	else if (!*word && strcmp(what, "none") == 0)
		set_mask(c, 0);
	else if (!known)
		call_fail(c, -EINVAL, "there is nothing to log of that name");
	else if (!read_switch(word, bit == TOPIC_SENSE, &on))
		call_fail(c, -EINVAL, "%s is to be on or off", what);
	else
		set_mask(c, on ? mask | bit : mask & ~bit);
}
