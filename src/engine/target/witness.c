/*
 * witness - does a new session end the old one?
 */
#include "engine/target/witness.h"

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
#define OUTLIVE	   500	/* ms that the second has to outlive the first */
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

static void end_first(struct engine_target *t)
{
	struct witness *w = &t->witness;

	w->state = WITNESS_IDLE;
	io_timer_cancel(t->engine->loop, &w->timer);
	if (!w->first)
		return;
	session_logout(w->first->session, io_now(t->engine->loop));
	link_touch(&w->first->link);
}

/* The sessions of before are over, too: nobody waits for them any more. */
static void outlived(struct engine_target *t)
{
	t->witness.state = WITNESS_IDLE;
	decide(t, REINSTATES_YES, t->witness.ms);
	if (!engine_target_is_up(t))
		return;
	luns_place_ended(&t->luns, t->group, io_now(t->engine->loop));
	link_touch(&t->nexus->link);
}

/* Its login hangs: witness_takes_back() comes next. */
static void end_second(struct engine_target *t)
{
	if (t->nexus->link.conn)
		session_drop(t->nexus->session, &fault_login_timeout, "",
			     io_now(t->engine->loop));
	else
		link_give_up(&t->nexus->link);
	link_touch(&t->nexus->link);
}

static void on_time(struct io_timer *timer)
{
	struct witness *w = container_of(timer, struct witness, timer);
	struct engine_target *t = of(w);

	if (w->state == WITNESS_SECOND) {
		end_second(t);
		return;
	}
	if (w->state == WITNESS_OUTLIVE) {
		outlived(t);
		return;
	}
	decide(t, REINSTATES_NO, 0);
	say_no(t, "does not end an old session when a new one begins");
	end_first(t);
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
	attempt_bear(t, LOGIN_MOST);
	w->state = WITNESS_SECOND;
	w->first = t->nexus;
	w->over = false;
	t->nexus = second;
	io_timer_after(t->engine->loop, &w->timer, LOGIN_MOST);
	attempt_connect(t);
	return true;
}

/* What ends both is a path, or a restart, and says nothing. */
static void seen(struct engine_target *t)
{
	struct witness *w = &t->witness;
	uint64_t now = io_now(t->engine->loop);

	w->state = WITNESS_OUTLIVE;
	w->ms = w->over ? 0 : (uint32_t)(now - w->stood);
	io_timer_after(t->engine->loop, &w->timer, OUTLIVE);
}

void witness_stood(struct engine_target *t)
{
	struct witness *w = &t->witness;

	if (w->state != WITNESS_SECOND)
		return;
	if (w->over) {
		seen(t);
		return;
	}
	w->state = WITNESS_WATCH;
	w->stood = io_now(t->engine->loop);
	io_timer_after(t->engine->loop, &w->timer, PATIENCE);
}

static bool is_refusal(const struct fault *why)
{
	return why == &fault_login_refused || why == &fault_login_impossible ||
	       why == &fault_login_unavailable;
}

bool witness_takes_back(struct engine_target *t, const struct fault *why)
{
	struct witness *w = &t->witness;
	bool second = w->state == WITNESS_SECOND;

	if (w->state == WITNESS_IDLE)
		return false;
	w->tries++;
	if (!second || !w->first || engine_target_is_leaving(t) ||
	    t->switching || !session_is_up(w->first->session)) {
		end_first(t);
		return false;
	}
	w->state = WITNESS_IDLE;
	io_timer_cancel(t->engine->loop, &w->timer);
	bury(t, t->nexus);
	t->nexus = w->first;
	w->first = NULL;
	if (is_refusal(why)) {
		decide(t, REINSTATES_NO, 0);
		say_no(t, "refuses a new session while the old one stands");
	}
	return true;
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
	if (w->state == WITNESS_IDLE || w->state == WITNESS_OUTLIVE)
		return;
	if (!is_the_targets(why)) {
		w->tries++;
		end_first(t);
	} else if (w->state == WITNESS_WATCH) {
		seen(t);
	} else {
		w->over = true;
	}
}

bool witness_stop(struct engine_target *t)
{
	end_first(t);
	return !t->witness.first && !t->witness.dead;
}
