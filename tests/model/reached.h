/*
 * reached - which of the named lines of the model a search came to, told at
 * its end.  Included by the verifier that spin makes.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char *lines[64];

static void tell_reached(void)
{
	for (size_t i = 0; i < 64 && lines[i]; i++)
		printf("reached: %s\n", lines[i]);
}

static void note_reached(const char *line)
{
	size_t i = 0;

	if (!lines[0])
		atexit(tell_reached);
	while (i < 63 && lines[i] && strcmp(lines[i], line) != 0)
		i++;
	lines[i] = line;
}
