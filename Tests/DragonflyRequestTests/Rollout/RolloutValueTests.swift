import SeedSupport
import Testing

@testable import DragonflyRequest

@Suite("When discovery is asked, when requests are tried again, and when a sender has been silent for too long")
struct RolloutValueTests {
    @Test("Discovery is asked once at a time, after failures at most once a second, and no failure is forgotten")
    func schedule() {
        let start = MonotonicTime.now()
        var schedule = RefreshSchedule()
        #expect(schedule.begin(start) == 1)
        #expect(schedule.begin(start) == nil)
        #expect(schedule.want(start + .milliseconds(100)) == nil, "the answer tells")
        #expect(schedule.answered(start + .milliseconds(300)) == .milliseconds(700))
        #expect(schedule.want(start + .milliseconds(400)) == nil, "it is on its way")
        #expect(schedule.beginWanted(start + .seconds(1)) == 2)
        #expect(schedule.beginWanted(start + .seconds(1)) == nil)
        #expect(schedule.answered(start + .seconds(2)) == nil)
        #expect(schedule.want(start + .seconds(9)) == .zero)
        // A round by the interval makes the one that was wanted superfluous.
        #expect(schedule.begin(start + .seconds(9)) == 3)
        #expect(schedule.beginWanted(start + .seconds(9)) == nil)
        #expect(schedule.answered(start + .seconds(10)) == nil)
        #expect(schedule.beginWanted(start + .seconds(10)) == nil)
        schedule.stop()
        #expect(schedule.want(start + .seconds(20)) == nil)
    }

    @Test("A failure waits for a round that begins after it, however many further failures there are")
    func awaitedRound() {
        let start = MonotonicTime.now()
        var schedule = RefreshSchedule()
        let (first, failure) = (schedule.begin(start), schedule.begun)
        _ = schedule.want(start)
        _ = schedule.answered(start)
        schedule.end(first ?? 0)
        #expect(schedule.isAwaited(after: failure))
        let second = schedule.beginWanted(start + .seconds(1))
        _ = schedule.want(start + .seconds(1))
        _ = schedule.answered(start + .seconds(1))
        #expect(schedule.isAwaited(after: failure))
        schedule.end(second ?? 0)
        #expect(!schedule.isAwaited(after: failure))
        // Nothing comes of the later failure once no round begins any more.
        #expect(schedule.isAwaited(after: schedule.begun))
        schedule.stop()
        #expect(!schedule.isAwaited(after: schedule.begun))
    }

    private static func endpoint(_ number: Int) -> Endpoint { Endpoint(host: "10.0.0.\(number)", port: 4001) }

    private static func hosts(_ plan: inout AttemptPlan, among numbers: [Int]) -> String? {
        plan.next(among: numbers.map(endpoint))?.endpoint.host
    }

    @Test("Attempts go round in the first order, whatever order they are offered in")
    func order() {
        var plan = AttemptPlan(retry: RetryPolicy(maxRetries: 4))
        let asked = [[1, 2, 3], [3, 2, 1], [2, 3, 1], [1, 3, 2], [2, 1, 3], [1, 2, 3]].map {
            Self.hosts(&plan, among: $0)
        }
        #expect(asked == ["10.0.0.1", "10.0.0.2", "10.0.0.3", "10.0.0.1", "10.0.0.2", nil])
    }

    @Test("What was not asked yet comes first, and of that what was known before")
    func changes() {
        var plan = AttemptPlan(retry: RetryPolicy(maxRetries: 9))
        #expect(Self.hosts(&plan, among: [1, 2]) == "10.0.0.1")
        #expect(Self.hosts(&plan, among: [3, 2]) == "10.0.0.2")
        #expect(Self.hosts(&plan, among: [3, 2]) == "10.0.0.3")
        #expect(Self.hosts(&plan, among: [2, 4, 3]) == "10.0.0.4")
    }

    @Test("A plan is renewed once")
    func renewal() {
        var plan = AttemptPlan(retry: RetryPolicy(maxRetries: 1))
        #expect(Self.hosts(&plan, among: [1]) != nil)
        #expect(Self.hosts(&plan, among: [1]) != nil)
        #expect(Self.hosts(&plan, among: [1]) == nil)
        plan.renew()
        #expect(!plan.isRenewable)
        #expect(Self.hosts(&plan, among: [2]) == "10.0.0.2")
        #expect(Self.hosts(&plan, among: [2]) != nil)
        #expect(Self.hosts(&plan, among: [3]) == nil)
        plan.renew()
        #expect(Self.hosts(&plan, among: [3]) == nil)
    }

    @Test("Bytes, a paused reader and trust begin a silence anew; a refusal ends the question")
    func clock() {
        let start = MonotonicTime.now()
        var clock = ExchangeClock(start, until: start + .seconds(60), silence: .seconds(10))
        #expect(clock.judge(start, isPaused: false) == .wait(.seconds(10)))
        clock.restart(start + .seconds(9))
        #expect(clock.judge(start + .seconds(10), isPaused: false) == .wait(.seconds(9)))
        #expect(clock.judge(start + .seconds(19), isPaused: false) == .silent(.seconds(10)))
        #expect(clock.judge(start + .seconds(30), isPaused: true) == .wait(.seconds(10)))
        #expect(clock.judge(start + .seconds(55), isPaused: true) == .wait(.seconds(5)))
        #expect(clock.judge(start + .seconds(60), isPaused: true) == .timeIsUp)
        clock.refused(start + .seconds(40), atMost: .seconds(5))
        #expect(clock.judge(start + .seconds(41), isPaused: false) == .wait(.seconds(4)))
        #expect(clock.judge(start + .seconds(45), isPaused: false) == .timeIsUp)
        let origin = ExchangeClock(start, until: start + .seconds(60), silence: nil)
        var patient = origin
        #expect(patient.judge(start + .seconds(59), isPaused: false) == .wait(.seconds(1)))
    }
}
