/*
 * witness - does a new session end the old one?
 */
#include "engine/target/witness.h"

#include "base/fsm.h"
#include "base/list.h"
#include "base/log.h"
#include "engine/target/attempt.h"
#include "engine/target/fence_rules.h"

/*
 * What the target has to end the first, in ms.  istgt takes a second for it.
 * The second session is in use meanwhile.
 */
#define PATIENCE   3000
#define LOGIN_MOST 5000 /* ms that the second login may take */
#define OUTLIVE_MS 500	/* ms that the second has to outlive the first */
#define TRIES	   3	/* without a verdict, before it counts as unknown */

static struct engine_target *of(struct witness *w)
{
	return container_of(w, struct engine_target, witness);
}

static const char *name_of(const struct engine_target *t)
{
	return t->settings.session.target_name;
}

/* May the target still have to be seen? */
static bool is_open(const struct engine_target *t)
{
	const struct witness *w = &t->witness;

	return t->settings.reinstatement == REINSTATEMENT_SEE &&
	       w->verdict == REINSTATES_UNKNOWN && w->tries < TRIES;
}

static void on_bury(struct io_op *op, int res)
{
	struct witness *w = container_of(op, struct witness, bury);

	if (is_open(of(w)) && !w->spare)
		w->spare = w->dead;
	else
		nexus_free(w->dead);
	w->dead = NULL;
	of(w)->ops->buried(of(w));
}

static void bury(struct engine_target *t, struct nexus *n)
{
	t->witness.dead = n;
	io_soon(t->engine->loop, &t->witness.bury);
}

static void decide(struct engine_target *t, enum reinstates verdict,
		   uint32_t ms)
{
	struct witness *w = &t->witness;

	w->verdict = verdict;
	w->ms = ms;
	if (!is_open(t)) {
		nexus_free(w->spare);
		w->spare = NULL;
	}
	engine_target_set_rules(t);
	engine_target_fence_changed(t);
}

static void say_no(struct engine_target *t, const char *how)
{
	log_warn(name_of(t),
		 "%s: after a lost session with writes on their way, I/O "
		 "waits for FenceTimeout (%u s)",
		 how, t->rules.wait_ms / 1000);
}

static void step(struct engine_target *t, enum witness_event ev,
		 const void *arg)
{
	/* A failure of it has been dealt with: engine_target_break(). */
	(void)fsm_step(&witness_fsm, &t->witness.state, (uint8_t)ev, t, arg);
}

static void on_time(struct io_timer *timer)
{
	step(of(container_of(timer, struct witness, timer)), WITNESS_EV_TIME,
	     NULL);
}

void witness_init(struct engine_target *t)
{
	struct witness *w = &t->witness;

	*w = (struct witness){
		.verdict = t->settings.seen,
		.ms = t->settings.seen_ms,
		.timer.fn = on_time,
		.bury.fn = on_bury,
	};
	if (is_open(t))
		w->spare = t->ops->nexus(t);
}

void witness_fini(struct engine_target *t)
{
	nexus_free(t->witness.spare);
}

/*
 * While disks wait no memory is asked for: the one that was kept will do, or
 * none.
 */
static struct nexus *take_spare(struct engine_target *t)
{
	struct nexus *n = t->witness.spare;

	t->witness.spare = NULL;
	return n || (t->ever_up && t->luns.attached) ? n : t->ops->nexus(t);
}

/* What was seen holds for logins that begin as that one did. */
static void check_stage(struct engine_target *t)
{
	struct witness *w = &t->witness;
	struct session_info i;

	session_info(t->nexus->session, &i);
	if (w->verdict == REINSTATES_YES && w->skipped != i.skipped_security)
		decide(t, REINSTATES_UNKNOWN, 0);
	w->skipped = i.skipped_security;
}

bool witness_begin(struct engine_target *t)
{
	struct witness *w = &t->witness;
	struct nexus *second;

	if (w->state != WITNESS_IDLE)
		return false;
	check_stage(t);
	if (w->first || w->dead || !is_open(t) || !engine_target_is_wanted(t) ||
	    t->switching)
		return false;
	second = take_spare(t);
	if (!second)
		return false;
	session_learn(second->session, t->nexus->session);
	w->first = t->nexus;
	t->nexus = second;
	step(t, WITNESS_EV_BEGIN, NULL);
	return true;
}

void witness_stood(struct engine_target *t)
{
	step(t, WITNESS_EV_STOOD, NULL);
}

static bool can_go_back(const struct engine_target *t)
{
	const struct witness *w = &t->witness;

	return w->state == WITNESS_SECOND && !engine_target_is_leaving(t) &&
	       !t->switching && session_is_up(w->first->session);
}

bool witness_takes_back(struct engine_target *t, const struct fault *why)
{
	bool back = can_go_back(t);

	step(t, back ? WITNESS_EV_BACK : WITNESS_EV_LOST, why);
	return back;
}

/* The target did it: nobody else ended it, nor a path. */
static bool is_the_targets(const struct fault *why)
{
	return why == &fault_peer_closed || why == &fault_transport_lost ||
	       why == &fault_target_drop || why == &fault_target_logout;
}

void witness_first_down(struct engine_target *t, const struct fault *why)
{
	struct witness *w = &t->witness;

	bury(t, w->first);
	w->first = NULL;
	step(t,
	     is_the_targets(why) ? WITNESS_EV_FIRST_ENDED
				 : WITNESS_EV_FIRST_LOST,
	     NULL);
}

bool witness_stop(struct engine_target *t)
{
	step(t, WITNESS_EV_STOP, NULL);
	return !t->witness.first && !t->witness.dead;
}

/* The machine --------------------------------------------------------- */

static void act_begin(void *obj, const void *arg)
{
	struct engine_target *t = obj;

	attempt_bear(t, LOGIN_MOST);
	io_timer_after(t->engine->loop, &t->witness.timer, LOGIN_MOST);
	attempt_connect(t);
}

static void act_watch(void *obj, const void *arg)
{
	struct engine_target *t = obj;

	t->witness.stood = io_now(t->engine->loop);
	io_timer_after(t->engine->loop, &t->witness.timer, PATIENCE);
}

/* What ends both is a path, or a restart, and says nothing. */
static void seen(struct engine_target *t, uint64_t ms)
{
	t->witness.ms = (uint32_t)ms;
	io_timer_after(t->engine->loop, &t->witness.timer, OUTLIVE_MS);
}

static void act_seen(void *obj, const void *arg)
{
	struct engine_target *t = obj;

	seen(t, io_now(t->engine->loop) - t->witness.stood);
}

static void act_seen_early(void *obj, const void *arg)
{
	seen(obj, 0);
}

/* Nothing is watched any more; what is left of the first ends. */
static void end_first(struct engine_target *t)
{
	struct witness *w = &t->witness;

	io_timer_cancel(t->engine->loop, &w->timer);
	if (!w->first)
		return;
	session_logout(w->first->session, io_now(t->engine->loop));
	link_touch(&w->first->link);
}

static void act_end(void *obj, const void *arg)
{
	end_first(obj);
}

static void act_in_vain(void *obj, const void *arg)
{
	struct engine_target *t = obj;

	t->witness.tries++;
	end_first(t);
}

static bool is_refusal(const struct fault *why)
{
	return why == &fault_login_refused || why == &fault_login_impossible ||
	       why == &fault_login_unavailable;
}

/* arg: the fault that ended the second. */
static void act_back(void *obj, const void *arg)
{
	struct engine_target *t = obj;
	struct witness *w = &t->witness;

	w->tries++;
	io_timer_cancel(t->engine->loop, &w->timer);
	bury(t, t->nexus);
	t->nexus = w->first;
	w->first = NULL;
	if (is_refusal(arg)) {
		decide(t, REINSTATES_NO, 0);
		say_no(t, "refuses a new session while the old one stands");
	}
}

static void act_no(void *obj, const void *arg)
{
	struct engine_target *t = obj;

	decide(t, REINSTATES_NO, 0);
	say_no(t, "does not end an old session when a new one begins");
	end_first(t);
}

/* The sessions of before are over, too: nobody waits for them any more. */
static void act_yes(void *obj, const void *arg)
{
	struct engine_target *t = obj;

	decide(t, REINSTATES_YES, t->witness.ms);
	if (!engine_target_is_up(t))
		return;
	luns_place_ended(&t->luns, t->group, io_now(t->engine->loop));
	link_touch(&t->nexus->link);
}

/* Its login hangs: witness_takes_back() comes next. */
static void act_hangs(void *obj, const void *arg)
{
	struct engine_target *t = obj;

	if (t->nexus->link.conn)
		session_drop(t->nexus->session, &fault_login_timeout, "",
			     io_now(t->engine->loop));
	else
		link_give_up(&t->nexus->link);
	link_touch(&t->nexus->link);
}

#define ROW(from, ev, to, act)                                                 \
	{                                                                      \
		from, WITNESS_EV_##ev, WITNESS_##to, act, NULL                 \
	}
#define IGNORED(from, ev, why)                                                 \
	{                                                                      \
		from, WITNESS_EV_##ev, FSM_IGNORED, NULL, why                  \
	}
#define IDLE	IN(WITNESS_IDLE)
#define SECOND	IN(WITNESS_SECOND)
#define ALONE	IN(WITNESS_ALONE)
#define WATCH	IN(WITNESS_WATCH)
#define OUTLIVE IN(WITNESS_OUTLIVE)
#define ANY	(IDLE | SECOND | ALONE | WATCH | OUTLIVE)

static const struct fsm_row rows[] = {
	ROW(IDLE, BEGIN, SECOND, act_begin),
	ROW(SECOND, STOOD, WATCH, act_watch),
	ROW(SECOND, FIRST_ENDED, ALONE, NULL),
	ROW(ALONE, STOOD, OUTLIVE, act_seen_early),
	ROW(WATCH, FIRST_ENDED, OUTLIVE, act_seen),
	ROW(WATCH, TIME, IDLE, act_no),
	ROW(OUTLIVE, TIME, IDLE, act_yes),
	ROW(SECOND, TIME, SECOND, act_hangs),
	ROW(ALONE, TIME, ALONE, act_hangs),
	ROW(SECOND, BACK, IDLE, act_back),
	ROW(SECOND | ALONE | WATCH | OUTLIVE, LOST, IDLE, act_in_vain),
	ROW(SECOND | WATCH, FIRST_LOST, IDLE, act_in_vain),
	ROW(ANY, STOP, IDLE, act_end),

	IGNORED(IDLE, STOOD, "the target is not to be seen"),
	IGNORED(IDLE, LOST, "there is only one session"),
	IGNORED(IDLE, FIRST_ENDED, "we ended it"),
	IGNORED(IDLE, FIRST_LOST, "we ended it"),
};

static const char *const state_names[] = { "IDLE",  "SECOND",  "ALONE",
					   "WATCH", "OUTLIVE", NULL };

static const char *const event_names[] = { "BEGIN", "STOOD",	   "LOST",
					   "BACK",  "FIRST_ENDED", "FIRST_LOST",
					   "TIME",  "STOP",	   NULL };

static const char *check(const void *obj)
{
	const struct engine_target *t = obj;
	const struct witness *w = &t->witness;
	uint32_t now = IN(w->state);

	if (now & (SECOND | WATCH) && !w->first)
		return "there is no first session";
	if (now & (ALONE | OUTLIVE) && w->first)
		return "the first session did not end";
	if (now & (WATCH | OUTLIVE) && !w->timer.set)
		return "it is watched for ever";
	if (now & IDLE && w->timer.set)
		return "a time goes on that nobody waits for";
	return NULL;
}

static void broken(void *obj, const char *what)
{
	engine_target_break(obj, what);
}

const struct fsm witness_fsm = {
	.name = "engine-witness",
	.states = state_names,
	.events = event_names,
	.rows = rows,
	.nrows = sizeof(rows) / sizeof(rows[0]),
	.nstates = WITNESS_STATES,
	.nevents = WITNESS_EVENTS,
	.check = check,
	.broken = broken,
};
