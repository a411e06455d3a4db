/*
 * no_malloc - an engine that ends as soon as it asks for memory.
 *
 * Linked into an iscsid-engine of its own: from a SIGUSR1 on every call that
 * could make memory, ours or a library's, says who made it and aborts.
 */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

/* glibc's own, below the names that are taken here. */
void *__libc_malloc(size_t n);
void *__libc_calloc(size_t count, size_t n);
void *__libc_realloc(void *p, size_t n);
void *__libc_memalign(size_t alignment, size_t n);

static volatile sig_atomic_t forbidden;

static void forbid(int signal)
{
	forbidden = 1;
}

__attribute__((constructor)) static void listen_to_the_test(void)
{
	signal(SIGUSR1, forbid);
}

static void ask(const char *what, const void *who)
{
	char line[100];
	int n;

	if (!forbidden)
		return;
	forbidden = 0;
	n = snprintf(line, sizeof(line), "%s was called by %p\n", what, who);
	if (write(STDERR_FILENO, line, (size_t)n) < 0)
		_exit(3);
	abort();
}

#define ASK(what) ask(what, __builtin_return_address(0))

void *malloc(size_t n)
{
	ASK("malloc");
	return __libc_malloc(n);
}

void *calloc(size_t count, size_t n)
{
	ASK("calloc");
	return __libc_calloc(count, n);
}

void *realloc(void *p, size_t n)
{
	ASK("realloc");
	return __libc_realloc(p, n);
}

void *memalign(size_t alignment, size_t n);

void *memalign(size_t alignment, size_t n)
{
	ASK("memalign");
	return __libc_memalign(alignment, n);
}

void *aligned_alloc(size_t alignment, size_t n)
{
	ASK("aligned_alloc");
	return __libc_memalign(alignment, n);
}

int posix_memalign(void **p, size_t alignment, size_t n)
{
	ASK("posix_memalign");
	*p = __libc_memalign(alignment, n);
	return *p ? 0 : ENOMEM;
}

void *mmap(void *at, size_t n, int prot, int flags, int fd, off_t off)
{
	ASK("mmap");
	return (void *)syscall(SYS_mmap, at, n, prot, flags, fd, off);
}
