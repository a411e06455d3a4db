/*
 * conf - /etc/iscsi.conf in memory: made, loaded, walked, freed.
 *
 * Understanding lines is parse.c's job, values settings.c's.
 */
#include "conf/conf.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <syslog.h>

#include "conf/file.h"
#include "conf/parse.h"

void *conf_grow(void *array, size_t count, size_t size)
{
	size_t cap = count < 8 ? 8 : count * 2;

	/* Full exactly when the count is 0, 8, 16, 32 ... */
	if (count && (count < 8 || count & (count - 1)))
		return array;
	return reallocarray(array, cap, size);
}

struct conf *conf_empty(const char *file)
{
	struct conf *conf = calloc(1, sizeof(*conf));

	if (!conf)
		return NULL;
	conf->file = strdup(file);
	if (!conf->file) {
		free(conf);
		return NULL;
	}
	return conf;
}

static void setting_wipe(struct conf_setting *s)
{
	explicit_bzero(s->text, s->n);
	s->n = 0;
}

static void layer_free(struct conf_layer *l)
{
	for (size_t i = 0; i < l->count; i++) {
		setting_wipe(&l->settings[i]);
		free(l->settings[i].text);
	}
	free(l->settings);
}

void conf_free(struct conf *conf)
{
	if (!conf)
		return;
	for (size_t i = 0; i < conf->nsections; i++) {
		struct conf_section *s = &conf->sections[i];

		layer_free(&s->own);
		free(s->nets);
		free(s->portals);
	}
	layer_free(&conf->globals);
	free(conf->sections);
	free(conf->targets);
	free(conf->file);
	free(conf);
}

int conf_parse(const char *file, const char *text, size_t n, struct report *r,
	       struct conf **out)
{
	struct conf *conf = conf_empty(file);
	int err;

	if (!conf)
		return -ENOMEM;
	report_begin(r, file);
	err = parse_text(conf, text, n, r);
	if (!err)
		err = check_sections(conf, r);
	if (err) {
		conf_free(conf);
		return err;
	}
	check_values(conf, r);
	report_end(r);
	*out = conf;
	return 0;
}

/* Returns the line of the first secret, 0 when there is none. */
static unsigned layer_refuse(struct conf_layer *l)
{
	unsigned line = 0;

	for (size_t i = 0; i < l->count; i++) {
		struct conf_setting *s = &l->settings[i];

		if (s->k->kind != KEY_SECRET || strcmp(s->text, "\"\"") == 0)
			continue;
		setting_wipe(s);
		s->refused = true;
		if (!line)
			line = s->line;
	}
	return line;
}

static void refuse_secrets(struct conf *conf, struct report *r)
{
	unsigned line = layer_refuse(&conf->globals);

	for (size_t i = 0; i < conf->nsections; i++) {
		unsigned l = layer_refuse(&conf->sections[i].own);

		if (l && (!line || l < line))
			line = l;
	}
	if (!line)
		return;
	report_line(r, LOG_ERR, line,
		    "there are passwords in this file and others may read "
		    "it, so they are not used: chmod 600 %s",
		    conf->file);
}

static const char *read_fault(int err)
{
	switch (-err) {
	case EFBIG:
		return "the file is too large to be a configuration";
	case EINVAL:
		return "this is no regular file";
	default:
		return strerror(-err);
	}
}

int conf_load(const char *path, struct report *r, struct conf **out)
{
	struct file_text text;
	struct conf *conf;
	int err = file_read(path, CONF_MAX_FILE, &text);

	if (err) {
		report_begin(r, path);
		report_line(r, LOG_ERR, 0, "cannot read it: %s",
			    read_fault(err));
		return err;
	}
	err = conf_parse(path, text.p, text.n, r, &conf);
	if (!err) {
		if (S_ISREG(text.st.st_mode) && text.st.st_mode & 066)
			refuse_secrets(conf, r);
		*out = conf;
	}
	file_text_free(&text);
	return err;
}

static const struct conf_section *next_section(const struct conf *conf,
					       const struct conf_section *prev,
					       enum conf_section_kind kind)
{
	size_t i = prev ? (size_t)(prev - conf->sections) + 1 : 0;

	for (; i < conf->nsections; i++)
		if (conf->sections[i].kind == kind &&
		    !conf->sections[i].replaced)
			return &conf->sections[i];
	return NULL;
}

const struct conf_section *conf_next_discovery(const struct conf *conf,
					       const struct conf_section *prev)
{
	return next_section(conf, prev, CONF_DISCOVERY);
}

const struct conf_section *conf_next_static(const struct conf *conf,
					    const struct conf_section *prev)
{
	do
		prev = next_section(conf, prev, CONF_TARGET);
	while (prev && prev->nportals == 0);
	return prev;
}

const struct conf_section *conf_find_discovery(const struct conf *conf,
					       const struct addr *addr)
{
	const struct conf_section *s = NULL;

	while ((s = conf_next_discovery(conf, s)))
		if (addr_same(&s->addr, addr))
			break;
	return s;
}
