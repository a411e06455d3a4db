/*
 * owner - which run directory it is, whatever it is called: another mount
 * namespace may have one of the same name.
 */
#ifndef EXPORT_OWNER_H
#define EXPORT_OWNER_H

#define OWNER_SIZE 64

/* In words, by which devices and files are marked.  0 or -errno. */
int owner_of(const char *rundir, char dst[static OWNER_SIZE]);

#endif
