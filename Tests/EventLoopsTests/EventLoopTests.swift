import EventLoops
import Glibc
import SeedSupport
import SeedTestSupport
import Testing

@Suite struct EventLoopTests {
    @Test func postedWorkRunsInOrderOnItsThread() {
        let loop = EventLoop(name: "test")
        let order = Lock<[Int]>([])
        let done = Note<Bool>()
        for number in 0..<1_000 { loop.post { order.withLock { $0.append(number) } } }
        loop.post { done.write(EventLoop.current === loop && loop.isCurrent) }
        #expect(done.read() == true)
        #expect(order.withLock { $0 } == Array(0..<1_000))
        #expect(EventLoop.current == nil && !loop.isCurrent)
        loop.stop()
    }

    @Test func whatWasPostedBeforeTheEndIsDone() {
        let loop = EventLoop(name: "test")
        let count = Lock(0)
        for _ in 0..<100 { loop.post { count.withLock { $0 += 1 } } }
        loop.stop()
        loop.stop()
        #expect(count.withLock { $0 } == 100)
        #expect(!loop.post { count.withLock { $0 += 1 } })
        #expect(count.withLock { $0 } == 100)
    }

    @Test func aStoppedLoopIsLetGoOf() {
        weak var kept: EventLoop?
        do {
            let loop = EventLoop(name: "test")
            kept = loop
            loop.stop()
        }
        #expect(kept == nil)
    }

    @Test func theEndOfALoopEndsWhatLivesThere() {
        final class Resident: LoopResident {
            let ended: Note<Bool>

            init(_ ended: Note<Bool>) {
                self.ended = ended
            }

            func loopEnds() {
                ended.write(EventLoop.current != nil)
            }
        }
        let loop = EventLoop(name: "test")
        let (ended, removed) = (Note<Bool>(), Lock<Bool>(false))
        loop.post {
            loop.add(Resident(ended))
            weak var other: Resident?
            do {
                let resident = Resident(Note())
                other = resident
                loop.add(resident)
                loop.remove(resident)
            }
            let isGone = other == nil
            removed.withLock { $0 = isGone }
        }
        loop.stop()
        #expect(ended.read() == true)
        #expect(removed.withLock { $0 })
    }

    @Test func aTimerKeepsItsLoopsMemory() {
        // Unchecked: used by one thread after the other.
        final class Box: @unchecked Sendable { var timer: LoopTimer? }
        weak var kept: EventLoop?
        let box = Box()
        do {
            let loop = EventLoop(name: "test")
            kept = loop
            loop.post {
                box.timer = loop.makeTimer {}
                box.timer?.schedule(after: .seconds(1_000))
            }
            loop.stop()
        }
        #expect(kept != nil)
        box.timer = nil
        #expect(kept == nil)
    }

    @Test func manyThreadsPostAtOnce() {
        let loop = EventLoop(name: "test")
        let count = Lock(0)
        let threads = (0..<4).map { number in
            PlatformThread(name: "post-\(number)") {
                for _ in 0..<5_000 { loop.post { count.withLock { $0 += 1 } } }
            }
        }
        for thread in threads { thread.join() }
        loop.stop()
        #expect(count.withLock { $0 } == 20_000)
    }

    @Test func timersFireOnceAndInOrder() {
        onLoop { loop, done in
            var fired: [Int] = []
            let late = loop.makeTimer { fired.append(2) }
            let cancelled = loop.makeTimer { fired.append(0) }
            let early = loop.makeTimer { fired.append(1) }
            var last: LoopTimer?
            last = loop.makeTimer {
                withExtendedLifetime((late, cancelled, early, last)) {}
                done(fired == [1, 2])
                last = nil
            }
            cancelled.schedule(after: .milliseconds(1))
            cancelled.cancel()
            late.schedule(after: .milliseconds(1))
            late.schedule(after: .milliseconds(20))
            early.schedule(after: .milliseconds(10))
            last?.schedule(after: .milliseconds(40))
        }
    }

    @Test func ticksComeUntilTheyAreCancelled() {
        onLoop(tick: .milliseconds(5)) { loop, done in
            var count = 0
            var tick: Tick?
            tick = loop.addTick { _ in
                count += 1
                guard count == 3 else { return }
                tick?.cancel()
                let check = loop.makeTimer { done(count == 3) }
                check.schedule(after: .milliseconds(30))
                // The loop's last reference to it goes with this closure.
                tick = loop.addTick { _ in withExtendedLifetime(check) {} }
            }
        }
    }

    @Test func postponedWorkComesAfterTheHandlersOfTheTurn() {
        onLoop { loop, done in
            var order: [Int] = []
            loop.later {
                order.append(2)
                loop.later { done(order == [1, 2]) }
            }
            order.append(1)
        }
    }

    @Test func boundValuesAreReachedOnTheirLoop() {
        final class Thing { var number = 1 }
        onLoop { loop, done in
            let bound = LoopBound(Thing(), on: loop)
            PlatformThread(name: "other") {
                bound.loop.post {
                    bound.value.number += 1
                    done(bound.value.number == 2)
                }
            }.join()
        }
    }

    @Test func coresAreThoseThatMayBeUsed() {
        #expect(EventLoopGroup.availableCores >= 1)
        let group = EventLoopGroup(count: 3, name: "test")
        #expect(group.loops.count == 3)
        group.stop()
    }
}

/// Runs `body` on a loop, and expects it to call `done` with true.
func onLoop(
    tick: Duration = .seconds(1), _ body: @escaping @Sendable (EventLoop, @escaping @Sendable (Bool) -> Void) -> Void,
    location: SourceLocation = #_sourceLocation
) {
    let loop = EventLoop(name: "test", tickInterval: tick)
    let result = Note<Bool>()
    loop.post { body(loop) { result.write($0) } }
    #expect(result.read() == true, sourceLocation: location)
    loop.stop()
}
