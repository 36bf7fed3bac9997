#pragma once
#include <stdint.h>

// The resolver of the system's C library (resolv.h), whose macros and unions Swift cannot see.

#define CRESOLVER_A 1
#define CRESOLVER_AAAA 28
#define CRESOLVER_SRV 33

/// Records of one answer beyond this many are left out.
#define CRESOLVER_MAXIMUM 512

typedef struct {
    int32_t type;
    /// Of SRV.
    uint16_t port;
    /// Whose record it is, without the dot at its end; ends with 0 as the others do.
    char owner[256];
    /// Of SRV, as `owner`.
    char target[256];
    /// Of A and AAAA, as text.
    char address[48];
} cresolver_record;

/// Asks for the records of a name, trying the system's search domains, and waits for the answer.
///
/// `server` is an IPv4 address; NULL takes the system's servers. Gives the number of records of that type in the answer
/// and, for SRV, of addresses that came along; or less than 0, see `cresolver_error`. A name without records of the type
/// gives 0.
int32_t cresolver_ask(
    const char *_Nonnull name, int32_t type, const char *_Nullable server, uint16_t port, int32_t seconds_per_try,
    int32_t tries, cresolver_record *_Nonnull records, int32_t capacity);

/// Of `cresolver_ask`: there is no such name.
#define CRESOLVER_NO_SUCH_NAME -1

/// What a negative result of `cresolver_ask` means.
const char *_Nonnull cresolver_error(int32_t result);

int32_t cresolver_is_ipv4(const char *_Nonnull text);
