/*
 * hba - the file <rundir>/hba/0: what the HBA has, and a place to write
 * commands to.
 *
 * One FUSE file, served from the manager's own loop; only root may open it.
 * What an open file shows is made when it is opened, so that it cannot tear.
 * A command is answered when it is done: the writer waits, the manager does
 * not.  Nothing in the manager may open the file itself.
 */
#ifndef ISCSID_HBA_H
#define ISCSID_HBA_H

#define HBA_OPENS  32	      /* files open at a time */
#define HBA_WRITES 32	      /* commands under way at a time */
#define HBA_TEXT   (4u << 20) /* longest file; about 40,000 lines */
#define HBA_WRITE  4096	      /* longest command */

struct hba;
struct manager;

/* Mounts it.  Returns 0 or -errno. */
int hba_open(struct manager *m, struct hba **out);
/* What waits gets an error.  NULL is fine; call before the loop's last turn. */
void hba_close(struct hba *h);

#endif
