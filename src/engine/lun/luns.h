/*
 * luns - the LUNs of a target: found, attached, and told about.
 */
#ifndef ENGINE_LUNS_H
#define ENGINE_LUNS_H

#include <stdbool.h>
#include <stdint.h>

#include "engine/lun/lun.h"
#include "engine/lun/table.h"
#include "wire/lun.h"

/* What disks wait for the end of an old nexus. */
struct luns_fence {
	unsigned holds;	       /* so many */
	int64_t place;	       /* of an old nexus of them */
	uint64_t since, until; /* ms: the longest of them */
};
/* Nothing of an old nexus is waited for, or would have to be. */
bool luns_are_clear(const struct luns *l);
void luns_fence(const struct luns *l, struct luns_fence *out);
/* A session of ours at this place ended those before it. */
void luns_place_ended(struct luns *l, int64_t place, uint64_t now);

/* Copies both; there are no LUNs yet. */
void luns_init(struct luns *l, const struct lun_owner *owner,
	       const struct luns_past *past);
/* Only when none is attached and the session is down. */
void luns_fini(struct luns *l);

/*
 * The session came up, in this place: a new session there ends those before
 * it.  It stays until luns_down().
 */
void luns_up(struct luns *l, struct session *session, int64_t place,
	     uint64_t now);
/* May writes of theirs run elsewhere than in the present portal group? */
bool luns_are_in_doubt(const struct luns *l);
/* ... and none does, so LUNs that are found from now on have none either. */
void luns_are_settled(struct luns *l);
/* The session went down.  ended_well: nothing of it runs at the target any
 * more. */
void luns_down(struct luns *l, bool ended_well, uint64_t now);
/* The session is away for too long: what waits ends with -ENOLINK. */
void luns_expire(struct luns *l, uint64_t now);
/* It may be away for longer now: what comes waits again. */
void luns_unexpire(struct luns *l, uint64_t now);

/* The target sent sense data on its own (11.9.1). */
void luns_event(struct luns *l, const uint8_t lun[static LUN_LEN],
		const uint8_t *sense, size_t n, uint64_t now);

/* Looks for LUNs again, and for changes of the known ones. */
void luns_rescan(struct luns *l, uint64_t now);

/* We reset this LUN, or (NULL) all of them. */
void luns_were_reset(struct luns *l, const uint8_t *lun);

/* disk-command-timeout is another. */
void luns_set_limit(struct luns *l, uint32_t ms, uint64_t now);
/* connfail-timeout is. */
void luns_set_patience(struct luns *l, uint32_t ms, uint64_t now);

/* A mistake of ours: none of them serves anything any more. */
void luns_break(struct luns *l);

uint64_t luns_next_wake(const struct luns *l);
void luns_tick(struct luns *l, uint64_t now);

/* What the manager asks for one LUN; 0 or -errno: then nothing is told. */
int luns_attach(struct luns *l, const uint8_t lun[static LUN_LEN],
		const struct lun_attach *a);
int luns_detach(struct luns *l, const uint8_t lun[static LUN_LEN]);
int luns_forget(struct luns *l, const uint8_t lun[static LUN_LEN]);
void luns_detach_all(struct luns *l);

/* Each to a new manager. */
void luns_tell_all(struct luns *l);

#endif
