#pragma once
#include <stddef.h>
#include <stdint.h>

// The one thing we want of ICU, without its headers: those that Foundation brings along declare the same names in
// another way, and a Swift file cannot see both.

/// ICU's converter of domain names, made for the WHATWG URL rules. Immutable; for any number of threads.
typedef struct CICUDomains CICUDomains;

/// NULL when ICU's data is missing. Never freed: made once.
const CICUDomains *_Nullable cicu_domains_open(void);

/// Writes the ASCII form of a name in UTF-8. Gives its length, of which no more than `capacity` bytes are written, or
/// -1 when the name breaks a rule.
int32_t cicu_domain_to_ascii(
    const CICUDomains *_Nonnull domains, const uint8_t *_Nullable name, int32_t length, uint8_t *_Nullable result,
    int32_t capacity);
