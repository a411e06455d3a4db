/*
 * source - where targets come from: a DiscoveryAddress that is asked, or a
 * TargetName section that lists its own addresses.
 */
#include "iscsid/source/source.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/str.h"
#include "iscsid/source/gather.h"
#include "iscsid/core/core.h"
#include "iscsid/messages/request.h"
#include "iscsid/target/target.h"

/* What a SOURCE_FAILED is about. */
struct failure {
	const char *reason;
	bool rarely; /* an administrator has to act first */
	bool lost;   /* it is a session that ended after its answer */
};

static void step(struct source *s, enum source_event ev, const void *arg)
{
	/* A failure of it has been dealt with: source_broken(). */
	(void)fsm_step(&source_fsm, &s->state, (uint8_t)ev, s, arg);
}

static void fail(struct source *s, const char *reason, bool rarely)
{
	const struct failure f = { reason, rarely, false };

	step(s, SOURCE_FAILED, &f);
}

/* A new count of failures begins. */
static void settle(struct source *s)
{
	s->failures = 0;
	repeat_forget(&s->repeat);
}

/* Not of much use if that happens soon: those count like failures. */
static void lose(struct source *s, const char *reason)
{
	const struct failure f = { reason, false, true };

	if (manager_now(s->m) - s->answered >= SOURCE_STEADY)
		settle(s);
	step(s, SOURCE_FAILED, &f);
}

/* Ends whatever the present attempt still has in flight. */
static void let_go(struct source *s)
{
	static struct msg_out msg;
	struct worker *w = s->worker;

	s->worker = NULL;
	manager_abandon(s->m, w);
	redirect_drop(&s->redirect);
	manager_clear_timer(s->m, &s->timer);
	if (s->engine) {
		request_simple(&msg, "remove", s->id);
		engine_tell(s->engine, &msg, -1);
	}
	s->engine = NULL;
	s->id = 0;
	s->answered = 0;
	*s->lost = '\0';
	answers_drop(&s->answers);
}

/* Looking up the address itself --------------------------------------- */

/* Where it moved to goes before where it was. */
static void begin_portals(struct source *s)
{
	s->nportals = 0;
	if (*s->moved.host)
		s->portals[s->nportals++] = s->moved;
}

static void heed_moved(struct source *s, const struct addr *to)
{
	char text[ADDR_TEXT_SIZE];

	if (*s->moved.host && addr_same(&s->moved, to))
		return;
	addr_format(to, false, text, sizeof(text));
	log_info(s->label, "moved to %s for good, which is asked first", text);
	s->moved = *to;
}

static void on_resolved(void *ctx, int err, const struct resolved *list,
			size_t n)
{
	struct source *s = ctx;

	s->worker = NULL;
	begin_portals(s);
	for (unsigned i = 0; n && i < list[0].count; i++) {
		struct addr *a = &s->portals[s->nportals];

		if (s->nportals == SOURCE_PORTALS)
			break;
		s->nportals++;

		*a = s->addr;
		str_copy(a->host, sizeof(a->host), list[0].number[i]);
	}
	if (s->nportals)
		step(s, SOURCE_RESOLVED, NULL);
	else
		fail(s, n ? list[0].reason : strerror(-err), false);
}

static void act_resolve(void *obj, const void *arg)
{
	struct source *s = obj;
	int err;

	let_go(s);
	s->worker = s->m->out->resolve(s->m->out, &s->addr, 1, on_resolved, s,
				       &err);
	if (s->worker)
		return;
	begin_portals(s);
	s->portals[s->nportals++] = s->addr;
	if (err)
		fail(s, strerror(-err), false);
	else
		step(s, SOURCE_RESOLVED, NULL);
}

/* Asking -------------------------------------------------------------- */

static void act_place(void *obj, const void *arg)
{
	struct source *s = obj;

	s->engine = manager_pick_engine(s->m);
	if (s->engine)
		step(s, SOURCE_PLACED, NULL);
}

static int send_question(struct source *s, const struct conf_settings *settings)
{
	static struct msg_out msg;
	uint8_t isid[CONF_ISID_LEN];
	const struct target_request o = {
		.id = s->id,
		.initiator = &s->m->initiator,
		.isid = isid,
		.portals = s->portals,
		.nportals = s->nportals,
		.settings = settings,
	};
	int err = conf_isid(s->m->initiator.name, "", -1, s->index, isid);

	if (err)
		return err;
	request_discover(&o, settings->continuous || s->lasting, &msg);
	if (!engine_tell(s->engine, &msg, -1))
		err = -EPIPE;
	request_wipe(&msg);
	return err;
}

static void act_ask(void *obj, const void *arg)
{
	static struct conf_settings settings;
	struct source *s = obj;
	const struct conf_section *section =
		conf_find_discovery(s->m->conf, &s->addr);
	const char *wrong;
	int err;

	if (!section) {
		step(s, SOURCE_END, NULL);
		return;
	}
	conf_discovery_settings(s->m->conf, section, &settings);
	wrong = settings.unusable;
	s->id = manager_new_id(s->m);
	err = wrong ? 0 : send_question(s, &settings);
	conf_settings_wipe(&settings);
	if (wrong || err) {
		s->engine = NULL; /* it knows nothing of it */
		fail(s, wrong ? wrong : strerror(-err), wrong != NULL);
		return;
	}
	manager_set_timer(s->m, &s->timer, SOURCE_ASK_WITHIN);
}

/* Does an open session of it tell of targets? */
static bool is_answered(const struct source *s)
{
	return s->state == SOURCE_NAMING || s->state == SOURCE_DONE;
}

static void heed_answer(struct source *s)
{
	if (s->state != SOURCE_ASKING && !is_answered(s))
		return;
	answers_end(&s->answers);
	if (!s->answered)
		s->answered = manager_now(s->m);
	/* While the last one is being taken this one waits. */
	step(s, SOURCE_ANSWERED, NULL);
}

static void heed_failed(struct source *s, const struct reported_failed *f)
{
	s->engine = NULL;
	if (!is_answered(s)) {
		fail(s, f->reason, strcmp(f->retry, "soon") != 0);
		return;
	}
	s->lasting = true; /* else the engine would call it ended */
	if (s->state == SOURCE_DONE)
		lose(s, f->reason);
	else
		str_copy(s->lost, sizeof(s->lost), f->reason);
}

void source_said(struct source *s, const struct reported *said)
{
	switch (said->kind) {
	case REPORTED_FOUND:
		if (s->state == SOURCE_ASKING || is_answered(s))
			answers_add(&s->answers, &said->found);
		break;
	case REPORTED_DISCOVERED:
		heed_answer(s);
		break;
	case REPORTED_ENDED:
		s->engine = NULL;
		s->lasting = false;
		settle(s);
		break;
	case REPORTED_FAILED:
		heed_failed(s, &said->failed);
		break;
	case REPORTED_MOVED:
		heed_moved(s, &said->moved.portal);
		break;
	case REPORTED_RESOLVE:
		redirect_ask(&s->redirect, s->m->out, s->engine, said);
		break;
	default:
		break;
	}
}

/* Looking up what was found ------------------------------------------- */

static void on_named(void *ctx, int err, const struct resolved *list, size_t n)
{
	struct source *s = ctx;

	s->worker = NULL;
	if (err)
		fail(s, strerror(-err), false);
	else
		step(s, SOURCE_NAMED,
		     &(struct gather_names){ .list = list, .count = n });
}

static void act_name(void *obj, const void *arg)
{
	static const struct gather_names none;
	struct source *s = obj;
	struct answers *a = &s->answers;
	struct addr *addrs = calloc(a->ncoming + 1, sizeof(*addrs));
	size_t n = 0;
	int err = -ENOMEM;

	manager_clear_timer(s->m, &s->timer);
	answers_take(a);
	for (size_t i = 0; addrs && i < a->ntaken; i++)
		if (a->taken[i].has_addr)
			addrs[n++] = a->taken[i].addr;
	if (addrs)
		s->worker = s->m->out->resolve(s->m->out, addrs, n, on_named, s,
					       &err);
	free(addrs);
	if (err)
		fail(s, strerror(-err), false);
	else if (!s->worker)
		step(s, SOURCE_NAMED, &none);
}

static void on_vanished(void *ctx, const char *name)
{
	struct source *s = ctx;

	log_warn(s->label, "does not list %s any more; its session stays",
		 name);
}

/* Says what is new since the last answer. */
static void compare(struct source *s, const struct gather *g)
{
	const char **names = calloc(g->ntargets + 1, sizeof(*names));

	if (!names || s->answers.ntaken == ANSWER_RECORDS) {
		free(names);
		return;
	}
	for (size_t i = 0; i < g->ntargets; i++)
		names[i] = g->targets[i].name;
	if (known_names_replace(&s->known, names, g->ntargets, on_vanished,
				s) &&
	    !s->is_static)
		log_info(s->label, "%zu target%s found", g->ntargets,
			 g->ntargets == 1 ? "" : "s");
	free(names);
}

/* An answer is taken: what comes next? */
static void go_on(struct source *s, const char *unresolved)
{
	answers_done(&s->answers);
	if (*unresolved) {
		fail(s, unresolved, false);
	} else if (*s->lost) {
		lose(s, s->lost);
	} else if (s->answers.complete) {
		step(s, SOURCE_ANSWERED, NULL);
	} else if (!s->engine) { /* nothing of it is left that can fail */
		settle(s);
	}
}

static void act_take(void *obj, const void *arg)
{
	struct source *s = obj;
	struct gather g = {
		.label = s->label,
		.records = s->answers.taken,
		.nrecords = s->answers.ntaken,
		.self = s->portals,
		.nself = s->is_static ? 0 : s->nportals,
		.names = arg,
		.found_by = s->is_static
				    ? NULL
				    : conf_find_discovery(s->m->conf, &s->addr),
	};

	if (gather_targets(&g)) {
		fail(s, strerror(ENOMEM), false);
		return;
	}
	compare(s, &g);
	targets_take(s->m, g.targets, g.ntargets);
	if (s->asked_before && !s->is_static)
		targets_rescan(s->m);
	s->asked_before = true;
	go_on(s, g.unresolved);
	gather_free(&g);
}

/* Failing ------------------------------------------------------------- */

static void act_wait(void *obj, const void *arg)
{
	const struct failure *f = arg;
	struct source *s = obj;
	uint32_t pause;
	char line[1024];
	struct strbuf sb;

	s->failures++;
	pause = f->rarely ? PAUSE_RARELY : pause_discovery(s->failures);
	sb_init(&sb, line, sizeof(line));
	sb_add(&sb, "discovery %s: %s; ", f->lost ? "session lost" : "failed",
	       f->reason);
	let_go(s); /* the reason, too */
	if (pause)
		sb_add(&sb, "trying again in %u s", pause / 1000);
	else
		sb_add(&sb, "trying again at once");
	if (repeat_may_say(&s->repeat, line, manager_now(s->m))) {
		if (s->repeat.repeated)
			sb_add(&sb, " (repeated %u times)", s->repeat.repeated);
		log_warn(s->label, "%s", line);
	}
	manager_set_timer(s->m, &s->timer, pause);
}

static void act_silent(void *obj, const void *arg)
{
	const struct failure f = { "the engine did not answer", false, false };

	act_wait(obj, &f);
}

static void act_end(void *obj, const void *arg)
{
	struct source *s = obj;

	let_go(s);
	log_info(s->label, "is not configured any more");
}

/* A static source's addresses, as if an engine had found them. */
static void act_read(void *obj, const void *arg)
{
	struct source *s = obj;
	const struct conf_section *section = NULL;
	struct reported_found f = { .has_addr = true };

	let_go(s);
	str_copy(f.name, sizeof(f.name), s->name);
	while ((section = conf_next_static(s->m->conf, section))) {
		if (strcmp(section->name, s->name) != 0)
			continue;
		for (size_t i = 0; i < section->nportals; i++) {
			f.addr = section->portals[i];
			answers_add(&s->answers, &f);
		}
	}
	act_name(s, NULL);
}

/* What must hold ------------------------------------------------------ */

static const char *source_check(const void *obj)
{
	const struct source *s = obj;
	uint32_t at = IN(s->state);

	if (at & (IN(SOURCE_RESOLVING) | IN(SOURCE_NAMING))) {
		if (!s->worker)
			return "nobody looks names up";
	} else if (s->worker) {
		return "names are looked up for nobody";
	}
	if (at & (IN(SOURCE_ASKING) | IN(SOURCE_WAITING))) {
		if (!s->timer.set)
			return "it would wait for ever";
	} else if (s->timer.set) {
		return "a timer runs that means nothing";
	}
	if (at & IN(SOURCE_ASKING) && !(s->engine && s->id))
		return "no engine was asked";
	if (at & (IN(SOURCE_WAITING) | IN(SOURCE_DEAD)) && s->engine)
		return "an engine is still at it";
	if (!(at & IN(SOURCE_NAMING)) && s->answers.taken)
		return "an answer is taken for ever";
	return NULL;
}

/* Whatever it was at is nothing: it begins anew, and takes its time. */
static void source_broken(void *obj, const char *what)
{
	const struct failure f = { what, true, false };
	struct source *s = obj;

	s->state = SOURCE_WAITING;
	act_wait(s, &f);
}

/* The table ----------------------------------------------------------- */

static const char *const state_names[SOURCE_STATES] = {
	"new",	  "resolving", "placing", "asking",
	"naming", "waiting",   "done",	  "dead",
};
static const char *const event_names[SOURCE_EVENTS] = {
	"ask",	 "read",   "resolved", "placed", "answered",
	"named", "failed", "timer",    "end",
};

#define ALIVE                                                                  \
	(IN(SOURCE_NEW) | IN(SOURCE_RESOLVING) | IN(SOURCE_PLACING) |          \
	 IN(SOURCE_ASKING) | IN(SOURCE_NAMING) | IN(SOURCE_WAITING) |          \
	 IN(SOURCE_DONE))

/* One that is dead may be configured again. */
#define ANY (ALIVE | IN(SOURCE_DEAD))

static const struct fsm_row rows[] = {
	{ ANY, SOURCE_ASK, SOURCE_RESOLVING, act_resolve, "from the start" },
	{ ANY, SOURCE_READ, SOURCE_NAMING, act_read, "stands in the file" },
	{ IN(SOURCE_RESOLVING), SOURCE_RESOLVED, SOURCE_PLACING, act_place,
	  "address known" },
	{ IN(SOURCE_PLACING), SOURCE_PLACED, SOURCE_ASKING, act_ask,
	  "an engine is ready" },
	{ IN(SOURCE_ASKING), SOURCE_ANSWERED, SOURCE_NAMING, act_name,
	  "answer complete" },
	{ IN(SOURCE_ASKING), SOURCE_TIMER, SOURCE_WAITING, act_silent,
	  "no answer" },
	{ IN(SOURCE_NAMING), SOURCE_NAMED, SOURCE_DONE, act_take,
	  "portals known" },
	{ IN(SOURCE_DONE), SOURCE_ANSWERED, SOURCE_NAMING, act_name,
	  "another answer" },
	{ IN(SOURCE_RESOLVING) | IN(SOURCE_ASKING) | IN(SOURCE_NAMING) |
		  IN(SOURCE_DONE),
	  SOURCE_FAILED, SOURCE_WAITING, act_wait, "back-off" },
	{ ALIVE, SOURCE_END, SOURCE_DEAD, act_end, "not configured" },

	{ IN(SOURCE_NAMING), SOURCE_ANSWERED, FSM_IGNORED, NULL,
	  "it waits until the one before is taken" },
	{ IN(SOURCE_DEAD), SOURCE_END, FSM_IGNORED, NULL, "it is" },
};

const struct fsm source_fsm = {
	.name = "source",
	.states = state_names,
	.events = event_names,
	.rows = rows,
	.nrows = sizeof(rows) / sizeof(*rows),
	.nstates = SOURCE_STATES,
	.nevents = SOURCE_EVENTS,
	.check = source_check,
	.broken = source_broken,
};

void source_begin(struct source *s)
{
	step(s, s->is_static ? SOURCE_READ : SOURCE_ASK, NULL);
}

static void on_timer(struct io_timer *t)
{
	struct source *s = container_of(t, struct source, timer);

	if (s->state == SOURCE_WAITING)
		source_begin(s);
	else
		step(s, SOURCE_TIMER, NULL);
}

/* Life ---------------------------------------------------------------- */

struct source *source_new(struct manager *m)
{
	struct source *s = calloc(1, sizeof(*s));

	if (!s) {
		log_err(NULL, "no memory for a configured address");
		return NULL;
	}
	s->m = m;
	s->timer.fn = on_timer;
	s->configured = true;
	s->index = (uint16_t)m->discoveries++;
	return s;
}

void source_place(struct source *s)
{
	if (s->state == SOURCE_PLACING)
		act_place(s, NULL);
}

void source_engine_lost(struct source *s)
{
	s->engine = NULL;
	fail(s, "its engine died", false);
}

void source_end(struct source *s)
{
	step(s, SOURCE_END, NULL);
}

void source_free(struct source *s)
{
	let_go(s);
	known_names_free(&s->known);
	free(s);
}
