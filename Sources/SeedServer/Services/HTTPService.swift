import Hummingbird
import Logging
import NIOCore
import SeedProxy
import ServiceLifecycle

/// One of the small listeners beside the data port: health, metrics, admin.
struct HTTPService: Service {
    private let name: String
    private let listener: SeedPeerConfiguration.Listener
    private let responder: RouterResponder<BasicRequestContext>
    private let board: ReadyBoard
    private let logger: Logger

    /// `GET /healthy` answers 200 as long as we take requests.
    static func health(_ listener: SeedPeerConfiguration.Listener, board: ReadyBoard, logger: Logger) -> HTTPService {
        let router = Router()
        router.get("/healthy") { _, _ in HTTPResponse.Status.ok }
        return HTTPService(
            name: "health", listener: listener, responder: router.buildResponder(), board: board, logger: logger)
    }

    /// `GET /metrics` answers in Prometheus' text format.
    static func metrics(
        _ listener: SeedPeerConfiguration.Listener, report: MetricsReport, board: ReadyBoard, logger: Logger
    ) -> HTTPService {
        let router = Router()
        router.get("/metrics") { _, _ in await text(report.text(), type: "text/plain; version=0.0.4; charset=utf-8") }
        return HTTPService(
            name: "metrics", listener: listener, responder: router.buildResponder(), board: board, logger: logger)
    }

    static func admin(
        _ listener: SeedPeerConfiguration.Listener, api: AdminAPI, board: ReadyBoard, logger: Logger
    ) -> HTTPService {
        HTTPService(name: "admin", listener: listener, responder: api.makeResponder(), board: board, logger: logger)
    }

    func run() async throws {
        var quiet = logger
        // The ready line says where we listen, and our own error what went wrong: one line each.
        if logger.logLevel > .debug { quiet.logLevel = .critical }
        let application = Application(
            responder: responder,
            configuration: .init(address: .hostname(listener.ip, port: listener.port), serverName: "seed-peer"),
            onServerRunning: { channel in board.bound(name, at: channel.localAddress) },
            logger: quiet)
        do {
            try await application.run()
        } catch let error as IOError {
            throw SeedPeerError.cannotListen(
                key: "\(name).server", ListenFailure(error, host: listener.ip, port: listener.port))
        }
    }

    private static func text(_ text: String, type: String) -> Response {
        Response(
            status: .ok, headers: [.contentType: type], body: ResponseBody(byteBuffer: ByteBuffer(string: text)))
    }
}
