/*
 * settings - what iscsi.conf means for one session, as plain values.
 */
#include "conf/settings.h"

#include <string.h>
#include <strings.h>

#include "base/str.h"

void conf_settings_wipe(struct conf_settings *s)
{
	explicit_bzero(s, sizeof(*s));
}

bool conf_lun_enabled(const struct conf_settings *s, uint32_t lun)
{
	return lun < CONF_LUNS && s->luns.map[lun / 8] & 1 << lun % 8;
}

/* The same number, however it is written. */
static bool same_host(const char *a, const char *b)
{
	struct conf_net net;

	if (strchr(a, '%') || net_parse(a, strlen(a), &net))
		return strcasecmp(a, b) == 0;
	return net_has(&net, b);
}

unsigned conf_portal_rank(const struct conf_settings *s,
			  const struct addr *portal)
{
	const struct conf_portal *p = &s->preferred_portal;

	if (p->host[0] && same_host(p->host, portal->host) &&
	    (p->port == 0 || p->port == portal->port))
		return 0;
	for (unsigned i = 0; i < s->preferred_subnet.count; i++)
		if (net_has(&s->preferred_subnet.net[i], portal->host))
			return 1;
	return CONF_PORTAL_OTHER;
}

uint32_t conf_disk_timeout(const struct conf_settings *s)
{
	uint32_t min = s->min_disk_command_timeout;
	uint32_t max = s->max_disk_command_timeout;

	if (min == 0 || max == 0)
		return min + max; /* one of them, or for ever */
	return min < max ? min : max;
}

struct conf_origin conf_settings_origin(const struct conf_settings *s,
					const struct keyword *k)
{
	return s->origin[k - keywords];
}
