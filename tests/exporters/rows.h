/*
 * rows - the exporters of the tests, in the list of base/exporters.h.
 */
#define EXPORTERS_MORE(ROW)                                                    \
	ROW(blocks, "as packets with blocks")                                  \
	ROW(cdbs, "as packets with CDBs")
