#pragma once
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
#define CRE2_NOEXCEPT noexcept
extern "C" {
#else
#define CRE2_NOEXCEPT
#endif

#pragma clang assume_nonnull begin

/// A compiled expression of RE2. Immutable, for any number of threads.
typedef struct CRE2Expression CRE2Expression;

/// Compiles an expression in UTF-8. When RE2 refuses it, or its program would be longer than `instructions` of 8 bytes,
/// gives NULL and writes why into `reason`, as text of at most `capacity` bytes with its NUL.
CRE2Expression *_Nullable cre2_compile(
    const uint8_t *_Nullable text, size_t length, int32_t instructions, char *reason, size_t capacity) CRE2_NOEXCEPT;

/// Whether the expression matches anywhere in the text, which is UTF-8. Takes time linear in the text's length.
int32_t cre2_is_found(const CRE2Expression *expression, const uint8_t *_Nullable text, size_t length) CRE2_NOEXCEPT;

void cre2_free(CRE2Expression *expression) CRE2_NOEXCEPT;

#pragma clang assume_nonnull end

#ifdef __cplusplus
}
#endif
