#include "cicu.h"
#include <unicode/uidna.h>

// "domain to ASCII" of the WHATWG URL Standard: CheckBidi and CheckJoiners are on, Transitional_Processing and
// UseSTD3ASCIIRules are off.
static const uint32_t options = UIDNA_CHECK_BIDI | UIDNA_CHECK_CONTEXTJ | UIDNA_NONTRANSITIONAL_TO_ASCII |
                                UIDNA_NONTRANSITIONAL_TO_UNICODE;

// CheckHyphens and VerifyDnsLength are off too. ICU has no option for them, and gives the result all the same.
static const uint32_t tolerated = UIDNA_ERROR_EMPTY_LABEL | UIDNA_ERROR_LABEL_TOO_LONG |
                                  UIDNA_ERROR_DOMAIN_NAME_TOO_LONG | UIDNA_ERROR_LEADING_HYPHEN |
                                  UIDNA_ERROR_TRAILING_HYPHEN | UIDNA_ERROR_HYPHEN_3_4;

const CICUDomains *cicu_domains_open(void) {
    UErrorCode status = U_ZERO_ERROR;
    UIDNA *idna = uidna_openUTS46(options, &status);
    return U_SUCCESS(status) ? (const CICUDomains *)idna : NULL;
}

int32_t cicu_domain_to_ascii(
    const CICUDomains *domains, const uint8_t *name, int32_t length, uint8_t *result, int32_t capacity) {
    UErrorCode status = U_ZERO_ERROR;
    UIDNAInfo info = UIDNA_INFO_INITIALIZER;
    int32_t count = uidna_nameToASCII_UTF8(
        (const UIDNA *)domains, (const char *)name, length, (char *)result, capacity, &info, &status);
    if (U_FAILURE(status) && status != U_BUFFER_OVERFLOW_ERROR) return -1;
    return info.errors & ~tolerated ? -1 : count;
}
