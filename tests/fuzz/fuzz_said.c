/*
 * fuzz_said - what a taken-over engine tells the manager.
 *
 * Whatever is believed is whole: text ends, numbers are within what the
 * manager works with.
 */
#include "fuzz.h"

#include <errno.h>

#include "iscsid/messages/reported.h"

static void check_text(const char *text, size_t size)
{
	MUST(memchr(text, '\0', size));
}

static void check_lun(const struct reported_lun *l)
{
	check_text(l->reason, sizeof(l->reason));
	check_text(l->vendor, sizeof(l->vendor));
	check_text(l->model, sizeof(l->model));
	check_text(l->serial, sizeof(l->serial));
	check_text(l->identity, sizeof(l->identity));
	if (!l->online)
		return;
	MUST(l->block_size >= 512 && l->blocks > 0);
	MUST(l->blocks <= (uint64_t)INT64_MAX / l->block_size);
}

static void check(const struct reported *s)
{
	MUST(s->kind < REPORTED_KINDS);
	switch (s->kind) {
	case REPORTED_LOG:
		check_text(s->log.text, sizeof(s->log.text));
		MUST(s->log.level <= 7);
		break;
	case REPORTED_FOUND:
		check_text(s->found.name, sizeof(s->found.name));
		MUST(!name_fault(s->found.name, strlen(s->found.name), NULL));
		break;
	case REPORTED_SESSION:
		check_text(s->session.portal, sizeof(s->session.portal));
		check_text(s->session.reason, sizeof(s->session.reason));
		break;
	case REPORTED_LUN:
		check_lun(&s->lun);
		break;
	case REPORTED_RESOLVE:
		check_text(s->resolve.host, sizeof(s->resolve.host));
		MUST(s->resolve.port >= 1 && s->resolve.port <= 65535);
		break;
	default:
		break;
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const char *wrong = NULL;
	struct msg_in m;
	struct reported s;
	int err;

	if (msg_read(&m, (const char *)data, size))
		return 0;
	err = reported_read(&m, &s, &wrong);
	if (!err)
		check(&s);
	else if (err == -EBADMSG)
		MUST(wrong && *wrong);
	return 0;
}
