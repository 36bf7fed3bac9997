import Foundation
import Glibc
import SeedSupport
import SeedTestSupport

/// A DNS server on a UDP socket of 127.0.0.1 that knows the records it is told.
final class NameServer: Sendable {
    enum Record: Sendable {
        case a(String)
        case aaaa(String)
        case srv(target: String, port: UInt16)
    }

    enum Mood: Sendable {
        case answers
        /// SERVFAIL to everything.
        case fails
        /// Bytes that are no DNS message, with the question's number.
        case talksGarbage
    }

    private struct State {
        var records: [String: [Record]]
        /// Address records that come along with SRV answers.
        var sendsAddresses = true
        var mood = Mood.answers
        var questions = 0
    }

    private let socket: Int32
    private let state: Lock<State>
    let port: UInt16

    /// - Parameter records: by name in lower case, without the dot at the end.
    init(_ records: [String: [Record]]) throws {
        state = Lock(State(records: records))
        (socket, port) = try LoopbackSocket.bind(Int32(SOCK_DGRAM.rawValue))
        Thread.detachNewThread { [self] in serve() }
    }

    var address: String { "127.0.0.1:\(port)" }
    var questions: Int { state.withLock { $0.questions } }

    func set(_ records: [String: [Record]]) { state.withLock { $0.records = records } }
    func set(_ mood: Mood) { state.withLock { $0.mood = mood } }
    func leaveAddressesOut() { state.withLock { $0.sendsAddresses = false } }

    func stop() { shutdown(socket, Int32(SHUT_RDWR)) }

    private func serve() {
        var buffer = [UInt8](repeating: 0, count: 4096)
        while true {
            var sender = sockaddr_storage()
            var size = socklen_t(MemoryLayout<sockaddr_storage>.size)
            let count = withUnsafeMutablePointer(to: &sender) {
                $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                    recvfrom(socket, &buffer, buffer.count, 0, $0, &size)
                }
            }
            guard count > 0 else { break }
            guard let answer = answer(Array(buffer[..<count])) else { continue }
            _ = withUnsafePointer(to: &sender) {
                $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                    sendto(socket, answer, answer.count, 0, $0, size)
                }
            }
        }
        close(socket)
    }

    private func answer(_ question: [UInt8]) -> [UInt8]? {
        guard question.count > 16, let (name, end) = Self.readName(question, at: 12), end + 4 <= question.count else {
            return nil
        }
        let type = Int(question[end]) << 8 | Int(question[end + 1])
        let (records, extra, mood) = state.withLock { state in
            state.questions += 1
            let found = state.records[name]
            let targets = (found ?? []).compactMap { if case .srv(let target, _) = $0 { target } else { nil } }
            let extra =
                state.sendsAddresses ? targets.flatMap { name in (state.records[name] ?? []).map { (name, $0) } } : []
            return (found, type == 33 ? extra : [], state.mood)
        }
        if mood == .talksGarbage { return Array(question[..<2]) + [0x81, 0x80, 0, 1, 0, 9, 0, 0, 0, 0, 0xC0, 0xC0] }
        let matching = (records ?? []).filter { $0.type == type }
        let code: UInt8 = mood == .fails ? 2 : records == nil ? 3 : 0
        var message = Array(question[..<2]) + [0x85, 0x80 | code, 0, 1]
        message += [0, UInt8(mood == .fails ? 0 : matching.count), 0, 0, 0, UInt8(mood == .fails ? 0 : extra.count)]
        message += question[12..<(end + 4)]
        guard mood == .answers else { return message }
        for record in matching { message += record.bytes(named: name) }
        for (name, record) in extra { message += record.bytes(named: name) }
        return message
    }

    private static func readName(_ message: [UInt8], at start: Int) -> (String, Int)? {
        var labels: [String] = []
        var index = start
        while index < message.count, message[index] != 0 {
            let length = Int(message[index])
            guard length < 64, index + length < message.count else { return nil }
            labels.append(String(decoding: message[(index + 1)...(index + length)], as: UTF8.self).lowercased())
            index += length + 1
        }
        return (labels.joined(separator: "."), index + 1)
    }
}

extension NameServer.Record {
    fileprivate var type: Int {
        switch self {
        case .a: 1
        case .aaaa: 28
        case .srv: 33
        }
    }

    fileprivate func bytes(named name: String) -> [UInt8] {
        let data = data
        return Self.wire(name) + [0, UInt8(type), 0, 1, 0, 0, 0, 5, UInt8(data.count >> 8), UInt8(data.count & 255)]
            + data
    }

    private var data: [UInt8] {
        switch self {
        case .a(let text): Self.address(text, AF_INET, 4)
        case .aaaa(let text): Self.address(text, AF_INET6, 16)
        case .srv(let target, let port):
            [0, 0, 0, 0, UInt8(port >> 8), UInt8(port & 255)] + Self.wire(target)
        }
    }

    private static func address(_ text: String, _ family: Int32, _ size: Int) -> [UInt8] {
        var bytes = [UInt8](repeating: 0, count: size)
        inet_pton(family, text, &bytes)
        return bytes
    }

    private static func wire(_ name: String) -> [UInt8] {
        name.split(separator: ".").flatMap { [UInt8($0.utf8.count)] + Array($0.utf8) } + [0]
    }
}
