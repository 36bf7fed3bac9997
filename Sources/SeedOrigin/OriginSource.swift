/// The source of bytes: the gateway in the server, a scripted fake in tests, later other peers.
package protocol OriginSource: Sendable {
    /// Starts one request and returns at once; the response goes to `sink`, which is kept until its `end`.
    ///
    /// The sink is called on the source's own thread, perhaps before this returns, but never from inside this call.
    func start(_ request: OriginRequest, into sink: any OriginSink) -> any OriginTransfer

    /// Ends every open transfer (`.cancelled`) and waits until the last sink has been told. Starting afterwards ends
    /// at once with `.cancelled`.
    func shutdown()
}

/// The handle of one running request. Both methods may be called from any thread, any number of times, also after
/// the end; neither blocks.
package protocol OriginTransfer: Sendable {
    /// Offers the refused bytes again after `OriginIntake.pause`. Without a pause it does nothing.
    func resume()

    /// A client waits for it now: raises its priority class. Never lowers it.
    func raise(to priority: OriginPriority)

    /// Stops the request. `end(.cancelled)` follows unless the transfer had already ended another way.
    func cancel()
}

/// What takes the response of one request.
///
/// All calls for one transfer are serial, on the source's own thread: `head` at most once, then `receive` any
/// number of times, then `end` exactly once. None may block, for every other transfer waits meanwhile.
package protocol OriginSink: AnyObject, Sendable {
    /// The final head: never a 1xx and never a redirect that was followed.
    func head(_ head: OriginHead) -> ResponseDisposition

    /// The next bytes of the body, valid during the call only.
    func receive(_ bytes: UnsafeRawBufferPointer) -> OriginIntake

    /// The last call.
    func end(_ outcome: OriginOutcome)
}

/// A sink's decision about a response, at its head.
package enum ResponseDisposition: Hashable, Sendable {
    /// Send the body, `limit` bytes of it at most (nil: all of it). The transfer ends as complete when the limit is
    /// reached; what the origin sends beyond is cut off and its connection dropped. A body that is shorter than the
    /// limit yet complete by its own framing is complete too: count, if that matters.
    case accept(limit: Int64?)
    /// Send nothing; `end(.rejected)` follows.
    case reject
}

/// What a sink did with the bytes it was offered.
package enum OriginIntake: Hashable, Sendable {
    case taken
    /// Nothing of them was consumed. The same bytes are offered again (perhaps cut differently) after `resume()`.
    case pause
}

/// How a transfer ended.
package enum OriginOutcome: Hashable, Sendable {
    /// Every byte that the framing promised has been handed over, or the accepted limit is reached.
    /// `hasCleanEnd` is false when the body had neither length nor last chunk, so that a closed connection is all
    /// that is known of its end: such a body must not be stored.
    case complete(hasCleanEnd: Bool)
    case rejected
    case cancelled
    case failed(OriginError)
}
