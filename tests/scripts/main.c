/*
 * scripts - plays fault scripts, each in a process of its own.
 *
 *   play-sim [--trace] FILE...
 *   play-tcp [--trace] --dir DIR [--jobs N] FILE...
 *
 * Prints TAP: a line a script.
 */
#include <errno.h>
#include <getopt.h>
#include <libgen.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "main.h"
#include "play.h"
#include "stage.h"
#define LIMIT	 90 /* seconds a script may take by the real clock */
#define JOBS_MAX 64

struct asked asked = { .jobs = 1 };

struct job {
	pid_t pid; /* 0: free */
	const char *file;
	time_t until;
};

static const char *name_of(const char *file)
{
	static char copy[256];
	char *dot;

	snprintf(copy, sizeof(copy), "%s", file);
	dot = strrchr(copy, '.');
	if (dot)
		*dot = '\0';
	return basename(copy);
}

static void tell(bool ok, const char *file, const char *title, const char *why)
{
	if (ok)
		printf("ok - %s: %s\n", name_of(file), title);
	else
		printf("not ok - %s: %s\n# %s\n", name_of(file), title, why);
	fflush(stdout);
}

static bool is_skipped(const struct script *s, const char *file)
{
	const char *why =
		stage_is_real ? s->setup.virtual_only : s->setup.real_only;

	if (*why)
		printf("ok - %s: %s # SKIP takes %s: %s\n", name_of(file),
		       s->title,
		       stage_is_real ? "a virtual clock" : "real processes",
		       why);
	return *why;
}

/* One of its own for each, also where a script is named more than once. */
static int make_dir(char *dst, size_t size, const char *file, unsigned index)
{
	snprintf(dst, size, "%s/%s", asked.dir, name_of(file));
	if (mkdir(dst, 0755) == 0)
		return 0;
	if (errno != EEXIST)
		return -errno;
	snprintf(dst, size, "%s/%s.%u", asked.dir, name_of(file), index);
	return mkdir(dst, 0755) < 0 ? -errno : 0;
}

static int play_file(const char *file, unsigned index)
{
	static struct script script;
	char dir[512] = "", err[512];
	int failed = asked.dir ? make_dir(dir, sizeof(dir), file, index) : 0;
	bool ok;

	if (failed) {
		tell(false, file, dir, strerror(-failed));
		return 1;
	}
	if (script_read(file, &script, err, sizeof(err))) {
		tell(false, file, "cannot be read", err);
		return 1;
	}
	if (is_skipped(&script, file))
		return 0;
	ok = play(&script, dir, index, err, sizeof(err));
	tell(ok, file, script.title, err);
	return ok ? 0 : 1;
}

static void start(struct job *j, const char *file, unsigned index)
{
	j->file = file;
	j->until = time(NULL) + LIMIT;
	j->pid = fork();
	if (j->pid == 0)
		_exit(play_file(file, index));
	if (j->pid < 0) {
		perror("fork");
		exit(2);
	}
}

/* Is it over?  One that hangs in the kernel is left behind. */
static bool is_over(struct job *j, int *failed)
{
	int status;

	if (waitpid(j->pid, &status, WNOHANG) == j->pid) {
		if (WIFSIGNALED(status))
			tell(false, j->file, "was killed",
			     strsignal(WTERMSIG(status)));
		*failed |= status != 0;
		return true;
	}
	if (time(NULL) < j->until)
		return false;
	kill(j->pid, SIGKILL);
	tell(false, j->file, "took too long", "no end");
	*failed = 1;
	return true;
}

static int play_all(char **files, int n)
{
	struct job jobs[JOBS_MAX] = { 0 };
	int next = 0, running = 0, failed = 0;

	while (next < n || running) {
		for (unsigned i = 0; i < asked.jobs; i++) {
			if (jobs[i].pid && is_over(&jobs[i], &failed)) {
				jobs[i].pid = 0;
				running--;
			}
			if (!jobs[i].pid && next < n) {
				start(&jobs[i], files[next], (unsigned)next);
				next++;
				running++;
			}
		}
		usleep(1000);
	}
	return failed;
}

static void usage(const char *me)
{
	fprintf(stderr, "usage: %s [--trace] [--dir DIR] [--jobs N] FILE...\n",
		me);
	exit(2);
}

int main(int argc, char **argv)
{
	static const struct option longs[] = {
		{ "dir", required_argument, NULL, 'd' },
		{ "jobs", required_argument, NULL, 'j' },
		{ "trace", no_argument, NULL, 't' },
		{ 0 },
	};
	int c;

	while ((c = getopt_long(argc, argv, "", longs, NULL)) != -1) {
		if (c == 'd')
			asked.dir = optarg;
		else if (c == 'j')
			asked.jobs = (unsigned)strtoul(optarg, NULL, 0);
		else if (c == 't')
			asked.trace = true;
		else
			usage(argv[0]);
	}
	if (optind == argc || !asked.jobs || asked.jobs > JOBS_MAX)
		usage(argv[0]);
	setvbuf(stdout, NULL, _IOLBF, 0);
	return play_all(argv + optind, argc - optind);
}
