/// How an image's layers are packed, and so how a node reads them lazily.
package enum ImageFormat: String, Sendable, CaseIterable, Codable {
    /// RAFS v6, read by nydusd.
    case nydus
    /// eStargz, read by stargz-snapshotter.
    case stargz
}

/// One blob at the origin.
package struct Layer: Sendable, Hashable {
    /// Its place in ``Workload/layers``.
    package let number: Int
    package let format: ImageFormat
    /// In bytes.
    package let length: Int64

    package init(number: Int, format: ImageFormat, length: Int64) {
        self.number = number
        self.format = format
        self.length = length
    }
}

/// Layers that are mounted together.
package struct Image: Sendable, Hashable {
    package let format: ImageFormat
    /// Numbers of its layers, those shared with other images first.
    package let layers: [Int]
}

/// One range of a layer that a node asks for.
package struct Read: Sendable, Hashable {
    /// Its place in ``Workload/layers``.
    package let layer: Int
    /// In bytes, not empty.
    package let range: Range<Int64>

    package init(layer: Int, range: Range<Int64>) {
        self.layer = layer
        self.range = range
    }
}

/// A container starts on a node, which mounts its image and reads what the program needs.
package struct Start: Sendable, Hashable {
    package let node: Int
    package let image: Int
    /// Seconds after the run's beginning.
    package let time: Double
    /// In the order in which they are asked for.
    package let reads: [Read]
}
