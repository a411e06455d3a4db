/*
 * exporters - the table of exporters (base/exporters.h).
 */
#include <string.h>

#include "export/export.h"

#define ROW(word, how) &export_##word,

static const struct export_ops *const table[] = { EXPORTERS(ROW) };

#define COUNT (sizeof(table) / sizeof(*table))

const struct export_ops *export_at(unsigned number)
{
	return number < COUNT ? table[number] : NULL;
}

const struct export_ops *export_find(const char *name)
{
	for (size_t i = 0; i < COUNT; i++)
		if (*name ? strcmp(table[i]->name, name) == 0
			  : table[i]->implied)
			return table[i];
	return NULL;
}

struct export_abilities exports_ask(void)
{
	struct export_abilities can = { 0 };

	for (size_t i = 0; i < COUNT; i++) {
		if (table[i]->can && !table[i]->can())
			continue;
		can.serves |= UINT32_C(1) << i;
		can.commands |= table[i]->commands;
	}
	return can;
}
