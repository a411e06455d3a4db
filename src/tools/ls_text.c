/*
 * ls_text - the answer to "ls" as iscsi-ls prints it.
 */
#include "tools/ls_text.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>
#include <time.h>

#include "base/str.h"

#define ASTERISKS                                                              \
	"****************************************"                             \
	"***************************************"

/* A value of m made fit for a terminal; "" when there is none. */
static const char *text(const struct msg_in *m, const char *key, char *dst,
			size_t size)
{
	static char raw[4096];
	int n = msg_get(m, key, raw, sizeof(raw));

	str_printable(dst, size, raw, n > 0 ? (size_t)n : 0);
	return dst;
}

static uint64_t number(const struct msg_in *m, const char *key)
{
	uint64_t n = 0;

	msg_get_u64(m, key, UINT64_MAX, &n);
	return n;
}

static void line(struct ls_text *t, const char *label, const char *value)
{
	fprintf(t->to, "%-24s: %s\n", label, value);
}

/* The label is the key of the message, too. */
static void copy(struct ls_text *t, const char *label, const struct msg_in *m,
		 const char *key)
{
	char value[1024];

	line(t, label, text(m, key, value, sizeof(value)));
}

void ls_text_header(struct ls_text *t)
{
	fprintf(t->to,
		ASTERISKS "\nsofthba iSCSI Driver Version ... " SOFTHBA_VERSION
			  "\n" ASTERISKS "\n");
}

static void add_status(struct ls_text *t, const struct msg_in *m)
{
	char state[16], when[64] = "", value[128];
	time_t since = (time_t)number(m, "since");
	struct tm tm;

	text(m, "state", state, sizeof(state));
	if (localtime_r(&since, &tm))
		strftime(when, sizeof(when), "%a %b %e %H:%M:%S %Y", &tm);
	if (strcmp(state, "up") == 0)
		snprintf(value, sizeof(value), "ESTABLISHED AT %s", when);
	else if (strcmp(state, "dropped") == 0)
		snprintf(value, sizeof(value), "DROPPED AT %s", when);
	else if (strcmp(state, "given-up") == 0)
		snprintf(value, sizeof(value), "GIVEN UP AT %s", when);
	else
		snprintf(value, sizeof(value), "NOT ESTABLISHED");
	line(t, "SESSION STATUS", value);
}

static void add_portals(struct ls_text *t, const struct msg_in *m)
{
	char value[512], label[32], clean[512];
	unsigned n = 0;

	while (msg_get_nth(m, "portal", n, value, sizeof(value)) >= 0)
		n++;
	/* This label is longer than the others, and ever was. */
	fprintf(t->to, "%-27s: %u\n", "NUMBER OF PORTALS", n);
	for (unsigned i = 0; i < n; i++) {
		msg_get_nth(m, "portal", i, value, sizeof(value));
		str_printable(clean, sizeof(clean), value, strlen(value));
		snprintf(label, sizeof(label), "PORTAL ADDRESS %u", i + 1);
		line(t, label, clean);
	}
}

static void add_session(struct ls_text *t, const struct msg_in *m)
{
	char isid[16], value[64], fence[512], reason[1024];

	text(m, "isid", isid, sizeof(isid));
	snprintf(value, sizeof(value), "ISID %s TSIH %" PRIx64, isid,
		 number(m, "tsih"));
	line(t, "SESSION ID", value);
	if (t->luns && *text(m, "fence", fence, sizeof(fence)))
		line(t, "FENCE", fence);
	if (*text(m, "reason", reason, sizeof(reason)))
		line(t, "REASON", reason);
}

/* A question mark as long as there never was a connection. */
static void add_address(struct ls_text *t, const struct msg_in *m)
{
	char value[512];

	text(m, "address", value, sizeof(value));
	line(t, "TARGET ADDRESS", *value ? value : "?");
}

static void end_target(struct ls_text *t)
{
	if (t->inside)
		fprintf(t->to, ASTERISKS "\n");
	t->inside = false;
	t->heading = "";
}

static void add_target(struct ls_text *t, const struct msg_in *m)
{
	end_target(t);
	if (t->one && number(m, "target") != t->wanted)
		return;
	t->inside = true;
	t->shown++;
	copy(t, "TARGET NAME", m, "name");
	copy(t, "TARGET ALIAS", m, "alias");
	copy(t, "HOST NO", m, "host");
	copy(t, "BUS NO", m, "bus");
	copy(t, "TARGET ID", m, "target");
	add_address(t, m);
	add_status(t, m);
	add_portals(t, m);
	add_session(t, m);
}

static void heading(struct ls_text *t, const char *words)
{
	if (t->heading && strcmp(t->heading, words) == 0)
		return;
	t->heading = words;
	fprintf(t->to, "%s:\n", words);
	for (size_t i = 0; i <= strlen(words); i++)
		fputc('-', t->to);
	fputc('\n', t->to);
}

static void add_param(struct ls_text *t, const struct msg_in *m)
{
	char name[64], value[1024], origin[512];
	bool agreed;

	text(m, "name", name, sizeof(name));
	text(m, "value", value, sizeof(value));
	text(m, "origin", origin, sizeof(origin));
	if (!*value)
		return;
	agreed = strcmp(origin, "negotiated") == 0;
	heading(t, agreed ? "NEGOTIATED PARAMETERS" : "CONFIGURED PARAMETERS");
	if (agreed)
		line(t, name, value);
	else
		fprintf(t->to, "%-24s: %s (%s)\n", name, value, origin);
}

static void add_size(struct ls_text *t, const struct msg_in *m)
{
	uint64_t block = number(m, "block-size"), blocks = number(m, "blocks");
	char size[32];

	if (!block || blocks > UINT64_MAX / block)
		return;
	str_size(size, sizeof(size), block * blocks);
	fprintf(t->to,
		"  Size:   %" PRIu64 " sectors of %" PRIu64 " bytes [%s]%s\n",
		blocks, block, size,
		number(m, "read-only") ? " write protected" : "");
}

static void add_place(struct ls_text *t, const struct msg_in *m)
{
	char value[1024], state[32], reason[1024];

	if (*text(m, "device", value, sizeof(value)))
		fprintf(t->to, "  Device: /dev/%s\n", value);
	if (*text(m, "link", value, sizeof(value)))
		fprintf(t->to, "  Link:   %s\n", value);
	if (*text(m, "export", value, sizeof(value)))
		fprintf(t->to, "  Export: %s (%s)\n", value,
			text(m, "export-why", reason, sizeof(reason)));
	text(m, "state", state, sizeof(state));
	text(m, "reason", reason, sizeof(reason));
	if (strcmp(state, "online") == 0 && !*reason)
		return;
	fprintf(t->to, "  State:  %s%s%s\n", state, *reason ? ": " : "",
		reason);
}

static void add_lun(struct ls_text *t, const struct msg_in *m)
{
	char vendor[16], model[32], rev[16], type[32];

	heading(t, "DEVICE DETAILS");
	fprintf(t->to, "LUN ID : %" PRIu64 "\n", number(m, "lun"));
	fprintf(t->to, "  Vendor: %-8s Model: %-16s Rev: %-4s\n",
		text(m, "vendor", vendor, sizeof(vendor)),
		text(m, "model", model, sizeof(model)),
		text(m, "rev", rev, sizeof(rev)));
	fprintf(t->to, "  Type:   %-32s ANSI SCSI revision: %02" PRIx64 "\n",
		text(m, "type", type, sizeof(type)), number(m, "ansi"));
	add_size(t, m);
	add_place(t, m);
}

int ls_text_add(struct ls_text *t, const struct msg_in *m)
{
	if (msg_is(m, "target"))
		add_target(t, m);
	else if (msg_is(m, "end"))
		end_target(t);
	else if (msg_is(m, "error"))
		return -EBADMSG;
	else if (msg_is(m, "param") && t->inside && t->params)
		add_param(t, m);
	else if (msg_is(m, "lun") && t->inside && t->luns)
		add_lun(t, m);
	return 0; /* what a newer daemon says besides is none of our business */
}
