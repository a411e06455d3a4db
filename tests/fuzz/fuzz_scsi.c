/*
 * fuzz_scsi - sense, INQUIRY, VPD pages, capacities, mode pages, LUN lists,
 * reservations.
 */
#include "fuzz.h"
#include "scsi/capacity.h"
#include "scsi/inquiry.h"
#include "scsi/luns.h"
#include "scsi/mode.h"
#include "scsi/reservation.h"
#include "scsi/sense.h"
#include "scsi/vpd.h"

static void pages(const uint8_t *p, size_t n)
{
	struct vpd_list list;
	struct vpd_limits limits;
	struct vpd_characteristics chars;
	struct vpd_provisioning prov;
	char text[300];

	(void)vpd_get_list(p, n, &list);
	if (vpd_get_serial(p, n, text, sizeof(text)) >= 0)
		MUST(memchr(text, 0, sizeof(text)));
	if (vpd_get_id(p, n, text, sizeof(text)) >= 0)
		MUST(memchr(text, 0, sizeof(text)));
	(void)vpd_get_limits(p, n, &limits);
	(void)vpd_get_characteristics(p, n, &chars);
	(void)vpd_get_provisioning(p, n, &prov);
}

static void reservations(const uint8_t *p, size_t n)
{
	struct pr_reservation r;
	struct pr_keys keys;

	(void)pr_get_reservation(p, n, &r);
	if (!pr_get_keys(p, n, &keys) && keys.count)
		MUST(keys.list >= p &&
		     keys.list + keys.count * PR_KEY_LEN <= p + n);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char text[SENSE_TEXT_SIZE];
	struct capacity cap;
	struct inquiry inq;
	struct sense sense;
	struct luns luns;

	if (!sense_parse(data, size, &sense)) {
		sense_text(&sense, text, sizeof(text));
		MUST(memchr(text, 0, sizeof(text)));
	}
	(void)inquiry_parse(data, size, &inq);
	pages(data, size);
	reservations(data, size);
	(void)capacity_get_10(data, size, &cap);
	(void)capacity_get_16(data, size, &cap);
	if (!luns_get(data, size, &luns) && luns.count)
		MUST(luns.list >= data &&
		     luns.list + luns.count * LUNS_ENTRY <= data + size);
	return 0;
}
