/*
 * admin - the ways in for administrators: the control socket and the HBA file.
 */
#ifndef ISCSID_ADMIN_H
#define ISCSID_ADMIN_H

struct manager_doors;

extern const struct manager_doors admin_doors;

#endif
