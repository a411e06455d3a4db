/*
 * asked - what the manager asks for, checked and put into a struct: the
 * messages of words/to_engine.h but for what sessions are told (settings.h).
 */
#ifndef ENGINE_ASKED_H
#define ENGINE_ASKED_H

#include <stdbool.h>
#include <stdint.h>

#include "base/exporters.h"
#include "wire/lun.h"
#include "words/words.h"

struct msg_in;
struct strbuf;

enum asked_kind {
#define MESSAGE(name, when, keys) ASKED_##name,
#include "words/to_engine.h"
	ASKED_KINDS,
};

struct asked {
	enum asked_kind kind;
	uint64_t id;	      /* of a target or discovery */
	uint8_t lun[LUN_LEN]; /* of a LUN */
	union {
		uint32_t version; /* hello */
		uint32_t mask;	  /* log */
		struct {
			bool resume;
			char expect[WORDS_IDENTITY];
			char export[EXPORTER_WORD_SIZE]; /* "": not given */
			uint32_t depth;			 /* 0: not given */
		} attach;
	};
};

/* ASKED_KINDS: no verb of ours. */
enum asked_kind asked_kind(const struct msg_in *m);
const char *asked_verb(enum asked_kind kind);
/* when: one of enum word_when_engine. */
bool asked_is_due(enum asked_kind kind, unsigned when);

/*
 * 0, or -EINVAL with the reason, without any value in it, in why; has_subject
 * tells then whether id and lun, where the message has them, were read.
 */
int asked_read(const struct msg_in *m, enum asked_kind kind, struct asked *out,
	       bool *has_subject, struct strbuf *why);

#endif
