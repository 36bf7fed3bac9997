import DragonflyIdentity
import EvictionSimulation
import Glibc

/// The tasks of a simulation, by popularity: task 0 is asked for most. Size and popularity are independent.
struct Workload: Sendable {
    /// Most pieces that a task is cut into; large tasks have fewer and longer pieces than in the product.
    static let mostPieces = 16

    let taskIDs: [TaskID]
    private let pieceCounts: [UInt8]
    /// In KiB.
    private let pieceSizes: [UInt32]

    /// - Parameters:
    ///   - taskIDs: at least as many as sizes.
    ///   - sizes: in bytes, up to 4 TiB each; rounded up to whole pieces.
    init(taskIDs: [TaskID], sizes: [Int64]) {
        self.taskIDs = taskIDs
        let counts = sizes.map { min(Self.mostPieces, max(1, PieceLayout(contentLength: $0).pieceCount)) }
        pieceCounts = counts.map { UInt8($0) }
        pieceSizes = zip(sizes, counts).map { size, count in
            let unit = Int64(count) * 1024
            return UInt32((size + unit - 1) / unit)
        }
    }

    var count: Int { pieceCounts.count }
    func pieceCount(of task: Int) -> Int { Int(pieceCounts[task]) }
    /// In bytes; all pieces of a task have one size.
    func pieceSize(of task: Int) -> Int { Int(pieceSizes[task]) * 1024 }
    /// In bytes.
    func size(of task: Int) -> Int { pieceCount(of: task) * pieceSize(of: task) }
    /// Bytes of all tasks.
    var footprint: Int { (0..<count).reduce(0) { $0 + size(of: $1) } }
}

extension Workload {
    /// Makes tasks with the ids that the product gives their URLs, and with sizes like those of model files and layers.
    static func generated(count: Int, seed: UInt64) async -> Workload {
        var random = Random(seed: seed)
        let sizes = (0..<count).map { _ in size(&random) }
        let chunks = chunks(of: count)
        let ids = await concurrentMap(chunks.count) { chunk in
            chunks[chunk].map { TaskID.ofTask(number: $0, seed: seed) }
        }
        return Workload(taskIDs: Array(ids.joined()), sizes: sizes)
    }

    /// Log-normal with a median of 64 MiB, within 1 MiB and 8 GiB; the mean is about three times the median.
    private static func size(_ random: inout Random) -> Int64 {
        let size = exp(log(64.0 * 1_048_576) + 1.5 * random.normal())
        return Int64(min(max(size, 1_048_576), 8_589_934_592))
    }
}

extension TaskID {
    fileprivate static func ofTask(number: Int, seed: UInt64) -> TaskID {
        let url = "https://models.example.com/\(seed)/\(number)"
        guard let identity = try? TaskIdentity(url: url) else { preconditionFailure("\(url) is valid") }
        return identity.taskID
    }
}

extension Random {
    /// With mean 0 and deviation 1, by Box and Muller.
    fileprivate mutating func normal() -> Double {
        let radius = sqrt(-2 * log(1 - fraction()))
        return radius * cos(2 * .pi * fraction())
    }
}
