/*
 * initiatorname - /etc/initiatorname.iscsi: who this host is.
 */
#include "conf/initiatorname.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <syslog.h>

#include "base/str.h"
#include "conf/file.h"
#include "conf/iname.h"
#include "conf/lines.h"

#define MAX_FILE (1u << 20) /* bytes */
#define MAX_LINE 4096

static void read_name(const struct line *l, const char *s, size_t n,
		      struct report *r, struct initiator *out)
{
	char folded[NAME_SIZE];
	const char *why = name_fault(s, n, NULL);

	if (why) {
		report_line(r, LOG_ERR, l->no, "the InitiatorName %s", why);
		return;
	}
	memcpy(folded, s, n);
	folded[n] = '\0';
	name_normalize(folded);
	if (memcmp(folded, s, n) != 0)
		report_line(r, LOG_WARNING, l->no,
			    "the InitiatorName has capitals, it is used in "
			    "lower case (RFC 3722)");
	str_copy(out->name, sizeof(out->name), folded);
}

static void read_alias(const struct line *l, const char *s, size_t n,
		       struct report *r, struct initiator *out)
{
	if (n == 0 || n >= sizeof(out->alias)) {
		report_line(r, LOG_ERR, l->no,
			    "the InitiatorAlias must have 1 to 255 bytes");
		return;
	}
	memcpy(out->alias, s, n);
	out->alias[n] = '\0';
}

static const struct {
	const char *keyword;
	bool one_word; /* else the rest of the line */
	void (*read)(const struct line *l, const char *s, size_t n,
		     struct report *r, struct initiator *out);
} known[] = {
	{ "InitiatorName", true, read_name },
	{ "InitiatorAlias", false, read_alias },
};

static void read_line(const struct line *l, struct report *r,
		      struct initiator *out)
{
	const char *s = l->s, *eq = memchr(s, '=', l->n), *value, *word;
	const char *why = line_fault(l, MAX_LINE);
	size_t n, len, word_len, pos = 0;

	if (why) {
		report_line(r, LOG_ERR, l->no, "%s", why);
		return;
	}
	if (!eq)
		return;
	n = (size_t)(eq - s);
	value = eq + 1;
	len = (size_t)(l->s + l->n - value);
	line_trim(&s, &n);
	line_trim(&value, &len);
	line_word(value, len, &pos, &word, &word_len);
	for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++)
		if (str_is_nocase(s, n, known[i].keyword))
			known[i].read(l, value,
				      known[i].one_word ? word_len : len, r,
				      out);
}

static void read_text(const char *text, size_t n, struct report *r,
		      struct initiator *out)
{
	struct lines lines;
	struct line l;

	lines_init(&lines, text, n);
	while (lines_next(&lines, &l))
		if (!line_is_empty(&l))
			read_line(&l, r, out);
}

int initiatorname_read(const char *path, struct report *r,
		       struct initiator *out)
{
	struct initiator got = { 0 };
	struct file_text text;
	int err = file_read(path, MAX_FILE, &text);

	report_begin(r, path);
	if (err) {
		report_line(r, LOG_ERR, 0,
			    "cannot open the InitiatorName configuration "
			    "file: %s",
			    strerror(-err));
		return err;
	}
	read_text(text.p, text.n, r, &got);
	file_text_free(&text);
	if (!got.name[0]) {
		report_line(r, LOG_ERR, 0,
			    "an InitiatorName is required, but was not found");
		err = -EINVAL;
	} else {
		*out = got;
	}
	report_end(r);
	return err;
}

static int create(const char *path)
{
	char name[NAME_SIZE], text[NAME_SIZE + 256];
	struct file_new new = { .p = text, .mode = 0600, .how = FILE_NEW };
	int err = iname_make(NULL, name, sizeof(name));

	if (err)
		return err;
	new.n = (size_t)snprintf(text, sizeof(text),
				 "# The name of this host for iSCSI targets.  "
				 "It must differ from host to host\n"
				 "# and should never change; targets may grant "
				 "access by it.\n"
				 "InitiatorName=%s\n",
				 name);
	return file_write(path, &new);
}

int initiatorname_get(const char *path, struct report *r, struct initiator *out)
{
	struct stat st;
	int err = 0;

	if (lstat(path, &st) < 0 && errno == ENOENT)
		err = create(path);
	/* Another daemon may have made it at this very moment. */
	if (err && err != -EEXIST) {
		report_begin(r, path);
		report_line(r, LOG_ERR, 0, "cannot make it: %s",
			    strerror(-err));
		return err;
	}
	return initiatorname_read(path, r, out);
}
