/*
 * pauses - how long to wait before trying again, and how often to say so.
 */
#ifndef ISCSID_PAUSES_H
#define ISCSID_PAUSES_H

#include <stdbool.h>
#include <stdint.h>

/*
 * ms until the attempt after this many failures in a row (1: the first): at
 * once, then 1 s, 2 s, 5 s, 15 s and, after about two minutes, 60 s.
 */
uint32_t pause_discovery(unsigned failures);
#define PAUSE_RARELY 60000 /* ms, when an administrator has to act first */

/* ms until an engine that died this many times in a row is started again. */
uint32_t pause_engine(unsigned deaths);
/*
 * ms it has to become ready then: 10 s, and twice as long each time, up to
 * 80 s.  On a machine that is only slow it gets there in the end.
 */
uint32_t patience_engine(unsigned deaths);

/* Lines that come again and again, perhaps several by turns. */
#define REPEAT_LINES 8
struct repeat {
	struct {
		uint32_t hash;
		uint64_t since; /* when it was said, ms */
		unsigned held;	/* times it was not, since then */
	} said[REPEAT_LINES];
	unsigned count, next;
	unsigned repeated; /* held, of the line that may be said now */
};

#define REPEAT_EVERY 60000 /* ms between equal lines */

/* Is it time to say this line?  It is when it is news, or was long ago. */
bool repeat_may_say(struct repeat *r, const char *line, uint64_t now);
void repeat_forget(struct repeat *r);

/* At most so many things in so long: to keep a mad peer out of the log. */
struct budget {
	uint64_t start; /* of the current period, ms */
	unsigned used;
};

/* False when max were used up within period ms. */
bool budget_take(struct budget *b, unsigned max, uint64_t period, uint64_t now);

#endif
