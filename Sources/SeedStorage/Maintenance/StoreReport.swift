/// What a look through a whole store found, or what its repair saved.
package struct StoreReport: Sendable, Equatable, Codable {
    package var tasks = 0
    package var pieces = 0
    package var blocks = 0
    /// Bytes of all blocks with a record.
    package var bytes: Int64 = 0
    /// The index's pages hang together.
    package var isIndexWhole = true
    /// Blocks that are not what their checksum says, or cannot be read.
    package var badBlocks = 0
    package var badBytes: Int64 = 0
    /// Tasks whose content file is gone.
    package var tasksWithoutFile = 0
    /// Records that are damaged, or belong to nothing.
    package var damagedRecords = 0
    /// Records that a later version of this program wrote.
    package var newerRecords = 0
    /// Content files that no record names; they are deleted at the next start.
    package var filesWithoutRecord = 0
    /// What is wrong, a line each; the first hundred.
    package var findings: [String] = []

    package init() {}

    /// Everything that was recorded is there.
    package var isSound: Bool {
        isIndexWhole && badBlocks == 0 && tasksWithoutFile == 0 && damagedRecords == 0 && newerRecords == 0
    }

    mutating func note(_ finding: String) {
        if findings.count < 100 { findings.append(finding) }
    }
}
