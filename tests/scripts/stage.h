/*
 * stage - where a script is played: in the simulated world (stage_sim.c), or
 * with the real daemon and target on loopback (stage_tcp.c).
 *
 * A program has one of the two, and plays one script in its life.  Times are
 * milliseconds.
 */
#ifndef SCRIPTS_STAGE_H
#define SCRIPTS_STAGE_H

#include "script.h"

/* A request under way. */
struct ask {
	const struct want *want;
	uint8_t *data; /* what to write; what was read */
	uint64_t since, ended;
	bool done;
	int err; /* 0 or a positive errno */
};

/* Text that grows, line by line. */
struct lines {
	char **line;
	size_t n;
};

/*
 * The target comes up; the driver does with stage_start().  dir is an empty
 * directory to work in, index tells scripts apart that are played at once;
 * the simulation needs neither.  Returns false after telling why.
 */
bool stage_open(const struct setup *s, const char *dir, unsigned index);
void stage_start(void);
/* One is there, and nothing else goes on. */
bool stage_has_disk(unsigned lun);
bool stage_is_quiet(void);
/* Does it take the time that a script says it takes? */
extern const bool stage_is_real;

uint64_t stage_now(void);
/* Lets time pass until done(ctx), or for so long; returns done(ctx). */
bool stage_until(bool (*done)(void *ctx), void *ctx, uint64_t ms);
/* What a limit of a script means here. */
uint64_t stage_limit(uint64_t ms);
/* How much earlier than a script says something may be. */
uint64_t stage_early(void);

void stage_ask(struct ask *a);
/* A control line of the target; 0, or -EINVAL with err. */
int stage_target(const char *line, char *err, size_t size);
/* The target dies, with what is in its cache or without, and comes back. */
void stage_crash(uint64_t ms, bool lose_cache);
void stage_kill_engine(void);
/* Another one is started at once.  Nothing, where it is simulated. */
void stage_kill_manager(void);
/* A LUN goes, or comes back as it was. */
void stage_lun(unsigned lun, bool there);
/* As the host sees it; 512 bytes each. */
uint64_t stage_blocks(unsigned lun);

/* What the target saw (target/journal.h), and the driver said. */
const struct lines *stage_journal(void);
const struct lines *stage_log(void);

/* The driver stops and leaves nothing; returns what is wrong, or NULL. */
const char *stage_close(void);

#endif
