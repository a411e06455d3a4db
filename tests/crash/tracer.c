/*
 * tracer - holds a process as a debugger does, until SIGTERM.
 *
 *	tracer PID
 */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/wait.h>
#include <unistd.h>

static int fail(const char *what)
{
	fprintf(stderr, "tracer: %s: %s\n", what, strerror(errno));
	return 1;
}

int main(int argc, char **argv)
{
	pid_t pid = argc == 2 ? atoi(argv[1]) : 0;
	sigset_t term;
	int status, sig;

	if (pid <= 0)
		return 2;
	sigemptyset(&term);
	sigaddset(&term, SIGTERM);
	sigprocmask(SIG_BLOCK, &term, NULL);
	if (ptrace(PTRACE_SEIZE, pid, 0, 0) < 0)
		return fail("seizing it");
	if (ptrace(PTRACE_INTERRUPT, pid, 0, 0) < 0 ||
	    waitpid(pid, &status, __WALL) != pid)
		return fail("stopping it");
	sigwait(&term, &sig);
	return ptrace(PTRACE_DETACH, pid, 0, 0) < 0 ? fail("letting go") : 0;
}
