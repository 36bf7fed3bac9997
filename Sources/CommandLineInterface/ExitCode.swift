/// What a program tells its caller when it ends.
package struct ExitCode: Sendable, Hashable {
    /// 0–255.
    package let number: Int32

    package init(_ number: Int32) {
        self.number = number
    }

    package static let success = ExitCode(0)
    package static let failure = ExitCode(1)
    /// EX_USAGE of sysexits.h.
    package static let wrongCommandLine = ExitCode(64)
}
