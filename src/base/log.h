/*
 * log - one line at a time to whoever listens.
 *
 * Object first, consequence last.  Never called on the data path, never
 * given a secret.
 */
#ifndef BASE_LOG_H
#define BASE_LOG_H

#include <syslog.h>

/* Takes one finished line without a newline; level is LOG_ERR .. LOG_DEBUG. */
typedef void log_sink(int level, const char *line);

/* The sink starts as standard error. */
void log_set_sink(log_sink *sink);
/* Lines above this level are dropped; starts as LOG_INFO. */
void log_set_level(int level);

/* object may be NULL or "": then no "object: " stands in front. */
void log_line(int level, const char *object, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

#define log_err(obj, ...)   log_line(LOG_ERR, obj, __VA_ARGS__)
#define log_warn(obj, ...)  log_line(LOG_WARNING, obj, __VA_ARGS__)
#define log_info(obj, ...)  log_line(LOG_INFO, obj, __VA_ARGS__)
#define log_debug(obj, ...) log_line(LOG_DEBUG, obj, __VA_ARGS__)

#endif
