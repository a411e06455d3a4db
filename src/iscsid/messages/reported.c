/*
 * reported - what an engine said, checked and put into structs.
 */
#include "iscsid/messages/reported.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <syslog.h>

#include "base/codec.h"
#include "base/list.h"
#include "base/str.h"

#define MAX_BYTES 0xffffff /* of the byte-valued keys, RFC 7143 13.12 */
/* Sizes in bytes must fit the kernel's loff_t. */
#define MAX_DISK_BYTES (UINT64_C(1) << 62)

enum field_kind {
	F_TEXT,
	F_NAME,
	F_ADDR,	  /* in reported_found: sets has_addr too */
	F_PORTAL, /* a numeric one */
	F_HOST,	  /* a host name, and no number */
	F_EXACT,  /* compared later: printable as it stands, and never cut */
	F_U32,
	F_U64,
	F_BOOL,
	F_LUN,
	F_UP,	  /* "up" or "down" */
	F_ONLINE, /* "online" or "failed" */
	F_SEEN,	  /* "yes", "no" or "unknown" */
	F_TAG,	  /* a portal group tag */
};

struct field {
	const char *key;
	enum field_kind kind;
	size_t offset, size;
	uint64_t max;
	bool needed;
};

#define TEXT(t, key, f)                                                        \
	{                                                                      \
		key, F_TEXT, offsetof(struct reported, t.f),                   \
			sizeof(((struct reported *)0)->t.f), 0, false          \
	}
#define FIELD(t, key, kind, f, max, needed)                                    \
	{                                                                      \
		key, kind, offsetof(struct reported, t.f),                     \
			sizeof(((struct reported *)0)->t.f), max, needed       \
	}
#define U32(t, key, f, max)  FIELD(t, key, F_U32, f, max, false)
#define NEED(t, key, f, max) FIELD(t, key, F_U32, f, max, true)
#define BOOL(t, key, f)	     FIELD(t, key, F_BOOL, f, 1, false)

static const struct field ready_fields[] = {
	NEED(ready, "version", version, UINT32_MAX),
	BOOL(ready, "pulse", pulse),
};

static const struct field log_fields[] = {
	NEED(log, "level", level, LOG_DEBUG),
	TEXT(log, "object", object),
	TEXT(log, "text", text),
};

static const struct field found_fields[] = {
	FIELD(found, "name", F_NAME, name, 0, true),
	FIELD(found, "addr", F_ADDR, addr, 0, false),
};

static const struct field count_fields[] = {
	{ "count", F_U32, offsetof(struct reported, count), sizeof(uint32_t),
	  UINT32_MAX, false },
};

static const struct field failed_fields[] = {
	TEXT(failed, "portal", portal),
	TEXT(failed, "name", fault),
	TEXT(failed, "reason", reason),
	TEXT(failed, "retry", retry),
};

static const struct field session_fields[] = {
	FIELD(session, "state", F_UP, up, 0, true),
	TEXT(session, "portal", portal),
	U32(session, "tsih", tsih, UINT16_MAX),
	TEXT(session, "group", group),
	U32(session, "local-port", local_port, UINT16_MAX),
	TEXT(session, "isid", isid),
	TEXT(session, "alias", alias),
	TEXT(session, "auth", auth),
	TEXT(session, "header-digest", header_digest),
	TEXT(session, "data-digest", data_digest),
	BOOL(session, "initial-r2t", initial_r2t),
	BOOL(session, "immediate-data", immediate_data),
	U32(session, "max-recv-data", max_recv_data, MAX_BYTES),
	U32(session, "max-xmit-data", max_xmit_data, MAX_BYTES),
	U32(session, "first-burst", first_burst, MAX_BYTES),
	U32(session, "max-burst", max_burst, MAX_BYTES),
	U32(session, "max-r2t", max_r2t, UINT16_MAX),
	TEXT(session, "fault", fault),
	TEXT(session, "reason", reason),
	U32(session, "wait", wait, UINT32_MAX),
	BOOL(session, "given-up", given_up),
};

static const struct field settled_fields[] = {
	{ "group", F_TEXT, offsetof(struct reported, group), 8, 0, true },
};

static const struct field removed_fields[] = {
	{ "doubt", F_BOOL, offsetof(struct reported, doubt), sizeof(bool), 1,
	  false },
};

static const struct field fence_fields[] = {
	FIELD(fence, "reinstates", F_SEEN, reinstates, 0, true),
	U32(fence, "reinstates-ms", reinstates_ms, REPORTED_REINSTATES_MS),
	U32(fence, "holds", holds, UINT16_MAX),
	FIELD(fence, "group", F_TAG, group, 0, false),
	U32(fence, "since", since, UINT32_MAX),
	U32(fence, "left", left, UINT32_MAX),
};

static const struct field lun_fields[] = {
	FIELD(lun, "lun", F_LUN, lun, 0, true),
	U32(lun, "number", number, UINT32_MAX),
	FIELD(lun, "state", F_ONLINE, online, 0, true),
	TEXT(lun, "reason", reason),
	TEXT(lun, "vendor", vendor),
	TEXT(lun, "model", model),
	TEXT(lun, "rev", rev),
	U32(lun, "type", type, 31),
	U32(lun, "ansi", ansi, 255),
	BOOL(lun, "cdbs", cdbs),
	U32(lun, "block-size", block_size, 1 << 20),
	U32(lun, "physical-size", physical_size, 1 << 30),
	FIELD(lun, "blocks", F_U64, blocks, UINT64_MAX, false),
	BOOL(lun, "read-only", read_only),
	BOOL(lun, "rotational", rotational),
	BOOL(lun, "write-cache", write_cache),
	BOOL(lun, "fua", fua),
	BOOL(lun, "discard", discard),
	U32(lun, "discard-granularity", discard_granularity, UINT32_MAX),
	U32(lun, "discard-alignment", discard_alignment, UINT32_MAX),
	FIELD(lun, "max-discard", F_U64, max_discard, MAX_DISK_BYTES, false),
	BOOL(lun, "zero", zero),
	FIELD(lun, "max-zero", F_U64, max_zero, MAX_DISK_BYTES, false),
	U32(lun, "optimal-io", optimal_io, UINT32_MAX),
	TEXT(lun, "serial", serial),
	FIELD(lun, "identity", F_EXACT, identity, 0, false),
};

static const struct field event_fields[] = {
	FIELD(event, "lun", F_LUN, lun, 0, true),
	U32(event, "error", error, 4095),
	TEXT(event, "export", export),
};

static const struct field waits_fields[] = {
	FIELD(waits, "lun", F_LUN, lun, 0, true),
	TEXT(waits, "reason", reason),
	U32(waits, "age", age, UINT32_MAX),
};

static const struct field switched_fields[] = {
	TEXT(switched, "portal", portal),
	U32(switched, "error", error, 4095),
	TEXT(switched, "reason", reason),
};

static const struct field resolve_fields[] = {
	FIELD(resolve, "host", F_HOST, host, 0, true),
	NEED(resolve, "port", port, UINT16_MAX),
};

static const struct field has_fields[] = {
	FIELD(has, "name", F_NAME, name, 0, true),
	TEXT(has, "group", group),
	U32(has, "age", age, UINT32_MAX),
};

static const struct field moved_fields[] = {
	FIELD(moved, "portal", F_PORTAL, portal, 0, true),
	FIELD(moved, "from", F_PORTAL, from, 0, false),
};

static const struct field error_fields[] = {
	TEXT(log, "text", text),
};

static const struct verb {
	const char *name;
	const struct field *fields;
	size_t count;
	bool has_id;
} verbs[REPORTED_KINDS] = {
#define VERB(f) f, sizeof(f) / sizeof(*(f))
	[REPORTED_READY] = { "ready", VERB(ready_fields), false },
	[REPORTED_LOG] = { "log", VERB(log_fields), false },
	[REPORTED_FOUND] = { "found", VERB(found_fields), true },
	[REPORTED_DISCOVERED] = { "discovered", VERB(count_fields), true },
	[REPORTED_ENDED] = { "ended", NULL, 0, true },
	[REPORTED_FAILED] = { "failed", VERB(failed_fields), true },
	[REPORTED_SESSION] = { "session", VERB(session_fields), true },
	[REPORTED_SETTLED] = { "settled", VERB(settled_fields), true },
	[REPORTED_FENCE] = { "fence", VERB(fence_fields), true },
	[REPORTED_LUN] = { "lun", VERB(lun_fields), true },
	[REPORTED_WAITS] = { "waits", VERB(waits_fields), true },
	[REPORTED_VANISHED] = { "vanished", VERB(event_fields), true },
	[REPORTED_ATTACHED] = { "attached", VERB(event_fields), true },
	[REPORTED_DETACHED] = { "detached", VERB(event_fields), true },
	[REPORTED_LUNS] = { "luns", VERB(count_fields), true },
	[REPORTED_SWITCHED] = { "switched", VERB(switched_fields), true },
	[REPORTED_REMOVED] = { "removed", VERB(removed_fields), true },
	[REPORTED_RESOLVE] = { "resolve", VERB(resolve_fields), true },
	[REPORTED_HAS] = { "has", VERB(has_fields), true },
	[REPORTED_HELD] = { "held", VERB(event_fields), true },
	[REPORTED_ADOPTED] = { "adopted", VERB(count_fields), false },
	[REPORTED_PONG] = { "pong", NULL, 0, false },
	[REPORTED_REDIRECTED] = { "redirected", VERB(moved_fields), true },
	[REPORTED_MOVED] = { "moved", VERB(moved_fields), true },
	[REPORTED_ERROR] = { "error", VERB(error_fields), false },
};

static bool read_text(const char *v, int len, char *dst, size_t size)
{
	str_printable(dst, size, v, (size_t)len);
	return true;
}

static bool is_printable(const char *s, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (s[i] < 0x20 || s[i] > 0x7e)
			return false;
	return true;
}

static bool read_exact(const char *v, int len, char *dst, size_t size)
{
	return is_printable(v, (size_t)len) && str_copy(dst, size, v);
}

static bool read_name(const char *v, int len, char *dst, size_t size)
{
	if (memchr(v, '\0', (size_t)len) || name_fault(v, (size_t)len, NULL))
		return false;
	if (!str_copy(dst, size, v))
		return false;
	name_normalize(dst);
	return true;
}

static bool read_addr(const char *v, int len, void *dst)
{
	struct reported_found *f =
		container_of(dst, struct reported_found, addr);

	if (addr_parse(v, (size_t)len, &f->addr) ||
	    !is_printable(v, (size_t)len) || memchr(v, ' ', (size_t)len))
		return false;
	f->has_addr = true;
	return true;
}

static bool read_portal(const char *v, int len, struct addr *dst)
{
	return !addr_parse(v, (size_t)len, dst) && addr_is_numeric(dst) &&
	       is_printable(v, (size_t)len) && !memchr(v, ' ', (size_t)len);
}

/* RFC 1035 2.3.4: labels of at most 63 bytes, names of at most 253. */
static bool is_long_name(const char *v)
{
	size_t label = 0;

	if (strlen(v) > 253)
		return true;
	for (; *v; v++) {
		label = *v == '.' ? 0 : label + 1;
		if (label > 63)
			return true;
	}
	return false;
}

static bool read_host(const char *v, int len, char *dst, size_t size)
{
	struct addr a;

	if (memchr(v, '\0', (size_t)len) || is_long_name(v) ||
	    addr_parse(v, (size_t)len, &a) || addr_is_numeric(&a))
		return false;
	/* A port or group would have been cut off. */
	return strcmp(a.host, v) == 0 && str_copy(dst, size, v);
}

static bool read_number(const char *v, int len, const struct field *f,
			void *dst)
{
	uint64_t n;

	if (str_u64(v, (size_t)len, f->max, &n))
		return false;
	if (f->kind == F_U64)
		*(uint64_t *)dst = n;
	else if (f->kind == F_U32)
		*(uint32_t *)dst = (uint32_t)n;
	else
		*(bool *)dst = n != 0;
	return true;
}

static bool read_lun(const char *v, int len, uint8_t *dst)
{
	return len == 2 * LUN_LEN &&
	       hex_get(dst, LUN_LEN, v, (size_t)len) == LUN_LEN;
}

static bool read_word(const char *v, const char *yes, const char *no, bool *dst)
{
	*dst = strcmp(v, yes) == 0;
	return *dst || strcmp(v, no) == 0;
}

bool reported_is_seen(const char *word)
{
	return strcmp(word, "yes") == 0 || strcmp(word, "no") == 0 ||
	       strcmp(word, "unknown") == 0;
}

static bool read_seen(const char *v, char *dst, size_t size)
{
	return reported_is_seen(v) && str_copy(dst, size, v);
}

static bool read_tag(const char *v, int len, char *dst, size_t size)
{
	uint64_t tag;

	return !str_u64(v, (size_t)len, UINT16_MAX, &tag) &&
	       str_copy(dst, size, v);
}

static bool read_field(const struct field *f, const char *v, int len, void *dst)
{
	switch (f->kind) {
	case F_TEXT:
		return read_text(v, len, dst, f->size);
	case F_EXACT:
		return read_exact(v, len, dst, f->size);
	case F_NAME:
		return read_name(v, len, dst, f->size);
	case F_ADDR:
		return read_addr(v, len, dst);
	case F_PORTAL:
		return read_portal(v, len, dst);
	case F_HOST:
		return read_host(v, len, dst, f->size);
	case F_U32:
	case F_U64:
	case F_BOOL:
		return read_number(v, len, f, dst);
	case F_LUN:
		return read_lun(v, len, dst);
	case F_UP:
		return read_word(v, "up", "down", dst);
	case F_ONLINE:
		return read_word(v, "online", "failed", dst);
	case F_SEEN:
		return read_seen(v, dst, f->size);
	case F_TAG:
		return read_tag(v, len, dst, f->size);
	}
	return false;
}

static int read_fields(const struct msg_in *m, const struct verb *verb,
		       struct reported *out, const char **wrong)
{
	static char v[2048]; /* longer values are cut by no honest engine */

	for (size_t i = 0; i < verb->count; i++) {
		const struct field *f = &verb->fields[i];
		int len = msg_get(m, f->key, v, sizeof(v));

		*wrong = f->key;
		if (len == -ENOENT && !f->needed)
			continue;
		if (len < 0 || !read_field(f, v, len, (char *)out + f->offset))
			return -EBADMSG;
	}
	return 0;
}

static bool is_power_of_two(uint64_t n)
{
	return n && !(n & (n - 1));
}

/* A LUN that is said to be online has to make sense as a block device. */
static int check_lun(const struct reported_lun *l, const char **wrong)
{
	if (!l->online)
		return 0;
	*wrong = "cdbs";
	if (l->cdbs)
		return -EBADMSG;
	*wrong = "block-size";
	if (l->block_size != 512 && l->block_size != 2048 &&
	    l->block_size != 4096)
		return -EBADMSG;
	*wrong = "blocks";
	if (!l->blocks || l->blocks > MAX_DISK_BYTES / l->block_size)
		return -EBADMSG;
	*wrong = "physical-size";
	if (l->physical_size && (!is_power_of_two(l->physical_size) ||
				 l->physical_size < l->block_size))
		return -EBADMSG;
	return 0;
}

static int check_resolve(const struct reported_resolve *r, const char **wrong)
{
	*wrong = "port";
	return r->port ? 0 : -EBADMSG;
}

/* An exporter that is not named is not served. */
static int read_serves(const struct msg_in *m, uint32_t *out,
		       const char **wrong)
{
	char text[4];
	uint64_t can;

	for (unsigned i = 0; (*wrong = exporter_word(i)); i++) {
		if (msg_get(m, *wrong, text, sizeof(text)) == -ENOENT)
			continue;
		if (msg_get_u64(m, *wrong, 1, &can))
			return -EBADMSG;
		*out |= (uint32_t)can << i;
	}
	return 0;
}

int reported_read(const struct msg_in *m, struct reported *out,
		  const char **wrong)
{
	enum reported_kind kind = 0;
	const struct verb *verb;
	int err;

	while (kind < REPORTED_KINDS && !msg_is(m, verbs[kind].name))
		kind++;
	if (kind == REPORTED_KINDS)
		return -ENOENT;
	verb = &verbs[kind];
	memset(out, 0, sizeof(*out));
	out->kind = kind;
	if (kind == REPORTED_LUN)
		out->lun.number = REPORTED_NO_NUMBER;
	*wrong = "id";
	if (verb->has_id &&
	    (msg_get_u64(m, "id", UINT64_MAX, &out->id) || !out->id))
		return -EBADMSG;
	err = read_fields(m, verb, out, wrong);
	if (!err && kind == REPORTED_READY)
		err = read_serves(m, &out->ready.serves, wrong);
	if (!err && kind == REPORTED_LUN)
		err = check_lun(&out->lun, wrong);
	if (!err && kind == REPORTED_RESOLVE)
		err = check_resolve(&out->resolve, wrong);
	return err;
}

/* The other way ------------------------------------------------------- */

static void put_lun(struct msg_out *m, const char *key, const uint8_t *lun)
{
	char hex[2 * LUN_LEN + 1];

	hex_put(hex, lun, LUN_LEN);
	msg_str(m, key, hex);
}

static void put_field(struct msg_out *m, const struct field *f, const void *src)
{
	switch (f->kind) {
	case F_TEXT:
	case F_EXACT:
		msg_str(m, f->key, src);
		break;
	case F_U32:
		msg_u64(m, f->key, *(const uint32_t *)src);
		break;
	case F_U64:
		msg_u64(m, f->key, *(const uint64_t *)src);
		break;
	case F_BOOL:
		msg_u64(m, f->key, *(const bool *)src);
		break;
	case F_LUN:
		put_lun(m, f->key, src);
		break;
	case F_ONLINE:
		msg_str(m, f->key, *(const bool *)src ? "online" : "failed");
		break;
	default: /* of no LUN */
		break;
	}
}

void reported_put_past(struct msg_out *m, const struct reported_lun *l)
{
	const char *base = (const char *)l - offsetof(struct reported, lun);
	const struct field *f = lun_fields;

	while (strcmp(f->key, "block-size") != 0)
		f++;
	for (; strcmp(f->key, "identity") != 0; f++)
		put_field(m, f, base + f->offset);
}

void reported_put_lun(struct msg_out *m, uint64_t id,
		      const struct reported_lun *l)
{
	const char *base = (const char *)l - offsetof(struct reported, lun);

	msg_begin(m, verbs[REPORTED_LUN].name);
	msg_u64(m, "id", id);
	for (size_t i = 0; i < verbs[REPORTED_LUN].count; i++) {
		const struct field *f = &lun_fields[i];

		put_field(m, f, base + f->offset);
	}
}
