/// What libyaml finds in a text, one after the other.
struct YAMLEvent: Sendable {
    enum Kind: Sendable, Equatable {
        case streamStart
        case streamEnd
        case documentStart
        case documentEnd
        /// A use of the value with that anchor.
        case alias(String)
        /// - isPlain: written without quotes, and neither literal nor folded.
        case scalar(String, isPlain: Bool)
        case sequenceStart
        case sequenceEnd
        case mappingStart
        case mappingEnd
    }

    let kind: Kind
    /// Where it begins.
    let place: YAMLPlace
    var anchor: String?
    /// As resolved by the text's own directives, such as `tag:yaml.org,2002:str` for `!!str`.
    var tag: String?
}
