/*
 * lasting - how long a discovery session stays, and when it asks again.
 */
#include "engine/lasting.h"

void lasting_init(struct lasting *l, bool lasting, uint32_t linger)
{
	*l = (struct lasting){
		.lasting = lasting,
		.linger = linger,
		.leave_at = UINT64_MAX,
		.ask_at = UINT64_MAX,
	};
}

void lasting_begin(struct lasting *l)
{
	l->asking = true;
	l->changed = false;
	l->ask_at = UINT64_MAX;
}

void lasting_answered(struct lasting *l, uint64_t now)
{
	l->asking = false;
	if (!l->answered && !l->lasting)
		l->leave_at = now + l->linger;
	l->answered = true;
	if (l->changed)
		l->ask_at = now + LASTING_AGAIN;
	l->changed = false;
}

void lasting_news(struct lasting *l, enum session_news news, uint64_t now)
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
		l->ask_at = now + LASTING_AGAIN;
}

uint64_t lasting_next_wake(const struct lasting *l)
{
	return l->leave_at < l->ask_at ? l->leave_at : l->ask_at;
}

enum lasting_wish lasting_tick(struct lasting *l, uint64_t now)
{
	if (now >= l->leave_at) {
		l->leave_at = l->ask_at = UINT64_MAX;
		return LASTING_LEAVE;
	}
	if (now < l->ask_at)
		return LASTING_STAY;
	l->ask_at = UINT64_MAX;
	l->asking = true;
	return LASTING_ASK;
}
