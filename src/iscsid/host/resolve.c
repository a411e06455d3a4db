/*
 * resolve - host names into numeric addresses.
 */
#include "iscsid/host/resolve.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netdb.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "base/str.h"

struct question {
	unsigned count;
	char host[RESOLVE_MAX][ADDR_HOST_SIZE];
};

struct asking { /* what done() of the worker needs */
	struct question q;
	resolve_done *done;
	void *ctx;
};

_Static_assert(sizeof(struct question) <= WORKER_ARG_SIZE, "argument size");

/* In the child: "host=<i>" then "number=<i>,<address>" or "why=<i>,<text>". */
static void add_answer(struct msg_out *m, const char *key, unsigned i,
		       const char *text)
{
	char value[256];
	struct strbuf sb;

	sb_init(&sb, value, sizeof(value));
	sb_add(&sb, "%u,%s", i, text);
	msg_str(m, key, value);
}

static void look_up(unsigned i, const char *host, struct msg_out *m)
{
	const struct addrinfo hints = { .ai_socktype = SOCK_STREAM,
					.ai_flags = AI_ADDRCONFIG };
	struct addrinfo *list = NULL, *a;
	char number[64];
	int err = getaddrinfo(host, NULL, &hints, &list);
	unsigned n = 0;

	if (err)
		add_answer(m, "why", i, gai_strerror(err));
	for (a = err ? NULL : list; a && n < RESOLVE_EACH; a = a->ai_next) {
		if (getnameinfo(a->ai_addr, a->ai_addrlen, number,
				sizeof(number), NULL, 0, NI_NUMERICHOST))
			continue;
		add_answer(m, "number", i, number);
		n++;
	}
	if (list)
		freeaddrinfo(list);
}

static int resolve_child(const struct worker_job *job, void *arg,
			 struct msg_out *m, int *handle)
{
	const struct question *q = arg;

	for (unsigned i = 0; i < q->count; i++)
		look_up(i, q->host[i], m);
	return 0;
}

/* Splits "3,192.0.2.7"; NULL when it has another form. */
static const char *split(const char *value, unsigned count, unsigned *i)
{
	const char *comma = strchr(value, ',');
	uint64_t n;

	if (!comma || !count ||
	    str_u64(value, (size_t)(comma - value), count - 1, &n))
		return NULL;
	*i = (unsigned)n;
	return comma + 1;
}

static void take_number(struct resolved *r, const char *text)
{
	struct addr a;

	if (r->count >= RESOLVE_EACH || strlen(text) >= sizeof(r->number[0]) ||
	    addr_parse(text, strlen(text), &a) || !addr_is_numeric(&a))
		return;
	str_copy(r->number[r->count++], sizeof(r->number[0]), a.host);
}

static void read_answers(const struct msg_in *m, struct resolved *list,
			 unsigned count)
{
	const char *rest;
	char value[256];
	unsigned at;

	for (unsigned k = 0; k < count * RESOLVE_EACH; k++) {
		if (msg_get_nth(m, "number", k, value, sizeof(value)) < 0)
			break;
		rest = split(value, count, &at);
		if (rest)
			take_number(&list[at], rest);
	}
	for (unsigned k = 0; k < count; k++) {
		if (msg_get_nth(m, "why", k, value, sizeof(value)) < 0)
			break;
		rest = split(value, count, &at);
		if (rest)
			str_printable(list[at].reason, sizeof(list[at].reason),
				      rest, strlen(rest));
	}
}

static void resolve_over(void *ctx, int err, const struct msg_in *m, int handle)
{
	struct asking *a = ctx;
	struct resolved *list = NULL;
	unsigned n = a->q.count;

	if (err != -ECANCELED) {
		list = calloc(RESOLVE_MAX, sizeof(*list));
		if (!list)
			a->done(a->ctx, -ENOMEM, NULL, 0);
	}
	if (!list) {
		free(a);
		return;
	}
	for (unsigned i = 0; i < n; i++) {
		str_copy(list[i].host, sizeof(list[i].host), a->q.host[i]);
		str_copy(list[i].reason, sizeof(list[i].reason),
			 err == -ETIMEDOUT ? "no answer in time"
					   : "no address");
	}
	if (m)
		read_answers(m, list, n);
	a->done(a->ctx, err == -ETIMEDOUT ? 0 : err, list, n);
	free(list);
	free(a);
}

static bool is_asked(const struct question *q, const char *host)
{
	for (unsigned i = 0; i < q->count; i++)
		if (strcmp(q->host[i], host) == 0)
			return true;
	return false;
}

static void collect(struct question *q, const struct addr *addrs, size_t n)
{
	for (size_t i = 0; i < n && q->count < RESOLVE_MAX; i++) {
		if (addr_is_numeric(&addrs[i]) || is_asked(q, addrs[i].host))
			continue;
		str_copy(q->host[q->count++], ADDR_HOST_SIZE, addrs[i].host);
	}
}

struct worker *resolve_start(struct workers *ws, const struct addr *addrs,
			     size_t n, resolve_done *done, void *ctx, int *err)
{
	struct asking *a = calloc(1, sizeof(*a));
	struct worker_job job = { .name = "name look-up",
				  .work = WORK_HOST,
				  .fn = resolve_child,
				  .handle = -1,
				  .low = true,
				  .deadline = RESOLVE_DEADLINE,
				  .done = resolve_over };
	struct worker *w;

	*err = -ENOMEM;
	if (!a)
		return NULL;
	a->done = done;
	a->ctx = ctx;
	collect(&a->q, addrs, n);
	if (!a->q.count)
		*err = 0;
	job.arg = &a->q;
	job.arg_size = sizeof(a->q);
	job.ctx = a;
	w = a->q.count ? worker_start(ws, &job) : NULL;
	if (!w)
		free(a);
	else
		*err = 0;
	return w;
}

const char *resolve_useless(const struct addr *a)
{
	struct in6_addr six;
	struct in_addr four;

	if (inet_pton(AF_INET, a->host, &four) == 1)
		return four.s_addr == INADDR_ANY ? "is no address of a host"
						 : NULL;
	if (inet_pton(AF_INET6, a->host, &six) != 1)
		return NULL; /* with a zone it never parses */
	if (IN6_IS_ADDR_UNSPECIFIED(&six))
		return "is no address of a host";
	if (IN6_IS_ADDR_LINKLOCAL(&six))
		return "is link-local and names no zone";
	return NULL;
}
