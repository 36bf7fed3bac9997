import SeedSupport

/// Makes a tree of a YAML text.
struct YAMLComposer: ~Copyable {
    private enum Anchored {
        /// Its value has begun and not ended.
        case open
        case node(YAMLNode)
    }

    private let limits: YAMLLimits
    private var events: YAMLEvents
    private var anchors: [String: Anchored] = [:]
    private var nodes = 0
    private var depth = 0

    /// - Returns: nil for a text without a value.
    /// - Throws: what is wrong and where, for the person who wrote the text.
    static func compose(_ text: Bytes, limits: YAMLLimits = YAMLLimits()) throws(YAMLProblem) -> YAMLNode? {
        guard text.count <= limits.bytes else {
            throw YAMLProblem("the text is longer than \(ByteSize.show(Int64(limits.bytes)))", at: nil)
        }
        var composer = try YAMLComposer(text, limits)
        return try composer.document()
    }

    private init(_ text: Bytes, _ limits: YAMLLimits) throws(YAMLProblem) {
        self.limits = limits
        events = try YAMLEvents(text)
    }

    /// The one document of the stream.
    private mutating func document() throws(YAMLProblem) -> YAMLNode? {
        _ = try events.next()  // the stream's start
        guard try events.next().kind == .documentStart else { return nil }
        let root = try node(try events.next())
        _ = try events.next()  // the document's end
        let last = try events.next()
        guard last.kind == .streamEnd else { throw YAMLProblem("a second document begins here", at: last.place) }
        return root
    }

    private mutating func node(_ event: YAMLEvent) throws(YAMLProblem) -> YAMLNode {
        if case .alias(let name) = event.kind { return try named(name, at: event.place) }
        try begin(event)
        let node = YAMLNode(try content(event), at: event.place)
        depth -= 1
        if let anchor = event.anchor { anchors[anchor] = .node(node) }
        return node
    }

    private mutating func begin(_ event: YAMLEvent) throws(YAMLProblem) {
        try count(nodes: 1, depth: 1, at: event.place)
        depth += 1
        guard let anchor = event.anchor else { return }
        if case .open = anchors[anchor] {
            throw YAMLProblem("the anchor &\(anchor) stands inside a value with the same one", at: event.place)
        }
        anchors[anchor] = .open
    }

    private mutating func named(_ name: String, at place: YAMLPlace) throws(YAMLProblem) -> YAMLNode {
        switch anchors[name] {
        case nil: throw YAMLProblem("there is no anchor &\(name) before *\(name)", at: place)
        case .open: throw YAMLProblem("*\(name) stands inside the value that it names", at: place)
        case .node(let node):
            try count(nodes: node.size, depth: node.depth, at: place)
            return node
        }
    }

    private mutating func count(nodes more: Int, depth deeper: Int, at place: YAMLPlace) throws(YAMLProblem) {
        nodes += more
        guard nodes <= limits.nodes else {
            throw YAMLProblem(
                "there are more than \(limits.nodes) values, aliases counted as what they name", at: place)
        }
        guard depth + deeper <= limits.depth else {
            throw YAMLProblem("values stand more than \(limits.depth) deep inside each other", at: place)
        }
    }

    private mutating func content(_ event: YAMLEvent) throws(YAMLProblem) -> YAMLNode.Content {
        switch event.kind {
        case .sequenceStart:
            try YAMLTag.check(event, allows: [.sequence])
            return .sequence(try sequence())
        case .mappingStart:
            try YAMLTag.check(event, allows: [.mapping])
            return .mapping(try mapping())
        case .scalar(let text, let isPlain):
            try YAMLTag.check(event, allows: YAMLTag.scalars)
            return .scalar(text, isPlain: isPlain && !YAMLTag.isText(event))
        default: throw YAMLProblem("a value is missing", at: event.place)
        }
    }

    private mutating func sequence() throws(YAMLProblem) -> [YAMLNode] {
        var nodes: [YAMLNode] = []
        while case let event = try events.next(), event.kind != .sequenceEnd { nodes.append(try node(event)) }
        return nodes
    }

    private mutating func mapping() throws(YAMLProblem) -> [YAMLNode.Entry] {
        var mapping = YAMLMapping()
        while case let event = try events.next(), event.kind != .mappingEnd {
            let key = try node(event)
            try mapping.add(key, try node(try events.next()))
        }
        return mapping.entries
    }
}
