/*
 * lunspec - a LUN described in a word: N:KIND:WHERE[,option]...
 */
#include "target/lunspec.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/str.h"
#include "target/file.h"
#include "target/tgt.h"

struct spec {
	uint32_t number;
	bool in_memory, volatile_cache;
	char path[1024];
	uint64_t size;
	struct tgt_lun_config cfg;
	char *err;
	size_t err_size;
};

static int complain(struct spec *s, const char *what, const char *word)
{
	snprintf(s->err, s->err_size, "%s: '%s'", what, word);
	return -EINVAL;
}

int lunspec_size(const char *s, size_t n, uint64_t *out)
{
	static const char units[] = "KMGT";
	unsigned shift = 0;
	const char *unit;
	uint64_t v;

	if (n && s[n - 1] && (unit = strchr(units, s[n - 1]))) {
		shift = 10 * (unsigned)(unit - units + 1);
		n--;
	}
	if (str_u64(s, n, UINT64_MAX >> shift, &v) < 0)
		return -EINVAL;
	*out = v << shift;
	return 0;
}

static int set_block_size(struct spec *s, const char *v)
{
	uint64_t n;

	if (str_u64(v, strlen(v), 4096, &n) < 0 || (n != 512 && n != 4096))
		return complain(s, "bs is 512 or 4096, not", v);
	s->cfg.block_size = (uint32_t)n;
	return 0;
}

static int set_serial(struct spec *s, const char *v)
{
	if (!str_copy(s->cfg.serial, sizeof(s->cfg.serial), v))
		return complain(s, "serial is too long", v);
	return 0;
}

static int set_identity(struct spec *s, const char *v)
{
	char end;
	unsigned long long id;

	if (sscanf(v, "%15llx%c", &id, &end) != 1)
		return complain(s, "id is up to 15 hex digits, not", v);
	s->cfg.identity = id;
	return 0;
}

static int set_max(struct spec *s, const char *v)
{
	uint64_t n;

	if (lunspec_size(v, strlen(v), &n) < 0 || n < 4096 || n > 64 << 20)
		return complain(s, "max is 4K to 64M, not", v);
	s->cfg.max_transfer = (uint32_t)n;
	return 0;
}

static int set_read_only(struct spec *s, const char *v)
{
	s->cfg.read_only = true;
	return 0;
}

/* Of tape and changer there is no more than the name of their type. */
static int set_type(struct spec *s, const char *v)
{
	static const struct {
		const char *name;
		uint8_t type; /* SPC-4 6.6.2 */
	} types[] = {
		{ "disk", 0 }, { "tape", 1 }, { "cd", 5 }, { "changer", 8 }
	};

	for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++) {
		if (strcmp(v, types[i].name) != 0)
			continue;
		s->cfg.type = types[i].type;
		if (s->cfg.type == 5) {
			s->cfg.block_size = 2048;
			s->cfg.read_only = s->cfg.removable = true;
		}
		return 0;
	}
	return complain(s, "type is disk, cd, tape or changer, not", v);
}

static int set_thin(struct spec *s, const char *v)
{
	s->cfg.thin = true;
	return 0;
}

static int set_volatile(struct spec *s, const char *v)
{
	s->volatile_cache = true;
	return 0;
}

static int set_removable(struct spec *s, const char *v)
{
	s->cfg.removable = true;
	return 0;
}

static const struct {
	const char *name; /* with '=' when a value follows */
	int (*set)(struct spec *s, const char *value);
} words[] = {
	{ "bs=", set_block_size },    { "ro", set_read_only },
	{ "thin", set_thin },	      { "removable", set_removable },
	{ "serial=", set_serial },    { "id=", set_identity },
	{ "max=", set_max },	      { "type=", set_type },
	{ "volatile", set_volatile },
};

static int read_word(struct spec *s, const char *word)
{
	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
		size_t n = strlen(words[i].name);
		bool has_value = words[i].name[n - 1] == '=';

		if (has_value ? !strncmp(word, words[i].name, n)
			      : !strcmp(word, words[i].name))
			return words[i].set(s, word + n);
	}
	return complain(s, "unknown option", word);
}

static int read_place(struct spec *s, char *place)
{
	char *colon = strchr(place, ':');
	char *size;

	if (!colon)
		return complain(s, "neither mem:SIZE nor file:PATH", place);
	*colon++ = '\0';
	if (!strcmp(place, "mem")) {
		s->in_memory = true;
		if (lunspec_size(colon, strlen(colon), &s->size) < 0)
			return complain(s, "not a size", colon);
		return 0;
	}
	if (strcmp(place, "file") != 0)
		return complain(s, "neither mem nor file", place);
	size = strrchr(colon, ':');
	if (size && lunspec_size(size + 1, strlen(size + 1), &s->size) == 0)
		*size = '\0';
	str_copy(s->path, sizeof(s->path), colon);
	return 0;
}

static int read_spec(struct spec *s, char *text)
{
	char *colon = strchr(text, ':'), *save = NULL, *word;
	uint64_t number;

	if (!colon ||
	    str_u64(text, (size_t)(colon - text), TGT_MAX_LUN, &number) < 0)
		return complain(s, "does not begin with a LUN and ':'", text);
	s->number = (uint32_t)number;
	word = strtok_r(colon + 1, ",", &save);
	if (!word)
		return complain(s, "neither mem:SIZE nor file:PATH", "");
	if (read_place(s, word) < 0)
		return -EINVAL;
	while ((word = strtok_r(NULL, ",", &save)))
		if (read_word(s, word) < 0)
			return -EINVAL;
	return 0;
}

static int open_backend(struct spec *s, struct tgt_backend **b)
{
	int err = 0;

	if (!s->in_memory) {
		err = s->volatile_cache ? tgt_cached_new(s->path, s->size, b)
					: tgt_file_new(s->path, s->size,
						       s->cfg.read_only, b);
		return err ? complain(s, strerror(-err), s->path) : 0;
	}
	*b = s->size ? tgt_mem_new(s->size) : NULL;
	return *b ? 0 : complain(s, "no memory of that size", "mem");
}

int lunspec_add(struct tgt_target *tt, const char *text, bool write_cache,
		char *err, size_t size)
{
	struct spec s = { .err = err, .err_size = size };
	struct tgt_backend *b;
	char copy[1200];
	int r;

	tgt_lun_defaults(&s.cfg);
	s.cfg.write_cache = write_cache;
	if (!str_copy(copy, sizeof(copy), text))
		return complain(&s, "too long", "");
	if (read_spec(&s, copy) < 0 || open_backend(&s, &b) < 0)
		return -EINVAL;
	r = tgt_lun_add(tt, s.number, b, &s.cfg, NULL);
	if (!r)
		return 0;
	tgt_backend_free(b);
	if (r == -EEXIST)
		return complain(&s, "this LUN is there already", text);
	return complain(&s, "not a whole number of blocks, or none", text);
}
