/*
 * conf-doc - the keyword table of iscsi.conf as documentation.
 *
 * "conf-doc man FILE" puts the keywords into a manual page in place of the
 * line @KEYWORDS@; "conf-doc sample FILE" puts them into a sample file,
 * between its lines "# -- Keywords" and "# -- End".  Both write to standard
 * output.  A tool of the build; it is not installed.
 */
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "conf/keywords.h"

#define WIDTH 74

static const struct {
	unsigned bit;
	const char *name;
} places[] = {
	{ IN_GLOBAL, "global" },
	{ IN_SECTION(CONF_DISCOVERY), "DiscoveryAddress" },
	{ IN_SECTION(CONF_TARGET), "TargetName" },
	{ IN_SECTION(CONF_TARGET_ADDRESS), "TargetIPAddress" },
	{ IN_SECTION(CONF_SUBNET), "Subnet" },
	{ IN_SECTION(CONF_ADDRESS), "Address" },
};

static void print_places(const struct keyword *k)
{
	const char *comma = "";

	for (size_t i = 0; i < sizeof(places) / sizeof(places[0]); i++) {
		if (!(k->where & places[i].bit))
			continue;
		printf("%s%s", comma, places[i].name);
		comma = ", ";
	}
}

static bool is_plain(const struct keyword *k)
{
	return k->kind != KEY_SECTION && k->kind != KEY_UNUSED;
}

static void print_range(const struct keyword *k)
{
	if (k->kind == KEY_BYTES)
		printf(" %llu to %llu.", (unsigned long long)k->min,
		       (unsigned long long)k->max);
}

/* scdoc(5) sees markup in these. */
static void print_escaped(const char *s)
{
	for (; *s; s++) {
		if (strchr("_*\\<>", *s))
			putchar('\\');
		putchar(*s);
	}
}

static void man_keyword(const struct keyword *k)
{
	const char *alias;

	printf("*%s*=_", k->name);
	print_escaped(k->form);
	printf("_\n\t");
	print_escaped(k->help);
	print_range(k);
	printf("\n\n");
	if (is_plain(k)) {
		printf("\tDefault: %s. May stand: ",
		       k->deflt ? k->deflt : "none");
		print_places(k);
		printf(".\n\n");
	}
	for (size_t i = 1; (alias = keyword_name(k, i)); i++)
		printf("%s*%s*", i == 1 ? "\tAlso written: " : ", ", alias);
	if (keyword_name(k, 1))
		printf(".\n\n");
}

/* Text in lines behind "#   ". */
static void print_wrapped(const char *s)
{
	size_t column = WIDTH;

	while (*s) {
		size_t n = strcspn(s, " ");

		if (column + 1 + n > WIDTH) {
			printf("\n#  ");
			column = 3;
		}
		printf(" %.*s", (int)n, s);
		column += 1 + n;
		s += n;
		s += strspn(s, " ");
	}
	printf("\n");
}

static void sample_keyword(const struct keyword *k)
{
	unsigned used = IN_SECTION(CONF_TARGET) | IN_SECTION(CONF_DISCOVERY);

	if (!is_plain(k) || (k->where != IN_GLOBAL && !(k->where & used)))
		return;
	printf("# %s: %s.", k->name, k->form);
	print_wrapped(k->help);
	printf("# May stand: ");
	print_places(k);
	printf(".\n");
	if (k->deflt)
		printf("#%s=%s\n\n", k->name, k->deflt);
	else
		printf("#%s=\n\n", k->name);
}

static void each(void (*print)(const struct keyword *k))
{
	for (size_t i = 0; i < keyword_count; i++)
		print(&keywords[i]);
}

static void man_line(const char *line)
{
	if (strcmp(line, "@KEYWORDS@\n") == 0)
		each(man_keyword);
	else
		fputs(line, stdout);
}

static void sample_line(const char *line)
{
	static bool inside;

	if (strncmp(line, "# -- End", 8) == 0)
		inside = false;
	if (!inside)
		fputs(line, stdout);
	if (strncmp(line, "# -- Keywords", 13) == 0) {
		inside = true;
		printf("\n");
		each(sample_keyword);
	}
}

int main(int argc, char **argv)
{
	char line[1024];
	FILE *f;
	void (*print)(const char *line) = NULL;

	if (argc == 3 && strcmp(argv[1], "man") == 0)
		print = man_line;
	if (argc == 3 && strcmp(argv[1], "sample") == 0)
		print = sample_line;
	if (!print) {
		fprintf(stderr, "usage: conf-doc man|sample file\n");
		return 2;
	}
	f = fopen(argv[2], "r");
	if (!f) {
		perror(argv[2]);
		return 1;
	}
	while (fgets(line, sizeof(line), f))
		print(line);
	fclose(f);
	return fflush(stdout) ? 1 : 0;
}
