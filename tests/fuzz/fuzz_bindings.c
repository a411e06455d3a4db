/*
 * fuzz_bindings - /etc/iscsi.bindings of any content, and what is added to it.
 *
 * What it has stays as it is, and what was added is found again.
 */
#include "file.h"

#include "conf/bindings.h"

static const char *const keys[] = { "iqn.2026-11.test:a",
				    "iqn.2026-11.test:b" };
#define KEYS 2

static struct bindings *open_it(struct report *r)
{
	struct bindings *b;

	return bindings_open(file_path, NULL, r, &b) ? NULL : b;
}

static void check_again(struct report *r, const struct binding *had, size_t n)
{
	struct bindings *b = open_it(r);
	struct binding now[KEYS];

	MUST(b);
	MUST(bindings_count(b) == n);
	/* Those that had none are in vain again; it does not matter why. */
	(void)bindings_assign(b, keys, KEYS, r, now);
	for (size_t i = 0; i < KEYS; i++) {
		if (had[i].error)
			continue;
		MUST(!now[i].error && !now[i].fresh);
		MUST(now[i].bus == had[i].bus);
		MUST(now[i].target == had[i].target);
		MUST(now[i].bus < BINDING_BUSES);
		MUST(now[i].target < BINDING_TARGETS);
	}
	bindings_close(b);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct report r = { .put = file_line };
	struct binding got[KEYS];
	struct bindings *b;
	size_t n;

	file_write(data, size);
	b = open_it(&r);
	if (!b)
		return 0;
	if (bindings_assign(b, keys, KEYS, &r, got)) {
		bindings_close(b);
		return 0;
	}
	n = bindings_count(b);
	bindings_close(b);
	check_again(&r, got, n);
	return 0;
}
