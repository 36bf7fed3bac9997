import Foundation

/// A small file system of its own: mounting needs a privilege that not every test machine gives.
package final class SmallVolume: Sendable {
    package let path: String

    /// Nil where it cannot be mounted.
    package init?(mebibytes: Int, in directory: TemporaryDirectory) {
        path = directory.path("volume")
        _ = mkdir(path, 0o700)
        guard mount("tmpfs", path, "tmpfs", 0, "size=\(mebibytes)m,mode=0700") == 0 else { return nil }
    }

    deinit { umount2(path, Int32(MNT_DETACH)) }

    /// Makes new opens below that path read-only. Files already open for writing stay so, such as the index beside it,
    /// which prevents a read-only remount of the whole volume.
    package func makeReadOnly(_ folder: String) -> Bool {
        let bind = UInt(MS_BIND)
        return mount(folder, folder, nil, bind, nil) == 0
            && mount(nil, folder, nil, bind | UInt(MS_REMOUNT) | UInt(MS_RDONLY), nil) == 0
    }

    package func makeWritable(_ folder: String) -> Bool { umount2(folder, Int32(MNT_DETACH)) == 0 }

    /// Others' bytes: all that is free but so many.
    package func fill(leaving: Int64) {
        let file = open(filler, O_WRONLY | O_CREAT, 0o600)
        defer { close(file) }
        let bytes = [UInt8](repeating: 1, count: 64 << 10)
        while write(file, bytes, bytes.count) > 0 {}
        ftruncate(file, max(lseek(file, 0, SEEK_CUR) - off_t(leaving), 0))
    }

    package func empty() { unlink(filler) }

    private var filler: String { path + "/filler" }

    /// Whether this process may mount; if not, prints the reason.
    package static let isPossible: Bool = {
        guard let directory = try? TemporaryDirectory() else { return false }
        return SmallVolume(mebibytes: 1, in: directory) != nil
    }()
}
