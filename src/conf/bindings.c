/*
 * bindings - /etc/iscsi.bindings: which bus and target a TargetName has, for
 * ever.
 *
 * The file is the truth: it is read again under the lock whenever it changed,
 * and what is in memory is only its index.
 */
#include "conf/bindings.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <syslog.h>
#include <time.h>
#include <unistd.h>

#include "base/fnv.h"
#include "base/str.h"
#include "conf/file.h"
#include "conf/lines.h"
#include "conf/parse.h"

#define PAIRS	      (BINDING_BUSES * BINDING_TARGETS)
#define BUCKETS	      PAIRS
#define MAX_FILE      (64u << 20) /* bytes; all pairs with long names fit */
#define MAX_LINE      4096
#define LOCK_TRIES    100
#define LOCK_PAUSE_NS 20000000 /* in all two seconds */

static const char header[] =
	"# Bus and target numbers of iSCSI targets; kept by iscsid(8).\n"
	"#\n"
	"# Each line is: BusId TargetId TargetName\n"
	"# Lines are added when new targets are found and never removed.\n"
	"# Stop iscsid before editing; use no pair of numbers twice.\n"
	"# See iscsi.bindings(5).\n";

struct entry {
	uint16_t bus, target;
	uint32_t next; /* in its bucket: index + 1, 0 at the end */
	char *key;
};

struct bindings {
	char path[PATH_MAX];
	struct file_text text; /* the file as last read or written */
	struct entry *entries;
	size_t count;
	uint32_t buckets[BUCKETS]; /* index + 1 of the latest entry, or 0 */
	/* Lines that have a pair; fewer than used when some are faulty. */
	uint8_t taken[PAIRS]; /* enum taken */
};

enum taken {
	FREE,
	RESERVED, /* by a line that is not used: somebody may mend it */
	USED,
};

static size_t bucket_of(const char *key)
{
	uint32_t h = fnv32_str(FNV32, key);

	return (h ^ h >> 16) % BUCKETS;
}

static struct entry *find(const struct bindings *b, const char *key)
{
	uint32_t i = b->buckets[bucket_of(key)];

	while (i && strcmp(b->entries[i - 1].key, key) != 0)
		i = b->entries[i - 1].next;
	return i ? &b->entries[i - 1] : NULL;
}

static void forget_all(struct bindings *b)
{
	for (size_t i = 0; i < b->count; i++)
		free(b->entries[i].key);
	free(b->entries);
	b->entries = NULL;
	b->count = 0;
	memset(b->buckets, 0, sizeof(b->buckets));
	memset(b->taken, FREE, sizeof(b->taken));
	file_text_free(&b->text);
}

/* Drops the entries after the first count ones. */
static void forget_after(struct bindings *b, size_t count)
{
	while (b->count > count) {
		struct entry *e = &b->entries[--b->count];

		b->buckets[bucket_of(e->key)] = e->next;
		b->taken[e->bus * BINDING_TARGETS + e->target] = FREE;
		free(e->key);
	}
}

static int add(struct bindings *b, unsigned pair, const char *key)
{
	struct entry *all = conf_grow(b->entries, b->count, sizeof(*all));
	char *copy = strdup(key);
	size_t bucket = bucket_of(key);

	if (all)
		b->entries = all;
	if (!all || !copy) {
		free(copy);
		return -ENOMEM;
	}
	all[b->count++] = (struct entry){
		.bus = (uint16_t)(pair / BINDING_TARGETS),
		.target = (uint16_t)(pair % BINDING_TARGETS),
		.next = b->buckets[bucket],
		.key = copy,
	};
	b->buckets[bucket] = (uint32_t)b->count;
	b->taken[pair] = USED;
	return 0;
}

/*
 * s[0..n) as the name of an entry, folded.  NULL, or what is wrong.
 */
static const char *key_get(const char *s, size_t n,
			   char key[static BINDING_KEY_SIZE])
{
	const char *comma = memchr(s, ',', n), *why;
	size_t name = comma ? (size_t)(comma - s) : n;

	why = name_fault(s, name, NULL);
	if (why)
		return why;
	if (n >= BINDING_KEY_SIZE)
		return "is too long";
	if (comma && name + 1 == n)
		return "ends with a comma";
	for (size_t i = name; i < n; i++)
		if (s[i] <= ' ' || s[i] > '~')
			return "has a path with a character that is not "
			       "allowed";
	memcpy(key, s, n);
	key[n] = '\0';
	name_normalize(key);
	return NULL;
}

/* One line, taken apart. */
struct fields {
	const char *s[3];
	size_t n[3];
	unsigned pair;
};

static const char *fields_get(const struct line *l, struct fields *f)
{
	const char *more;
	size_t pos = 0, len;
	uint64_t bus, target;

	for (int i = 0; i < 3; i++)
		if (!line_word(l->s, l->n, &pos, &f->s[i], &f->n[i]))
			return "a line is: BusId TargetId TargetName";
	if (line_word(l->s, l->n, &pos, &more, &len))
		return "there is text after the TargetName";
	if (str_u64(f->s[0], f->n[0], BINDING_BUSES - 1, &bus))
		return "the BusId must be 0 to 255";
	if (str_u64(f->s[1], f->n[1], BINDING_TARGETS - 1, &target))
		return "the TargetId must be 0 to 255";
	f->pair = (unsigned)(bus * BINDING_TARGETS + target);
	return NULL;
}

static void reserve(struct bindings *b, unsigned pair)
{
	if (b->taken[pair] == FREE)
		b->taken[pair] = RESERVED;
}

static int read_line(struct bindings *b, const struct line *l, struct report *r)
{
	char key[BINDING_KEY_SIZE];
	struct fields f;
	struct entry *same;
	const char *why = line_fault(l, MAX_LINE);

	if (!why)
		why = fields_get(l, &f);
	if (why) {
		report_line(r, LOG_ERR, l->no, "%s", why);
		return 0;
	}
	why = key_get(f.s[2], f.n[2], key);
	if (why) {
		report_line(r, LOG_ERR, l->no, "the TargetName %s", why);
		reserve(b, f.pair);
		return 0;
	}
	same = find(b, key);
	if (same) {
		report_line(r, LOG_ERR, l->no,
			    "%s has bus %u target %u already, this line is "
			    "not used",
			    key, same->bus, same->target);
		reserve(b, f.pair);
		return 0;
	}
	if (b->taken[f.pair] == USED) {
		report_line(r, LOG_ERR, l->no,
			    "bus %u target %u belongs to another name "
			    "already, this line is not used",
			    f.pair / BINDING_TARGETS, f.pair % BINDING_TARGETS);
		return 0;
	}
	return add(b, f.pair, key);
}

/* Takes over text as the contents of the file. */
static int take_text(struct bindings *b, struct file_text *text,
		     struct report *r)
{
	struct lines lines;
	struct line l;
	int err = 0;

	forget_all(b);
	b->text = *text;
	report_begin(r, b->path);
	lines_init(&lines, b->text.p, b->text.n);
	while (!err && lines_next(&lines, &l))
		if (!line_is_empty(&l))
			err = read_line(b, &l, r);
	report_end(r);
	return err;
}

/* Is st still the file we have in memory? */
static bool same_file(const struct stat *a, const struct stat *b)
{
	return a->st_ino == b->st_ino && a->st_dev == b->st_dev &&
	       a->st_size == b->st_size &&
	       a->st_mtim.tv_sec == b->st_mtim.tv_sec &&
	       a->st_mtim.tv_nsec == b->st_mtim.tv_nsec;
}

static int flock_for_a_while(int fd)
{
	struct timespec pause = { .tv_nsec = LOCK_PAUSE_NS };

	for (int i = 0; i < LOCK_TRIES; i++) {
		if (flock(fd, LOCK_EX | LOCK_NB) == 0)
			return 0;
		if (errno != EWOULDBLOCK && errno != EINTR)
			return -errno;
		nanosleep(&pause, NULL);
	}
	return -EBUSY;
}

/*
 * Opens the file and locks it.  Who held the lock before us may have renamed
 * a new file over the one that we waited for: then it is that one we want.
 */
static int open_locked(const struct bindings *b)
{
	struct stat ours, there;
	int fd, err;

	for (int i = 0; i < LOCK_TRIES; i++) {
		fd = open(b->path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
		if (fd < 0)
			return -errno;
		err = flock_for_a_while(fd);
		if (err) {
			close(fd);
			return err;
		}
		if (fstat(fd, &ours) == 0 && stat(b->path, &there) == 0 &&
		    ours.st_ino == there.st_ino && ours.st_dev == there.st_dev)
			return fd;
		close(fd);
	}
	return -EBUSY;
}

/* Reads the locked file again when it is not the one we know. */
static int refresh(struct bindings *b, int fd, struct report *r)
{
	struct file_text text;
	struct stat st;
	int err;

	if (fstat(fd, &st) < 0)
		return -errno;
	if (b->text.p && same_file(&st, &b->text.st))
		return 0;
	err = file_read_fd(fd, MAX_FILE, &text);
	if (err)
		return err;
	err = take_text(b, &text, r);
	if (err)
		forget_all(b);
	return err;
}

/* The text with lines for the entries from first on. */
static int new_text(const struct bindings *b, size_t first,
		    struct file_text *out)
{
	size_t n = b->text.n, cap = n + sizeof(header);
	struct strbuf sb;

	for (size_t i = first; i < b->count; i++)
		cap += sizeof("255\t255\t\n") + strlen(b->entries[i].key);
	out->p = malloc(cap);
	if (!out->p)
		return -ENOMEM;
	sb_init(&sb, out->p, cap);
	sb_mem(&sb, b->text.p, n);
	if (n == 0)
		sb_mem(&sb, header, sizeof(header) - 1);
	else if (b->text.p[n - 1] != '\n')
		sb_mem(&sb, "\n", 1);
	for (size_t i = first; i < b->count; i++)
		sb_add(&sb, "%u\t%u\t%s\n", b->entries[i].bus,
		       b->entries[i].target, b->entries[i].key);
	out->n = sb.len;
	return 0;
}

/* Writes what is new since the first entries; the lock is held. */
static int save(struct bindings *b, size_t first)
{
	struct file_new new = { .mode = b->text.st.st_mode & 0777 };
	struct file_text text;
	int err = new_text(b, first, &text);

	if (err)
		return err;
	new.p = text.p;
	new.n = text.n;
	err = file_write(b->path, &new);
	if (err) {
		file_text_free(&text);
		return err;
	}
	text.st = new.st;
	file_text_free(&b->text);
	b->text = text;
	return 0;
}

static void answer(const struct entry *e, bool fresh, struct binding *out)
{
	*out = (struct binding){ .bus = e->bus,
				 .target = e->target,
				 .fresh = fresh };
}

/* What is known without looking at the file: 0 or -ENOENT. */
static int lookup(const struct bindings *b, const char *key,
		  struct binding *out)
{
	char folded[BINDING_KEY_SIZE];
	const struct entry *e = NULL;

	if (!key_get(key, strlen(key), folded))
		e = find(b, folded);
	if (!e)
		return -ENOENT;
	answer(e, false, out);
	return 0;
}

size_t bindings_count(const struct bindings *b)
{
	return b->count;
}

/* Looks from *pair on; what is before it is known to be taken. */
static int allot(struct bindings *b, const char *key, unsigned *pair)
{
	while (*pair < PAIRS && b->taken[*pair] != FREE)
		++*pair;
	return *pair == PAIRS ? -ENOSPC : add(b, *pair, key);
}

static void assign_one(struct bindings *b, const char *key, size_t first,
		       unsigned *pair, struct binding *out)
{
	char folded[BINDING_KEY_SIZE];
	struct entry *e;

	*out = (struct binding){ 0 };
	if (key_get(key, strlen(key), folded)) {
		out->error = -EINVAL;
		return;
	}
	e = find(b, folded);
	if (!e) {
		out->error = allot(b, folded, pair);
		if (out->error)
			return;
		e = &b->entries[b->count - 1];
	}
	answer(e, (size_t)(e - b->entries) >= first, out);
}

static bool all_known(const struct bindings *b, const char *const *keys,
		      size_t n, struct binding *out)
{
	for (size_t i = 0; i < n; i++)
		if (lookup(b, keys[i], &out[i]))
			return false;
	return true;
}

/* Takes the new ones back. */
static void unassign(struct bindings *b, size_t first, size_t n, int err,
		     struct binding *out)
{
	forget_after(b, first);
	for (size_t i = 0; i < n; i++)
		if (out[i].fresh)
			out[i] = (struct binding){ .error = err };
}

static void assign_locked(struct bindings *b, const char *const *keys, size_t n,
			  struct binding *out)
{
	size_t first = b->count;
	unsigned pair = 0;
	int err = 0;

	for (size_t i = 0; i < n; i++)
		assign_one(b, keys[i], first, &pair, &out[i]);
	if (b->count > first)
		err = save(b, first);
	if (err)
		unassign(b, first, n, err, out);
}

/* Without the file: those we know, the others fail. */
static void assign_known(const struct bindings *b, const char *const *keys,
			 size_t n, int err, struct binding *out)
{
	for (size_t i = 0; i < n; i++)
		if (lookup(b, keys[i], &out[i]))
			out[i] = (struct binding){ .error = err };
}

static int first_error(const struct binding *out, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (out[i].error)
			return out[i].error;
	return 0;
}

static bool unchanged(const struct bindings *b)
{
	struct stat st;

	return b->text.p && stat(b->path, &st) == 0 &&
	       same_file(&st, &b->text.st);
}

/* A wrong name is its sender's fault, not the file's. */
static int report_assign(const struct bindings *b, int err, struct report *r)
{
	const char *why = strerror(-err);

	if (err == 0 || err == -EINVAL)
		return err;
	if (err == -EBUSY)
		why = "another process keeps it locked";
	report_begin(r, b->path);
	report_line(r, LOG_ERR, 0, "cannot add a binding: %s", why);
	return err;
}

int bindings_assign(struct bindings *b, const char *const *keys, size_t n,
		    struct report *r, struct binding *out)
{
	int fd, err;

	if (unchanged(b) && all_known(b, keys, n, out))
		return 0;
	fd = open_locked(b);
	err = fd < 0 ? fd : refresh(b, fd, r);
	if (err)
		assign_known(b, keys, n, err, out);
	else
		assign_locked(b, keys, n, out);
	if (fd >= 0)
		close(fd);
	return report_assign(b, first_error(out, n), r);
}

static int create_from(const char *path, const char *old_path,
		       const struct file_text *old, struct report *r)
{
	struct file_new new = {
		.p = old->p, .n = old->n, .mode = 0600, .how = FILE_NEW
	};
	int err = file_write(path, &new);

	if (err)
		return err;
	/* Where it stays, or comes back, the new one counts: nothing is lost.
	 */
	if (unlink(old_path) == 0)
		(void)file_sync_dir(old_path);
	report_line(r, LOG_NOTICE, 0, "taken over from %s", old_path);
	return 0;
}

/* From old_path's text, or with nothing but a comment. */
static int create(const char *path, const char *old_path, struct report *r)
{
	struct file_new new = { .p = header,
				.n = sizeof(header) - 1,
				.mode = 0600,
				.how = FILE_NEW };
	struct file_text old = { 0 };
	int err = old_path ? file_read(old_path, MAX_FILE, &old) : -ENOENT;

	if (err == -ENOENT || err == -ENOTDIR)
		return file_write(path, &new);
	if (err) {
		report_line(r, LOG_ERR, 0, "cannot take over %s: %s", old_path,
			    strerror(-err));
		return err;
	}
	err = create_from(path, old_path, &old, r);
	file_text_free(&old);
	return err;
}

static int open_or_create(struct bindings *b, const char *path,
			  const char *old_path, struct report *r)
{
	struct stat st;
	int fd, err = 0;

	/* A link stays one: it is its goal that gets replaced. */
	if (stat(path, &st) < 0)
		err = errno == ENOENT ? create(path, old_path, r) : -errno;
	if (err && err != -EEXIST)
		return err;
	if (!realpath(path, b->path))
		return -errno;
	fd = open_locked(b);
	if (fd < 0)
		return fd;
	err = refresh(b, fd, r);
	close(fd);
	return err;
}

int bindings_open(const char *path, const char *old_path, struct report *r,
		  struct bindings **out)
{
	struct bindings *b = calloc(1, sizeof(*b));
	int err;

	if (!b)
		return -ENOMEM;
	report_begin(r, path);
	err = open_or_create(b, path, old_path, r);
	if (err) {
		report_begin(r, path);
		report_line(r, LOG_ERR, 0, "cannot use it: %s",
			    err == -EBUSY ? "another process keeps it locked"
					  : strerror(-err));
		bindings_close(b);
		return err;
	}
	*out = b;
	return 0;
}

void bindings_close(struct bindings *b)
{
	if (!b)
		return;
	forget_all(b);
	free(b);
}
