/*
 * file - small text files, read whole and replaced whole.
 */
#ifndef CONF_FILE_H
#define CONF_FILE_H

#include <stddef.h>
#include <sys/stat.h>

struct file_text {
	char *p; /* wiped and freed by file_text_free */
	size_t n;
	struct stat st;
};

/*
 * Reads all of a regular file or character device.  Returns 0 or -errno:
 * -EFBIG above max bytes, -EINVAL for other kinds of file.
 */
int file_read(const char *path, size_t max, struct file_text *out);
/* The same from an open file, from its beginning. */
int file_read_fd(int fd, size_t max, struct file_text *out);
void file_text_free(struct file_text *t);

enum file_how {
	FILE_REPLACE, /* whatever is there */
	FILE_NEW,     /* -EEXIST when something is there */
};

struct file_new {
	const void *p; /* the contents */
	size_t n;
	mode_t mode;
	enum file_how how;
	/*
	 * Set on success: the new file's own state.  Asking for path's would
	 * be too late, another process may have replaced it already.
	 */
	struct stat st;
};

/*
 * Puts a file under path: writes it beside it, fsyncs, renames (or links),
 * fsyncs the directory.  At every moment path is the old file or the new
 * one, whole.  Returns 0 or -errno, and then path is as it was, except when
 * only the last fsync failed.
 */
int file_write(const char *path, struct file_new *f);

/* Makes what happened in path's directory last through a power cut. */
int file_sync_dir(const char *path);

#endif
