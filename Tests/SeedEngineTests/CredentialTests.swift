import DragonflyIdentity
import HTTPSemantics
import SeedOrigin
import SeedStorage
import SeedSupport
import Testing

@testable import SeedEngine

@Suite("Task machine: under which credential flights run (rule:originating-request)")
struct CredentialTests {
    private let alice = TaskRequest.with("alice")
    private let bob = TaskRequest.with("bob")

    /// A task that Alice's request made known, and Bob's and her own streams of ranges far from each other.
    private func shared() -> (driver: MachineDriver, alices: Cursor) {
        var driver = MachineDriver()
        var alices = driver.open(.bounded(first: 0, last: (8 << 20) - 1))
        _ = driver.poll(&alices, alice)
        driver.absent()
        let order = driver.orders()[0]
        #expect(order.request === alice)
        _ = driver.part(order.id, 0, 8 << 20, of: 1 << 30)
        driver.created()
        _ = driver.poll(&alices, alice)
        return (driver, alices)
    }

    private func order(_ driver: inout MachineDriver, at offset: Int64, for request: TaskRequest) -> FlightOrder? {
        var cursor = driver.open(.bounded(first: offset, last: offset + 9))
        _ = driver.poll(&cursor, request)
        _ = driver.poll(&cursor, request)
        return driver.orders().first { $0.range?.lowerBound == offset }
    }

    @Test("A flight names its credential, of a reader who is present")
    func present() {
        var (driver, alices) = shared()
        #expect(order(&driver, at: 512 << 20, for: bob)?.request === alice)
        driver.close(alices)
        #expect(order(&driver, at: 600 << 20, for: bob)?.request === bob)
    }

    @Test("In the background nobody is present, and nobody's right is used")
    func background() {
        var (driver, alices) = shared()
        driver.machine.prefetches = true
        driver.wrote(1, 0, 8 << 20)
        driver.close(alices)
        driver.ended(1)
        let orders = driver.orders()
        #expect(!orders.isEmpty && orders.allSatisfy { $0.purpose == .completion && $0.request.credential.isAnonymous })
    }

    @Test(
        "Two credentials that ask for one cold range at once make one first contact; a refusal of one is not the other's"
    )
    func refusal() {
        var driver = MachineDriver()
        var alices = driver.open(nil)
        var bobs = driver.open(nil)
        _ = driver.poll(&alices, alice)
        _ = driver.poll(&bobs, bob)
        driver.absent()
        let order = driver.orders()
        #expect(order.map(\.request) == [alice])
        let refused = OriginErrorResponse(status: 403, headers: [:], body: Bytes())
        driver.ended(order[0].id, .errorResponse(refused))
        #expect(driver.poll(&alices, alice) == .origin(refused))
        #expect(driver.poll(&bobs, bob) == .wait)
        // In nobody's name first, then under Bob's own credential; never under hers again.
        let second = driver.orders()
        #expect(second.count == 1 && second[0].request.isNeutral)
        driver.ended(second[0].id, .errorResponse(refused))
        #expect(driver.orders().map(\.request) == [bob])
    }

    @Test(
        "What proves a right is judged alike for requests and redirects",
        arguments: [
            ("Authorization", true), ("Cookie", true), ("X-Auth-Token", true), ("X-Forwarded-User", true),
            ("Accept", false), ("User-Agent", false), ("X-Request-Id", false),
        ])
    func fields(_ name: String, proves: Bool) throws {
        let field = HTTPField(name: try #require(HTTPField.Name(name)), value: "v")
        #expect(Credential(of: HTTPFields([field])).isAnonymous != proves)
    }
}

extension TaskRequest {
    fileprivate static func with(_ user: String) -> TaskRequest {
        TaskRequest(
            key: TaskRequest.of("http://origin/object").key, wireID: TaskID("wire"), url: "http://origin/object",
            headers: [.authorization: user], credential: Credential(of: [.authorization: user]))
    }
}
