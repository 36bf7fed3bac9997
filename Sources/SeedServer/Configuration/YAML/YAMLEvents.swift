import CYAML
import SeedSupport

/// libyaml's parser with one owner: reads a text of YAML event by event.
///
/// The parser keeps pointers to its own structure and to the input, so both stay where they are until it goes.
struct YAMLEvents: ~Copyable {
    private let parser: UnsafeMutablePointer<yaml_parser_t>
    private let text: Bytes

    /// - Parameter text: UTF-8; other text is found out by `next`.
    init(_ text: Bytes) throws(YAMLProblem) {
        // The library wants a pointer also for a text without a byte.
        let text = text.isEmpty ? Bytes("\n") : text
        self.text = text
        parser = .allocate(capacity: 1)
        parser.initialize(to: yaml_parser_t())
        guard yaml_parser_initialize(parser) == 1 else {
            parser.deallocate()
            throw YAMLProblem("there is no memory for it", at: nil)
        }
        // Set explicitly: libyaml would otherwise detect UTF-16.
        yaml_parser_set_encoding(parser, YAML_UTF8_ENCODING)
        let bytes = text.unowned.assumingMemoryBound(to: UInt8.self)
        yaml_parser_set_input_string(parser, bytes.baseAddress, bytes.count)
    }

    deinit {
        yaml_parser_delete(parser)
        parser.deallocate()
        withExtendedLifetime(text) {}
    }

    /// The next event; after the one that ends the stream there is none to ask for.
    mutating func next() throws(YAMLProblem) -> YAMLEvent {
        var event = yaml_event_t()
        guard yaml_parser_parse(parser, &event) == 1 else { throw problem }
        defer { yaml_event_delete(&event) }
        return YAMLEvent(event)
    }

    private var problem: YAMLProblem {
        let parser = parser.pointee
        let reason = parser.problem.map { String(cString: $0) } ?? "there is no memory for it"
        switch parser.error {
        case YAML_READER_ERROR: return YAMLProblem(reason, at: YAMLPlace(ofByte: parser.problem_offset, in: text))
        case YAML_SCANNER_ERROR, YAML_PARSER_ERROR: return YAMLProblem(reason, at: YAMLPlace(parser.problem_mark))
        default: return YAMLProblem(reason, at: nil)
        }
    }
}

extension YAMLPlace {
    fileprivate init(_ mark: yaml_mark_t) {
        self.init(line: Int(mark.line) + 1, column: Int(mark.column) + 1)
    }
}

extension YAMLEvent {
    fileprivate init(_ event: yaml_event_t) {
        let data = event.data
        kind = Kind(event)
        place = YAMLPlace(event.start_mark)
        switch event.type {
        case YAML_SCALAR_EVENT: (anchor, tag) = (Self.text(data.scalar.anchor), Self.text(data.scalar.tag))
        case YAML_SEQUENCE_START_EVENT:
            (anchor, tag) = (Self.text(data.sequence_start.anchor), Self.text(data.sequence_start.tag))
        case YAML_MAPPING_START_EVENT:
            (anchor, tag) = (Self.text(data.mapping_start.anchor), Self.text(data.mapping_start.tag))
        default: break
        }
    }

    private static func text(_ pointer: UnsafePointer<yaml_char_t>?) -> String? {
        pointer.map { String(cString: $0) }
    }
}

extension YAMLEvent.Kind {
    fileprivate init(_ event: yaml_event_t) {
        switch event.type {
        case YAML_STREAM_START_EVENT: self = .streamStart
        case YAML_DOCUMENT_START_EVENT: self = .documentStart
        case YAML_DOCUMENT_END_EVENT: self = .documentEnd
        case YAML_ALIAS_EVENT: self = .alias(String(cString: event.data.alias.anchor))
        case YAML_SCALAR_EVENT:
            let scalar = event.data.scalar
            let bytes = UnsafeBufferPointer(start: scalar.value, count: scalar.length)
            let text = String(decoding: bytes, as: UTF8.self)
            self = .scalar(text, isPlain: scalar.style == YAML_PLAIN_SCALAR_STYLE)
        case YAML_SEQUENCE_START_EVENT: self = .sequenceStart
        case YAML_SEQUENCE_END_EVENT: self = .sequenceEnd
        case YAML_MAPPING_START_EVENT: self = .mappingStart
        case YAML_MAPPING_END_EVENT: self = .mappingEnd
        default: self = .streamEnd
        }
    }
}
