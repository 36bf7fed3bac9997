import ArgumentParser
import DragonflyIdentity

/// What names a task besides its URL, for every command that speaks of one.
struct TaskOptions: ParsableArguments {
    @Option(help: "As in X-Dragonfly-Tag.")
    var tag: String?

    @Option(help: "As in X-Dragonfly-Application.")
    var application: String?

    @Option(help: "As in X-Dragonfly-Piece-Length, in bytes.")
    var pieceLength: UInt64?

    @Option(
        help: "Query parameters to leave out, by commas; empty takes the URL as written. Default: Dragonfly's list.")
    var filteredQueryParams: String?

    /// The names as seed peers read them out of X-Dragonfly-Filtered-Query-Params: without the blanks around them, and
    /// between two commas an empty one. Nil takes the default list.
    var filteredNames: [String]? {
        filteredQueryParams.map { $0.isEmpty ? [] : QueryFilter.names(inHeader: $0) }
    }
}
