/*
 * fuzz_conf - iscsi.conf of any content, and what it means for a target.
 */
#include "fuzz.h"

#include "conf/conf.h"
#include "conf/report.h"

static void ignore(void *ctx, int level, const char *line)
{
	MUST(strlen(line) < 4096);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct report r = { .put = ignore };
	struct conf *conf;
	struct conf_settings s;
	struct addr portal = { .host = "192.0.2.7", .port = 3260, .tag = 1 };

	if (conf_parse("fuzz", (const char *)data, size, &r, &conf))
		return 0;
	conf_target_settings(conf, "iqn.2026-11.test:a", &portal,
			     conf_next_discovery(conf, NULL), &s);
	conf_settings_wipe(&s);
	conf_free(conf);
	return 0;
}
