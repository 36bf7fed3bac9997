import CommandLineInterface
import SeedSupport
import Testing

@testable import seed_peer

@Suite("The progress bar")
struct ProgressBarTests {
    /// What a bar writes.
    private static func text(isShown: Bool = true, _ work: (ProgressBar) -> Void) -> String {
        let written = Lock("")
        let bar = ProgressBar(
            isShown: isShown, console: Console { _, text throws(OutputError) in written.withLock { $0 += text } })
        work(bar)
        return written.withLock { $0 }
    }

    @Test("It tells how far the work is, and ends its line")
    func full() {
        let text = Self.text {
            $0.show(3 << 20, of: 3 << 20)
            $0.finish()
        }
        #expect(text.hasPrefix("\r[\(String(repeating: "#", count: 40))] 100 %  3.0 MiB  "))
        #expect(text.hasSuffix(" MiB/s  \n"))
    }

    @Test("Work of unknown length has no bar, and what comes too soon is not shown")
    func unknown() {
        let text = Self.text {
            $0.show(1_572_864, of: nil)
            $0.show(1_572_865, of: nil)
        }
        #expect(text.hasPrefix("\r1.5 MiB  ") && text.split(separator: "\r").count == 1)
    }

    @Test("More than the whole is the whole, and without a terminal nothing is written")
    func bounds() {
        #expect(Self.text { $0.show(5, of: 3) }.contains("] 100 % "))
        #expect(
            Self.text(isShown: false) { bar in
                bar.show(1, of: 1)
                bar.finish()
            }.isEmpty)
    }
}
