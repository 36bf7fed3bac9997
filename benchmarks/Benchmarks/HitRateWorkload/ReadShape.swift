package import EvictionSimulation

/// What was recorded of one client that starts containers lazily: how long its ranges are, and where they lie.
///
/// The figures are of nydusd 2.4.4 (RAFS v6, chunks of 1 MiB) and of stargz-snapshotter 0.19.1 (eStargz, chunks of 4 MiB),
/// each with an empty cache, no prefetch, and a program that reads many small files, pieces of big ones, and one from end to
/// end.
package struct ReadShape: Sendable {
    /// Lengths in bytes by the share of ranges that are at most so long; between two of them lengths grow evenly.
    package let lengths: [(share: Double, bytes: Double)]
    /// Every range but the one at the layer's end begins and ends at a multiple of this.
    package let unit: Int64
    /// Share of ranges that begin where the last range of that layer ended.
    package let continues: Double
    /// Share of ranges that begin before that.
    package let goesBack: Double
    /// Share of a layer's bytes that a start touches.
    package let touched: Double
    /// Bytes asked for once more, as a share of those touched.
    package let repeated: Double

    package static func of(_ format: ImageFormat) -> ReadShape {
        switch format {
        case .nydus: nydus
        case .stargz: stargz
        }
    }

    private static let nydus = ReadShape(
        lengths: [
            (0, 1_100), (0.05, 35_000), (0.1, 70_800), (0.15, 167_600), (0.2, 342_600), (0.25, 618_300),
            (0.3, 660_600), (0.5, 742_800), (0.7, 806_100), (0.8, 847_100), (0.9, 991_800), (0.95, 1_037_300),
            (0.99, 1_302_600), (1, 1_643_400),
        ],
        unit: 1, continues: 0.22, goesBack: 0.43, touched: 0.85, repeated: 0.017)

    private static let stargz = ReadShape(
        lengths: [
            (0, 50_000), (0.65, 50_000), (0.7, 100_000), (0.75, 100_000), (0.8, 1_100_000), (0.9, 1_850_000),
            (0.95, 2_100_000), (1, 2_150_000),
        ],
        unit: 50_000, continues: 0.13, goesBack: 0.45, touched: 0.86, repeated: 0.09)

    /// A length in bytes, a multiple of ``unit``.
    package func length(_ random: inout Random) -> Int64 {
        let share = random.fraction()
        let next = lengths.firstIndex { $0.share > share } ?? lengths.count - 1
        let (low, high) = (lengths[next - 1], lengths[next])
        let bytes = low.bytes + (high.bytes - low.bytes) * (share - low.share) / (high.share - low.share)
        return max(1, Int64((bytes / Double(unit)).rounded())) * unit
    }
}
