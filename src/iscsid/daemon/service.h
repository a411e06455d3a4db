/*
 * service - the service manager that started us: told how we are, and asked
 * to keep handles (sd_notify(3), "FDSTORE=1").
 *
 * Without one all of this does nothing.
 */
#ifndef ISCSID_SERVICE_H
#define ISCSID_SERVICE_H

#define SERVICE_FIRST_HANDLE 3 /* of the kept ones: SD_LISTEN_FDS_START */

/* One state line, such as "READY=1". */
void service_tell(const char *line);

/*
 * Keeps a copy of the handle under this name, beyond our death; only a
 * handle that reports an error (what it serves is over) is dropped
 * early.
 */
void service_keep(const char *name, int handle);
void service_drop(const char *name);

/*
 * Calls each() for every handle that was kept by the time we were started
 * (sd_listen_fds_with_names(3)); they are the callee's.  Once.
 */
void service_kept(void (*each)(void *ctx, const char *name, int handle),
		  void *ctx);

#endif
