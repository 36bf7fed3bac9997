/// A successful response: its head, and its body as it comes.
public struct GetResponse: Sendable {
    public let head: ResponseHead
    public let body: ResponseBody

    /// 200 to 299; 206 for a range.
    public var status: Int { head.status }
}
