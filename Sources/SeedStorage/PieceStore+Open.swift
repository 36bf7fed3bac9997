package import Logging

extension PieceStore {
    /// What a store is made of.
    struct Parts {
        let directory: StoreDirectory
        let index: Index
        let threads: StoreThreads
        let space: VolumeSpace
        let pendingLimit: Int
    }

    /// Opens the store, and makes it when the directory is empty or missing. Reads neither content nor records.
    /// Blocking.
    ///
    /// Files that no record knows are deleted afterwards, on a store thread.
    package static func open(
        _ configuration: StorageConfiguration, logger: Logger
    ) throws(StorageError) -> PieceStore {
        let directory = StoreDirectory(path: configuration.directory)
        let lock = try directory.prepare()
        let index = try openIndex(configuration, directory, lock)
        let threads = StoreThreads(count: configuration.threads)
        do throws(StorageError) {
            let space = try VolumeSpace(path: directory.path, headroom: configuration.headroom, threads: threads)
            let parts = Parts(
                directory: directory, index: index, threads: threads, space: space,
                pendingLimit: configuration.pendingLimit)
            let store = PieceStore(parts, logger: logger)
            store.startSweep()
            return store
        } catch {
            threads.shutdown()
            throw error
        }
    }

    private static func openIndex(
        _ configuration: StorageConfiguration, _ directory: StoreDirectory, _ lock: DirectoryLock
    ) throws(StorageError) -> Index {
        let environment = try Index.mapping { () throws(LMDBError) in
            try Environment(path: directory.index, mapSize: configuration.indexMapSize, guardian: lock)
        }
        return try Index.open(environment, keep: configuration.keep, path: directory.path)
    }
}
