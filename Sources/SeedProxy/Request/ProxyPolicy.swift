/// Decides which URLs go through the cache.
struct ProxyPolicy: Sendable {
    private let rules: [(pattern: URLPattern, rule: ProxyRule)]
    /// For requests that opt in to the cache without a matching rule.
    private let fallback = ProxyRule()

    /// - Throws: `ProxyStartError.badRule` naming the first regex that is refused.
    init(rules: [ProxyRule]) throws(ProxyStartError) {
        var compiled: [(pattern: URLPattern, rule: ProxyRule)] = []
        for rule in rules {
            do throws(PatternError) {
                compiled.append((try URLPattern(rule.regex), rule))
            } catch {
                throw .badRule(regex: rule.regex, reason: error.description)
            }
        }
        self.rules = compiled
    }

    /// The rule under which a GET of this URL goes through the cache; nil sends it straight through.
    func rule(for url: OriginURL, usesP2P: Bool) -> ProxyRule? {
        let text = url.canonical.withoutQuery
        return rules.first { $0.pattern.isFound(in: text) }?.rule ?? (usesP2P ? fallback : nil)
    }
}
