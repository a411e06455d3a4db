/*
 * exporters - the words of the list.
 */
#include "base/exporters.h"

#include <stddef.h>

#define WORD(word, how) #word,
#define SIZE_OF(word, how)                                                     \
	_Static_assert(sizeof(#word) <= EXPORTER_WORD_SIZE, "it fits");

EXPORTERS(SIZE_OF)

static const char *const words[] = { EXPORTERS(WORD) };

_Static_assert(sizeof(words) / sizeof(*words) <= EXPORTERS_MAX, "they fit");

const char *exporter_word(unsigned number)
{
	return number < sizeof(words) / sizeof(*words) ? words[number] : NULL;
}
