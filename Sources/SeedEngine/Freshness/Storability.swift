import HTTPSemantics
import SeedSupport

extension BypassReason {
    /// Why an object with these fields is not stored; nil: it may be.
    init?(storing headers: HTTPFields, _ rule: FreshnessRule) {
        if !headers.mayBeKept {
            self = .longHead
        } else if headers.variesBeyondEncoding {
            // One URL, several representations: the store key does not tell them apart (rule:wire-id-not-a-key).
            self = .varies
        } else if !Freshness(headers, madeAt: .epoch, rule: rule).mayStore {
            self = .notStorable
        } else {
            return nil
        }
    }
}
