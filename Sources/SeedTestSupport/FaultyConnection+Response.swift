import Foundation
import HTTPSemantics

extension FaultyConnection {
    /// Sends a response with all that is wrong with it. - Parameter isHead: HEAD was asked, so no body follows.
    func deliver(_ response: FaultyResponse, isHead: Bool) {
        usleep(response.headDelay * 1000)
        sendHead(response)
        if isHead || response.status.hasPrefix("304") || response.status.hasPrefix("204") { return }
        let (limit, breakOff) = response.breakPoint
        var position: Int64 = 0
        let step = Int64(response.drip?.bytes ?? 256 * 1024)
        while position < min(response.bodyLength, limit) {
            let next = min(position + step, response.bodyLength, limit)
            guard sendBody(response.bytes(position..<next), of: response) else { return }
            position = next
            if let drip = response.drip { usleep(drip.milliseconds * 1000) }
        }
        if let breakOff {
            guard breakOff(self) else { return }
            // Released from a stall: the rest follows.
            guard
                position == response.bodyLength
                    || sendBody(response.bytes(position..<response.bodyLength), of: response)
            else { return }
        }
        end(response)
    }

    private func sendHead(_ response: FaultyResponse) {
        guard response.headByteDelay > 0 else {
            write(response.headText)
            return
        }
        drip(Array(response.headText.utf8), chunk: 1, milliseconds: response.headByteDelay)
    }

    private func sendBody(_ bytes: [UInt8], of response: FaultyResponse) -> Bool {
        guard case .chunked = response.framing else { return writeBody(bytes) }
        return write("\(String(bytes.count, radix: 16))\r\n") && writeBody(bytes) && write("\r\n")
    }

    private func end(_ response: FaultyResponse) {
        if case .chunked = response.framing { write("0\r\n\r\n") }
        if response.surplus > 0 { writeBody([UInt8](repeating: 0x2a, count: response.surplus)) }
        if case .close = response.framing { cut() }
    }
}

extension FaultyResponse {
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

    /// How many bytes of the body are sent, and what is done then: true if the response goes on.
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
