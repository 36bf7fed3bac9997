package import SeedSupport

extension PieceStore {
    /// Opens the store, and makes it when the directory is empty or missing. Reads neither content nor records.
    /// Blocking.
    ///
    /// Files without a record are deleted afterwards, on a store thread, and all others are measured.
    package static func open(
        _ configuration: StorageConfiguration, logger: Logger,
        now: @escaping @Sendable () -> Timestamp = { .now() }
    ) throws(StorageError) -> PieceStore {
        let directory = StoreDirectory(path: configuration.directory)
        let lock = try directory.prepare()
        let index = try openIndex(configuration, directory, lock, logger)
        let threads = StoreThreads(count: configuration.threads)
        let hashers = StoreThreads(count: configuration.threads / 2, name: "hash")
        do throws(StorageError) {
            let (used, records) = try Index.mapping { () throws(LMDBError) in
                (try index.usedBytes(), try index.recordBytes())
            }
            let space = try VolumeSpace(
                path: directory.path, limits: configuration.limits, used: used, threads: threads)
            space.recorded(records)
            let store = PieceStore(
                Parts(
                    directory: directory, index: index, threads: threads, hashers: hashers, space: space,
                    configuration: configuration, logger: logger, now: now))
            store.maintenance.start()
            return store
        } catch {
            hashers.shutdown()
            threads.shutdown()
            throw error
        }
    }

    private static func openIndex(
        _ configuration: StorageConfiguration, _ directory: StoreDirectory, _ lock: DirectoryLock, _ logger: Logger
    ) throws(StorageError) -> Index {
        if System.exists(directory.indexFile), try !IndexFile(path: directory.indexFile).isUsable {
            throw .damagedIndex(directory.path)
        }
        let environment = try Index.mapping { () throws(LMDBError) in
            try Environment(path: directory.index, mapSize: configuration.indexMapSize, guardian: lock)
        }
        return try Index.open(environment, keep: configuration.keep, path: directory.path) { format in
            logger.notice(
                "The store in \(directory.path) has format \(format), which this version can't use: it is emptied.")
        }
    }
}

extension PieceStore {
    /// What a store is made of, each part handed those that it needs.
    struct Parts {
        let threads: StoreThreads
        let hashers: StoreThreads
        let health = HealthRecorder()
        let space: VolumeSpace
        let content: ContentDirectory
        let writer: IndexWriter
        let reader: IndexReader
        let evictor: Evictor
        let maintenance: Maintenance
        let firstGeneration: UInt64
        let now: @Sendable () -> Timestamp

        init(
            directory: StoreDirectory, index: Index, threads: StoreThreads, hashers: StoreThreads, space: VolumeSpace,
            configuration: StorageConfiguration, logger: Logger, now: @escaping @Sendable () -> Timestamp
        ) {
            self.threads = threads
            self.hashers = hashers
            self.space = space
            self.now = now
            firstGeneration = index.firstGeneration
            let observer = ContentObserver(space: space, health: health, logger: logger)
            content = ContentDirectory(directory, threads: threads, observer: observer)
            writer = IndexWriter(
                index: index, pendingLimit: configuration.pendingLimit, health: health, logger: logger,
                onRemoved: { [content] in content.unlinkLater($0, logger) }, onCommitted: { space.recorded($0) },
                onVolumeFull: { space.refused($0) }, isVolumeFull: { space.isFull })
            reader = IndexReader(index: index, writer: writer, health: health, logger: logger)
            evictor = Evictor(
                reader: reader, writer: writer, content: content, space: space, threads: threads, health: health,
                logger: logger, policyMemory: configuration.policyMemory)
            maintenance = Maintenance(
                reader: reader, writer: writer, content: content, space: space, threads: threads, evictor: evictor,
                health: health, logger: logger, configuration: configuration, now: now)
        }
    }
}
