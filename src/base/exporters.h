/*
 * exporters - the list of the ways by which a LUN reaches the kernel.
 *
 * A row is a word, that of the configuration (Export=) and of the messages
 * between the processes, and what it does, for people.  Of it are made: the
 * words of the configuration and their help, the manager's table, of via_WORD,
 * and the engine's, of export_WORD.  The number of an exporter is its place in
 * the list, and Export=auto takes the first that works.
 */
#ifndef BASE_EXPORTERS_H
#define BASE_EXPORTERS_H

/* More rows, for tests: EXPORTERS_MORE(ROW). */
#ifndef EXPORTERS_MORE
#define EXPORTERS_MORE(ROW)
#endif

#define EXPORTERS(ROW)                                                         \
	ROW(ublk, "as ublk devices")                                           \
	ROW(fuse, "through FUSE and loop devices")                             \
	EXPORTERS_MORE(ROW)

#define EXPORTERS_MAX	   8  /* rows */
#define EXPORTER_WORD_SIZE 16 /* with the NUL */

/* The word of a number; NULL beyond the last. */
const char *exporter_word(unsigned number);

#endif
