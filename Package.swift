// swift-tools-version: 6.2
import PackageDescription

/// Every target of ours is built with the same strictness: warnings are errors, imports are internal unless said otherwise.
let strict: [SwiftSetting] = [
    .treatAllWarnings(as: .error),
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("MemberImportVisibility"),
    .enableUpcomingFeature("InternalImportsByDefault"),
]

func module(_ name: String, _ dependencies: [Target.Dependency]) -> Target {
    .target(name: name, dependencies: dependencies, swiftSettings: strict)
}

func tests(of name: String, _ dependencies: [Target.Dependency], resources: [Resource]? = nil) -> Target {
    .testTarget(
        name: "\(name)Tests", dependencies: [.target(name: name)] + dependencies, resources: resources,
        swiftSettings: strict)
}

// No package dependency: the toolchain's own modules and the distribution's C libraries (docs/design.md).
let package = Package(
    name: "seed-peer",
    platforms: [.macOS(.v15)],
    products: [
        .executable(name: "seed-peer", targets: ["seed-peer"]),
        .library(name: "DragonflyRequest", targets: ["DragonflyRequest"]),
        .library(name: "HTTPSemantics", targets: ["HTTPSemantics"]),
        // For the tests: preloaded into the server.
        .library(name: "FaultyDisk", type: .dynamic, targets: ["CFaultyDisk"]),
    ],
    targets: [
        .systemLibrary(name: "CChecksum", providers: [.apt(["zlib1g-dev", "libisal-dev"])]),
        .systemLibrary(name: "CCurl", pkgConfig: "libcurl", providers: [.apt(["libcurl4-openssl-dev"])]),
        .systemLibrary(name: "CEvent", providers: [.apt(["libevent-dev"])]),
        .systemLibrary(name: "CLMDB", providers: [.apt(["liblmdb-dev"])]),
        .systemLibrary(name: "COpenSSL", providers: [.apt(["libssl-dev"])]),
        .systemLibrary(name: "CYAML", providers: [.apt(["libyaml-dev"])]),
        .target(name: "CRE2", linkerSettings: [.linkedLibrary("re2")]),
        .target(name: "CICU", linkerSettings: [.linkedLibrary("icuuc")]),
        .target(name: "CResolver", linkerSettings: [.linkedLibrary("resolv")]),
        .target(name: "CFaultyDisk"),
        .target(name: "CPosixIO"),

        module("SeedSupport", ["COpenSSL", "CPosixIO"]),
        module("HTTPSemantics", []),
        module("EventLoops", ["CEvent", "CPosixIO", "SeedSupport"]),
        module("HTTPTransfers", ["CCurl", "EventLoops", "HTTPSemantics", "SeedSupport"]),
        module("HTTPServer", ["EventLoops", "HTTPSemantics", "SeedSupport"]),
        module("CommandLineInterface", ["SeedSupport"]),
        module("DragonflyIdentity", ["CICU", "HTTPSemantics", "SeedSupport"]),
        module("SeedStorage", ["CChecksum", "CLMDB", "DragonflyIdentity", "HTTPSemantics", "SeedSupport"]),
        module("SeedOrigin", ["DragonflyIdentity", "EventLoops", "HTTPSemantics", "HTTPTransfers", "SeedSupport"]),
        // Orders of eviction and traces of reads, for the store's benchmarks.
        module("EvictionSimulation", ["DragonflyIdentity", "SeedStorage"]),
        module(
            "SeedEngine", ["DragonflyIdentity", "HTTPSemantics", "SeedOrigin", "SeedStorage", "SeedSupport"]),
        module(
            "SeedProxy",
            [
                "CRE2", "DragonflyIdentity", "EventLoops", "HTTPSemantics", "HTTPServer", "HTTPTransfers", "SeedEngine",
                "SeedOrigin", "SeedSupport",
            ]),
        module(
            "SeedServer",
            [
                "CYAML", "DragonflyIdentity", "EventLoops", "HTTPSemantics", "HTTPServer", "HTTPTransfers",
                "SeedEngine",
                "SeedOrigin", "SeedProxy", "SeedStorage", "SeedSupport",
            ]),
        module(
            "DragonflyRequest",
            ["CResolver", "DragonflyIdentity", "EventLoops", "HTTPSemantics", "HTTPTransfers", "SeedSupport"]),
        .executableTarget(
            name: "seed-peer",
            dependencies: [
                "CommandLineInterface", "DragonflyIdentity", "DragonflyRequest", "HTTPSemantics", "SeedServer",
                "SeedStorage", "SeedSupport",
            ], swiftSettings: strict),
        // A program that imports nothing but the library.
        .executableTarget(
            name: "FetchExample", dependencies: ["DragonflyRequest"], path: "Examples/FetchExample",
            swiftSettings: strict),
        // For the tests: a program that shuts nothing down.
        .executableTarget(
            name: "ExitingClient", dependencies: ["DragonflyRequest"], path: "Tests/Programs/ExitingClient",
            swiftSettings: strict),
        // The code in the library's tutorial.
        .target(
            name: "TutorialExamples", dependencies: ["DragonflyRequest"], path: "Examples/Tutorial",
            swiftSettings: strict),
        module("SeedTestSupport", ["CPosixIO", "HTTPSemantics", "SeedSupport"]),
        module("SeedEngineTestSupport", ["HTTPSemantics", "SeedOrigin", "SeedSupport", "SeedTestSupport"]),

        tests(of: "SeedSupport", ["SeedTestSupport"]),
        tests(of: "HTTPSemantics", ["SeedTestSupport"]),
        tests(of: "EventLoops", ["SeedSupport", "SeedTestSupport"]),
        tests(of: "HTTPTransfers", ["CCurl", "EventLoops", "HTTPSemantics", "SeedSupport", "SeedTestSupport"]),
        tests(
            of: "SeedOrigin",
            ["EventLoops", "HTTPSemantics", "HTTPTransfers", "SeedEngineTestSupport", "SeedSupport", "SeedTestSupport"]),
        tests(of: "HTTPServer", ["EventLoops", "HTTPSemantics", "SeedSupport", "SeedTestSupport"]),
        tests(of: "CommandLineInterface", ["SeedSupport"]),
        tests(of: "DragonflyIdentity", ["HTTPSemantics", "SeedTestSupport"], resources: [.copy("Vectors")]),
        tests(
            of: "SeedStorage",
            ["DragonflyIdentity", "HTTPSemantics", "SeedSupport", "SeedTestSupport"]),
        tests(
            of: "SeedEngine",
            [
                "DragonflyIdentity", "EvictionSimulation", "HTTPSemantics", "SeedEngineTestSupport", "SeedOrigin",
                "SeedStorage", "SeedSupport", "SeedTestSupport",
            ]),

        tests(
            of: "SeedProxy",
            [
                "DragonflyIdentity", "EventLoops", "HTTPSemantics", "HTTPServer", "HTTPTransfers", "SeedEngine",
                "SeedEngineTestSupport", "SeedOrigin", "SeedStorage", "SeedSupport", "SeedTestSupport",
            ]),
        tests(
            of: "SeedServer",
            [
                "DragonflyIdentity", "EventLoops", "HTTPSemantics", "HTTPServer", "HTTPTransfers", "SeedEngine",
                "SeedOrigin", "SeedProxy", "SeedStorage", "SeedSupport", "SeedTestSupport",
            ]),
        tests(
            of: "DragonflyRequest",
            [
                "ExitingClient", "FetchExample", "HTTPSemantics", "HTTPTransfers", "SeedSupport", "SeedTestSupport",
                "seed-peer",
            ]),
        .testTarget(
            name: "HitRateBenchmarksTests",
            dependencies: ["HitRateBenchmarks", "SeedSupport", "SeedTestSupport", "seed-peer"], swiftSettings: strict),
        .testTarget(
            name: "SeedPeerCommandTests",
            dependencies: ["CommandLineInterface", "DragonflyIdentity", "SeedSupport", "seed-peer"],
            swiftSettings: strict),

        // SVG plots for the benchmarks.
        .target(name: "Charts", path: "benchmarks/Benchmarks/Charts", swiftSettings: strict),
        tests(of: "Charts", []),
        .executableTarget(
            name: "RingSimulation",
            dependencies: ["Charts", "CommandLineInterface", "DragonflyIdentity", "EvictionSimulation"],
            path: "benchmarks/Benchmarks/RingSimulation", swiftSettings: strict),
        tests(
            of: "RingSimulation", ["CommandLineInterface", "DragonflyIdentity", "EvictionSimulation", "SeedSupport"]),

        .executableTarget(
            name: "IdentityBenchmarks", dependencies: ["DragonflyIdentity"],
            path: "benchmarks/Benchmarks/IdentityBenchmarks", swiftSettings: strict),
        .executableTarget(
            name: "ServerBenchmarks", dependencies: ["EventLoops", "HTTPSemantics", "HTTPServer", "SeedSupport"],
            path: "benchmarks/Benchmarks/ServerBenchmarks", swiftSettings: strict),
        .executableTarget(
            name: "OriginBenchmarks", dependencies: ["SeedSupport", "SeedTestSupport"],
            path: "benchmarks/Benchmarks/OriginBenchmarks", swiftSettings: strict),
        .executableTarget(
            name: "RequestBenchmarks", dependencies: ["CCurl", "DragonflyRequest", "SeedTestSupport"],
            path: "benchmarks/Benchmarks/RequestBenchmarks", swiftSettings: strict),
        .executableTarget(
            name: "EvictionBenchmarks", dependencies: ["EvictionSimulation"],
            path: "benchmarks/Benchmarks/EvictionBenchmarks", exclude: ["README.md"], swiftSettings: strict),
        .target(
            name: "HitRateWorkload", dependencies: ["EvictionSimulation", "SeedTestSupport"],
            path: "benchmarks/Benchmarks/HitRateWorkload", swiftSettings: strict),
        tests(of: "HitRateWorkload", ["EvictionSimulation", "SeedTestSupport"]),
        .executableTarget(
            name: "HitRateBenchmarks",
            dependencies: [
                "Charts", "CommandLineInterface", "DragonflyRequest", "HTTPSemantics", "HitRateWorkload", "SeedSupport",
                "SeedTestSupport",
            ],
            path: "benchmarks/Benchmarks/HitRateBenchmarks", swiftSettings: strict),
        .executableTarget(
            name: "StoreBenchmarks",
            dependencies: ["DragonflyIdentity", "HTTPSemantics", "SeedStorage", "SeedSupport"],
            path: "benchmarks/Benchmarks/StoreBenchmarks", exclude: ["README.md"], swiftSettings: strict),
    ]
)
