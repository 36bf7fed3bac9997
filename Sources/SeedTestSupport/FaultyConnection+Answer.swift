import Foundation
import HTTPSemantics

extension FaultyConnection {
    /// Sends an answer with all that is wrong with it. - Parameter isHead: HEAD was asked, so no body follows.
    func deliver(_ answer: FaultyAnswer, isHead: Bool) {
        usleep(answer.headDelay * 1000)
        sendHead(answer)
        if isHead || answer.status.hasPrefix("304") || answer.status.hasPrefix("204") { return }
        let (limit, breakOff) = answer.breakPoint
        var position: Int64 = 0
        let step = Int64(answer.drip?.bytes ?? 256 * 1024)
        while position < min(answer.bodyLength, limit) {
            let next = min(position + step, answer.bodyLength, limit)
            guard sendBody(answer.bytes(position..<next), of: answer) else { return }
            position = next
            if let drip = answer.drip { usleep(drip.milliseconds * 1000) }
        }
        if let breakOff {
            guard breakOff(self) else { return }
            // Released from a stall: the rest follows.
            guard position == answer.bodyLength || sendBody(answer.bytes(position..<answer.bodyLength), of: answer)
            else { return }
        }
        end(answer)
    }

    private func sendHead(_ answer: FaultyAnswer) {
        guard answer.headByteDelay > 0 else {
            write(answer.headText)
            return
        }
        drip(Array(answer.headText.utf8), chunk: 1, milliseconds: answer.headByteDelay)
    }

    private func sendBody(_ bytes: [UInt8], of answer: FaultyAnswer) -> Bool {
        guard case .chunked = answer.framing else { return writeBody(bytes) }
        return write("\(String(bytes.count, radix: 16))\r\n") && writeBody(bytes) && write("\r\n")
    }

    private func end(_ answer: FaultyAnswer) {
        if case .chunked = answer.framing { write("0\r\n\r\n") }
        if answer.surplus > 0 { writeBody([UInt8](repeating: 0x2a, count: answer.surplus)) }
        if case .close = answer.framing { cut() }
    }
}

extension FaultyAnswer {
    fileprivate var headText: String {
        if let rawHead { return rawHead }
        var lines = ["\(version) \(status)"]
        switch framing {
        case .length(let more):
            if !status.hasPrefix("304") { lines.append("Content-Length: \(bodyLength + more)") }
        case .chunked: lines.append("Transfer-Encoding: chunked")
        case .close: lines.append("Connection: close")
        }
        lines += fields.map { "\($0.name.rawName): \($0.value)" }
        return lines.joined(separator: "\r\n") + "\r\n\r\n"
    }

    fileprivate func bytes(_ range: Range<Int64>) -> [UInt8] {
        switch body {
        case .bytes(let bytes): Array(bytes[Int(range.lowerBound)..<Int(range.upperBound)])
        case .part(let object, let part):
            object.bytes(part.lowerBound + range.lowerBound..<part.lowerBound + range.upperBound)
        }
    }

    /// How many bytes of the body are sent, and what is done then: true if the answer goes on.
    fileprivate var breakPoint: (limit: Int64, act: ((FaultyConnection) -> Bool)?) {
        switch breaksOff {
        case nil: (.max, nil)
        case .cut(let count):
            (
                count,
                {
                    $0.cut(); return false
                }
            )
        case .reset(let count):
            (
                count,
                {
                    $0.reset(); return false
                }
            )
        case .stall(let count):
            (
                count,
                {
                    $0.stall(); return true
                }
            )
        case .halfClose(let count):
            (
                count,
                {
                    $0.halfClose(); return false
                }
            )
        }
    }
}
