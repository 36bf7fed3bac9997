import Glibc
import SeedSupport

/// Reads the index's file without LMDB: page by page, every offset checked, so that damage cannot crash the process.
///
/// The layout is LMDB 0.9's on a 64-bit machine. A page has a head of 16 bytes (number u64, pad u16, flags u16, lower
/// and upper bound of its free space u16 each) and, if it is a leaf or branch, the offsets of its nodes; a node has
/// the length of its data (u32; of a branch, the low half of a page number), flags u16, key length u16, key, data.
final class IndexFile {
    enum Flags {
        static let branch: UInt16 = 0x01
        static let leaf: UInt16 = 0x02
        static let overflow: UInt16 = 0x04
        /// Of a node: its data is on overflow pages; its data is the root of another tree; it has several values.
        static let bigData: UInt16 = 0x01
        static let subTree: UInt16 = 0x02
        static let duplicates: UInt16 = 0x04
    }

    struct Node {
        var key: UnsafeRawBufferPointer
        var data: UnsafeRawBufferPointer
        var flags: UInt16
    }

    /// What the newer of the two meta pages says.
    struct Meta {
        var pageSize: Int
        var root: UInt64
        var lastPage: UInt64
        var transaction: UInt64
    }

    static let headLength = 16

    let bytes: UnsafeRawBufferPointer

    /// - Throws: when the file cannot be read. Its contents are not checked here.
    init(path: String) throws(StorageError) {
        let descriptor = try StorageError.mapping("open", path) { () throws(Errno) in
            try System.open(path, O_RDONLY | O_NOFOLLOW)
        }
        defer { System.close(descriptor) }
        bytes = try StorageError.mapping("map", path) { () throws(Errno) in
            try System.map(descriptor, count: Int(try System.status(of: descriptor).st_size))
        }
    }

    deinit {
        System.unmap(bytes)
    }

    // MARK: Pages

    /// The meta page that counts; nil when one of the two is not a meta page, as LMDB sees it.
    var meta: Meta? {
        guard let first = meta(at: 0), let second = meta(at: first.pageSize) else { return nil }
        return first.transaction > second.transaction ? first : second
    }

    private func meta(at offset: Int) -> Meta? {
        let start = offset + Self.headLength
        guard number(start, UInt32.self) == 0xBEEF_C0DE, number(start + 4, UInt32.self) == 1,
            let size = number(start + 24, UInt32.self), [4096, 8192, 16384, 32768, 65536].contains(size),
            let root = number(start + 112, UInt64.self), let last = number(start + 120, UInt64.self),
            let transaction = number(start + 128, UInt64.self)
        else { return nil }
        return Meta(pageSize: Int(size), root: root, lastPage: last, transaction: transaction)
    }

    /// The nodes of a page if it is one of `kind`, else nil. Nodes that don't fit in it are left out.
    func nodes(ofPage page: UInt64, kind: UInt16, pageSize: Int) -> [Node]? {
        guard page < UInt64(bytes.count / pageSize) else { return nil }
        let start = Int(page) * pageSize
        guard number(start, UInt64.self) == page, number(start + 10, UInt16.self) == kind,
            let lower = number(start + 12, UInt16.self), Int(lower) <= pageSize, Int(lower) >= Self.headLength
        else { return nil }
        return (0..<(Int(lower) - Self.headLength) / 2).compactMap { index in
            number(start + Self.headLength + 2 * index, UInt16.self).flatMap {
                node(at: start + Int($0), end: start + pageSize, isLeaf: kind == Flags.leaf, pageSize)
            }
        }
    }

    private func node(at offset: Int, end: Int, isLeaf: Bool, _ pageSize: Int) -> Node? {
        guard offset + 8 <= end, let length = number(offset, UInt32.self), let flags = number(offset + 4, UInt16.self),
            let keyLength = number(offset + 6, UInt16.self), offset + 8 + Int(keyLength) <= end
        else { return nil }
        let key = UnsafeRawBufferPointer(rebasing: bytes[(offset + 8)..<(offset + 8 + Int(keyLength))])
        // A branch has its child's number where a leaf has the length of its data.
        guard isLeaf else {
            return Node(key: key, data: UnsafeRawBufferPointer(rebasing: bytes[offset..<(offset + 6)]), flags: flags)
        }
        var start = offset + 8 + Int(keyLength)
        var limit = end
        if flags & Flags.bigData != 0 {
            guard let page = number(start, UInt64.self), page < UInt64(bytes.count / pageSize) else { return nil }
            start = Int(page) * pageSize + Self.headLength
            limit = bytes.count
        }
        guard Int(length) <= limit - start else { return nil }
        return Node(
            key: key, data: UnsafeRawBufferPointer(rebasing: bytes[start..<(start + Int(length))]), flags: flags)
    }

    func number<Integer: FixedWidthInteger>(_ offset: Int, _: Integer.Type) -> Integer? {
        guard offset >= 0, offset + MemoryLayout<Integer>.size <= bytes.count else { return nil }
        return Integer(littleEndian: bytes.loadUnaligned(fromByteOffset: offset, as: Integer.self))
    }
}

// MARK: Walks

extension IndexFile {
    /// Visits the leaf nodes of everything that can be reached from the root, tables and all.
    /// - Returns: false when a page that should be there is not.
    func walk(_ visit: (Node) -> Void) -> Bool {
        guard let meta else { return false }
        var seen: Set<UInt64> = []
        return walk(meta.root, meta, &seen, visit)
    }

    private func walk(_ page: UInt64, _ meta: Meta, _ seen: inout Set<UInt64>, _ visit: (Node) -> Void) -> Bool {
        if page == UInt64.max { return true }
        // A page that is reached twice is a cycle, made by damage.
        guard seen.insert(page).inserted else { return false }
        if let leaves = nodes(ofPage: page, kind: Flags.leaf, pageSize: meta.pageSize) {
            var isWhole = leaves.count == nodeCount(page, meta.pageSize)
            for node in leaves {
                visit(node)
                guard node.flags & Flags.subTree != 0 else { continue }
                let root = node.data.count == 48 ? node.data.loadUnaligned(fromByteOffset: 40, as: UInt64.self) : 0
                isWhole = node.data.count == 48 && walk(root, meta, &seen, visit) && isWhole
            }
            return isWhole
        }
        guard let branches = nodes(ofPage: page, kind: Flags.branch, pageSize: meta.pageSize), !branches.isEmpty else {
            return false
        }
        var isWhole = branches.count == nodeCount(page, meta.pageSize)
        for node in branches {
            let low = UInt64(node.data.loadUnaligned(fromByteOffset: 0, as: UInt32.self))
            isWhole = walk(low | UInt64(node.flags) << 32, meta, &seen, visit) && isWhole
        }
        return isWhole
    }

    private func nodeCount(_ page: UInt64, _ pageSize: Int) -> Int {
        Int(number(Int(page) * pageSize + 12, UInt16.self) ?? 0) / 2 - Self.headLength / 2
    }

    /// Visits the nodes of every page that looks like a leaf, reachable or not. Freed pages hold older records; only
    /// the checksums show which of them are still true.
    func salvage(_ visit: (Node) -> Void) {
        let pageSize = meta?.pageSize ?? meta(at: 0)?.pageSize ?? 4096
        for page in 0..<UInt64(bytes.count / pageSize) {
            nodes(ofPage: page, kind: Flags.leaf, pageSize: pageSize)?.forEach(visit)
        }
    }

    /// Whether LMDB can open the file safely: it maps it and would crash reading pages beyond its end.
    var isUsable: Bool {
        guard let meta else { return false }
        // A file may end early without harm: pages that one transaction allocated and freed are never written.
        return UInt64(bytes.count / meta.pageSize) > meta.lastPage || walk { _ in }
    }
}
