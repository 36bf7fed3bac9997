import CommandLineInterface
import DragonflyIdentity

/// What names a task besides its URL, for every command that speaks of one.
struct TaskOptions {
    private static let tag = Parameter.option("tag", .text, help: "As in X-Dragonfly-Tag.")
    private static let application = Parameter.option("application", .text, help: "As in X-Dragonfly-Application.")
    private static let pieceLength = Parameter.option(
        "piece-length", ValueKind<UInt64>.whole(), help: "As in X-Dragonfly-Piece-Length, in bytes.")
    private static let filteredQueryParams = Parameter.option(
        "filtered-query-params", .text,
        help: "Query parameters to leave out, by commas; empty takes the URL as written. Default: Dragonfly's list.")

    static let parameters: [any DeclaredParameter] = [tag, application, pieceLength, filteredQueryParams]

    let tag: String?
    let application: String?
    /// In bytes.
    let pieceLength: UInt64?
    /// The names as seed peers read them out of X-Dragonfly-Filtered-Query-Params: without the blanks around them, and
    /// between two commas an empty one. Nil takes the default list.
    let filteredNames: [String]?

    init(_ arguments: Arguments) {
        tag = arguments[Self.tag]
        application = arguments[Self.application]
        pieceLength = arguments[Self.pieceLength]
        filteredNames = arguments[Self.filteredQueryParams].map { $0.isEmpty ? [] : QueryFilter.names(inHeader: $0) }
    }
}
