import DragonflyIdentity
import HTTPTransfers
import SeedSupport

/// The URLs that the operator forbids (`proxy.blockList`). The proxy knows them and refuses requests for them; here the URLs
/// that redirects lead to are judged, before they are asked for.
package final class ForbiddenURLs: Sendable {
    private let judge = Lock<@Sendable (String) -> Bool>({ _ in false })

    package init() {}

    /// From now on those that this says.
    package func replace(by judge: @escaping @Sendable (String) -> Bool) {
        self.judge.withLock { $0 = judge }
    }

    func refusal(of url: TransferURL) -> OriginError? {
        let judge = judge.withLock { $0 }
        guard let host = URLHost.canonical(url.host), judge("\(url.scheme)://\(host):\(url.port)\(url.target)") else {
            return nil
        }
        return OriginError(.blocked, "\(url.publicText) is on this server's block list")
    }
}
