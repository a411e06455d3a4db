/*
 * script - faults by lines of text: "tx scsi-rsp 3 close".
 *
 * Everything it knows is in three tables: PDUs, actions, and (in scsi.c) the
 * names of commands.
 */
#include "target/session.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/str.h"

#define MAX_WORDS 8
#define ANY	  0xff
#define COUNT(a)  (sizeof(a) / sizeof((a)[0]))

enum side {
	ON_RX = 1,
	ON_TX = 2,
	ON_SCSI = 4
};

struct rule {
	struct list link;
	enum side side;
	bool each;
	uint8_t opcode;	       /* of the PDU; ANY */
	char command[24];      /* ON_SCSI: its name */
	uint8_t lun, each_lun; /* of this one, or of each so manieth */
	bool one_lun;
	uint32_t first, last, every; /* every 0: first..last */
	uint32_t count;		     /* matching PDUs so far */
	struct tgt_verdict verdict;
	char pair[TGT_KEY_SIZE];
};

struct tgt_script {
	struct tgt_fault_hook hook;
	struct list rules;
	uint32_t hits;
};

static const struct {
	const char *name;
	uint8_t opcode;
	enum side side;
} pdus[] = {
	{ "nop-out", OP_NOP_OUT, ON_RX },
	{ "scsi-cmd", OP_SCSI_CMD, ON_RX },
	{ "tmf", OP_TMF_REQ, ON_RX },
	{ "login", OP_LOGIN_REQ, ON_RX },
	{ "text", OP_TEXT_REQ, ON_RX },
	{ "data-out", OP_DATA_OUT, ON_RX },
	{ "logout", OP_LOGOUT_REQ, ON_RX },
	{ "snack", OP_SNACK, ON_RX },
	{ "nop-in", OP_NOP_IN, ON_TX },
	{ "scsi-rsp", OP_SCSI_RSP, ON_TX },
	{ "tmf-rsp", OP_TMF_RSP, ON_TX },
	{ "login-rsp", OP_LOGIN_RSP, ON_TX },
	{ "text-rsp", OP_TEXT_RSP, ON_TX },
	{ "data-in", OP_DATA_IN, ON_TX },
	{ "logout-rsp", OP_LOGOUT_RSP, ON_TX },
	{ "r2t", OP_R2T, ON_TX },
	{ "async", OP_ASYNC, ON_TX },
	{ "reject", OP_REJECT, ON_TX },
	{ "any", ANY, ON_RX | ON_TX },
};

const char *tgt_pdu_word(uint8_t opcode)
{
	for (size_t i = 0; i < COUNT(pdus); i++)
		if (pdus[i].opcode == opcode)
			return pdus[i].name;
	return "?";
}

/* The rest of a line, word by word, and where to complain. */
struct words {
	char *word[MAX_WORDS];
	size_t n, at;
	char *err;
	size_t err_size;
};

static int complain(struct words *w, const char *what, const char *word)
{
	if (word)
		snprintf(w->err, w->err_size, "%s: '%s'", what, word);
	else
		snprintf(w->err, w->err_size, "%s", what);
	return -EINVAL;
}

static char *next(struct words *w)
{
	return w->at < w->n ? w->word[w->at++] : NULL;
}

static int number(struct words *w, const char *what, uint64_t max,
		  uint64_t *out)
{
	const char *s = next(w);

	if (!s)
		return complain(w, what, "missing");
	if (str_u64(s, strlen(s), max, out) < 0)
		return complain(w, what, s);
	return 0;
}

/* What follows an action's name. */
static int args_none(struct words *w, struct rule *r)
{
	return 0;
}

static int args_delay(struct words *w, struct rule *r)
{
	uint64_t v;
	int err = number(w, "not a number of milliseconds", UINT32_MAX, &v);

	if (!err)
		r->verdict.delay = (uint32_t)v;
	return err;
}

static int args_corrupt(struct words *w, struct rule *r)
{
	const char *where = next(w);
	uint64_t v = 16;
	int err = 0;

	if (where && !strcmp(where, "header"))
		r->verdict.kind = TGT_CORRUPT_HEADER;
	else if (where && !strcmp(where, "data"))
		r->verdict.kind = TGT_CORRUPT_DATA;
	else
		return complain(w, "corrupt what? 'header' or 'data', not",
				where ? where : "");
	if (w->at < w->n)
		err = number(w, "not an offset", UINT32_MAX, &v);
	r->verdict.offset = (uint32_t)v;
	return err;
}

static int args_set(struct words *w, struct rule *r)
{
	uint64_t offset, width = 1;

	if (number(w, "not an offset in the header", BHS_LEN - 1, &offset) ||
	    number(w, "not a value", UINT64_MAX, &r->verdict.value))
		return -EINVAL;
	if (w->at < w->n && number(w, "not a width of 1 to 8", 8, &width))
		return -EINVAL;
	if (!width)
		return complain(w, "not a width of 1 to 8", "0");
	r->verdict.offset = (uint32_t)offset;
	r->verdict.width = (uint32_t)width;
	return 0;
}

static int args_key(struct words *w, struct rule *r)
{
	const char *pair = next(w);

	if (!pair || !strchr(pair, '='))
		return complain(w, "not NAME=VALUE", pair ? pair : "");
	if (!str_copy(r->pair, sizeof(r->pair), pair))
		return complain(w, "too long", pair);
	r->verdict.pair = r->pair;
	return 0;
}

/* 11.6.1 */
static const struct {
	const char *name;
	uint8_t response;
} answers[] = {
	{ "complete", TMF_COMPLETE },
	{ "no-task", TMF_NO_TASK },
	{ "no-lun", TMF_NO_LUN },
	{ "still-allegiant", TMF_STILL_ALLEGIANT },
	{ "no-reassign", TMF_NO_REASSIGN },
	{ "not-supported", TMF_NOT_SUPPORTED },
	{ "not-authorized", TMF_NOT_AUTHORIZED },
	{ "rejected", TMF_REJECTED },
};

static int args_answer(struct words *w, struct rule *r)
{
	const char *s = next(w);

	if (r->opcode != OP_TMF_RSP)
		return complain(w, "only a tmf-rsp is such an answer", NULL);
	for (size_t i = 0; s && i < COUNT(answers); i++) {
		if (strcmp(answers[i].name, s) != 0)
			continue;
		r->verdict.offset = 2;
		r->verdict.value = answers[i].response;
		r->verdict.width = 1;
		return 0;
	}
	return complain(w, "no such answer", s ? s : "");
}

const char *tgt_tmf_word(uint8_t response)
{
	for (size_t i = 0; i < COUNT(answers); i++)
		if (answers[i].response == response)
			return answers[i].name;
	return "?";
}

static int args_reason(struct words *w, struct rule *r)
{
	return number(w, "not a reason of 0 to 255", 255, &r->verdict.value);
}

static int args_busy(struct words *w, struct rule *r)
{
	r->verdict.value = TGT_BUSY;
	return 0;
}

static int args_full(struct words *w, struct rule *r)
{
	r->verdict.value = TGT_TASK_SET_FULL;
	return 0;
}

static int args_conflict(struct words *w, struct rule *r)
{
	r->verdict.value = TGT_RESERVATION_CONFLICT;
	return 0;
}

static int args_status(struct words *w, struct rule *r)
{
	return number(w, "not a status of 0 to 255", 255, &r->verdict.value);
}

static int args_short(struct words *w, struct rule *r)
{
	return number(w, "not a number of bytes", UINT32_MAX,
		      &r->verdict.value);
}

static int args_sense(struct words *w, struct rule *r)
{
	const char *s = next(w);
	unsigned key, asc, ascq;
	char end;

	if (!s || sscanf(s, "%2x/%2x/%2x%c", &key, &asc, &ascq, &end) != 3)
		return complain(w, "not KEY/ASC/ASCQ in hex", s ? s : "");
	r->verdict.value = TGT_CHECK_CONDITION;
	r->verdict.key = (uint8_t)key;
	r->verdict.asc = (uint8_t)asc;
	r->verdict.ascq = (uint8_t)ascq;
	if (w->at < w->n && !strcmp(w->word[w->at], "descriptor")) {
		r->verdict.descriptor = true;
		w->at++;
	}
	return 0;
}

static int args_deferred(struct words *w, struct rule *r)
{
	r->verdict.deferred = true;
	return args_sense(w, r);
}

static const struct action {
	const char *name;
	enum tgt_fault_kind kind;
	unsigned sides;
	int (*args)(struct words *w, struct rule *r);
	const char *help;
} actions[] = {
	{ "drop", TGT_DROP, ON_RX | ON_TX, args_none, "drop" },
	{ "delay", TGT_DELAY, ON_RX | ON_TX | ON_SCSI, args_delay, "delay MS" },
	{ "dup", TGT_DUP, ON_RX | ON_TX, args_none, "dup" },
	{ "close", TGT_CLOSE, ON_RX | ON_TX, args_none, "close" },
	{ "corrupt", TGT_CORRUPT_HEADER, ON_RX | ON_TX, args_corrupt,
	  "corrupt header|data [OFFSET]" },
	{ "set", TGT_SET, ON_RX | ON_TX, args_set, "set OFFSET VALUE [BYTES]" },
	{ "key", TGT_KEY, ON_TX, args_key, "key NAME=VALUE" },
	{ "answer", TGT_SET, ON_TX, args_answer, "answer WORD" },
	{ "reject", TGT_REJECT, ON_RX, args_reason, "reject REASON" },
	{ "busy", TGT_STATUS, ON_SCSI, args_busy, "busy" },
	{ "full", TGT_STATUS, ON_SCSI, args_full, "full" },
	{ "conflict", TGT_STATUS, ON_SCSI, args_conflict, "conflict" },
	{ "status", TGT_STATUS, ON_SCSI, args_status, "status N" },
	{ "short", TGT_SHORT, ON_SCSI, args_short, "short BYTES" },
	{ "sense", TGT_STATUS, ON_SCSI, args_sense,
	  "sense K/ASC/ASCQ [descriptor]" },
	{ "deferred", TGT_STATUS, ON_SCSI, args_deferred,
	  "deferred K/ASC/ASCQ [descriptor]" },
};

static int parse_side(struct words *w, struct rule *r)
{
	const char *s = next(w);

	if (s && !strcmp(s, "each")) {
		r->each = true;
		s = next(w);
	}
	if (s && !strcmp(s, "rx"))
		r->side = ON_RX;
	else if (s && !strcmp(s, "tx"))
		r->side = ON_TX;
	else if (s && !strcmp(s, "scsi"))
		r->side = ON_SCSI;
	else
		return complain(w, "not 'rx', 'tx' or 'scsi'", s ? s : "");
	if (r->each && r->side == ON_SCSI)
		return complain(w, "'each' is for rx and tx", NULL);
	return 0;
}

/* "@3": of LUN 3; "@/3": of each third, 0 among them. */
static int parse_lun(struct words *w, struct rule *r, char *at)
{
	uint64_t n;

	*at++ = '\0';
	r->one_lun = *at != '/';
	if (str_u64(at + !r->one_lun, strlen(at + !r->one_lun), UINT8_MAX,
		    &n) ||
	    (!n && !r->one_lun))
		return complain(w, "not @LUN or @/N", at);
	if (r->one_lun)
		r->lun = (uint8_t)n;
	else
		r->each_lun = (uint8_t)n;
	return 0;
}

static int parse_command(struct words *w, struct rule *r, const char *s)
{
	char *at;

	if (!str_copy(r->command, sizeof(r->command), s))
		return complain(w, "unknown command", s);
	at = strchr(r->command, '@');
	if (at && parse_lun(w, r, at))
		return -EINVAL;
	if (!tgt_scsi_name_known(r->command))
		return complain(w, "unknown command", s);
	return 0;
}

static int parse_what(struct words *w, struct rule *r)
{
	const char *s = next(w);

	if (!s)
		return complain(w, "which PDU or command?", NULL);
	if (r->side == ON_SCSI)
		return parse_command(w, r, s);
	for (size_t i = 0; i < COUNT(pdus); i++) {
		if (strcmp(pdus[i].name, s) != 0)
			continue;
		if (!(pdus[i].side & r->side))
			return complain(w, "goes the other way", s);
		r->opcode = pdus[i].opcode;
		return 0;
	}
	return complain(w, "unknown PDU", s);
}

static int parse_when(struct words *w, struct rule *r)
{
	const char *s = next(w);
	const char *dash = s ? strchr(s, '-') : NULL;
	uint64_t a, b = UINT32_MAX;

	if (!s)
		return complain(w, "when? a number, N-, N-M, /N or all", NULL);
	r->first = 1;
	r->last = UINT32_MAX;
	if (!strcmp(s, "all"))
		return 0;
	if (s[0] == '/') {
		if (str_u64(s + 1, strlen(s + 1), UINT32_MAX, &a) < 0 || !a)
			return complain(w, "not /N", s);
		r->every = (uint32_t)a;
		return 0;
	}
	if (str_u64(s, dash ? (size_t)(dash - s) : strlen(s), UINT32_MAX, &a) <
		    0 ||
	    !a)
		return complain(w, "not a number, N-, N-M, /N or all", s);
	if (dash && dash[1] &&
	    (str_u64(dash + 1, strlen(dash + 1), UINT32_MAX, &b) < 0 || b < a))
		return complain(w, "not a range", s);
	r->first = (uint32_t)a;
	r->last = dash ? (uint32_t)b : r->first;
	return 0;
}

static int parse_action(struct words *w, struct rule *r)
{
	const char *s = next(w);

	if (!s)
		return complain(w, "and do what?", NULL);
	for (size_t i = 0; i < COUNT(actions); i++) {
		if (strcmp(actions[i].name, s) != 0)
			continue;
		if (!(actions[i].sides & r->side))
			return complain(w, "not possible there", s);
		r->verdict.kind = actions[i].kind;
		return actions[i].args(w, r);
	}
	return complain(w, "unknown action", s);
}

static int parse(struct words *w, struct rule *r)
{
	if (parse_side(w, r) || parse_what(w, r) || parse_when(w, r) ||
	    parse_action(w, r))
		return -EINVAL;
	if (w->at < w->n)
		return complain(w, "too much", w->word[w->at]);
	return 0;
}

static int split(struct words *w, char *line)
{
	char *save = NULL, *s;

	for (s = strtok_r(line, " \t\r\n", &save); s;
	     s = strtok_r(NULL, " \t\r\n", &save)) {
		if (w->n == MAX_WORDS)
			return complain(w, "too many words", s);
		w->word[w->n++] = s;
	}
	return 0;
}

int tgt_script_add(struct tgt_script *s, const char *line, char *err,
		   size_t size)
{
	struct words w = { .err = err, .err_size = size };
	char copy[TGT_KEY_SIZE + 64];
	struct rule *r;

	if (!str_copy(copy, sizeof(copy), line))
		return complain(&w, "line too long", NULL);
	if (split(&w, copy) < 0)
		return -EINVAL;
	if (w.n == 0 || w.word[0][0] == '#')
		return 0;
	r = calloc(1, sizeof(*r));
	if (!r)
		return -ENOMEM;
	if (parse(&w, r) < 0) {
		free(r);
		return -EINVAL;
	}
	list_push_back(&s->rules, &r->link);
	return 0;
}

/* LUNs below 256, of one level: bytes 8 and 9 (SAM-5 4.7.7.2). */
static bool is_lun_meant(const struct rule *r, const uint8_t *bhs)
{
	if (r->one_lun)
		return bhs[8] == 0 && bhs[9] == r->lun;
	return !r->each_lun || bhs[9] % r->each_lun == 0;
}

static bool is_meant(const struct rule *r, const struct tgt_pdu_event *e)
{
	enum side side = e->scsi ? ON_SCSI : e->tx ? ON_TX : ON_RX;

	if (r->side != side)
		return false;
	if (e->scsi)
		return tgt_scsi_name_has(r->command, e->bhs[32]) &&
		       is_lun_meant(r, e->bhs);
	return r->opcode == ANY || r->opcode == pdu_opcode(e->bhs);
}

/* PDUs of the rule's kind so far, this one included. */
static uint32_t count_of(struct rule *r, const struct tgt_pdu_event *e)
{
	r->count++;
	if (!r->each)
		return r->count;
	return e->conn
		->seen[e->tx][r->opcode == ANY ? TGT_SEEN_ANY : r->opcode];
}

static bool strikes(struct rule *r, const struct tgt_pdu_event *e)
{
	uint32_t n = count_of(r, e);

	if (r->every)
		return n % r->every == 0;
	return n >= r->first && n <= r->last;
}

/* Every rule counts; the first that strikes decides. */
static void see(struct tgt_fault_hook *h, const struct tgt_pdu_event *e,
		struct tgt_verdict *out)
{
	struct tgt_script *s = (struct tgt_script *)(void *)h;
	struct list *pos;

	list_for_each (pos, &s->rules) {
		struct rule *r = container_of(pos, struct rule, link);

		if (!is_meant(r, e) || !strikes(r, e))
			continue;
		if (out->kind != TGT_PASS)
			continue;
		*out = r->verdict;
		s->hits++;
	}
}

struct tgt_script *tgt_script_new(void)
{
	struct tgt_script *s = calloc(1, sizeof(*s));

	if (!s)
		return NULL;
	s->hook.see = see;
	list_init(&s->rules);
	return s;
}

void tgt_script_clear(struct tgt_script *s)
{
	struct list *n;

	while ((n = list_pop_front(&s->rules)))
		free(container_of(n, struct rule, link));
}

void tgt_script_free(struct tgt_script *s)
{
	if (!s)
		return;
	tgt_script_clear(s);
	free(s);
}

struct tgt_fault_hook *tgt_script_hook(struct tgt_script *s)
{
	return &s->hook;
}

uint32_t tgt_script_hits(const struct tgt_script *s)
{
	return s->hits;
}

void tgt_script_help(struct strbuf *out)
{
	sb_add(out, "  [each] rx|tx PDU WHEN ACTION\n"
		    "  scsi COMMAND[@LUN|@/N] WHEN ACTION\n"
		    "WHEN: 3, 3- (from the third), 3-5, /10 (each tenth), "
		    "all\nPDU:");
	for (size_t i = 0; i < COUNT(pdus); i++)
		sb_add(out, " %s", pdus[i].name);
	sb_add(out, "\nCOMMAND: ");
	tgt_scsi_names(out);
	sb_add(out, "\n");
	for (size_t i = 0; i < COUNT(actions); i++)
		sb_add(out, "ACTION: %-30s %s%s%s\n", actions[i].help,
		       actions[i].sides & ON_RX ? "rx " : "",
		       actions[i].sides & ON_TX ? "tx " : "",
		       actions[i].sides & ON_SCSI ? "scsi" : "");
	sb_add(out, "WORD:");
	for (size_t i = 0; i < COUNT(answers); i++)
		sb_add(out, " %s", answers[i].name);
	sb_add(out, "\n");
}
