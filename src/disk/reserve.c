/*
 * reserve - a persistent reservation that keeps late writes of an old nexus
 * out.
 */
#include "disk/internal.h"

#include <inttypes.h>
#include <string.h>

#include "base/fsm.h"
#include "base/log.h"
#include "disk/reserve_keys.h"
#include "scsi/status.h"

#define TASK_MS	     5000
#define TRIES	     3	   /* of what should not fail, one a second */
#define GIVE_BACK_MS 10000 /* between tries to give it back */

/* Moves at to the next key of ours, from at on. */
static bool find_ours(struct disk *d)
{
	struct reserve *r = &d->reserve;

	r->at = keys_find(&r->found, d->rules->host, r->at);
	return r->at < r->found.count;
}

#define AT(state) IN(RESERVE_##state)
#define CAN_LOOK  (AT(IDLE) | AT(HELD) | AT(OVER))
#define HAS_KEY                                                                \
	(AT(REGISTER) | AT(PREEMPT) | AT(RESERVE) | AT(HELD) | AT(RELEASE) |   \
	 AT(UNREGISTER))

/* What must hold ------------------------------------------------------- */

static const char *reserve_check(const void *obj)
{
	const struct disk *d = obj;
	const struct reserve *r = &d->reserve;

	if (r->out)
		return "a command of the state before is with the session";
	if (HAS_KEY & IN(r->state) && !r->key)
		return "it has no key";
	if (r->state == RESERVE_HELD && r->left)
		return "what it holds is said to be left behind";
	if (r->state == RESERVE_LATER && d->now >= r->until)
		return "nothing is waited for";
	return NULL;
}

/* It is given up, and a key of it is for the next nexus to look for. */
static void reserve_broken(void *obj, const char *what)
{
	struct disk *d = obj;
	struct reserve *r = &d->reserve;

	if (note_allowed(d))
		note(d, LOG_ERR, "%s: no reservation is made", what);
	r->left |= (HAS_KEY & IN(r->state)) != 0;
	r->state = RESERVE_OVER;
}

/* Steps ---------------------------------------------------------------- */

/* From now on it is what keeps an old nexus away. */
static void keep_until(struct disk *d)
{
	struct reserve *r = &d->reserve;
	uint64_t until = fence_waited_at(d);

	if (until > r->until)
		r->until = until;
}

/* Nothing is left, or nothing can be done about it. */
static void forget(struct reserve *r)
{
	r->left = r->inherited = false;
}

/* What an owner before us let pass by its reservation, only it knew. */
static void not_found_out(struct disk *d)
{
	struct reserve *r = &d->reserve;

	if (r->inherited && !r->unable)
		keep_until(d);
	forget(r);
}

static void act_begin(void *obj, const void *arg)
{
	struct disk *d = obj;

	d->reserve.ours = false;
	d->reserve.at = 0;
}

static void act_register(void *obj, const void *arg)
{
	struct disk *d = obj;

	d->reserve.key = keys_choose(&d->reserve.found, d->rules->host,
				     &d->reserve.last);
}

static void act_held(void *obj, const void *arg)
{
	struct disk *d = obj;
	struct reserve *r = &d->reserve;

	forget(r);
	r->alone = !r->ours && d->now >= r->until;
	r->place = d->place;
	keep_until(d);
	note(d, LOG_NOTICE,
	     "a reservation keeps late writes of an old session out "
	     "(key 0x%016" PRIx64 ")",
	     r->key);
}

static void act_refused(void *obj, const void *arg)
{
	not_found_out(obj);
}

static void act_nothing(void *obj, const void *arg)
{
	struct disk *d = obj;

	forget(&d->reserve);
}

static void act_foreign(void *obj, const void *arg)
{
	struct disk *d = obj;

	not_found_out(d);
	note(d, LOG_WARNING,
	     "others use reservations here, so none is made: late writes of "
	     "an old session are waited for (FenceTimeout)");
}

static void act_given_back(void *obj, const void *arg)
{
	struct disk *d = obj;

	forget(&d->reserve);
	note(d, LOG_INFO, "the reservation is given back");
}

/* A key that may be there is one that the next nexus has to look for. */
static void act_leave(void *obj, const void *arg)
{
	struct disk *d = obj;

	d->reserve.left = true;
	note(d, LOG_INFO,
	     "the key 0x%016" PRIx64 " stays at the target until the next "
	     "session",
	     d->reserve.key);
}

#define ROW(from, ev, to, act, why)                                            \
	{                                                                      \
		from, RESERVE_EV_##ev, RESERVE_##to, act, why                  \
	}

static const struct fsm_row rows[] = {
	ROW(CAN_LOOK, WANTED, KEYS_READ, act_begin, NULL),

	ROW(AT(KEYS_READ), GOOD, HOLDER, NULL, NULL),
	ROW(AT(KEYS_READ), REFUSED, OVER, act_refused, NULL),
	ROW(AT(HOLDER), LATER, LATER, NULL, NULL),
	ROW(AT(LATER), EXPIRED, KEYS_READ, act_begin, NULL),
	ROW(AT(HOLDER), GOOD, REGISTER, act_register, NULL),
	ROW(AT(HOLDER), NOTHING, OVER, act_nothing, NULL),
	ROW(AT(KEYS_READ) | AT(HOLDER), FOREIGN, OVER, act_foreign, NULL),
	ROW(AT(HOLDER), REFUSED, OVER, act_refused, NULL),

	ROW(AT(REGISTER), OURS, PREEMPT, NULL, NULL),
	ROW(AT(REGISTER), GOOD, RESERVE, NULL, NULL),
	ROW(AT(REGISTER), REFUSED, OVER, act_refused, NULL),
	ROW(AT(PREEMPT), OURS, PREEMPT, NULL, NULL),
	ROW(AT(PREEMPT), GOOD, RESERVE, NULL, NULL),
	ROW(AT(RESERVE), GOOD, HELD, act_held, NULL),
	ROW(AT(PREEMPT) | AT(RESERVE), REFUSED, RELEASE, NULL, NULL),

	ROW(AT(HELD), EXPIRED, RELEASE, NULL, NULL),
	ROW(AT(RELEASE), GOOD, UNREGISTER, NULL, NULL),
	ROW(AT(RELEASE), REFUSED, UNREGISTER, NULL, "it is not held"),
	ROW(AT(UNREGISTER), GOOD, OVER, act_given_back, NULL),
	ROW(AT(UNREGISTER), REFUSED, OVER, act_given_back, "there is no key"),

	ROW(HAS_KEY, DOWN, IDLE, act_leave, NULL),
	ROW(AT(IDLE) | AT(KEYS_READ) | AT(HOLDER) | AT(LATER) | AT(OVER), DOWN,
	    IDLE, NULL, NULL),
};

static const char *const state_names[RESERVE_STATES + 1] = {
	"IDLE",	   "KEYS_READ", "HOLDER",  "LATER",	 "REGISTER", "PREEMPT",
	"RESERVE", "HELD",	"RELEASE", "UNREGISTER", "OVER",     NULL,
};

static const char *const event_names[RESERVE_EVENTS + 1] = {
	"WANTED",  "GOOD",    "OURS",	 "LATER", "NOTHING",
	"FOREIGN", "REFUSED", "EXPIRED", "DOWN",  NULL,
};

const struct fsm reserve_fsm = {
	.name = "reserve",
	.states = state_names,
	.events = event_names,
	.rows = rows,
	.nrows = sizeof(rows) / sizeof(rows[0]),
	.nstates = RESERVE_STATES,
	.nevents = RESERVE_EVENTS,
	.check = reserve_check,
	.broken = reserve_broken,
};

static void step(struct disk *d, enum reserve_event ev)
{
	struct reserve *r = &d->reserve;
	uint8_t from = r->state;

	/* A failure of it has been dealt with: reserve_broken(). */
	(void)fsm_step(&reserve_fsm, &r->state, (uint8_t)ev, d, NULL);
	r->tries = 0;
	pause_end(&r->pause);
	if (r->state != from)
		say(d, TOPIC_EH, "reserve: %s -%s-> %s", state_names[from],
		    event_names[ev], state_names[r->state]);
}

/* Commands ------------------------------------------------------------- */

/* False: this state sends nothing. */
static bool build(struct reserve *r)
{
	switch ((enum reserve_state)r->state) {
	case RESERVE_KEYS_READ:
		keys_ask(&r->cmd, PR_READ_KEYS, r->keys, sizeof(r->keys));
		return true;
	case RESERVE_HOLDER:
		keys_ask(&r->cmd, PR_READ_RESERVATION, r->buf, sizeof(r->buf));
		return true;
	case RESERVE_REGISTER: /* the nexus may be one that has a key */
		keys_tell(&r->cmd, PR_REGISTER_AND_IGNORE, r->buf, 0, r->key);
		return true;
	case RESERVE_PREEMPT:
		keys_tell(&r->cmd, PR_PREEMPT, r->buf, r->key,
			  keys_at(&r->found, r->at));
		return true;
	case RESERVE_RESERVE:
		keys_tell(&r->cmd, PR_RESERVE, r->buf, r->key, 0);
		return true;
	case RESERVE_RELEASE:
		keys_tell(&r->cmd, PR_RELEASE, r->buf, r->key, 0);
		return true;
	case RESERVE_UNREGISTER:
		keys_tell(&r->cmd, PR_REGISTER, r->buf, r->key, 0);
		return true;
	case RESERVE_IDLE:
	case RESERVE_LATER:
	case RESERVE_HELD:
	case RESERVE_OVER:
	case RESERVE_STATES:
		break;
	}
	return false;
}

static void on_answer(struct cmd *c)
{
	struct reserve *r = container_of(c, struct reserve, cmd);
	struct disk *d = container_of(r, struct disk, reserve);

	r->out = false;
	r->answered = true;
	if (c->outcome == CMD_LOST)
		disk_lost(d);
	disk_run(d);
}

static void send(struct disk *d)
{
	struct reserve *r = &d->reserve;

	if (!build(r))
		return;
	memcpy(r->cmd.lun, d->lun, LUN_LEN);
	r->cmd.timeout = TASK_MS;
	r->cmd.done = on_answer;
	r->out = true;
	session_submit(d->session, &r->cmd);
}

/* Answers -------------------------------------------------------------- */

static size_t came(const struct cmd *c)
{
	return c->underflow < c->len ? c->len - c->underflow : 0;
}

static enum reserve_event judge_keys(struct disk *d)
{
	struct reserve *r = &d->reserve;

	if (pr_get_keys(r->keys, came(&r->cmd), &r->found))
		return RESERVE_EV_REFUSED;
	if (r->found.count < r->found.total)
		return RESERVE_EV_FOREIGN;
	r->ours = find_ours(d);
	return RESERVE_EV_GOOD;
}

/*
 * A nexus at another place may be, to the target, the one that the key keeps
 * out: it gets no key before that is over.
 *
 * Keys of others beside one of ours came later, against what the
 * administrator said: ours is still to be taken over, and given back.
 */
static enum reserve_event judge_holder(struct disk *d)
{
	struct reserve *r = &d->reserve;
	struct pr_reservation held;

	if (pr_get_reservation(r->buf, came(&r->cmd), &held))
		return RESERVE_EV_REFUSED;
	/* What it keeps out an owner before us knew. */
	if (r->ours && (r->inherited || r->conflict))
		keep_until(d);
	if (r->ours && d->place != r->place && d->now < r->until)
		return RESERVE_EV_LATER;
	if (held.held && !keys_is_ours(d->rules->host, held.key))
		return RESERVE_EV_FOREIGN;
	if (!r->ours && r->found.count)
		return RESERVE_EV_FOREIGN;
	if (!r->ours && d->fence.state != FENCE_HOLD && d->now >= r->until)
		return RESERVE_EV_NOTHING;
	return RESERVE_EV_GOOD;
}

static enum reserve_event judge_good(struct disk *d)
{
	struct reserve *r = &d->reserve;

	switch ((enum reserve_state)r->state) {
	case RESERVE_KEYS_READ:
		return judge_keys(d);
	case RESERVE_HOLDER:
		return judge_holder(d);
	case RESERVE_PREEMPT:
		r->at++;
		return find_ours(d) ? RESERVE_EV_OURS : RESERVE_EV_GOOD;
	case RESERVE_REGISTER:
		return find_ours(d) ? RESERVE_EV_OURS : RESERVE_EV_GOOD;
	default:
		return RESERVE_EV_GOOD;
	}
}

static bool is_conflict(const struct cmd *c)
{
	return c->outcome == CMD_DONE &&
	       c->status == STATUS_RESERVATION_CONFLICT;
}

static bool gives_back(const struct reserve *r)
{
	return r->state == RESERVE_RELEASE || r->state == RESERVE_UNREGISTER;
}

/* A key that is left shuts others out: it is tried as long as it takes. */
static void give_back_later(struct disk *d)
{
	struct reserve *r = &d->reserve;
	char why[SENSE_TEXT_SIZE];

	policy_text(&r->cmd, why, sizeof(why));
	if (!r->told)
		note(d, LOG_WARNING,
		     "cannot give the reservation back yet (%s), key "
		     "0x%016" PRIx64,
		     why, r->key);
	r->told = true;
	pause_begin(&r->pause);
}

static void failed(struct disk *d, const struct policy *p)
{
	struct reserve *r = &d->reserve;

	if (p->effect == EFFECT_REFUSED && r->state == RESERVE_KEYS_READ)
		r->unable = true;
	if (!is_conflict(&r->cmd) && !r->unable && !gives_back(r) &&
	    r->tries < TRIES) {
		r->tries++;
		pause_begin(&r->pause);
	} else if (is_conflict(&r->cmd) && r->state == RESERVE_PREEMPT)
		step(d, judge_good(d)); /* that key is gone */
	else if (gives_back(r) && !is_conflict(&r->cmd))
		give_back_later(d);
	else
		step(d, RESERVE_EV_REFUSED);
}

static void judge(struct disk *d)
{
	struct reserve *r = &d->reserve;
	struct sense s;
	const struct policy *p = policy_find(&r->cmd, &s);

	if (r->cmd.outcome == CMD_LOST)
		return;
	say_sense(d, &r->cmd);
	disk_effect(d, p, &s);
	switch (policy_verdict(p, r->tries)) {
	case VERDICT_OK:
		step(d, judge_good(d));
		break;
	case VERDICT_NOW:
		r->tries++;
		break;
	case VERDICT_SLOW:
		r->tries++;
		pause_begin(&r->pause);
		break;
	case VERDICT_WAIT:
		break;
	case VERDICT_FAIL:
		failed(d, p);
		break;
	}
}

/* When ----------------------------------------------------------------- */

static bool may(const struct disk *d)
{
	return d->rules->reserve && !d->reserve.unable;
}

/*
 * A nexus is an initiator port and a target port: two sessions of one ISID in
 * one portal group are one, and a reservation cannot tell them apart.
 */
static bool is_elsewhere(const struct disk *d)
{
	return d->fence.place >= 0 && d->place >= 0 &&
	       d->fence.place != d->place;
}

static bool is_looking(const struct reserve *r)
{
	return r->state == RESERVE_KEYS_READ || r->state == RESERVE_HOLDER;
}

static bool is_wanted(const struct disk *d)
{
	const struct reserve *r = &d->reserve;

	if (r->state != RESERVE_IDLE || !may(d))
		return false;
	if (d->fence.state == FENCE_HOLD && is_elsewhere(d))
		return true;
	return r->left && !fence_is_clear(d);
}

/* The doubt is over before anything was done about it. */
static bool is_late(const struct disk *d)
{
	const struct reserve *r = &d->reserve;

	return is_looking(r) && !r->left && d->fence.state != FENCE_HOLD;
}

static bool is_expired(const struct disk *d)
{
	const struct reserve *r = &d->reserve;

	if (r->state == RESERVE_HELD && d->fence.state == FENCE_HOLD)
		return false;
	return (r->state == RESERVE_HELD || r->state == RESERVE_LATER) &&
	       d->now >= r->until;
}

void reserve_run(struct disk *d)
{
	struct reserve *r = &d->reserve;

	if (r->answered) {
		r->answered = false;
		judge(d);
	}
	if (!d->session || r->out)
		return;
	if (is_wanted(d))
		step(d, RESERVE_EV_WANTED);
	else if (is_late(d))
		step(d, r->state == RESERVE_HOLDER ? RESERVE_EV_NOTHING
						   : RESERVE_EV_REFUSED);
	else if (is_expired(d))
		step(d, RESERVE_EV_EXPIRED);
	if (!r->pause.on)
		send(d);
}

void reserve_tick(struct disk *d)
{
	struct reserve *r = &d->reserve;

	pause_over(&r->pause, d->now, gives_back(r) ? GIVE_BACK_MS : SLOW_MS);
}

uint64_t reserve_wake(const struct disk *d)
{
	const struct reserve *r = &d->reserve;

	if (r->pause.on)
		return pause_wake(&r->pause);
	if ((r->state == RESERVE_HELD && d->fence.state != FENCE_HOLD) ||
	    r->state == RESERVE_LATER ||
	    (r->state == RESERVE_OVER && d->now < r->until))
		return r->until;
	return UINT64_MAX;
}

/* The nexus ------------------------------------------------------------ */

void reserve_up(struct disk *d)
{
	d->reserve.conflict = d->reserve.told = false;
}

void reserve_down(struct disk *d)
{
	d->reserve.answered = false;
	step(d, RESERVE_EV_DOWN);
}

bool reserve_is_idle(const struct disk *d)
{
	return !d->reserve.out;
}

bool reserve_passes(const struct disk *d)
{
	const struct reserve *r = &d->reserve;

	return r->state == RESERVE_HELD && r->alone && is_elsewhere(d);
}

bool reserve_blocks(const struct disk *d)
{
	const struct reserve *r = &d->reserve;

	switch ((enum reserve_state)r->state) {
	case RESERVE_REGISTER:
	case RESERVE_PREEMPT:
	case RESERVE_RESERVE:
	case RESERVE_LATER:
		return true;
	case RESERVE_IDLE:
	case RESERVE_KEYS_READ:
	case RESERVE_HOLDER:
		return r->left && may(d);
	case RESERVE_OVER:
	case RESERVE_RELEASE:
	case RESERVE_UNREGISTER:
		return d->now < r->until;
	case RESERVE_HELD:
	case RESERVE_STATES:
		break;
	}
	return false;
}

bool reserve_has_key(const struct disk *d)
{
	return HAS_KEY & IN(d->reserve.state);
}

bool reserve_conflict(struct disk *d)
{
	struct reserve *r = &d->reserve;

	if (!may(d) || r->conflict || !(CAN_LOOK & IN(r->state)))
		return false;
	r->conflict = true;
	if (!r->key) /* of a run before */
		r->place = INT64_MIN;
	note(d, LOG_WARNING, "a request met a reservation: looking whose");
	r->left = true;
	step(d, RESERVE_EV_WANTED);
	return true;
}
