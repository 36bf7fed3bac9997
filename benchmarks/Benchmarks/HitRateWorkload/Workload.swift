import EvictionSimulation
import Glibc

/// Who asks when for which bytes.
package struct Workload: Sendable {
    package let parameters: WorkloadParameters
    package let layers: [Layer]
    /// The most popular one first.
    package let images: [Image]
    /// By time.
    package let starts: [Start]

    package init(_ parameters: WorkloadParameters) {
        var random = Random(seed: parameters.seed)
        var registry = Registry(parameters, &random)
        self.parameters = parameters
        (layers, images) = (registry.layers, registry.images)
        starts = Self.starts(parameters, &registry, &random)
    }

    /// Every read of all starts.
    package var reads: [Read] { starts.flatMap(\.reads) }

    /// Bytes asked for, each as often as it is.
    package var demandedBytes: Int64 { reads.reduce(0) { $0 + Int64($1.range.count) } }

    /// Different bytes asked for.
    package var uniqueBytes: Int64 { reads.map { ($0.layer, $0.range) }.distinctBytes() }

    private static func starts(
        _ parameters: WorkloadParameters, _ registry: inout Registry, _ random: inout Random
    ) -> [Start] {
        let popularity = Zipf(count: parameters.images, exponent: parameters.exponent)
        let times = (0..<parameters.nodes * parameters.startsPerNode)
            .map { _ in random.fraction() * parameters.duration }.sorted()
        // Each node holds what it has read.
        var held = [Set<Int>](repeating: [], count: parameters.nodes)
        var starts: [Start] = []
        for (number, time) in times.enumerated() {
            let node = number % parameters.nodes
            let image = popularity.next(&random)
            let missing = registry.images[image].layers.filter { !held[node].contains($0) }
            held[node].formUnion(missing)
            guard !missing.isEmpty else { continue }
            let reads = registry.reads(of: missing, ownShare: parameters.ownShare, &random)
            starts.append(Start(node: node, image: image, time: time, reads: reads))
        }
        return starts
    }
}

/// The images, and what programs read of their layers.
private struct Registry {
    private static let shortest = 20.0 * 1_048_576
    private static let longest = 400.0 * 1_048_576
    /// Images that share one base layer.
    private static let imagesPerBase = 2

    private(set) var layers: [Layer] = []
    private(set) var images: [Image] = []
    private var layerReads: [LayerReads] = []
    private let scale: Double

    init(_ parameters: WorkloadParameters, _ random: inout Random) {
        scale = parameters.scale
        var bases: [ImageFormat: [Int]] = [:]
        for number in 0..<parameters.images {
            let format = ImageFormat.allCases[number % ImageFormat.allCases.count]
            let sameFormat = number / ImageFormat.allCases.count
            if sameFormat % Self.imagesPerBase == 0 { bases[format, default: []].append(add(format, &random)) }
            let own = (1..<parameters.layersPerImage).map { _ in add(format, &random) }
            images.append(Image(format: format, layers: (bases[format]?.suffix(1) ?? []) + own))
        }
    }

    private mutating func add(_ format: ImageFormat, _ random: inout Random) -> Int {
        let length = Self.shortest * pow(Self.longest / Self.shortest, random.fraction()) * scale
        let layer = Layer(number: layers.count, format: format, length: Int64(length))
        layers.append(layer)
        layerReads.append(LayerReads(of: layer, &random))
        return layer.number
    }

    /// The program's reads of these layers: the openings, then the layers' reads mixed, and between them some of its own.
    func reads(of numbers: [Int], ownShare: Double, _ random: inout Random) -> [Read] {
        var result = numbers.flatMap { number in layerReads[number].opening.map { Read(layer: number, range: $0) } }
        var rest = numbers.map { number in layerReads[number].body.map { Read(layer: number, range: $0) }[...] }
        var order = program(of: numbers)
        while !rest.isEmpty {
            let turn = order.below(rest.count)
            if let read = rest[turn].popFirst() { result.append(read) } else { rest.remove(at: turn) }
            if random.fraction() < ownShare, let number = numbers.randomElement(&random) {
                result.append(ownRead(of: layers[number], &random))
            }
        }
        return result
    }

    /// The order in which layers take turns, the same on every node that reads the same layers.
    private func program(of numbers: [Int]) -> Random {
        Random(seed: numbers.reduce(17) { $0 &* 31 &+ UInt64($1) })
    }

    private func ownRead(of layer: Layer, _ random: inout Random) -> Read {
        let shape = ReadShape.of(layer.format)
        let start = Int64(random.fraction() * Double(layer.length)) / shape.unit * shape.unit
        return Read(layer: layer.number, range: start..<min(layer.length, start + shape.length(&random)))
    }
}

extension Array {
    fileprivate func randomElement(_ random: inout Random) -> Element? {
        isEmpty ? nil : self[random.below(count)]
    }
}
