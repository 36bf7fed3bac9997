/// What a workload is made from. The same parameters make the same workload.
package struct WorkloadParameters: Sendable, Hashable, Codable {
    /// Nodes that start containers.
    package var nodes = 12
    /// Starts of each node; one of an image that the node has run before asks for nothing.
    package var startsPerNode = 4
    /// Half of them of each format.
    package var images = 8
    /// Layers of an image, one of them shared with others.
    package var layersPerImage = 4
    /// Of the layers' lengths, which are 20 to 400 MiB at 1.
    package var scale = 1.0 / 16
    /// Of Zipf's law, by which images are drawn.
    package var exponent = 0.9
    /// Seconds within which all containers start.
    package var duration = 7.0
    /// Of a start's reads, those that it alone does.
    package var ownShare = 0.03
    package var seed: UInt64 = 1

    package init() {}
}
