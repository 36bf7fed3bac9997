import Dispatch
import Glibc

/// Work that Ctrl-C and SIGTERM cancel, so that it ends its processes and deletes its files.
enum Interruptible {
    static func run<Result: Sendable>(_ body: @escaping @Sendable () async -> Result) async -> Result {
        let work = Task(operation: body)
        let sources = [SIGINT, SIGTERM, SIGHUP].map { number in
            signal(number, SIG_IGN)
            let source = DispatchSource.makeSignalSource(signal: number, queue: .global())
            source.setEventHandler { work.cancel() }
            source.resume()
            return source
        }
        let result = await work.value
        for source in sources { source.cancel() }
        return result
    }
}
