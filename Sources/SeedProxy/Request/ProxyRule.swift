import DragonflyIdentity

/// One rule: which URLs go through the cache, and how they are rewritten before they are asked for.
package struct ProxyRule: Sendable, Equatable {
    /// Searched (unanchored) in the URL without query and fragment.
    package var regex: String
    /// The origin is asked by https whatever the client's scheme was.
    package var useTLS: Bool
    /// Replaces the authority (`host[:port]`) of the origin URL.
    package var redirect: String?
    /// Query parameters that don't take part in the task's identity.
    package var filteredQueryParams: [String]
    /// What these URLs name never changes: it is never asked for again once it is held.
    package var immutable: Bool
    /// Clients may be trusted with the texts that they name tasks by (`X-Dragonfly-Content-For-Calculating-Task-ID`): one
    /// text is one object at all paths of an origin.
    package var trustContentNames: Bool
    /// How long a response is fresh whose origin does not say; nil takes the server's default, zero means for ever.
    package var revalidateAfter: Duration?

    package init(
        regex: String = ".*", useTLS: Bool = false, redirect: String? = nil,
        filteredQueryParams: [String] = QueryFilter.defaultNames, immutable: Bool = false,
        trustContentNames: Bool = false, revalidateAfter: Duration? = nil
    ) {
        self.regex = regex
        self.useTLS = useTLS
        self.redirect = redirect
        self.filteredQueryParams = filteredQueryParams
        self.immutable = immutable
        self.trustContentNames = trustContentNames
        self.revalidateAfter = revalidateAfter
    }
}
