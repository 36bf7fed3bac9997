import DragonflyIdentity
import Hummingbird
import NIOCore
import SeedStorage

/// What an operator may do with tasks, on the admin port.
struct AdminAPI: Sendable {
    let store: PieceStore

    /// A task as the admin port tells of it. Without its URL, which may hold a signature.
    private struct Task: ResponseEncodable {
        let id: String
        let contentLength: Int64
        let isPinned: Bool
    }

    private static let help = """
        seed-peer \(SeedPeer.version)

        GET /                        this list
        GET /tasks/{task id}         the stored tasks with this id, as JSON
        PUT /tasks/{task id}/pin     keep the task: no eviction, no taskTTL
        DELETE /tasks/{task id}/pin  let go of it again

        `seed-peer task-id URL` prints the task id of a URL.

        """

    func makeResponder() -> RouterResponder<BasicRequestContext> {
        let router = Router()
        router.get("/") { _, _ in Self.help }
        router.get("/tasks/:id") { _, context in try await tasks(context) }
        router.put("/tasks/:id/pin") { _, context in try await pin(context, true) }
        router.delete("/tasks/:id/pin") { _, context in try await pin(context, false) }
        return router.buildResponder()
    }

    private func tasks(_ context: BasicRequestContext) async throws -> [Task] {
        try await withTasks(context) { store, keys throws(StorageError) in
            var found: [Task] = []
            for key in keys {
                guard let record = try store.task(key) else { continue }
                found.append(
                    Task(
                        id: record.wireID.description, contentLength: record.contentLength,
                        isPinned: record.flags.contains(.pinned)))
            }
            return found
        }
    }

    private func pin(_ context: BasicRequestContext, _ isPinned: Bool) async throws -> HTTPResponse.Status {
        let isWritten = try await withTasks(context) { store, keys throws(StorageError) in
            for key in keys { _ = try store.pin(key, isPinned) }
            return store.flush()
        }
        guard isWritten else {
            throw HTTPError(.serviceUnavailable, message: "the index cannot be written at present: see the log")
        }
        return .noContent
    }

    /// Runs `body` for the tasks with the id in the path, on a thread of the store. Mostly there is one.
    private func withTasks<Result: Sendable>(
        _ context: BasicRequestContext,
        _ body: @escaping @Sendable (PieceStore, [StoreKey]) throws(StorageError) -> Result
    ) async throws -> Result {
        let id = TaskID(try context.parameters.require("id"))
        let result = await store.onThread { [store] in
            Swift.Result { () throws(StorageError) in
                let keys = try store.tasks(wireID: id)
                return keys.isEmpty ? nil : try body(store, keys)
            }
        }
        do {
            guard let result else { throw HTTPError(.serviceUnavailable, message: "the server is stopping") }
            if let result = try result.get() { return result }
        } catch let error as StorageError {
            throw HTTPError(.serviceUnavailable, message: error.message)
        }
        throw HTTPError(.notFound, message: "no task with this id is stored; `seed-peer task-id URL` prints ids")
    }
}
