import NIOCore
import Synchronization

/// Connections that wait for their next request. The one used last is used first.
final class ConnectionPool: Sendable {
    /// Over all routes.
    private static let maximum = 1024

    private struct State {
        var idle: [Route: [any Channel]] = [:]
        var count = 0
        var isClosed = false
    }

    private let maximumPerRoute: Int
    private let state = Mutex(State())

    init(maximumPerRoute: Int) {
        self.maximumPerRoute = maximumPerRoute
    }

    /// Nil when none waits. One that is given may have ended a moment ago.
    func take(_ route: Route) -> (any Channel)? {
        state.withLock { state in
            while let channel = state.idle[route]?.popLast() {
                state.count -= 1
                if channel.isActive { return channel }
            }
            return nil
        }
    }

    /// Closes the connection when there are enough.
    func give(_ channel: any Channel, _ route: Route) {
        let isKept = state.withLock { state in
            let waiting = state.idle[route]?.count ?? 0
            guard !state.isClosed, waiting < maximumPerRoute, state.count < Self.maximum else { return false }
            state.idle[route, default: []].append(channel)
            state.count += 1
            return true
        }
        if !isKept { channel.close(promise: nil) }
    }

    /// Forgets the connection as soon as it ends. Once for each connection.
    func watch(_ channel: any Channel, _ route: Route) {
        channel.closeFuture.whenComplete { [weak self] _ in self?.forget(channel, route) }
    }

    private func forget(_ channel: any Channel, _ route: Route) {
        state.withLock { state in
            guard let index = state.idle[route]?.firstIndex(where: { $0 === channel }) else { return }
            state.idle[route]?.remove(at: index)
            if state.idle[route]?.isEmpty == true { state.idle[route] = nil }
            state.count -= 1
        }
    }

    /// Closes those that wait now, and those that come back later.
    func close() {
        let channels = state.withLock { state in
            defer { (state.idle, state.count, state.isClosed) = ([:], 0, true) }
            return state.idle.values.joined()
        }
        for channel in channels { channel.close(promise: nil) }
    }
}
