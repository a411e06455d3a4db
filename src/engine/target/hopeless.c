/*
 * hopeless - when logging in makes no sense any more.
 */
#include "engine/target/hopeless.h"

#include <stddef.h>

/*
 * A fault that is not here says nothing about the next attempt.  With
 * failover each portal has its say first.
 */
static const struct rule {
	const struct fault *fault;
	unsigned tries; /* at least: a target may be just being set up */
	bool new_only;	/* with failover, who once stood goes on for ever */
} rules[] = {
	{ &fault_login_refused, 3, true },
	{ &fault_login_impossible, 3, false },
	{ &fault_not_iscsi, 3, false },
	{ &fault_login_protocol, 3, false },
	{ &fault_negotiation, 1, false },
	{ &fault_auth_failed, 1, false },
	{ &fault_auth_reflected, 1, false },
	{ &fault_auth_method, 1, false },
	{ &fault_wrong_name, 1, false },
};

static const struct rule *rule_of(const struct fault *why)
{
	for (size_t i = 0; i < sizeof(rules) / sizeof(rules[0]); i++)
		if (rules[i].fault == why)
			return &rules[i];
	return NULL;
}

bool hopeless_after(struct hopeless *g, const struct fault *why,
		    const struct hopeless_case *c)
{
	const struct rule *r = rule_of(why);
	unsigned enough;

	if (!r) {
		/* A second try with other words is the same attempt. */
		if (why->retry != RETRY_NOW)
			hopeless_reset(g);
		return false;
	}
	g->in_a_row++;
	if (c->in_use || (r->new_only && c->failover && c->was_up))
		return false;
	enough = c->failover && c->portals > r->tries ? c->portals : r->tries;
	return g->in_a_row >= enough;
}

void hopeless_reset(struct hopeless *g)
{
	g->in_a_row = 0;
}
