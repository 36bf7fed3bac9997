/// How much of a text is read as YAML, so that no file takes memory or time without bound.
struct YAMLLimits: Sendable {
    /// Bytes of the text.
    var bytes = 4 << 20
    /// Values one inside the other, those among them that aliases bring.
    var depth = 64
    /// Values, counted as often as aliases repeat them: texts that double themselves line by line end here at once.
    var nodes = 100_000
}
