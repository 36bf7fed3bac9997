import EvictionSimulation
import HitRateWorkload
import SeedTestSupport
import Testing

@Suite("The workload of the hit rate benchmark")
struct WorkloadTests {
    private static func workload(_ change: (inout WorkloadParameters) -> Void = { _ in }) -> Workload {
        var parameters = WorkloadParameters()
        change(&parameters)
        return Workload(parameters)
    }

    @Test("One seed makes one trace, another seed another one")
    func seeds() {
        let (one, same, other) = (Self.workload(), Self.workload(), Self.workload { $0.seed = 2 })
        #expect(one.layers == same.layers)
        #expect(one.images == same.images)
        #expect(one.starts == same.starts)
        #expect(one.layers != other.layers)
        #expect(one.starts != other.starts)
    }

    @Test("Every read lies within its layer and asks for something", arguments: [1.0 / 256, 1.0 / 16, 1])
    func bounds(scale: Double) {
        let workload = Self.workload { $0.scale = scale }
        for read in workload.reads {
            #expect(!read.range.isEmpty)
            #expect(read.range.lowerBound >= 0 && read.range.upperBound <= workload.layers[read.layer].length)
        }
    }

    @Test("Layers are as long as the scale says, and half of the images are of each format")
    func images() {
        let workload = Self.workload { $0.scale = 0.5 }
        #expect(workload.layers.allSatisfy { (10 << 20...200 << 20).contains($0.length) })
        #expect(workload.images.count { $0.format == .nydus } == 4)
        for image in workload.images {
            #expect(image.layers.count == 4)
            #expect(image.layers.allSatisfy { workload.layers[$0].format == image.format })
        }
        let shared = Dictionary(grouping: workload.images.flatMap(\.layers), by: \.self).values.count { $0.count == 2 }
        #expect(shared == 4)
    }

    @Test("Starts come in order, and no node asks twice for a layer that it has read")
    func starts() {
        let workload = Self.workload()
        #expect(workload.starts.map(\.time) == workload.starts.map(\.time).sorted())
        #expect(workload.starts.allSatisfy { (0..<7).contains($0.time) })
        var held: [Int: Set<Int>] = [:]
        for start in workload.starts {
            let layers = Set(start.reads.map(\.layer))
            #expect(layers.isDisjoint(with: held[start.node, default: []]))
            held[start.node, default: []].formUnion(layers)
        }
    }

    @Test("Two nodes that start the same image ask for almost the same ranges, in almost the same order")
    func program() throws {
        let workload = Self.workload { $0.startsPerNode = 1 }
        let starts = workload.starts.filter { $0.image == 0 }
        let one = try #require(starts.first)
        let other = try #require(starts.dropFirst().first { $0.reads != one.reads }, "none has reads of its own")
        #expect(one.node != other.node)
        let shared = Set(one.reads).intersection(other.reads)
        #expect(Double(shared.count) > 0.9 * Double(Set(one.reads).count))
        #expect(one.reads.filter(shared.contains) == other.reads.filter(shared.contains))
    }

    @Test("Popular images are started more often")
    func popularity() {
        let workload = Self.workload {
            $0.startsPerNode = 1
            $0.nodes = 256
        }
        let counts = (0..<8).map { image in workload.starts.count { $0.image == image } }
        #expect(counts[0] > 2 * counts[3] && counts[1] > counts[7])
    }
}

@Suite("Reads of one layer, compared with what was recorded")
struct LayerReadsTests {
    private static func layer(_ format: ImageFormat) -> (layer: Layer, opening: [Range<Int64>], body: [Range<Int64>]) {
        let layer = Layer(number: 0, format: format, length: 400 << 20 | 77_777)
        var random = Random(seed: 5)
        let reads = LayerReads(of: layer, &random)
        return (layer, reads.opening, reads.body)
    }

    @Test("A mount of nydusd reads an index of 10 to 21 KB at the end")
    func index() {
        let (layer, opening, _) = Self.layer(.nydus)
        #expect(opening.count == 1)
        #expect(opening[0].upperBound == layer.length)
        #expect((10_000...21_000).contains(opening[0].count))
    }

    @Test("A mount of stargz reads two bytes, then the table at the end; all begins at multiples of 50,000")
    func table() {
        let (layer, opening, body) = Self.layer(.stargz)
        #expect(opening.map(\.count).first == 2)
        #expect(opening.last?.upperBound == layer.length)
        #expect((opening + body).allSatisfy { $0.lowerBound % 50_000 == 0 })
    }

    @Test("Hardly a range of nydusd is aligned")
    func unaligned() {
        let body = Self.layer(.nydus).body
        #expect(Double(body.count { $0.lowerBound % 4_096 == 0 }) < 0.03 * Double(body.count))
    }

    @Test(
        "Lengths are those recorded",
        arguments: [(ImageFormat.nydus, 743_000.0, 992_000.0), (.stargz, 50_000, 1_800_000)])
    func lengths(format: ImageFormat, median: Double, most: Double) {
        let lengths = Self.layer(format).body.map { Double($0.count) }
        #expect(abs(lengths.percentile(0.5) - median) < 0.1 * median)
        #expect(abs(lengths.percentile(0.9) - most) < 0.15 * most)
    }

    @Test("About as much is touched, and as much asked for again", arguments: ImageFormat.allCases)
    func touched(format: ImageFormat) {
        let (layer, opening, body) = Self.layer(format)
        let distinct = (opening + body).map { (0, $0) }.distinctBytes()
        let asked = (opening + body).reduce(0) { $0 + Int64($1.count) }
        #expect((0.80...0.90).contains(Double(distinct) / Double(layer.length)))
        #expect((format == .nydus ? 1.005...1.03 : 1.05...1.12).contains(Double(asked) / Double(distinct)))
    }

    @Test(
        "As many ranges go on where the last one ended, and as many go back",
        arguments: [(ImageFormat.nydus, 0.22, 0.43), (.stargz, 0.13, 0.45)])
    func order(format: ImageFormat, continues: Double, goesBack: Double) {
        let body = Self.layer(format).body
        let pairs = zip(body, body.dropFirst())
        let neighbours = Double(pairs.count { $0.upperBound == $1.lowerBound }) / Double(body.count - 1)
        let backwards = Double(pairs.count { $1.lowerBound < $0.upperBound }) / Double(body.count - 1)
        #expect(abs(neighbours - continues) < 0.06)
        #expect(abs(backwards - goesBack) < 0.06)
    }
}
