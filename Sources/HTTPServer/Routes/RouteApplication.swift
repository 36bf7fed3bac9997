import HTTPSemantics
import SeedSupport

/// Serves a table of routes: what the small ports are.
package final class RouteApplication: Application {
    /// Bytes of a request's body.
    static let longestBody = 64 << 10

    private let table: RouteTable

    package init(_ table: RouteTable) {
        self.table = table
    }

    package func respond(to head: RequestHead, on connection: ClientConnection) {
        if let error = Self.refusal(of: head) { return refuse(error, on: connection, keepsConnection: false) }
        switch table.match(head.methodText, head.path.count == 0 ? "/" : head.text(head.path)) {
        case .none: refuse(.notFound, on: connection)
        case .otherMethods(let methods): refuseMethod(methods, on: connection)
        case .route(let route, let parameter):
            let responder = RouteResponder(route, head, parameter, connection)
            connection.responder = responder
            responder.start()
        }
    }

    private static func refusal(of head: RequestHead) -> RequestError? {
        if head.method == .connect { return .unknownMethod }
        if head.present.contains(.expect), head.minorVersion > 0, !head.says(.expect, "100-continue") {
            return .unknownExpectation
        }
        return nil
    }

    private func refuse(_ error: RequestError, on connection: ClientConnection, keepsConnection: Bool = true) {
        var head = connection.head(error.status)
        head.text("Content-Type: text/plain; charset=utf-8\r\n")
        connection.respond(&head, Bytes(error.message + "\n"), keepsConnection: keepsConnection)
    }

    private func refuseMethod(_ methods: [HTTPMethod], on connection: ClientConnection) {
        var head = connection.head(405)
        head.field("Allow", methods.map(\.rawValue).joined(separator: ", "))
        head.text("Content-Type: text/plain; charset=utf-8\r\n")
        connection.respond(&head, Bytes("This path has no such method.\n"))
    }
}

extension RequestError {
    fileprivate static let notFound = RequestError(status: 404, message: "There is nothing at this path.")
    fileprivate static let unknownExpectation = RequestError(
        status: 417, message: "The only expectation served is 100-continue.")
    fileprivate static let longBody = RequestError(status: 413, message: "The request's body is longer than 64 KiB.")
}

/// One request to a route: gathers the body, then has it answered.
private final class RouteResponder: Responder {
    private let route: Route
    private let head: RequestHead
    private let parameter: String
    /// Nil once the request is over, to break the reference cycle.
    private var connection: ClientConnection?
    private var body = ByteBuilder()

    init(_ route: Route, _ head: RequestHead, _ parameter: String, _ connection: ClientConnection) {
        self.route = route
        self.head = head
        self.parameter = parameter
        self.connection = connection
    }

    func start() {
        guard let connection else { return }
        if connection.isRequestRead { return call() }
        if case .length(let length) = head.framing, length > RouteApplication.longestBody {
            return connection.fail(.longBody)
        }
        guard head.present.contains(.expect) else { return }
        var interim = connection.head(100)
        connection.interim(&interim)
    }

    func bodyCame(_ bytes: Bytes) {
        guard body.count + bytes.count <= RouteApplication.longestBody else { return connection?.fail(.longBody) ?? () }
        body.append(bytes)
    }

    func bodyEnded() {
        call()
    }

    func ended(isAborted: Bool) {
        connection = nil
    }

    private func call() {
        guard let connection else { return }
        let request = RouteRequest(head: head, parameter: parameter, body: body.take())
        switch route.handler {
        case .now(let handler): respond(handler(request))
        case .later(let handler):
            let completion = Completion(connection.callback { [self] response in respond(response) })
            handler(request) { completion.call($0) }
        }
    }

    private func respond(_ response: RouteResponse) {
        guard let connection else { return }
        var head = connection.head(response.status.code)
        head.fields(response.fields)
        connection.respond(&head, response.body)
    }
}

/// A handler's completion. If it is dropped uncalled, such as by a closing queue, it responds with an error: otherwise
/// the request would wait forever.
private final class Completion: Sendable {
    private let respond: Lock<Route.Completion?>

    init(_ respond: @escaping Route.Completion) {
        self.respond = Lock(respond)
    }

    func call(_ response: RouteResponse) {
        respond.withLock { $0.take() }?(response)
    }

    deinit { call(.text("The server gave no answer.\n", status: 500)) }
}
