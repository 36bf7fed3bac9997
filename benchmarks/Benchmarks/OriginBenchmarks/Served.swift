import Foundation
import SeedTestSupport

/// A file of an object's bytes behind a real nginx.
final class Served {
    let object: FaultyObject
    let nginx: Nginx
    private let directory: TemporaryDirectory

    init(length: Int64, seed: UInt64) throws {
        object = FaultyObject(length: length, seed: seed)
        directory = try TemporaryDirectory()
        let path = directory.path("object")
        _ = FileManager.default.createFile(atPath: path, contents: nil)
        let file = try FileHandle(forWritingTo: URL(filePath: path))
        for start in stride(from: 0, to: length, by: 16 << 20) {
            try file.write(contentsOf: object.bytes(start..<min(length, start + 16 << 20)))
        }
        try file.close()
        nginx = try Nginx(serving: directory.path)
    }

    deinit { nginx.stop() }
}
