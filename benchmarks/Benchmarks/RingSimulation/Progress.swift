import CommandLineInterface

/// A progress bar on the terminal.
struct Progress {
    private static let width = 40

    private let isShown: Bool
    private let console: Console

    init(isShown: Bool, _ console: Console) {
        self.isShown = isShown
        self.console = console
    }

    /// - Parameters:
    ///   - share: from 0 to 1; at 1 the bar goes away.
    ///   - next: what is being done.
    func show(_ share: Double, _ next: String) {
        guard isShown else { return }
        let filled = Int(share * Double(Self.width))
        let bar = String(repeating: "#", count: filled) + String(repeating: " ", count: Self.width - filled)
        let line = share < 1 ? "[\(bar)] \(Int(share * 100)) %  \(next)" : ""
        // To the line's start, and what was there before is erased.
        console.report("\r\u{1B}[K\(line)", terminator: "")
    }
}
