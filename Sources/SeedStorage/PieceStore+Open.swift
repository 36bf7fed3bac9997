package import SeedSupport

extension PieceStore {
    /// What a store is made of.
    struct Parts {
        let directory: StoreDirectory
        let index: Index
        let threads: StoreThreads
        let hashers: StoreThreads
        let space: VolumeSpace
        let configuration: StorageConfiguration
        let board: HealthBoard
        let now: @Sendable () -> Timestamp
    }

    /// Opens the store, and makes it when the directory is empty or missing. Reads neither content nor records.
    /// Blocking.
    ///
    /// Files that no record knows are deleted afterwards, on a store thread, and all others are measured.
    package static func open(
        _ configuration: StorageConfiguration, logger: Logger,
        now: @escaping @Sendable () -> Timestamp = { .now() }
    ) throws(StorageError) -> PieceStore {
        let directory = StoreDirectory(path: configuration.directory)
        let lock = try directory.prepare()
        let index = try openIndex(configuration, directory, lock)
        let threads = StoreThreads(count: configuration.threads)
        let hashers = StoreThreads(count: configuration.threads / 2, name: "hash")
        do throws(StorageError) {
            let used = try Index.mapping { () throws(LMDBError) in try index.usedBytes() }
            let space = try VolumeSpace(
                path: directory.path, limits: configuration.limits, used: used, threads: threads)
            let parts = Parts(
                directory: directory, index: index, threads: threads, hashers: hashers, space: space,
                configuration: configuration, board: HealthBoard(), now: now)
            let store = PieceStore(parts, logger: logger)
            store.start()
            return store
        } catch {
            hashers.shutdown()
            threads.shutdown()
            throw error
        }
    }

    private static func openIndex(
        _ configuration: StorageConfiguration, _ directory: StoreDirectory, _ lock: DirectoryLock
    ) throws(StorageError) -> Index {
        if System.exists(directory.indexFile), try !IndexFile(path: directory.indexFile).isUsable {
            throw .damagedIndex(directory.path)
        }
        let environment = try Index.mapping { () throws(LMDBError) in
            try Environment(path: directory.index, mapSize: configuration.indexMapSize, guardian: lock)
        }
        return try Index.open(environment, keep: configuration.keep, path: directory.path)
    }
}
