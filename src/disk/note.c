/*
 * note - lines for people about a disk.
 *
 * Failed requests may come by the thousand: then only the first lines are
 * given, and later how many were kept back.
 */
#include "disk/internal.h"

#include <stdarg.h>

#include "base/log.h"
#include "base/str.h"
#include "scsi/status.h"

#define LINE_SIZE 900

void note(struct disk *d, int level, const char *fmt, ...)
{
	char line[LINE_SIZE];
	struct strbuf sb;
	va_list ap;

	sb_init(&sb, line, sizeof(line));
	va_start(ap, fmt);
	sb_vadd(&sb, fmt, ap);
	va_end(ap);
	d->ops->note(d->ctx, d, level, line);
}

void say(struct disk *d, enum topic topic, const char *fmt, ...)
{
	char line[LINE_SIZE];
	va_list ap;

	if (!topic_is_on(topic))
		return;
	va_start(ap, fmt);
	topic_line(line, sizeof(line), topic, fmt, ap);
	va_end(ap);
	d->ops->note(d->ctx, d, LOG_DEBUG, line);
}

void say_sense(struct disk *d, const struct cmd *c)
{
	char what[SENSE_TEXT_SIZE];

	if (!topic_is_on(TOPIC_SENSE) || c->outcome != CMD_DONE ||
	    c->status != STATUS_CHECK_CONDITION)
		return;
	policy_text(c, what, sizeof(what));
	say(d, TOPIC_SENSE, "%s: %s", cdb_name(c->cdb), what);
}

void say_retry(struct disk *d, const struct cmd *c, const char *when)
{
	char why[SENSE_TEXT_SIZE];

	if (!topic_is_on(TOPIC_RETRY))
		return;
	policy_text(c, why, sizeof(why));
	say(d, TOPIC_RETRY, "%s goes again %s: %s", cdb_name(c->cdb), when,
	    why);
}

bool note_allowed(struct disk *d)
{
	struct notes *n = &d->notes;

	if (n->given >= NOTES_AT_ONCE) {
		n->kept_back++;
		return false;
	}
	n->given++;
	if (!n->pause.on)
		pause_begin(&n->pause);
	return true;
}

void note_failed_io(struct disk *d, const struct disk_io *io)
{
	char why[SENSE_TEXT_SIZE];

	if (!note_allowed(d))
		return;
	policy_text(&io->cmd, why, sizeof(why));
	note(d, LOG_ERR, "%s failed, %llu bytes at byte %llu: %s",
	     cdb_name(io->cmd.cdb), (unsigned long long)io->piece,
	     (unsigned long long)(io->off + io->done_len), why);
}

void notes_tick(struct disk *d)
{
	struct notes *n = &d->notes;
	unsigned kept_back = n->kept_back;

	if (!pause_over(&n->pause, d->now, NOTES_PAUSE_MS))
		return;
	*n = (struct notes){ 0 };
	if (kept_back)
		note(d, LOG_ERR, "%u more lines like these kept back",
		     kept_back);
}

uint64_t notes_wake(const struct disk *d)
{
	return pause_wake(&d->notes.pause);
}
