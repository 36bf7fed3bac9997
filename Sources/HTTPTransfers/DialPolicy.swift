package import SeedSupport

/// Decides which addresses may be dialled. It sees the address that is really dialled, after name lookup.
package protocol DialPolicy: Sendable {
    /// Why nothing may be dialled there (`forbiddenAddress` or `ownListener`); nil if it may.
    func refusal(of address: SocketAddress) -> TransferError?
}
