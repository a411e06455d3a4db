/*
 * target_life - what becomes of a target: given to engines, its session up
 * and down, removed; as a table.
 *
 * What its engine says may come in any state that has one, and so has a row in
 * each.
 */
#include "iscsid/target/target.h"

#include "base/log.h"

static const char *target_check(const void *obj)
{
	const struct target *t = obj;
	uint32_t at = IN(t->state);

	if (at & IN(TARGET_WAITING) && t->bay.engine)
		return "it waits for an engine, and has one";
	if (at & (IN(TARGET_DOWN) | IN(TARGET_UP) | IN(TARGET_GIVEN_UP) |
		  IN(TARGET_REMOVING)) &&
	    !t->bay.engine)
		return "no engine has it";
	if (at & IN(TARGET_UP) && !t->bay.up)
		return "it has no session";
	if (at & (IN(TARGET_WAITING) | IN(TARGET_DOWN) | IN(TARGET_GIVEN_UP)) &&
	    t->bay.up)
		return "it has a session";
	return NULL;
}

/* Its engine has what it has: the disks go on, and a stop does not wait. */
static void target_broken(void *obj, const char *what)
{
	struct target *t = obj;

	if (!t->lost_its_way)
		log_err(t->bay.label,
			"%s is not foreseen: it stays as it is, and a stop "
			"does not wait for it",
			what);
	t->lost_its_way = true;
}

static const char *const state_names[TARGET_STATES] = {
	"waiting", "down", "up", "given-up", "removing", "removed",
};

static const char *const event_names[TARGET_EVENTS] = {
	"placed",      "said-up",   "said-down", "said-given-up",
	"engine-lost", "try-again", "remove",	 "said-removed",
};

/* clang-format off */

#define S(state) IN(TARGET_##state)
#define PLACED (S(DOWN) | S(UP) | S(GIVEN_UP))
#define ROW(from, event, to, label) \
	{ from, TARGET_##event, TARGET_##to, NULL, label }
#define IGNORED(from, event, why) \
	{ from, TARGET_##event, FSM_IGNORED, NULL, why }

static const struct fsm_row rows[] = {
	ROW(S(WAITING), PLACED, DOWN, "an engine has it"),

	ROW(PLACED, SAID_UP, UP, "a session stands"),
	ROW(PLACED, SAID_DOWN, DOWN, "it is tried again"),
	ROW(PLACED, SAID_GIVEN_UP, GIVEN_UP, "until somebody asks for it"),
	ROW(S(GIVEN_UP), TRY_AGAIN, DOWN, "it has other settings"),
	ROW(PLACED, ENGINE_LOST, WAITING, "for the next one"),

	ROW(S(WAITING), REMOVE, REMOVED, "nobody is to log out"),
	ROW(PLACED, REMOVE, REMOVING, "its engine logs out"),
	ROW(S(REMOVING), ENGINE_LOST, REMOVED, "nobody is left to log out"),
	ROW(S(REMOVING), SAID_REMOVED, REMOVED, "logged out"),
	ROW(S(REMOVED), ENGINE_LOST, REMOVED, "all the same"),

	IGNORED(S(WAITING) | S(DOWN) | S(UP), TRY_AGAIN, "it is not given up"),
	IGNORED(S(REMOVING) | S(REMOVED), REMOVE, "it is asked for already"),
	IGNORED(S(REMOVING) | S(REMOVED), SAID_UP, "it ends all the same"),
	IGNORED(S(REMOVING) | S(REMOVED), SAID_DOWN, "it ends all the same"),
	IGNORED(S(REMOVING) | S(REMOVED), SAID_GIVEN_UP, "it ends anyway"),
	IGNORED(PLACED, SAID_REMOVED, "nobody asked for it"),
	IGNORED(S(REMOVED), SAID_REMOVED, "it was said before"),
};

/* clang-format on */

const struct fsm target_fsm = {
	.name = "target",
	.states = state_names,
	.events = event_names,
	.rows = rows,
	.nrows = sizeof(rows) / sizeof(*rows),
	.nstates = TARGET_STATES,
	.nevents = TARGET_EVENTS,
	.check = target_check,
	.broken = target_broken,
};

void target_step(struct target *t, enum target_event ev)
{
	/* A failure of it has been dealt with: target_broken(). */
	(void)fsm_step(&target_fsm, &t->state, (uint8_t)ev, t, NULL);
}
