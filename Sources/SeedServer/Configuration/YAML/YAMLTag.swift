/// The tags of YAML's core schema. They only matter for `!!str null`, which is a text: the key decides how a value is
/// read.
enum YAMLTag: String {
    case text = "tag:yaml.org,2002:str"
    case integer = "tag:yaml.org,2002:int"
    case float = "tag:yaml.org,2002:float"
    case flag = "tag:yaml.org,2002:bool"
    case null = "tag:yaml.org,2002:null"
    case sequence = "tag:yaml.org,2002:seq"
    case mapping = "tag:yaml.org,2002:map"
    /// `!` alone: no tag of an application.
    case nonSpecific = "!"

    static let scalars: [YAMLTag] = [.text, .integer, .float, .flag, .null]

    /// Refuses a tag that isn't known, or that means another kind of value.
    static func check(_ event: YAMLEvent, allows allowed: [YAMLTag]) throws(YAMLProblem) {
        guard let written = event.tag else { return }
        guard let tag = YAMLTag(rawValue: written), tag == .nonSpecific || allowed.contains(tag) else {
            throw YAMLProblem("the tag \(shown(written)) is not known for this kind of value", at: event.place)
        }
    }

    /// Whether the value is a text, whatever it looks like.
    static func isText(_ event: YAMLEvent) -> Bool {
        [text.rawValue, nonSpecific.rawValue].contains(event.tag)
    }

    /// The usual spelling.
    private static func shown(_ tag: String) -> String {
        let core = "tag:yaml.org,2002:"
        return tag.hasPrefix(core) ? "!!\(tag.dropFirst(core.count))" : tag
    }
}
