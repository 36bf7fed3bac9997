import SeedSupport
import Testing

@testable import HTTPServer

@Suite("The life of a connection")
struct ConnectionMachineTests {
    private func serving(isPersistent: Bool = true, hasBody: Bool = false) -> ConnectionMachine {
        var machine = ConnectionMachine()
        machine.begin(isPersistent: isPersistent, hasBody: hasBody)
        return machine
    }

    @Test("The next request is taken after the response, not before")
    func keepAlive() {
        var machine = serving()
        #expect(machine.isServing)
        #expect(machine.responseEnded(keepsConnection: true) == .takeNextRequest)
        #expect(machine.phase == .idle)
    }

    @Test("A connection lingers after a response that ends it, until the client has closed too")
    func linger() {
        var machine = serving(isPersistent: false)
        #expect(machine.promise(keepsConnection: true) == false)
        #expect(machine.responseEnded(keepsConnection: true) == .linger)
        #expect(machine.outputClosed() == .nothing)
        #expect(machine.inputClosed() == .close)
    }

    @Test("A response before the request's end ends the connection, after it doesn't")
    func earlyResponse() {
        var early = serving(hasBody: true)
        #expect(early.responseEnded(keepsConnection: true) == .linger)
        var late = serving(hasBody: true)
        #expect(late.requestRead() == .nothing)
        #expect(late.responseEnded(keepsConnection: true) == .takeNextRequest)
    }

    @Test("A client that closed its side still gets the responses to what it sent")
    func halfClosed() {
        var machine = serving()
        #expect(machine.inputClosed() == .nothing)
        #expect(machine.responseEnded(keepsConnection: true) == .takeNextRequest)
        #expect(machine.leave() == .linger)
        #expect(machine.outputClosed() == .close)
    }

    @Test("Draining ends an idle connection at once and a busy one after its response")
    func drain() {
        var idle = ConnectionMachine()
        #expect(idle.drain() == .linger)
        #expect(idle.outputClosed() == .close)
        var busy = serving()
        #expect(busy.drain() == .nothing)
        #expect(busy.promise(keepsConnection: true) == false)
        #expect(busy.responseEnded(keepsConnection: true) == .linger)
    }

    @Test("A connection that was promised before the draining takes one more request, to refuse it")
    func drainAfterPromise() {
        var machine = serving()
        #expect(machine.promise(keepsConnection: true) == true)
        #expect(machine.drain() == .nothing)
        #expect(machine.responseEnded(keepsConnection: true) == .takeNextRequest)
        machine.begin(isPersistent: true, hasBody: false)
        #expect(machine.promise(keepsConnection: true) == false)
        #expect(machine.responseEnded(keepsConnection: true) == .linger)
    }

    @Test("A connection is judged by what it waits for")
    func clock() {
        var limits = ConnectionTimeouts()
        (limits.idle, limits.head) = (.seconds(60), .seconds(10))
        (limits.stall, limits.linger) = (.seconds(300), .seconds(5))
        func judgement(
            after seconds: Int64, _ phase: ConnectionMachine.Phase, queued: Int = 0, partial: Bool = false,
            wantsBody: Bool = false
        ) -> ConnectionClock.Judgement {
            let start = MonotonicTime.now()
            var clock = ConnectionClock(now: start)
            if partial { clock.headBegan(start) }
            _ = clock.judge(start, queued: queued, taken: 7, phase: phase, wantsBody: wantsBody, limits: limits)
            return clock.judge(
                start + .seconds(seconds), queued: queued, taken: 7, phase: phase, wantsBody: wantsBody, limits: limits)
        }
        #expect(judgement(after: 61, .idle) == .leave)
        #expect(judgement(after: 59, .idle) == .fine)
        #expect(judgement(after: 11, .idle, partial: true) == .refuseHead)
        #expect(judgement(after: 61, .serving, wantsBody: true) == .refuseBody)
        #expect(judgement(after: 6, .lingering) == .close)
        #expect(judgement(after: 6, .lingering, queued: 5) == .fine)
        #expect(judgement(after: 301, .lingering, queued: 5) == .abort)
        #expect(judgement(after: 1000, .serving) == .fine)
        #expect(judgement(after: 61, .idle, queued: 5) == .fine)
        #expect(judgement(after: 301, .serving, queued: 5) == .abort)
    }

    @Test("Taking bytes is progress, whatever else is queued; queueing more bytes is not")
    func progress() {
        let (start, limits) = (MonotonicTime.now(), ConnectionTimeouts())
        var (clock, stalled) = (ConnectionClock(now: start), ConnectionClock(now: start))
        for step in 0..<10 {
            let now = start + .seconds(200 * Int64(step))
            let judgement = clock.judge(
                now, queued: 1_000, taken: 5 * step, phase: .serving, wantsBody: false, limits: limits)
            #expect(judgement == .fine)
            let other = stalled.judge(
                now, queued: 1_000 + step, taken: 5, phase: .serving, wantsBody: false, limits: limits)
            #expect(other == (step < 2 ? .fine : .abort))
        }
    }
}
