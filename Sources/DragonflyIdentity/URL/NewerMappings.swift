/// What UTS 46 maps since Unicode 15.1 and 16 and the tables of older ICU versions (72: Unicode 15) do not.
///
/// Found by comparing ICU 72 with the newer tables, character by character. With a newer ICU this has no effect. Not
/// covered: characters added after Unicode 15, which ICU 72 refuses.
enum NewerMappings {
    static func apply(to domain: ArraySlice<UInt8>) -> [UInt8] {
        var result = String.UnicodeScalarView()
        for scalar in String(decoding: domain, as: UTF8.self).unicodeScalars where !isIgnored(scalar) {
            result.append(mapped(scalar))
        }
        return Array(String(result).utf8)
    }

    private static func mapped(_ scalar: Unicode.Scalar) -> Unicode.Scalar {
        switch scalar {
        // Older tables give `ss`.
        case "\u{1E9E}": "\u{DF}"
        // Capitals that had no small letter when the first tables were made.
        case "\u{4C0}": "\u{4CF}"
        case "\u{10A0}"..."\u{10C5}": Unicode.Scalar(scalar.value + 0x1C60) ?? scalar
        case "\u{2132}": "\u{214E}"
        case "\u{2183}": "\u{2184}"
        // Ideographs whose decomposition was corrected once.
        case "\u{2F868}": "\u{36FC}"
        case "\u{2F874}": "\u{5F53}"
        case "\u{2F91F}": "\u{243AB}"
        case "\u{2F95F}": "\u{7AEE}"
        case "\u{2F9BF}": "\u{45D7}"
        default: scalar
        }
    }

    /// Characters without a shape.
    private static func isIgnored(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar {
        case "\u{115F}"..."\u{1160}", "\u{17B4}"..."\u{17B5}", "\u{180E}", "\u{2061}"..."\u{2063}",
            "\u{206A}"..."\u{206F}", "\u{3164}", "\u{FFA0}", "\u{1D173}"..."\u{1D17A}":
            true
        default:
            false
        }
    }
}
