import DragonflyIdentity
import HTTPSemantics
import HTTPServer
import SeedStorage
import SeedSupport

/// The admin port: what an operator can do with tasks.
struct AdminRoutes: Sendable {
    let store: PieceStore

    private static let help = """
        seed-peer \(SeedPeer.version)

        GET /                        this list
        GET /tasks/{task id}         the stored tasks with this id, as JSON
        PUT /tasks/{task id}/pin     keep the task: no eviction, no taskTTL
        DELETE /tasks/{task id}/pin  let go of it again

        `seed-peer task-id URL` prints the task id of a URL.

        """

    var table: RouteTable {
        RouteTable([
            Route(.get, "/") { _ in .text(Self.help) },
            Route(.get, "/tasks/{id}") { request, respond in
                onThread(request, respond) { keys throws(StorageError) in try describe(keys) }
            },
            Route(.put, "/tasks/{id}/pin") { request, respond in
                onThread(request, respond) { keys throws(StorageError) in try pin(keys, true) }
            },
            Route(.delete, "/tasks/{id}/pin") { request, respond in
                onThread(request, respond) { keys throws(StorageError) in try pin(keys, false) }
            },
        ])
    }

    /// Without URLs, which may hold signatures. All values are numbers, flags and hexadecimal digits.
    private func describe(_ keys: [StoreKey]) throws(StorageError) -> RouteResponse {
        var tasks: [String] = []
        for key in keys {
            guard let record = try store.task(key) else { continue }
            tasks.append(
                """
                {"id":"\(record.wireID)","contentLength":\(record.contentLength),\
                "isPinned":\(record.flags.contains(.pinned))}
                """)
        }
        return .text("[\(tasks.joined(separator: ","))]", type: "application/json; charset=utf-8")
    }

    private func pin(_ keys: [StoreKey], _ isPinned: Bool) throws(StorageError) -> RouteResponse {
        for key in keys { _ = try store.pin(key, isPinned) }
        return store.flush()
            ? RouteResponse(.noContent)
            : .text("the index cannot be written at present: see the log\n", status: .serviceUnavailable)
    }

    /// Runs `body` on a store thread with the tasks that have the id in the path, usually one, and sends its response.
    private func onThread(
        _ request: RouteRequest, _ respond: @escaping Route.Completion,
        _ body: @escaping @Sendable ([StoreKey]) throws(StorageError) -> RouteResponse
    ) {
        let id = TaskID(request.parameter)
        let isTaken = store.threads.run { respond(response(id, body)) }
        if !isTaken { respond(.text("the server is stopping\n", status: .serviceUnavailable)) }
    }

    private func response(
        _ id: TaskID, _ body: ([StoreKey]) throws(StorageError) -> RouteResponse
    ) -> RouteResponse {
        do throws(StorageError) {
            let keys = try store.tasks(wireID: id)
            if !keys.isEmpty { return try body(keys) }
            return .text("no task with this id is stored; `seed-peer task-id URL` prints ids\n", status: .notFound)
        } catch {
            return .text("\(error.message)\n", status: .serviceUnavailable)
        }
    }
}
