import DragonflyIdentity
import HTTPSemantics
import SeedStorage
import SeedSupport

/// Hashing the prefix of an object, on threads that nothing else waits for (rule:checksums).
extension LiveTask {
    func hash(epoch: Int) {
        context.store.hashers.run { [self] in hashNext(epoch: epoch) }
    }

    /// The bytes are read back from the file, whose pages were just written or checked: nothing is buffered here.
    private func hashNext(epoch: Int) {
        let taken = handle { state, _ -> (ObjectDigest, ByteRange, ContentFile, Lease)? in
            guard let (digest, range) = state.machine.takeHashing(epoch: epoch), let file = state.files[epoch] else {
                return nil
            }
            return (digest, range, file, file.lease())
        }
        guard let (before, range, file, lease) = taken else { return }
        var digest = before
        let isRead = withExtendedLifetime(lease) { () -> Bool in
            (try? file.readThrough(range) { digest.add($0) }) != nil
        }
        let result = isRead ? digest : nil
        handle { $0.machine.hashed(result, epoch: epoch, &$1) }
    }

    func noteProof(isMatch: Bool) {
        guard !isMatch else { return context.counters.digestMatches.add(1) }
        context.counters.digestMismatches.add(1)
        context.logger.error(
            "An object does not have the digest that names it: it was dropped, and its readers were cut off.",
            metadata: ["task": "\(wireID)"])
    }
}
