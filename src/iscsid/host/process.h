/*
 * process - what the kernel says about a process that may hang.
 *
 * Small files of /proc and of the control groups, which are there at once
 * whatever the process does.  Nothing here decides.
 */
#ifndef ISCSID_PROCESS_H
#define ISCSID_PROCESS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

struct process_state {
	char state; /* proc_pid_stat(5); 0: unknown, it may be gone */
	int tracer; /* 0: none */
	bool frozen;
};

void process_look(pid_t pid, struct process_state *out);

/* CPU time it has had so far, ms; 0: unknown. */
uint64_t process_cpu(pid_t pid);

/* ms by which the time since the boot and that awake differ: suspends. */
uint64_t process_suspended(void);

/*
 * From /proc/PID/cgroup: the path in the hierarchy whose line has this between
 * its colons ("" is that of version 2).  False when there is none.
 */
bool process_group(const char *text, const char *controller, char *dst,
		   size_t size);

#endif
