import HTTPServer
import SeedEngine
import SeedOrigin

/// Which status tells a client of which error.
extension Refusal {
    /// A request that could not be parsed.
    init(_ error: RequestError) {
        let hint: Hint? = error.status == 503 ? .soon : nil
        self.init(status: error.status, errorType: .proxy, message: error.message, hint: hint)
    }

    /// An error of the engine.
    init(_ error: EngineError) {
        let (status, errorType): (Int, ErrorType) =
            switch error.kind {
            case .originUnreachable, .originFailed, .changed: (502, .backend)
            case .originTimeout: (504, .backend)
            case .notHeld: (504, .proxy)
            case .storage: (500, .dfdaemon)
            case .local: (503, .dfdaemon)
            case .shuttingDown: (503, .proxy)
            case .blocked: (403, .proxy)
            case .badURL: (400, .proxy)
            case .loop: (508, .proxy)
            }
        let hint: Hint? = error.kind == .local ? .soon : nil
        self.init(status: status, errorType: errorType, message: error.message, hint: hint)
    }

    /// An error of a pass-through request.
    init(_ error: OriginError) {
        let (status, errorType): (Int, ErrorType) =
            switch error.kind {
            case .unreachable, .cut, .tls, .badResponse, .tooManyRedirects, .circuitOpen: (502, .backend)
            case .timeout: (504, .backend)
            case .local: (503, .dfdaemon)
            case .blocked: (403, .proxy)
            case .badURL: (400, .proxy)
            case .loop: (508, .proxy)
            }
        let wait = error.retryAfter.map { Hint.retryAfter(max(1, Int($0.components.seconds))) }
        self.init(
            status: status, errorType: errorType, message: error.message,
            hint: wait ?? (error.kind == .local ? .soon : nil))
    }
}
