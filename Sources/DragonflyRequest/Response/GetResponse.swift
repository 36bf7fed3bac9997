/// A successful answer: its head, and its body as it comes.
public struct GetResponse: Sendable {
    public let head: ResponseHead
    public let body: ResponseBody

    public var status: Int { head.status }
}
