/*
 * hba_text - the text of the HBA file.
 */
#include "iscsid/admin/hba_text.h"

#include <string.h>

#include "words/verbs.h"

#define RELEASED "22-Nov-2026"

void hba_text_head(struct strbuf *sb)
{
	sb_add(sb,
	       "# iSCSI driver version: " SOFTHBA_VERSION " (" RELEASED ")\n"
	       "#\n"
	       "# SCSI:               iSCSI:\n"
	       "# Bus Tgt LUN         IP address   Port  TargetName\n");
}

/* Six fields on every line, for those who count words. */
void hba_text_line(struct strbuf *sb, const struct hba_line *l)
{
	sb_add(sb, "  %3u %3u ", l->bus, l->target);
	if (l->lun >= 0)
		sb_add(sb, "%3d    ", l->lun);
	else
		sb_add(sb, "  ?    ");
	if (l->host)
		sb_add(sb, "%15s  %5u  ", l->host, l->port);
	else
		sb_add(sb, "%15s  %5s  ", "?", "?");
	sb_add(sb, "%s\n", l->name);
}

/* Written words ------------------------------------------------------- */

#define WORDS	  8
#define WORD_SIZE 300

struct words {
	char word[WORDS][WORD_SIZE];
	unsigned count;
};

static bool is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\n' || c == '\0';
}

static const char *split(const char *text, size_t n, struct words *w)
{
	size_t len;

	w->count = 0;
	for (size_t i = 0; i < n; i += len ? len : 1) {
		for (len = 0; i + len < n && !is_blank(text[i + len]);)
			len++;
		if (!len)
			continue;
		if (w->count == WORDS)
			return "too many words";
		if (len >= WORD_SIZE)
			return "a word is too long";
		memcpy(w->word[w->count], text + i, len);
		w->word[w->count++][len] = '\0';
	}
	return NULL;
}

/*
 * A word of the pattern is itself, or stands for a value when it begins
 * with '='; "=?" is a value that may be missing at the end.
 */
static const struct command {
	const char *pattern[WORDS];
	enum control_verb_id verb;
} commands[] = {
	{ { "target", "=bus", "=target", "address", "=address" },
	  CONTROL_portal },
	{ { "target", "=bus", "=target", "portal", "=index" }, CONTROL_portal },
	{ { "log", "=what", "=?value" }, CONTROL_log },
	{ { "connfailtimeout", "=bus", "=target", "=seconds" },
	  CONTROL_connfailtimeout },
	{ { "diskcommandtimeout", "=bus", "=target", "=seconds" },
	  CONTROL_diskcommandtimeout },
	{ { "shutdown" }, CONTROL_shutdown },
	{ { "scsi", "add-single-device", "=host", "=bus", "=target", "=lun" },
	  CONTROL_add },
	{ { "scsi", "remove-single-device", "=host", "=bus", "=target",
	    "=lun" },
	  CONTROL_remove },
};

static bool fits(const struct command *c, const struct words *w)
{
	unsigned i;

	for (i = 0; i < WORDS && c->pattern[i]; i++) {
		const char *p = c->pattern[i];

		if (i == w->count)
			return p[0] == '=' && p[1] == '?';
		if (*p != '=' && strcmp(p, w->word[i]) != 0)
			return false;
	}
	return i >= w->count;
}

/* Only host 0 is there; it is checked here as no verb knows it. */
static bool fill(const struct command *c, const struct words *w,
		 struct msg_out *out)
{
	msg_begin(out, control_verbs[c->verb].name);
	for (unsigned i = 0; i < w->count; i++) {
		const char *p = c->pattern[i];

		if (*p != '=')
			continue;
		p += p[1] == '?' ? 2 : 1;
		if (strcmp(p, "host") != 0)
			msg_str(out, p, w->word[i]);
		else if (strcmp(w->word[i], "0") != 0)
			return false;
	}
	return true;
}

const char *hba_text_request(const char *text, size_t n, struct msg_out *out)
{
	static struct words w;
	const char *wrong = split(text, n, &w);

	if (wrong)
		return wrong;
	for (size_t i = 0; i < sizeof(commands) / sizeof(*commands); i++) {
		if (!fits(&commands[i], &w))
			continue;
		return fill(&commands[i], &w, out) ? NULL : "the only HBA is 0";
	}
	return "unknown command";
}
