/*
 * mountinfo - the mounts of this process, as /proc/self/mountinfo has them.
 */
#include "export/mountinfo.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static bool is_octal(const char *s)
{
	return s[0] >= '0' && s[0] <= '3' && s[1] >= '0' && s[1] <= '7' &&
	       s[2] >= '0' && s[2] <= '7';
}

/* The kernel writes blank, tab, newline and backslash as \ooo. */
static void unescape(char *s)
{
	char *to = s;

	for (; *s; s++) {
		if (*s == '\\' && is_octal(s + 1)) {
			*to++ = (char)((s[1] - '0') << 6 | (s[2] - '0') << 3 |
				       (s[3] - '0'));
			s += 3;
		} else {
			*to++ = *s;
		}
	}
	*to = '\0';
}

/* The next word of *at, NUL-terminated; NULL at the end. */
static char *word(char **at)
{
	char *w;

	do {
		w = strsep(at, " ");
	} while (w && !*w);
	return w;
}

static char *skip_to_dash(char **at)
{
	char *w;

	do {
		w = word(at);
	} while (w && strcmp(w, "-"));
	return w;
}

int mountinfo_parse(char *line, struct mountinfo *out)
{
	struct mountinfo m;
	char *at = line, *parent, *dev, *path, *type, *source;

	line[strcspn(line, "\n")] = '\0';
	/* id, parent, major:minor, root, mount point, ..., -, type, source */
	if (!word(&at) || !(parent = word(&at)) || !(dev = word(&at)) ||
	    !word(&at) || !(path = word(&at)) || !skip_to_dash(&at) ||
	    !(type = word(&at)) || !(source = word(&at)))
		return -EINVAL;
	if (sscanf(dev, "%u:%u", &m.major, &m.minor) != 2 ||
	    sscanf(parent, "%u", &m.parent) != 1)
		return -EINVAL;
	unescape(path);
	unescape(type);
	unescape(source);
	m.path = path;
	m.fstype = type;
	m.source = source;
	*out = m;
	return 0;
}

/* The whole file in memory: it has no length beforehand. */
static int read_all(FILE *f, char **text)
{
	size_t size = 0;
	ssize_t n;

	errno = 0;
	n = getdelim(text, &size, '\0', f);
	if (n < 0)
		return errno ? -errno : -ENODATA;
	return 0;
}

int mountinfo_each(bool (*each)(void *ctx, const struct mountinfo *m),
		   void *ctx)
{
	FILE *f = fopen("/proc/self/mountinfo", "re");
	char *text = NULL, *at, *line;
	struct mountinfo m;
	int err;

	if (!f)
		return -errno;
	err = read_all(f, &text);
	fclose(f);
	at = text;
	while (!err && (line = strsep(&at, "\n"))) {
		if (mountinfo_parse(line, &m))
			continue;
		if (!each(ctx, &m))
			break;
	}
	free(text);
	return err;
}

bool mountinfo_is_below(const char *path, const char *dir)
{
	size_t n = strlen(dir);

	while (n > 0 && dir[n - 1] == '/')
		n--;
	return strncmp(path, dir, n) == 0 && path[n] == '/' && path[n + 1];
}
