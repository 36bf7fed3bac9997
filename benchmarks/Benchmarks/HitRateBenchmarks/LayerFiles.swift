import Foundation
import HitRateWorkload
import SeedSupport
import SeedTestSupport

/// The layers as files for the origin, and what the bytes of each range hash to. Deleted when the object goes.
final class LayerFiles: Sendable {
    /// What the origin serves.
    let directory: TemporaryDirectory
    /// SHA-256 of each range that is read.
    private let digests: [Read: [UInt8]]
    /// By the number of the layer, as a registry names blobs.
    private let paths: [String]

    /// - Parameter progress: told of the bytes of each layer that is done.
    init(_ workload: Workload, progress: (Int64) -> Void) throws {
        directory = try TemporaryDirectory()
        let blobs = "v2/images/blobs"
        try FileManager.default.createDirectory(atPath: directory.path(blobs), withIntermediateDirectories: true)
        let reads = Dictionary(grouping: Set(workload.reads), by: \.layer)
        var (paths, digests): ([String], [Read: [UInt8]]) = ([], [:])
        for layer in workload.layers {
            try Task.checkCancellation()
            let bytes = FaultyObject(length: layer.length, seed: workload.parameters.seed << 32 + UInt64(layer.number))
            let digest = try Self.write(bytes, to: directory.path("layer"))
            paths.append("\(blobs)/sha256:\(digest.hexadecimal)")
            try FileManager.default.moveItem(
                atPath: directory.path("layer"), toPath: directory.path(paths[layer.number]))
            let file = try Data(contentsOf: URL(filePath: directory.path(paths[layer.number])), options: .alwaysMapped)
            for read in reads[layer.number] ?? [] { digests[read] = Self.digest(of: read.range, in: file) }
            progress(layer.length)
        }
        (self.paths, self.digests) = (paths, digests)
    }

    func url(of read: Read, at origin: String) -> String { "\(origin)/\(paths[read.layer])" }

    func digest(of read: Read) -> [UInt8]? { digests[read] }

    /// - Returns: the SHA-256 of the whole file.
    private static func write(_ object: FaultyObject, to path: String) throws -> [UInt8] {
        var digest = RollingDigest(.sha256)
        _ = FileManager.default.createFile(atPath: path, contents: nil)
        let file = try FileHandle(forWritingTo: URL(filePath: path))
        for start in stride(from: 0, to: object.length, by: 8 << 20) {
            let bytes = object.bytes(start..<min(object.length, start + 8 << 20))
            bytes.withUnsafeBytes { digest.update($0) }
            try file.write(contentsOf: bytes)
        }
        try file.close()
        return digest.value
    }

    private static func digest(of range: Range<Int64>, in file: Data) -> [UInt8] {
        file.withUnsafeBytes { bytes in
            let part = UnsafeRawBufferPointer(rebasing: bytes[Int(range.lowerBound)..<Int(range.upperBound)])
            return Digests.withDigest(.sha256, of: part) { Array($0) }
        }
    }
}

extension [UInt8] {
    fileprivate var hexadecimal: String {
        reduce(into: "") { text, byte in
            if byte < 16 { text += "0" }
            text += String(byte, radix: 16)
        }
    }
}
