import SeedTestSupport
import Testing

/// Each campaign is cut into parts that run beside each other, each from a seed of its own.
@Suite("Reading requests under bad input")
struct RequestFuzzTests {
    @Test("Every valid request is read, whatever the cuts, and its body to the byte", arguments: Seeded.parts)
    func valid(_ part: Int) {
        var generator = RequestGenerator(seed: Seeded.seed(1, part))
        for number in 0..<Seeded.inputs {
            let made = generator.request()
            let bytes = Array(made.text.utf8)
            let read =
                number.isMultiple(of: 2) ? ReadRequests(bytes) : ReadRequests(bytes, cuts: &generator.random)
            guard read.heads == ["\(made.method) \(made.target)"], read.body == Array(made.body.utf8),
                read.refusal == nil
            else { return fail(bytes, "\(read)") }
        }
    }

    @Test(
        "No bytes crash or hang the reader, cuts change nothing, and every refusal is one of the table",
        arguments: Seeded.parts)
    func spoiled(_ part: Int) {
        var generator = RequestGenerator(seed: Seeded.seed(2, part))
        for _ in 0..<Seeded.inputs {
            var bytes = Array(generator.request().text.utf8)
            if generator.random.chance(1, in: 3) { bytes += Array(generator.request().text.utf8) }
            Mutation.apply(to: &bytes, &generator.random)
            if let wrong = RequestCheck.requests(bytes, &generator.random) { return fail(bytes, wrong) }
        }
    }

    private static let hosts = ["h", "a.b-c:80", "[::1]:80", "[::1]", ":", ""].map { Array($0.utf8) }

    @Test("Host takes any text without harm", arguments: Seeded.parts)
    func hosts(_ part: Int) {
        let complaint = Seeded.complaint(4, part, from: Self.hosts) { bytes, _ in
            RequestCheck.host(bytes)
            return nil
        }
        #expect(complaint == nil)
    }

    /// Tells what went wrong, and with what; the caller ends its campaign.
    private func fail(_ bytes: [UInt8], _ wrong: String) {
        Issue.record("\(Seeded.complaint(bytes, wrong))")
    }
}
