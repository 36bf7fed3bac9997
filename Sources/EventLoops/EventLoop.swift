import CEvent
import CPosixIO
import Glibc
package import SeedSupport

/// One thread that waits for descriptors, timers and messages, and calls their handlers one after another.
///
/// What lives on a loop is used by its thread alone. Other threads reach it by `post`; `LoopBound` carries what isn't
/// `Sendable` there and back, and checks.
package final class EventLoop: @unchecked Sendable {
    // Unchecked: base, ticks, residents, postponed and isStopping are touched by the loop's own thread only, the rest is
    // Sendable.
    package let name: String
    let base = LibEvent.makeBase()
    private let mailbox = Mailbox<@Sendable () -> Void>()
    private let wakeDescriptor: Int32
    private let thread = Lock<PlatformThread?>(nil)
    private var ticks: [ObjectIdentifier: Tick] = [:]
    private var residents: [ObjectIdentifier: any LoopResident] = [:]
    private var postponed: [() -> Void] = []
    private var isStopping = false

    /// Bytes that are read at once into the buffer that the loop lends.
    package static let receiveLength = 64 << 10
    /// Lent to a handler during its call, so an idle connection owns no buffer.
    package let receiveBuffer = UnsafeMutableRawBufferPointer.allocate(byteCount: receiveLength, alignment: 64)

    /// Starts the thread.
    /// - Parameters:
    ///   - name: of the thread; 15 characters are shown.
    ///   - tickInterval: how often `addTick`'s handlers are called.
    package init(name: String, tickInterval: Duration = .seconds(1)) {
        self.name = name
        wakeDescriptor = posix_io_event()
        precondition(wakeDescriptor >= 0, "the system gives no event descriptor; raise the limit of open files")
        let thread = PlatformThread(name: name) { [self] in run(tickInterval) }
        self.thread.withLock { $0 = thread }
    }

    deinit {
        event_base_free(base)
        close(wakeDescriptor)
        receiveBuffer.deallocate()
    }

    /// The loop whose thread this is.
    package static var current: EventLoop? { CurrentLoop.value }

    package var isCurrent: Bool { CurrentLoop.value === self }

    /// Traps on any other thread: what lives on a loop must not be touched from elsewhere.
    package func preconditionCurrent() {
        precondition(isCurrent, "this belongs to the event loop \(name)")
    }

    /// The time as of the kernel's last tick.
    package var now: MonotonicTime { .coarseNow() }

    // MARK: From any thread

    /// Runs `work` on the loop, in order of posting. Never blocks; one wake-up serves everything posted until the loop
    /// runs.
    /// - Returns: false when the loop has stopped; the work is dropped then.
    @discardableResult
    package func post(_ work: @escaping @Sendable () -> Void) -> Bool {
        switch mailbox.post(work) {
        case .queued: return true
        case .refused: return false
        case .mustWake:
            var one: UInt64 = 1
            _ = write(wakeDescriptor, &one, 8)
            return true
        }
    }

    /// Runs what was posted, ends the residents and then the thread, and waits for it. Idempotent; not from the loop
    /// itself.
    package func stop() {
        precondition(!isCurrent, "a loop can't wait for its own end")
        post { [self] in isStopping = true }
        // Under the lock, so that a second caller waits for the end, too.
        thread.withLock { $0.take()?.join() }
    }

    // MARK: On the loop

    /// Calls `handler` whenever the descriptor is ready for what is of interest (level-triggered).
    package func watch(
        _ descriptor: Int32, _ interest: Readiness, _ handler: @escaping (Readiness) -> Void
    ) -> DescriptorWatch {
        preconditionCurrent()
        return DescriptorWatch(self, descriptor, interest, handler)
    }

    package func makeTimer(_ handler: @escaping () -> Void) -> LoopTimer {
        preconditionCurrent()
        return LoopTimer(self, handler)
    }

    /// Calls `handler` every `tickInterval` until the tick is cancelled: one coarse timer for many deadlines.
    package func addTick(_ handler: @escaping (MonotonicTime) -> Void) -> Tick {
        preconditionCurrent()
        let tick = Tick(handler) { [unowned self] tick in ticks[ObjectIdentifier(tick)] = nil }
        ticks[ObjectIdentifier(tick)] = tick
        return tick
    }

    /// Holds `resident` until it is removed, or the loop ends.
    package func add(_ resident: any LoopResident) {
        preconditionCurrent()
        residents[ObjectIdentifier(resident)] = resident
    }

    package func remove(_ resident: any LoopResident) {
        preconditionCurrent()
        residents[ObjectIdentifier(resident)] = nil
    }

    /// Runs `work` after this turn's handlers, so that those go first.
    package func later(_ work: @escaping () -> Void) {
        preconditionCurrent()
        postponed.append(work)
    }

    // MARK: The thread

    private func run(_ tickInterval: Duration) {
        CurrentLoop.value = self
        blockPipeSignal()
        let wakeUp = watch(wakeDescriptor, .read) { [unowned self] _ in deliver() }
        let clock = LoopTimer(self) {}
        clock.handler = { [unowned self, unowned clock] in
            clock.schedule(after: tickInterval)
            let now = now
            for tick in Array(ticks.values) { tick.handler?(now) }
        }
        clock.schedule(after: tickInterval)
        while !isStopping { turn() }
        for work in mailbox.close() { work() }
        runPostponed()
        endResidents()
        runPostponed()
        clock.cancel()
        wakeUp.cancel()
        ticks = [:]
        CurrentLoop.value = nil
    }

    /// sendfile(2) has no flag against SIGPIPE; on this thread it never arrives.
    private func blockPipeSignal() {
        var pipe = sigset_t()
        sigemptyset(&pipe)
        sigaddset(&pipe, SIGPIPE)
        pthread_sigmask(SIG_BLOCK, &pipe, nil)
    }

    /// Waits for something, and handles all that is ready.
    private func turn() {
        let mayWait = postponed.isEmpty
        event_base_loop(base, EVLOOP_ONCE | (mayWait ? 0 : EVLOOP_NONBLOCK))
        if !postponed.isEmpty { runPostponed() }
    }

    private func runPostponed() {
        let works = postponed
        postponed = []
        for work in works { work() }
    }

    /// Residents need this thread to close, so they are closed while it still runs.
    private func endResidents() {
        let ending = residents
        residents = [:]
        for resident in ending.values { resident.loopEnds() }
    }

    private func deliver() {
        var count: UInt64 = 0
        _ = read(wakeDescriptor, &count, 8)
        for work in mailbox.takeAll() { work() }
    }
}

/// Which loop a thread is.
private enum CurrentLoop {
    static var value: EventLoop? {
        get {
            pthread_getspecific(key.value).map { Unmanaged<EventLoop>.fromOpaque($0).takeUnretainedValue() }
        }
        set {
            // Unowned: the loop's thread holds the loop as long as it runs.
            pthread_setspecific(key.value, newValue.map { UnsafeRawPointer(Unmanaged.passUnretained($0).toOpaque()) })
        }
    }

    private static let key = ThreadKey()

    private struct ThreadKey: Sendable {
        let value: pthread_key_t

        init() {
            var key = pthread_key_t()
            precondition(pthread_key_create(&key, nil) == 0, "the system gives no thread-specific key")
            value = key
        }
    }
}
