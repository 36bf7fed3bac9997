#if LIBFUZZER
    /// What libFuzzer calls with every input it makes; `scripts/fuzz` compiles this. The first byte picks the parser.
    ///
    /// A complaint ends the process, and libFuzzer keeps the input.
    @_cdecl("LLVMFuzzerTestOneInput")
    public func testOneInput(_ start: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
        let input = UnsafeBufferPointer(start: start, count: count)
        guard let choice = input.first else { return 0 }
        let bytes = Array(input.dropFirst())
        var random = Seeded(UInt64(choice))
        let complaint: String? =
            switch choice % 8 {
            case 0...2: RequestCheck.requests(bytes, &random)
            case 3: ParserCheck.range(bytes, &random)
            case 4: SemanticsCheck.values(bytes)
            case 5: ParserCheck.url(bytes)
            default: configuration(bytes)
            }
        if let complaint { fatalError(complaint) }
        return 0
    }

    private func configuration(_ bytes: [UInt8]) -> String? {
        do {
            _ = try SeedPeerConfiguration.parse(String(decoding: bytes, as: UTF8.self))
            return nil
        } catch {
            return error.description.isEmpty ? "a refusal without a reason" : nil
        }
    }
#endif
