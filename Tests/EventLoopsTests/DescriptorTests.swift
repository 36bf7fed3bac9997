import Glibc
import SeedSupport
import SeedTestSupport
import Testing

@testable import EventLoops

@Suite struct DescriptorTests {
    private static func pair() -> (Int32, Int32) {
        var sockets: [Int32] = [0, 0]
        socketpair(AF_UNIX, Int32(SOCK_STREAM.rawValue | SOCK_NONBLOCK.rawValue), 0, &sockets)
        return (sockets[0], sockets[1])
    }

    @Test func tellsWhatIsReadable() {
        onLoop { loop, done in
            let (one, other) = Self.pair()
            var watch: DescriptorWatch?
            watch = loop.watch(one, .read) { readiness in
                let count = try? Socket.receive(one, into: loop.receiveBuffer)
                watch?.cancel()
                watch = nil
                close(one)
                close(other)
                done(readiness == .read && count == 3)
            }
            write(other, "abc", 3)
        }
    }

    @Test func nothingIsToldWhilePaused() {
        onLoop { loop, done in
            let (one, other) = Self.pair()
            var calls = 0
            let watch = loop.watch(one, []) { _ in calls += 1 }
            write(other, "abc", 3)
            let timer = loop.makeTimer {
                let whilePaused = calls
                watch.interest = .read
                loop.later {
                    loop.later {
                        watch.cancel()
                        close(one)
                        close(other)
                        done(whilePaused == 0 && calls > 0)
                    }
                }
            }
            timer.schedule(after: .milliseconds(20))
            _ = loop.addTick { _ in withExtendedLifetime((timer, watch)) {} }
        }
    }

    @Test func aHandlerMayEndItsOwnWatch() {
        onLoop { loop, done in
            let (one, other) = Self.pair()
            final class Owner {
                var watch: DescriptorWatch?
            }
            var owner: Owner? = Owner()
            owner?.watch = loop.watch(one, [.read, .write]) { [weak owner] _ in owner?.watch = nil }
            weak let watch = owner?.watch
            write(other, "abc", 3)
            let check = loop.makeTimer {
                done(owner?.watch == nil && watch == nil)
                owner = nil
                close(one)
                close(other)
            }
            check.schedule(after: .milliseconds(20))
            _ = loop.addTick { _ in withExtendedLifetime(check) {} }
        }
    }

    @Test func signalsComeToTheirLoop() {
        onLoop { loop, done in
            var watch: SignalWatch?
            watch = SignalWatch([SIGUSR2], on: loop) { signal in
                watch?.cancel()
                done(signal == SIGUSR2)
            }
            kill(getpid(), SIGUSR2)
        }
    }

    @Test(
        arguments: [
            ("max 100000", nil), ("150000 100000", 1.5), ("-1 100000\n", nil), ("", nil), ("50000 100000\n", 0.5),
        ] as [(String, Double?)]) func quotas(text: String, cores: Double?)
    {
        #expect(CPUQuota.version2(text) == cores)
    }
}
