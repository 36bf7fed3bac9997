#if LIBFUZZER
    import SeedTestSupport

    @testable import SeedServer

    /// What libFuzzer calls with every input it makes; `scripts/fuzz` compiles this. The first byte picks the parser.
    ///
    /// A complaint ends the process, and libFuzzer keeps the input.
    @_cdecl("LLVMFuzzerTestOneInput")
    public func testOneInput(_ start: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
        let input = UnsafeBufferPointer(start: start, count: count)
        guard let choice = input.first else { return 0 }
        if let complaint = complaint(Array(input.dropFirst()), choice) { fatalError(complaint) }
        return 0
    }

    private func complaint(_ bytes: [UInt8], _ choice: UInt8) -> String? {
        var random = Seeded(UInt64(choice))
        switch choice % 12 {
        case 0...2: return RequestCheck.requests(bytes, &random)
        case 3: return ParserCheck.range(bytes, &random) ?? SemanticsCheck.range(bytes, &random)
        case 4: return SemanticsCheck.values(bytes)
        case 5: return ParserCheck.url(bytes)
        case 6: return SemanticsCheck.structured(bytes)
        case 7: return SemanticsCheck.fields(bytes)
        case 8:
            RequestCheck.host(bytes)
            return nil
        case 9: return refusal { () throws(ConfigurationError) in _ = try BlockListFile.parse(text(bytes)) }
        default: return refusal { () throws(ConfigurationError) in _ = try SeedPeerConfiguration.parse(text(bytes)) }
        }
    }

    private func text(_ bytes: [UInt8]) -> String {
        String(decoding: bytes, as: UTF8.self)
    }

    /// What a person wrote is taken, or refused with a reason.
    private func refusal(_ read: () throws(ConfigurationError) -> Void) -> String? {
        do {
            try read()
            return nil
        } catch {
            return error.description.isEmpty ? "a refusal without a reason" : nil
        }
    }
#endif
