/// Requests that are refused with 403, as the operator lists them (`proxy.blockList`).
package struct BlockList: Sendable, Equatable {
    /// Regular expressions, searched (unanchored) in the whole URL with its query: as it was sent, in its canonical form, and
    /// decoded.
    package var urls: [String]
    package var applications: Set<String>
    package var tags: Set<String>
    package var priorities: Set<Int>

    package init(
        urls: [String] = [], applications: Set<String> = [], tags: Set<String> = [], priorities: Set<Int> = []
    ) {
        self.urls = urls
        self.applications = applications
        self.tags = tags
        self.priorities = priorities
    }
}

/// A block list ready for use.
struct BlockMatcher: Sendable {
    private var urls: [URLPattern] = []
    private var list = BlockList()

    init() {}

    /// - Throws: `ProxyStartError.badBlockList` naming the first regex that is refused.
    init(_ list: BlockList) throws(ProxyStartError) {
        self.list = list
        for text in list.urls {
            do throws(PatternError) {
                urls.append(try URLPattern(text))
            } catch {
                throw .badBlockList(regex: text, reason: error.description)
            }
        }
    }

    /// Whether the request is on the list by URL, tag, application or priority.
    func blocks(_ url: OriginURL, _ options: TaskOptions) -> Bool {
        if list == BlockList() { return false }
        if let application = options.application, list.applications.contains(application) { return true }
        if let tag = options.tag, list.tags.contains(tag) { return true }
        if list.priorities.contains(options.priority) { return true }
        return blocks(url)
    }

    /// The same for a URL that a redirect leads to. What can't be taken apart can't be judged, so it is on the list.
    func blocks(_ text: String) -> Bool {
        guard !urls.isEmpty else { return false }
        guard let url = try? OriginURL(text) else { return true }
        return blocks(url)
    }

    private func blocks(_ url: OriginURL) -> Bool {
        guard !urls.isEmpty else { return false }
        let forms = url.judgedForms
        return urls.contains { pattern in forms.contains { pattern.isFound(in: $0) } }
    }
}
