/*
 * multipath - which sessions a target gets.
 */
#include "iscsid/target/multipath.h"

#include <string.h>

#include "base/str.h"

static void put_key(enum conf_multipath how, const char *name,
		    const struct addr *a, char key[static BINDING_KEY_SIZE])
{
	char where[ADDR_TEXT_SIZE];
	struct strbuf sb;

	sb_init(&sb, key, BINDING_KEY_SIZE);
	sb_add(&sb, "%s", name);
	if (how == CONF_MULTIPATH_PORTAL) {
		addr_format(a, false, where, sizeof(where));
		sb_add(&sb, ",%s", where);
	} else if (how == CONF_MULTIPATH_PORTALGROUP && a->tag >= 0) {
		sb_add(&sb, ",%d", (int)a->tag);
	}
}

static struct path *find(struct path *list, size_t n, const char *key)
{
	for (size_t i = 0; i < n; i++)
		if (strcmp(list[i].key, key) == 0)
			return &list[i];
	return NULL;
}

size_t multipath_split(enum conf_multipath how, const char *name,
		       const struct addr *portals, size_t n,
		       struct path out[static PATHS_MAX])
{
	char key[BINDING_KEY_SIZE];
	size_t count = 0;

	for (size_t i = 0; i < n && i < PATHS_MAX; i++) {
		struct path *p;

		put_key(how, name, &portals[i], key);
		p = find(out, count, key);
		if (!p) {
			p = &out[count++];
			str_copy(p->key, sizeof(p->key), key);
			p->nportals = 0;
		}
		p->portals[p->nportals++] = portals[i];
	}
	return count;
}
