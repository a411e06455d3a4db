/*
 * fuzz_initiatorname - /etc/initiatorname.iscsi of any content.
 */
#include "file.h"

#include "conf/initiatorname.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct report r = { .put = file_line };
	struct initiator i;

	file_write(data, size);
	if (initiatorname_read(file_path, &r, &i))
		return 0;
	MUST(*i.name && memchr(i.name, '\0', sizeof(i.name)));
	MUST(memchr(i.alias, '\0', sizeof(i.alias)));
	return 0;
}
