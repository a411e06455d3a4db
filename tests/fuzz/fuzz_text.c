/*
 * fuzz_text - key=value text, addresses, names and numbers of any shape.
 */
#include "fuzz.h"
#include "wire/addr.h"
#include "wire/name.h"
#include "wire/text.h"

static void one_pair(const struct text_pair *kv)
{
	uint8_t bin[64];
	const char *item;
	size_t pos = 0, len, items = 0;
	struct addr addr;
	uint64_t n;
	bool b;

	MUST(kv->key_len >= 1 && kv->key_len <= TEXT_KEY_MAX);
	if (!text_number(kv, 10, 1000, &n))
		MUST(n >= 10 && n <= 1000);
	(void)text_bool(kv, &b);
	MUST(text_binary(kv, bin, sizeof(bin)) <= (int)sizeof(bin));
	while (text_list_next(kv, &pos, &item, &len)) {
		MUST(item >= kv->value &&
		     item + len <= kv->value + kv->value_len);
		MUST(items++ <= kv->value_len);
	}
	if (!addr_parse(kv->value, kv->value_len, &addr)) {
		char text[ADDR_TEXT_SIZE];
		struct addr again;

		addr_format(&addr, true, text, sizeof(text));
		MUST(addr_parse(text, strlen(text), &again) == 0);
		MUST(addr_same(&addr, &again));
	}
	(void)name_fault(kv->value, kv->value_len, NULL);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct text_pair kv;
	size_t pos = 0;

	while (text_next((const char *)data, size, &pos, &kv) > 0)
		one_pair(&kv);
	return 0;
}
