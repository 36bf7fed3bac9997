/// Colours that people with any kind of colour vision can tell apart (Okabe and Ito, without the yellow, which is
/// hard to see on white).
enum Palette {
    static let paper = "#ffffff"
    static let ink = "#1f2328"
    static let muted = "#59636e"
    static let grid = "#e3e6ea"
    static let axis = "#818b98"

    private static let colors = ["#0072b2", "#e69f00", "#009e73", "#cc79a7", "#d55e00", "#56b4e9", "#4d4d4d"]
    private static let dark: Set = ["#0072b2", "#009e73", "#d55e00", "#4d4d4d"]

    static func color(_ series: Int) -> String { colors[series % colors.count] }

    /// Series beyond the last colour have dashed lines.
    static func dashes(_ series: Int) -> String? { series < colors.count ? nil : "7 5" }

    /// The colour of text on a surface of that colour.
    static func text(on color: String) -> String { dark.contains(color) ? paper : ink }
}

struct TextStyle {
    let size: Double
    var color = Palette.ink
    var isBold = false

    static let title = TextStyle(size: 19, isBold: true)
    static let subtitle = TextStyle(size: 13, color: Palette.muted)
    static let label = TextStyle(size: 13)
    static let value = TextStyle(size: 12)
    static let tick = TextStyle(size: 12, color: Palette.muted)
    static let heading = TextStyle(size: 12, color: Palette.muted, isBold: true)

    var lineHeight: Double { size * 1.35 }

    /// About how wide a text is; the font is the viewer's.
    func width(of text: String) -> Double {
        let units = text.reduce(0.0) { sum, character in
            if "ijl.,:;|!'()[] \u{A0}".contains(character) { return sum + 0.32 }
            if "mwMW%@".contains(character) { return sum + 0.88 }
            return sum + (character.isUppercase ? 0.68 : character.isASCII ? 0.57 : 0.75)
        }
        return units * size * (isBold ? 1.06 : 1)
    }

    /// The text in lines of that width; a longer word has a line of its own.
    func lines(_ text: String, width limit: Double) -> [String] {
        var lines: [String] = []
        for word in text.split(separator: " ") {
            if let last = lines.last, width(of: "\(last) \(word)") <= limit {
                lines[lines.count - 1] = "\(last) \(word)"
            } else {
                lines.append(String(word))
            }
        }
        return lines
    }
}
