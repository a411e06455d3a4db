/*
 * stay - how long a discovery session stays, and when it asks again.
 */
#include "engine/discovery/stay.h"

void stay_init(struct stay *l, bool lasting, uint32_t linger)
{
	*l = (struct stay){
		.lasting = lasting,
		.linger = linger,
		.leave_at = UINT64_MAX,
		.ask_at = UINT64_MAX,
	};
}

void stay_begin(struct stay *l)
{
	l->asking = true;
	l->changed = false;
	l->ask_at = UINT64_MAX;
}

void stay_answered(struct stay *l, uint64_t now)
{
	l->asking = false;
	if (!l->answered && !l->lasting)
		l->leave_at = now + l->linger;
	l->answered = true;
	if (l->changed)
		l->ask_at = now + STAY_AGAIN;
	l->changed = false;
}

void stay_news(struct stay *l, enum session_news news, uint64_t now)
{
	l->lasting = news != NEWS_PARTING;
	if (!l->lasting)
		return;
	l->leave_at = UINT64_MAX;
	if (news != NEWS_CHANGED)
		return;
	if (l->asking)
		l->changed = true;
	else if (l->ask_at == UINT64_MAX)
		l->ask_at = now + STAY_AGAIN;
}

uint64_t stay_next_wake(const struct stay *l)
{
	return l->leave_at < l->ask_at ? l->leave_at : l->ask_at;
}

enum stay_wish stay_tick(struct stay *l, uint64_t now)
{
	if (now >= l->leave_at) {
		l->leave_at = l->ask_at = UINT64_MAX;
		return STAY_LEAVE;
	}
	if (now < l->ask_at)
		return STAY_WAIT;
	l->ask_at = UINT64_MAX;
	l->asking = true;
	return STAY_ASK;
}
