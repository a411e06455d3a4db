/*
 * test_bindings - the file of bindings, its faults and its accidents.
 *
 * The system calls that change the file go through wrappers, which can cut
 * them short or end the process at any of them.
 */
#include "conf_helper.h"

#include <errno.h>
#include <signal.h>
#include <sys/file.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>

#include "conf/bindings.h"

#define NAME "iqn.2001-04.com.example:"

static struct bindings *bindings;

/* What the wrappers do and have seen. */
static struct {
	long die_after;	 /* steps: a byte written, a call; -1: never */
	long full_after; /* bytes; -1: never */
	char seen[256];	 /* a letter a call */
	unsigned pauses;
} sys;

ssize_t __real_write(int fd, const void *p, size_t n);
ssize_t __wrap_write(int fd, const void *p, size_t n);
int __real_fsync(int fd);
int __wrap_fsync(int fd);
int __real_rename(const char *a, const char *to);
int __wrap_rename(const char *a, const char *to);
int __real_link(const char *a, const char *to);
int __wrap_link(const char *a, const char *to);
int __wrap_nanosleep(const struct timespec *t, struct timespec *left);

static void step(char letter)
{
	size_t n = strlen(sys.seen);

	if (n < sizeof(sys.seen) - 1) {
		sys.seen[n] = letter;
		sys.seen[n + 1] = '\0';
	}
	if (sys.die_after == 0)
		_exit(77);
	if (sys.die_after > 0)
		sys.die_after--;
}

ssize_t __wrap_write(int fd, const void *p, size_t n)
{
	step('w');
	if (sys.full_after == 0) {
		errno = ENOSPC;
		return -1;
	}
	if (sys.full_after > 0 && n > (size_t)sys.full_after)
		n = (size_t)sys.full_after;
	if (sys.die_after >= 0 && n > 1)
		n = 1;
	if (sys.full_after > 0)
		sys.full_after -= (long)n;
	return __real_write(fd, p, n);
}

int __wrap_fsync(int fd)
{
	struct stat st;

	step(fstat(fd, &st) == 0 && S_ISDIR(st.st_mode) ? 'd' : 'f');
	return __real_fsync(fd);
}

int __wrap_rename(const char *a, const char *to)
{
	step('r');
	return __real_rename(a, to);
}

int __wrap_link(const char *a, const char *to)
{
	step('l');
	return __real_link(a, to);
}

int __wrap_nanosleep(const struct timespec *t, struct timespec *left)
{
	sys.pauses++;
	return 0;
}

static const char *path(void)
{
	return in_tmp("iscsi.bindings");
}

static int open_bindings(void)
{
	bindings_close(bindings);
	bindings = NULL;
	return bindings_open(path(), NULL, fresh_report(), &bindings);
}

static void open_with(const char *text)
{
	put_file(path(), text);
	assert_int_equal(open_bindings(), 0);
	sys.seen[0] = '\0';
}

static struct binding assign(const char *key)
{
	struct binding out = { 0 };

	bindings_assign(bindings, &key, 1, fresh_report(), &out);
	return out;
}

static void assert_pair(const char *key, unsigned bus, unsigned target)
{
	struct binding got = assign(key);

	assert_int_equal(got.error, 0);
	assert_int_equal(got.bus, bus);
	assert_int_equal(got.target, target);
}

static void assert_file(const char *text)
{
	char *have = get_file(path());

	assert_non_null(have);
	assert_string_equal(have, text);
	free(have);
}

static int fresh(void **state)
{
	sys.die_after = sys.full_after = -1;
	sys.pauses = 0;
	memset(sys.seen, 0, sizeof(sys.seen));
	return make_tmp_dir(state);
}

static int clean(void **state)
{
	bindings_close(bindings);
	bindings = NULL;
	return remove_tmp_dir(state);
}

static void test_missing_file_is_made_private_with_a_header(void **state)
{
	struct stat st;
	char *text;

	assert_int_equal(open_bindings(), 0);
	assert_int_equal(stat(path(), &st), 0);
	assert_int_equal(st.st_mode & 07777, 0600);
	text = get_file(path());
	assert_int_equal(text[0], '#');
	free(text);
	assert_string_equal(told, "");
	assert_string_equal(sys.seen, "wfld");
}

static void test_known_target_keeps_its_numbers(void **state)
{
	open_with("0 7 " NAME "a\n1\t255\t" NAME "b\n");
	assert_pair(NAME "a", 0, 7);
	assert_pair(NAME "b", 1, 255);
	assert_false(assign(NAME "a").fresh);
}

static void test_new_target_gets_the_smallest_free_number(void **state)
{
	open_with("0 0 " NAME "a\n0 2 " NAME "b\n");
	assert_pair(NAME "c", 0, 1);
	assert_pair(NAME "d", 0, 3);
	assert_file("0 0 " NAME "a\n0 2 " NAME "b\n"
		    "0\t1\t" NAME "c\n0\t3\t" NAME "d\n");
}

static void test_given_numbers_last_through_a_restart(void **state)
{
	assert_int_equal(open_bindings(), 0);
	assert_pair(NAME "a", 0, 0);
	assert_true(assign(NAME "b").fresh);
	assert_int_equal(open_bindings(), 0);
	assert_pair(NAME "b", 0, 1);
	assert_false(assign(NAME "b").fresh);
}

/* Lines for the first n pairs in order. */
static void fill(unsigned n)
{
	FILE *f = fopen(path(), "w");

	for (unsigned i = 0; i < n; i++)
		fprintf(f, "%u %u " NAME "%u\n", i / 256, i % 256, i);
	fclose(f);
	assert_int_equal(open_bindings(), 0);
	assert_string_equal(told, "");
}

static void test_full_bus_leads_to_the_next(void **state)
{
	fill(256);
	assert_pair(NAME "x", 1, 0);
}

static void test_all_numbers_taken_is_told(void **state)
{
	fill(65536);
	assert_int_equal(bindings_count(bindings), 65536);
	assert_int_equal(assign(NAME "x").error, -ENOSPC);
	assert_pair(NAME "65535", 255, 255);
}

static void test_many_are_written_in_one_go(void **state)
{
	const char *keys[] = { NAME "a", NAME "b", NAME "a", NAME "c" };
	struct binding out[4];

	open_with("");
	assert_int_equal(
		bindings_assign(bindings, keys, 4, fresh_report(), out), 0);
	assert_int_equal(out[0].target, 0);
	assert_int_equal(out[1].target, 1);
	assert_int_equal(out[2].target, 0);
	assert_int_equal(out[3].target, 2);
	assert_string_equal(sys.seen, "wfrd");
}

static void test_nothing_new_writes_nothing(void **state)
{
	open_with("0 0 " NAME "a\n");
	assert_pair(NAME "a", 0, 0);
	assert_string_equal(sys.seen, "");
}

static void test_capitals_are_the_same_target(void **state)
{
	open_with("0 4 iqn.2001-04.com.Example:A\n");
	assert_pair(NAME "a", 0, 4);
}

static void test_path_of_a_target_has_its_own_binding(void **state)
{
	open_with("0 0 " NAME "a\n");
	assert_pair(NAME "a,192.0.2.7:3260", 0, 1);
	assert_pair(NAME "a,[2001:db8::1]:3260", 0, 2);
	assert_pair(NAME "a", 0, 0);
	assert_int_equal(open_bindings(), 0);
	assert_string_equal(told, "");
	assert_pair(NAME "a,192.0.2.7:3260", 0, 1);
}

static void test_comments_and_hand_made_lines_stay(void **state)
{
	open_with("# mine\n\n  3   4\t" NAME "a   \nnonsense");
	assert_pair(NAME "b", 0, 0);
	assert_file("# mine\n\n  3   4\t" NAME "a   \nnonsense\n"
		    "0\t0\t" NAME "b\n");
	assert_int_equal(open_bindings(), 0);
	assert_pair(NAME "a", 3, 4);
}

static void test_all_faulty_lines_are_told_and_not_used(void **state)
{
	open_with("0 0\n"
		  "256 0 " NAME "a\n"
		  "0 256 " NAME "a\n"
		  "-1 0 " NAME "a\n"
		  "x 0 " NAME "a\n"
		  "0 0 " NAME "a # mine\n"
		  "0 9 not-a-name\n"
		  "0 8 " NAME "a,\n"
		  "0\0010 " NAME "a\n"
		  "99999999999999999999 0 " NAME "a\n"
		  "0 1 " NAME "b\n");
	assert_told("iscsi.bindings:1: a line is: BusId TargetId TargetName");
	assert_told("iscsi.bindings:2: the BusId must be 0 to 255");
	assert_told("iscsi.bindings:3: the TargetId must be 0 to 255");
	assert_told("iscsi.bindings:4: the BusId must be 0 to 255");
	assert_told("iscsi.bindings:5: the BusId must be 0 to 255");
	assert_told("iscsi.bindings:6: there is text after the TargetName");
	assert_told("iscsi.bindings:7: the TargetName does not begin with");
	assert_told("iscsi.bindings:8: the TargetName ends with a comma");
	assert_told("iscsi.bindings:9: the line has a control character");
	assert_told("iscsi.bindings:10: the BusId must be 0 to 255");
	assert_int_equal(bindings_count(bindings), 1);
	assert_pair(NAME "b", 0, 1);
}

static void test_second_line_for_a_name_is_not_used(void **state)
{
	open_with("0 5 " NAME "a\n0 6 " NAME "a\n");
	assert_told("iscsi.bindings:2: " NAME "a has bus 0 target 5 already");
	assert_pair(NAME "a", 0, 5);
}

static void test_second_line_for_a_pair_is_not_used(void **state)
{
	open_with("0 5 " NAME "a\n0 5 " NAME "b\n");
	assert_told("iscsi.bindings:2: bus 0 target 5 belongs to another");
	assert_pair(NAME "a", 0, 5);
	assert_pair(NAME "b", 0, 0);
}

static void test_pair_of_a_faulty_line_is_not_given_away(void **state)
{
	open_with("0 0 iqn.wrong\n0 1 " NAME "a\n0 2 " NAME "a\n");
	assert_pair(NAME "b", 0, 3);
}

static void test_wrong_name_gets_no_binding_and_harms_no_other(void **state)
{
	const char *keys[] = { "disk", NAME "a", "", NAME "a b" };
	struct binding out[4];

	open_with("");
	assert_int_equal(
		bindings_assign(bindings, keys, 4, fresh_report(), out),
		-EINVAL);
	assert_int_equal(out[0].error, -EINVAL);
	assert_int_equal(out[1].error, 0);
	assert_int_equal(out[2].error, -EINVAL);
	assert_int_equal(out[3].error, -EINVAL);
	assert_int_equal(bindings_count(bindings), 1);
}

static void test_line_added_by_hand_meanwhile_is_honoured(void **state)
{
	open_with("0 0 " NAME "a\n");
	put_file(path(), "0 0 " NAME "a\n0 1 " NAME "b\n5 5 " NAME "c\n");
	assert_pair(NAME "c", 5, 5);
	assert_pair(NAME "d", 0, 2);
}

static void test_old_file_is_moved_to_the_new_place(void **state)
{
	put_file(in_tmp("old"), "# old\n0 3 " NAME "a\n");
	assert_int_equal(
		bindings_open(path(), in_tmp("old"), fresh_report(), &bindings),
		0);
	assert_pair(NAME "a", 0, 3);
	assert_int_equal(access(in_tmp("old"), F_OK), -1);
	assert_file("# old\n0 3 " NAME "a\n");
}

static void test_old_file_is_left_when_there_is_a_new_one(void **state)
{
	put_file(in_tmp("old"), "0 3 " NAME "a\n");
	put_file(path(), "0 4 " NAME "a\n");
	assert_int_equal(
		bindings_open(path(), in_tmp("old"), fresh_report(), &bindings),
		0);
	assert_pair(NAME "a", 0, 4);
	assert_int_equal(access(in_tmp("old"), F_OK), 0);
}

static void test_file_behind_a_link_is_the_one_replaced(void **state)
{
	struct stat st;

	put_file(in_tmp("real"), "0 3 " NAME "a\n");
	assert_int_equal(symlink(in_tmp("real"), path()), 0);
	assert_int_equal(open_bindings(), 0);
	assert_pair(NAME "b", 0, 0);
	assert_int_equal(lstat(path(), &st), 0);
	assert_true(S_ISLNK(st.st_mode));
	assert_file("0 3 " NAME "a\n0\t0\t" NAME "b\n");
}

static void test_mode_set_by_hand_stays(void **state)
{
	struct stat st;

	put_file_n(path(), "", 0, 0644);
	assert_int_equal(open_bindings(), 0);
	assert_pair(NAME "a", 0, 0);
	assert_int_equal(stat(path(), &st), 0);
	assert_int_equal(st.st_mode & 07777, 0644);
}

static void test_locked_file_is_told_after_a_while(void **state)
{
	int fd;

	open_with("0 3 " NAME "a\n");
	fd = open(path(), O_RDONLY);
	assert_int_equal(flock(fd, LOCK_EX), 0);
	assert_int_equal(assign(NAME "b").error, -EBUSY);
	assert_told("another process keeps it locked");
	assert_in_range(sys.pauses, 10, 1000);
	assert_pair(NAME "a", 0, 3);
	close(fd);
	assert_pair(NAME "b", 0, 0);
}

static unsigned files_in_tmp(void)
{
	char command[PATH_MAX + 32], text[32] = "";
	FILE *p;

	snprintf(command, sizeof(command), "ls -A '%s' | wc -l", tmp_dir);
	p = popen(command, "r");
	assert_non_null(fgets(text, sizeof(text), p));
	pclose(p);
	return (unsigned)atoi(text);
}

static void test_full_disk_at_any_byte_leaves_the_old_file(void **state)
{
	for (long n = 0; n < 60; n++) {
		open_with("0 3 " NAME "a\n");
		sys.full_after = n;
		assert_int_equal(assign(NAME "b").error, -ENOSPC);
		assert_told("cannot add a binding: No space left");
		assert_file("0 3 " NAME "a\n");
		assert_pair(NAME "a", 0, 3);
		sys.full_after = -1;
		assert_int_equal(files_in_tmp(), 1);
		/* Room again: as if nothing had happened. */
		assert_pair(NAME "b", 0, 0);
	}
}

static void test_file_size_limit_leaves_the_old_file(void **state)
{
	struct rlimit old, tight = { 40, 40 };
	int status;

	open_with("0 3 " NAME "a\n");
	getrlimit(RLIMIT_FSIZE, &old);
	tight.rlim_max = old.rlim_max;
	if (fork() == 0) {
		signal(SIGXFSZ, SIG_IGN);
		setrlimit(RLIMIT_FSIZE, &tight);
		_exit(assign(NAME "b").error == -EFBIG ? 0 : 1);
	}
	wait(&status);
	assert_int_equal(status, 0);
	assert_file("0 3 " NAME "a\n");
}

/* Ends a process that adds b after the given steps; false when it got by. */
static bool die_after(long steps)
{
	int status;
	pid_t pid = fork();

	assert_true(pid >= 0);
	if (pid == 0) {
		sys.die_after = steps;
		_exit(assign(NAME "b").error ? 1 : 0);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFEXITED(status));
	assert_in_set(WEXITSTATUS(status), ((LargestIntegralType[]){ 0, 77 }),
		      2);
	return WEXITSTATUS(status) == 77;
}

static void test_end_at_any_step_leaves_the_old_or_the_new_file(void **state)
{
	static const char old[] = "0 3 " NAME "a\n";
	static const char new[] = "0 3 " NAME "a\n0\t0\t" NAME "b\n";
	unsigned olds = 0, news = 0;
	bool died = true;

	for (long steps = 0; died; steps++) {
		char *text;

		open_with(old);
		died = die_after(steps);
		text = get_file(path());
		if (strcmp(text, old) == 0)
			olds++;
		else if (strcmp(text, new) == 0)
			news++;
		else
			fail_msg("after %ld steps:\n%s", steps, text);
		free(text);
		assert_pair(NAME "a", 0, 3);
		assert_pair(NAME "b", 0, 0);
	}
	/* Each byte, fsync, rename; then the directory, and the whole way. */
	assert_int_equal(olds, strlen(new) + 2);
	assert_int_equal(news, 2);
}

static void test_end_while_making_the_file_leaves_none_or_all(void **state)
{
	bool died = true;

	for (long steps = 0; died; steps++) {
		int status;

		unlink(path());
		if (fork() == 0) {
			sys.die_after = steps;
			_exit(open_bindings() ? 1 : 0);
		}
		wait(&status);
		died = WEXITSTATUS(status) == 77;
		assert_int_equal(open_bindings(), 0);
		assert_string_equal(told, "");
		assert_pair(NAME "a", 0, 0);
	}
}

/* A daemon that finds n targets, one after the other. */
static void daemon_of(const char *who, unsigned n)
{
	char key[64];

	/* Without pauses the other one's lock may outlast our tries. */
	while (open_bindings() == -EBUSY)
		;
	for (unsigned i = 0; i < n; i++) {
		snprintf(key, sizeof(key), NAME "%s-%u", who, i);
		while (assign(key).error == -EBUSY)
			;
	}
	_exit(0);
}

static void test_two_daemons_never_give_one_pair_twice(void **state)
{
	int status;

	assert_int_equal(open_bindings(), 0);
	if (fork() == 0)
		daemon_of("one", 100);
	if (fork() == 0)
		daemon_of("two", 100);
	for (int i = 0; i < 2; i++) {
		wait(&status);
		assert_int_equal(status, 0);
	}
	assert_int_equal(open_bindings(), 0);
	assert_string_equal(told, "");
	assert_int_equal(bindings_count(bindings), 200);
	assert_pair(NAME "three", 0, 200);
}

static void test_place_that_cannot_be_written_is_told(void **state)
{
	assert_int_equal(bindings_open("/proc/none/bindings", NULL,
				       fresh_report(), &bindings),
			 -ENOENT);
	assert_told("/proc/none/bindings: cannot use it: No such file");
	assert_int_equal(
		bindings_open(tmp_dir, NULL, fresh_report(), &bindings),
		-EISDIR);
}

#define T(name) cmocka_unit_test_setup_teardown(name, fresh, clean)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(test_missing_file_is_made_private_with_a_header),
		T(test_known_target_keeps_its_numbers),
		T(test_new_target_gets_the_smallest_free_number),
		T(test_given_numbers_last_through_a_restart),
		T(test_full_bus_leads_to_the_next),
		T(test_all_numbers_taken_is_told),
		T(test_many_are_written_in_one_go),
		T(test_nothing_new_writes_nothing),
		T(test_capitals_are_the_same_target),
		T(test_path_of_a_target_has_its_own_binding),
		T(test_comments_and_hand_made_lines_stay),
		T(test_all_faulty_lines_are_told_and_not_used),
		T(test_second_line_for_a_name_is_not_used),
		T(test_second_line_for_a_pair_is_not_used),
		T(test_pair_of_a_faulty_line_is_not_given_away),
		T(test_wrong_name_gets_no_binding_and_harms_no_other),
		T(test_line_added_by_hand_meanwhile_is_honoured),
		T(test_old_file_is_moved_to_the_new_place),
		T(test_old_file_is_left_when_there_is_a_new_one),
		T(test_file_behind_a_link_is_the_one_replaced),
		T(test_mode_set_by_hand_stays),
		T(test_locked_file_is_told_after_a_while),
		T(test_full_disk_at_any_byte_leaves_the_old_file),
		T(test_file_size_limit_leaves_the_old_file),
		T(test_end_at_any_step_leaves_the_old_or_the_new_file),
		T(test_end_while_making_the_file_leaves_none_or_all),
		T(test_two_daemons_never_give_one_pair_twice),
		T(test_place_that_cannot_be_written_is_told),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
