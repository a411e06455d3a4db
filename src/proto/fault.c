/*
 * fault - the table of faults, as objects.
 */
#include "proto/fault.h"

#include <stddef.h>

#define FAULT_DECLARE(id, retry_, text_)                                       \
	const struct fault fault_##id = {                                      \
		.name = #id,                                                   \
		.retry = retry_,                                               \
		.text = text_,                                                 \
	};
#include "proto/fault_table.h"
#undef FAULT_DECLARE

const struct fault *const faults[] = {
#define FAULT_DECLARE(id, retry, text) &fault_##id,
#include "proto/fault_table.h"
#undef FAULT_DECLARE
	NULL,
};
