import Foundation
import HTTPSemantics
import SeedEngineTestSupport
import SeedOrigin
import SeedTestSupport
import Testing

@Suite("The test fixtures themselves")
struct FixtureTests {
    @Test("A real nginx serves ranges and logs what it was asked for")
    func nginx() throws {
        let directory = FileManager.default.temporaryDirectory.appending(path: "served-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: directory, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: directory) }
        let object = pattern(1_000_000)
        try Data(object).write(to: directory.appending(path: "object"))
        let nginx = try Nginx(serving: directory.path)
        defer { nginx.stop() }
        let curl = OriginGateway.forLoopback()
        defer { curl.shutdown() }

        let (part, whole, missing) = (Recorder(), Recorder(), Recorder())
        _ = curl.start(
            OriginRequest(url: nginx.url + "/object", range: .bounded(first: 1000, last: 299_999)), into: part)
        #expect(part.outcome() == .complete(hasCleanEnd: true))
        #expect(part.now.body == Array(object[1000..<300_000]))
        _ = curl.start(OriginRequest(url: nginx.url + "/object"), into: whole)
        #expect(whole.outcome() == .complete(hasCleanEnd: true))
        #expect(whole.now.body == object)
        _ = curl.start(OriginRequest(url: nginx.url + "/missing"), into: missing)
        #expect(missing.outcome() == .complete(hasCleanEnd: true))

        let log = try nginx.accesses(atLeast: 3)
        #expect(log.map(\.status) == [206, 200, 404])
        #expect(log.map(\.range) == ["bytes=1000-299999", "", ""])
        #expect(log.prefix(2).map(\.bodyBytesSent) == [299_000, 1_000_000])
        #expect(Set(log.map(\.connection)).count == 1)
        nginx.stop()
        #expect(throws: (any Error).self) { try nginx.accesses() }
    }

    @Test("If-Match of another version makes nginx answer with 412, which admission calls changed")
    func changedAtNginx() throws {
        let directory = FileManager.default.temporaryDirectory.appending(path: "served-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: directory, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: directory) }
        try Data(pattern(1000)).write(to: directory.appending(path: "object"))
        let nginx = try Nginx(serving: directory.path)
        defer { nginx.stop() }
        let curl = OriginGateway.forLoopback()
        defer { curl.shutdown() }

        let first = Recorder()
        let range = RangeSpec.bounded(first: 0, last: 99)
        _ = curl.start(OriginRequest(url: nginx.url + "/object", range: range), into: first)
        _ = first.outcome()
        guard case .part(ByteRange(0, 100), 1000, let validator) = ResponseAdmission.judge(first.head!, asked: range)
        else {
            Issue.record("not admitted: \(String(describing: first.head))")
            return
        }
        let known = KnownGeneration(total: 1000, validator: validator)
        for (condition, expected) in [
            (
                validator.spanCondition,
                ResponseAdmission.part(range: ByteRange(0, 100), total: 1000, validator: validator)
            ),
            (.ifMatch("\"other\""), .changed),
        ] {
            let recorder = Recorder()
            _ = curl.start(
                OriginRequest(url: nginx.url + "/object", range: range, condition: condition), into: recorder)
            _ = recorder.outcome()
            let head = try #require(recorder.head)
            #expect(ResponseAdmission.judge(head, asked: range, condition: condition, known: known) == expected)
        }
    }

    @Test("A fake origin hands out transfers in order and plays them by hand, pauses included")
    func fake() throws {
        let fake = FakeOrigin()
        let recorder = Recorder(refuses: { $0 == 0 })
        let handle = fake.start(OriginRequest(url: "http://a/1"), into: recorder)
        _ = fake.start(OriginRequest(url: "http://a/2"), into: Recorder())
        let transfer = try #require(fake.next())
        #expect(transfer.request.url == "http://a/1")
        #expect(fake.next()?.request.url == "http://a/2")
        #expect(fake.next(within: 0) == nil)

        #expect(transfer.head(200, [.contentLength: "3"]) == .accept(limit: nil))
        #expect(transfer.receive([1, 2, 3]) == .pause)
        #expect(transfer.isPaused)
        handle.resume()
        #expect(transfer.waitForResume())
        #expect(transfer.deliver([1, 2, 3]))
        handle.cancel()
        #expect(transfer.waitForCancel())
        transfer.end(.cancelled)
        #expect(recorder.now.body == [1, 2, 3])
        #expect(recorder.now.outcomes == [.cancelled])
        // Nobody waits for a transfer that will not come.
        fake.shutdown()
        let asked = ContinuousClock.now
        #expect(fake.next(within: 60) == nil)
        #expect(ContinuousClock.now - asked < .seconds(30))
    }
}
