/*
 * words-doc - the tables of src/words as text, for docs and for tests/words.
 *
 *   settings  the settings of a session, as rows of docs/engine-protocol.md
 *   shape     the shape of a disk, the same
 *   messages  "to-engine" or "to-manager", a verb, and its keys; +settings and
 *             +shape stand for those two tables, +exporters for words of
 *             base/exporters.h
 *   fields    a setting, where the manager has it, and the engine's field
 *   verbs     a verb of the control socket, the keys it needs, and after "-"
 *             those it may have
 *
 * A tool of the build; it is not installed.
 */
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "words/geometry_keys.h"
#include "words/verbs.h"
#include "words/words.h"

static void print_words(const char *const *words, size_t n)
{
	for (size_t i = 0; i < n; i++)
		printf("%s`%s`", i ? " " : "", words[i]);
}

static const char *const kinds[] = {
	[WORD_ID] = "number",
	[WORD_TEXT] = "text",
	[WORD_NAME] = "name",
	[WORD_SECRET] = "bytes",
	[WORD_ISID] = "12 hex digits",
	[WORD_ADDR] = "`addr:port,tag`, numeric",
	[WORD_PORTALS] = "`addr:port,tag`, numeric, repeated",
	[WORD_TAG] = "portal group tag",
	[WORD_MS] = "ms",
	[WORD_BOOL] = "0/1",
};

static void print_kind(enum word_kind kind, unsigned long long least,
		       unsigned long long most)
{
	bool is_number = kind == WORD_NUMBER || kind == WORD_BIG;

	if (is_number && (most == UINT32_MAX || most == UINT64_MAX))
		printf("number");
	else if (is_number)
		printf("%llu to %llu", least, most);
	else if (kind == WORD_DIGEST)
		print_words(digest_words, DIGEST_WORDS);
	else if (kind == WORD_REINSTATEMENT)
		print_words(reinstatement_words, REINSTATEMENT_WORDS);
	else if (kind == WORD_SEEN)
		print_words(reinstates_words, REINSTATES_WORDS);
	else
		printf("%s", kinds[kind]);
}

static void print_scope(unsigned scope)
{
	if (scope & WORD_OF_TARGET)
		printf(" `target`");
	if (scope & WORD_OF_DISCOVERY)
		printf(" `discover`");
	if (scope & WORD_AT_PORTAL)
		printf(" `at`");
	if (scope & WORD_AT_ONCE)
		printf(", at once");
	if (scope & WORD_NEEDED)
		printf(", needed");
}

static void print_setting(const char *key, enum word_kind kind,
			  unsigned long long least, unsigned long long most,
			  unsigned scope, const char *help)
{
	printf("| `%s` | ", key);
	print_kind(kind, least, most);
	printf(" |");
	print_scope(scope);
	printf(" | %s |\n", help);
}

static void print_settings(void)
{
#define SESSION_KEY(key, kind, least, most, scope, from, to, help)             \
	print_setting(key, WORD_##kind, least, most, scope, help);
#include "words/session_keys.h"
}

static void print_shape(void)
{
#define ROW(key, kind, most, said, disk)                                       \
	printf("| `%s` | ", key);                                              \
	print_kind(WORD_##kind, 0, most);                                      \
	printf(" |\n");
	GEOMETRY_KEYS(ROW)
#undef ROW
}

/* What of it is generated is named as such. */
static void print_key(const char *key)
{
	static const char *const shape[] = {
#define ROW(key, kind, most, said, disk) key,
		GEOMETRY_KEYS(ROW)
#undef ROW
	};

	for (size_t i = 0; i < sizeof(shape) / sizeof(shape[0]); i++) {
		if (strcmp(shape[i], key) != 0)
			continue;
		if (i == 0)
			printf(" +shape");
		return;
	}
	printf(" %s", key);
}

static void print_messages(void)
{
#define KEY(key, kind, least, most, need, field) print_key(key);
#define HAS(key)				 print_key(key);
#define SETTINGS(scope)				 print_key("+settings");
#define MESSAGE(name, when, keys)                                              \
	printf("to-engine %s", #name);                                         \
	keys printf("\n");
#include "words/to_engine.h"

#define KEY(key, kind, least, most, need, field) print_key(key);
#define UNREAD(key)				 print_key(key);
#define EXPORTER_KEYS				 print_key("+exporters");
#define MESSAGE(name, verb, when, keys)                                        \
	printf("to-manager %s", #verb);                                        \
	keys printf("\n");
#include "words/to_manager.h"
}

static void print_fields(void)
{
#define SESSION_KEY(key, kind, least, most, scope, from, to, help)             \
	printf("%s %s %s\n", key, #from, #to);
#include "words/session_keys.h"
}

static void print_verbs(void)
{
	for (size_t i = 0; i < CONTROL_VERBS; i++) {
		const struct control_verb *v = &control_verbs[i];

		printf("%s", v->name);
		for (size_t k = 0; k < CONTROL_KEYS && v->needs[k]; k++)
			printf(" %s", v->needs[k]);
		printf(" -");
		for (size_t k = 0; k < CONTROL_KEYS && v->takes[k]; k++)
			printf(" %s", v->takes[k]);
		printf("\n");
	}
}

int main(int argc, char **argv)
{
	static const struct {
		const char *name;
		void (*print)(void);
	} parts[] = {
		{ "settings", print_settings }, { "shape", print_shape },
		{ "messages", print_messages }, { "fields", print_fields },
		{ "verbs", print_verbs },
	};

	for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++)
		if (argc == 2 && strcmp(argv[1], parts[i].name) == 0) {
			parts[i].print();
			return fflush(stdout) ? 1 : 0;
		}
	fprintf(stderr,
		"usage: words-doc settings|shape|messages|fields|verbs\n");
	return 2;
}
