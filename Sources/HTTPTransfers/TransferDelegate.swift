package import HTTPSemantics

/// Receives a transfer's events and supplies its body.
///
/// All calls are made on the driver's loop, one after another: interim heads, the head at most once, then body and
/// trailers, at last the end. None may block, for every other transfer waits meanwhile. In each of them the transfer may
/// be resumed and cancelled.
package protocol TransferDelegate: AnyObject {
    /// A 1xx response; the real one follows. It may come again when the request goes out once more.
    func transferInterim(_ head: TransferHead)

    /// The final head. False ends the transfer as `stopped`.
    ///
    /// It may come before the request was sent in full. From status 300 up no more of the request is asked for then, and the
    /// response's end is the transfer's. Below, the body goes on as it is supplied, until it is complete, the other side
    /// takes no more, or, once the response has ended, nothing of it has come for five seconds: the response is complete.
    func transferHead(_ head: TransferHead) -> Bool

    /// The next bytes of the response's body, valid during the call only.
    func transferBody(_ bytes: UnsafeRawBufferPointer) -> TransferIntake

    /// The trailer fields, if any came. One of more than 4 KiB is more than curl takes: it fails the transfer (`cut`).
    func transferTrailers(_ fields: HTTPFields)

    /// Asks for the next bytes of the request's body.
    /// - Parameter room: to be filled from its front; not empty.
    func transferNeedsBody(_ room: UnsafeMutableRawBufferPointer) -> TransferSupply

    /// The last call. It doesn't come after `Transfer.cancel`.
    func transferEnded(_ outcome: TransferOutcome)
}

extension TransferDelegate {
    package func transferInterim(_ head: TransferHead) {}
    package func transferTrailers(_ fields: HTTPFields) {}
    package func transferNeedsBody(_ room: UnsafeMutableRawBufferPointer) -> TransferSupply { .end }
}

/// What the delegate did with bytes of the response.
package enum TransferIntake: Hashable, Sendable {
    case taken
    /// None of them was consumed. They are offered again, perhaps cut differently, after `Transfer.resume`.
    case pause
    /// No more is wanted: the transfer ends as `stopped`, and its connection is closed.
    case stop
}

/// What there is of the request's body.
package enum TransferSupply: Hashable, Sendable {
    /// So many bytes were put into the room, at least 1.
    case bytes(Int)
    /// Nothing now. `Transfer.resumeSending` has it asked again.
    case nothingYet
    /// It is complete. Before the declared length is reached this breaks the request off.
    case end
}

/// How a transfer ended.
package enum TransferOutcome: Hashable, Sendable {
    /// The response has ended in the way its framing says.
    case complete
    /// The delegate wanted no more.
    case stopped
    /// The driver was shut down.
    case cancelled
    case failed(TransferError)
}
