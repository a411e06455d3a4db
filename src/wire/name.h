/*
 * name - iSCSI names (RFC 7143 section 4.2.7, RFC 3721, RFC 3722).
 */
#ifndef WIRE_NAME_H
#define WIRE_NAME_H

#include <stddef.h>

#define NAME_MAX_LEN 223 /* bytes; 4.2.7.1 */
#define NAME_SIZE    (NAME_MAX_LEN + 1)

/*
 * NULL when s is an iqn., eui. or naa. name; else what is wrong with it, as
 * words for a message: "has a character that is not allowed: '/'".
 * ASCII capitals are accepted here (see name_normalize); other characters
 * must be legal as they stand.  *column, when not NULL, is set to the offset
 * of the offence, counted from 0.
 */
const char *name_fault(const char *s, size_t n, size_t *column);

/* Folds ASCII capitals to lower case (RFC 3722 does so before comparing). */
void name_normalize(char *s);

#endif
