#include "cresolver.h"

#include <arpa/inet.h>
#include <arpa/nameser.h>
#include <netdb.h>
#include <netinet/in.h>
#include <resolv.h>
#include <string.h>

_Static_assert(CRESOLVER_A == ns_t_a && CRESOLVER_AAAA == ns_t_aaaa && CRESOLVER_SRV == ns_t_srv, "record types");

enum { no_such_name = CRESOLVER_NO_SUCH_NAME, no_answer = -2, bad_answer = -3, no_resolver = -4 };

const char *cresolver_error(int32_t result) {
    switch (result) {
    case no_such_name: return "there is no such name";
    case no_answer: return "no server answered, or one failed";
    case bad_answer: return "the answer is malformed";
    default: return "the system's resolver cannot be set up";
    }
}

int32_t cresolver_is_ipv4(const char *text) {
    struct in_addr address;
    return inet_pton(AF_INET, text, &address) == 1;
}

// 1: copied; 0: a record of no interest; less than 0: malformed.
static int copy(ns_msg message, const ns_rr *from, cresolver_record *to) {
    memset(to, 0, sizeof *to);
    to->type = ns_rr_type(*from);
    strncpy(to->owner, ns_rr_name(*from), sizeof to->owner - 1);
    const uint8_t *data = ns_rr_rdata(*from);
    const uint16_t length = ns_rr_rdlen(*from);
    switch (to->type) {
    case ns_t_a:
        if (length != 4) return bad_answer;
        return inet_ntop(AF_INET, data, to->address, sizeof to->address) ? 1 : bad_answer;
    case ns_t_aaaa:
        if (length != 16) return bad_answer;
        return inet_ntop(AF_INET6, data, to->address, sizeof to->address) ? 1 : bad_answer;
    case ns_t_srv:
        if (length < 7) return bad_answer;
        to->port = (uint16_t)ns_get16(data + 4);
        return ns_name_uncompress(ns_msg_base(message), ns_msg_end(message), data + 6, to->target, sizeof to->target) < 0
            ? bad_answer
            : 1;
    default: return 0;
    }
}

static int32_t read_section(ns_msg *message, ns_sect section, cresolver_record *records, int32_t count, int32_t capacity) {
    for (int index = 0; index < ns_msg_count(*message, section) && count < capacity; index++) {
        ns_rr record;
        if (ns_parserr(message, section, index, &record) < 0) return bad_answer;
        int copied = copy(*message, &record, &records[count]);
        if (copied < 0) return copied;
        count += copied;
    }
    return count;
}

static int32_t ask(
    res_state resolver, const char *name, int32_t type, cresolver_record *records, int32_t capacity) {
    // The longest message there is, so that none is cut.
    static _Thread_local uint8_t answer[NS_MAXMSG];
    int length = res_nsearch(resolver, name, ns_c_in, type, answer, sizeof answer);
    if (length < 0) {
        switch (resolver->res_h_errno) {
        case NO_DATA: return 0;
        case HOST_NOT_FOUND: return no_such_name;
        default: return no_answer;
        }
    }
    ns_msg message;
    if (length > (int)sizeof answer || ns_initparse(answer, length, &message) < 0) return bad_answer;
    int32_t count = read_section(&message, ns_s_an, records, 0, capacity);
    // Only targets bring their addresses along; with an address come those of the name servers.
    return count < 0 || type != ns_t_srv ? count : read_section(&message, ns_s_ar, records, count, capacity);
}

int32_t cresolver_ask(
    const char *name, int32_t type, const char *server, uint16_t port, int32_t seconds_per_try, int32_t tries,
    cresolver_record *records, int32_t capacity) {
    struct __res_state resolver;
    memset(&resolver, 0, sizeof resolver);
    if (res_ninit(&resolver) != 0) return no_resolver;
    resolver.retrans = seconds_per_try;
    resolver.retry = tries;
    if (server) {
        struct sockaddr_in *address = &resolver.nsaddr_list[0];
        address->sin_family = AF_INET;
        address->sin_port = htons(port);
        inet_pton(AF_INET, server, &address->sin_addr);
        resolver.nscount = 1;
    }
    int32_t count = ask(&resolver, name, type, records, capacity);
    res_nclose(&resolver);
    return count;
}
