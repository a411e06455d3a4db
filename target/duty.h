/*
 * duty - what a target owes an initiator that comes back, and does not do.
 *
 * Real targets differ here, and each of these ways was read in the source of
 * one.  All zero: the target does all that it owes.
 */
#ifndef TARGET_DUTY_H
#define TARGET_DUTY_H

#include <stddef.h>
#include <stdint.h>

struct strbuf;

/* When a login ends the old session of its ISID (RFC 7143 6.3.5). */
enum tgt_reinstate {
	TGT_REINSTATE_ALWAYS,
	TGT_REINSTATE_NEVER,	/* two sessions of one ISID live on */
	TGT_REINSTATE_SECURITY, /* if it began in the security stage */
	TGT_REINSTATE_LATE,	/* the old one is served for a while yet */
};

/* What a task management function does to the tasks. */
enum tgt_ending {
	TGT_ENDING_HONEST,
	TGT_ENDING_EARLY,   /* running writes end after the answer */
	TGT_ENDING_LIES,    /* nothing, and says it is done */
	TGT_ENDING_HANGS,   /* the answer takes tmf-hang */
	TGT_ENDING_ARRIVED, /* what waits for its data is left alone */
};

struct tgt_duties {
	uint32_t reinstate;	  /* enum tgt_reinstate */
	uint32_t reinstate_after; /* ms; TGT_REINSTATE_LATE */
	uint32_t any_group;	  /* reinstates in every portal group */
	uint32_t run_on;	  /* ms that running writes outlive their
				     session, or their end; 0: none does */
	uint32_t sessions;	  /* of all initiators; 0: no limit */
	uint32_t sessions_status; /* ... and the answer beyond it; 0: 0x0302 */
	uint32_t auth_none;	  /* status for a security stage without
				     credentials; 0: it is served; 1: closed */
	uint32_t lun_reset, abort_task; /* enum tgt_ending */
	uint32_t tmf_hang;		/* ms */
	uint32_t unordered;		/* ORDERED tasks overtake others */
	uint32_t no_sync;		/* SYNCHRONIZE CACHE is not known */
	uint32_t no_same;		/* WRITE SAME is not known */
	/* Of the writes that need an R2T each so many-th: it never comes, or
	 * the answer is GOOD without it; 0: none. */
	uint32_t no_r2t, short_good;
};

/* Returns 0, -ENOENT (no such duty) or -EINVAL (no such value). */
int tgt_duty_set(struct tgt_duties *d, const char *name, const char *value);
/* A line for each. */
void tgt_duty_help(struct strbuf *out);

#endif
