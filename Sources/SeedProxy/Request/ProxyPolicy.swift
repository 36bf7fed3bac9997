/// Decides which URLs go through the cache. One for each event loop, because a `Regex` must not be shared by threads.
struct ProxyPolicy {
    private let rules: [(regex: Regex<AnyRegexOutput>, rule: ProxyRule)]
    /// For requests that ask for the cache themselves where no rule does.
    private let fallback = ProxyRule()

    /// - Throws: `ProxyError.badRule` naming the first regex that is not understood.
    init(rules: [ProxyRule]) throws(ProxyError) {
        var compiled: [(regex: Regex<AnyRegexOutput>, rule: ProxyRule)] = []
        for rule in rules {
            do {
                let regex = try Regex(rule.regex).matchingSemantics(.unicodeScalar)
                compiled.append((regex, rule))
            } catch {
                throw .badRule(regex: rule.regex, reason: "\(error)")
            }
        }
        self.rules = compiled
    }

    /// The rule under which a GET of this URL goes through the cache; nil sends it straight through.
    func rule(for url: OriginURL, usesP2P: Bool) -> ProxyRule? {
        let text = url.withoutQuery
        let match = rules.first { (try? $0.regex.firstMatch(in: text)) != nil }
        return match?.rule ?? (usesP2P ? fallback : nil)
    }
}
