/// Decides when requests start: a limited number per host, the most urgent first, in order of arrival within a
/// priority. Pure logic, no I/O: its owner acts on what it returns.
package struct StartQueue<ID: Hashable, Priority: RawRepresentable<Int> & CaseIterable> {
    private struct Waiting {
        let id: ID
        let host: String
    }

    private let limitPerHost: Int
    private let limitInAll: Int
    private var running: [String: Int] = [:]
    private var runningInAll = 0
    /// One for each priority, the most urgent first.
    private var lines: [[Waiting]] = Priority.allCases.map { _ in [] }

    package init(limitPerHost: Int, limitInAll: Int) {
        self.limitPerHost = limitPerHost
        self.limitInAll = limitInAll
    }

    /// Requests that wait.
    package var waitingCount: Int { lines.reduce(0) { $0 + $1.count } }

    /// Whether the request may start now. If not, a later `finish` hands it out.
    package mutating func submit(_ id: ID, host: String, priority: Priority) -> Bool {
        guard hasRoom(at: host) else {
            lines[priority.rawValue].append(Waiting(id: id, host: host))
            return false
        }
        occupy(host)
        return true
    }

    /// A started request is over: the one to start instead, if any.
    package mutating func finish(host: String) -> ID? {
        runningInAll -= 1
        let left = running[host, default: 1] - 1
        running[host] = left > 0 ? left : nil
        for line in lines.indices {
            guard let index = lines[line].firstIndex(where: { hasRoom(at: $0.host) }) else { continue }
            let next = lines[line].remove(at: index)
            occupy(next.host)
            return next.id
        }
        return nil
    }

    /// Takes a waiting request out. False if it is not waiting.
    package mutating func withdraw(_ id: ID) -> Bool {
        for line in lines.indices {
            guard let index = lines[line].firstIndex(where: { $0.id == id }) else { continue }
            lines[line].remove(at: index)
            return true
        }
        return false
    }

    /// Moves a waiting request to the end of a more urgent line.
    package mutating func raise(_ id: ID, to priority: Priority) {
        for line in lines.indices where line > priority.rawValue {
            guard let index = lines[line].firstIndex(where: { $0.id == id }) else { continue }
            lines[priority.rawValue].append(lines[line].remove(at: index))
            return
        }
    }

    private func hasRoom(at host: String) -> Bool {
        runningInAll < limitInAll && running[host, default: 0] < limitPerHost
    }

    private mutating func occupy(_ host: String) {
        running[host, default: 0] += 1
        runningInAll += 1
    }
}
