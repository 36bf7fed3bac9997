#include "cre2.h"

#include <algorithm>
#include <cstring>
#include <exception>
#include <memory>
#include <string>

#include <re2/re2.h>

struct CRE2Expression {
    CRE2Expression(re2::StringPiece text, const RE2::Options &options) : program(text, options) {}
    const RE2 program;
};

namespace {

constexpr int instruction_size = 8;

// RE2 gives two thirds of its memory to the program that searches forwards, of which the compiler may use a quarter. What
// is left holds the automaton's states; when they don't fit, RE2 goes on without them, still in linear time.
RE2::Options options_for(int32_t instructions) {
    RE2::Options options;
    options.set_max_mem(int64_t{instructions} * instruction_size * 4 * 3 / 2);
    options.set_log_errors(false);
    return options;
}

re2::StringPiece piece(const uint8_t *text, size_t length) {
    return re2::StringPiece(reinterpret_cast<const char *>(text), length);
}

void tell(const std::string &why, char *reason, size_t capacity) {
    if (capacity == 0) return;
    const size_t length = std::min(why.size(), capacity - 1);
    std::memcpy(reason, why.data(), length);
    reason[length] = 0;
}

// RE2 says "what: where".
std::string refusal(const RE2 &program) {
    if (program.ok() || program.error_code() == RE2::ErrorPatternTooLarge) return "it is too large";
    const std::string &text = program.error(), &where = program.error_arg();
    if (where.empty()) return text;
    return text.substr(0, text.size() - std::min(text.size(), where.size() + 2)) + " at `" + where + "`";
}

}  // namespace

// No exception may leave: callers know none. What isn't caught ends the process at the place where it was thrown.

CRE2Expression *cre2_compile(
    const uint8_t *text, size_t length, int32_t instructions, char *reason, size_t capacity) noexcept {
    try {
        auto made = std::make_unique<CRE2Expression>(piece(text, length), options_for(instructions));
        if (made->program.ok() && made->program.ProgramSize() <= instructions) return made.release();
        tell(refusal(made->program), reason, capacity);
    } catch (const std::exception &error) {
        tell(error.what(), reason, capacity);
    }
    return nullptr;
}

int32_t cre2_is_found(const CRE2Expression *expression, const uint8_t *text, size_t length) noexcept {
    return expression->program.Match(piece(text, length), 0, length, RE2::UNANCHORED, nullptr, 0);
}

void cre2_free(CRE2Expression *expression) noexcept { delete expression; }
