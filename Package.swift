// swift-tools-version: 6.2
import PackageDescription

/// Every target of ours is built with the same strictness: warnings are errors, imports are internal unless said otherwise.
let strict: [SwiftSetting] = [
    .treatAllWarnings(as: .error),
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("MemberImportVisibility"),
    .enableUpcomingFeature("InternalImportsByDefault"),
]

let nioCore: Target.Dependency = .product(name: "NIOCore", package: "swift-nio")
let nioPosix: Target.Dependency = .product(name: "NIOPosix", package: "swift-nio")
let nioHTTP1: Target.Dependency = .product(name: "NIOHTTP1", package: "swift-nio")
let httpTypes: Target.Dependency = .product(name: "HTTPTypes", package: "swift-http-types")
let logging: Target.Dependency = .product(name: "Logging", package: "swift-log")

func room(_ name: String, _ dependencies: [Target.Dependency]) -> Target {
    .target(name: name, dependencies: dependencies, swiftSettings: strict)
}

func tests(of name: String, _ dependencies: [Target.Dependency], resources: [Resource]? = nil) -> Target {
    .testTarget(
        name: "\(name)Tests", dependencies: [.target(name: name)] + dependencies, resources: resources,
        swiftSettings: strict)
}

let package = Package(
    name: "seed-peer",
    platforms: [.macOS(.v15)],
    products: [
        .executable(name: "seed-peer", targets: ["seed-peer"]),
        .library(name: "DragonflyRequest", targets: ["DragonflyRequest"]),
        // For the tests: preloaded into the server.
        .library(name: "FaultyDisk", type: .dynamic, targets: ["CFaultyDisk"]),
    ],
    dependencies: [
        .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2"),
        .package(url: "https://github.com/apple/swift-crypto", from: "4.5.2"),
        .package(url: "https://github.com/apple/swift-http-types", from: "1.8.0"),
        .package(url: "https://github.com/apple/swift-log", from: "1.16.2"),
        .package(url: "https://github.com/apple/swift-nio", from: "2.101.2"),
        .package(url: "https://github.com/apple/swift-nio-extras", from: "1.35.2"),
        .package(url: "https://github.com/apple/swift-nio-ssl", from: "2.37.6"),
        .package(url: "https://github.com/hummingbird-project/hummingbird", from: "2.28.1"),
        .package(url: "https://github.com/jpsim/Yams", from: "6.2.2"),
        .package(url: "https://github.com/swift-server/swift-service-lifecycle", from: "2.13.0"),
    ],
    targets: [
        .systemLibrary(name: "CLMDB", pkgConfig: "lmdb", providers: [.apt(["liblmdb-dev"])]),
        .systemLibrary(name: "CCurl", pkgConfig: "libcurl", providers: [.apt(["libcurl4-openssl-dev"])]),
        .target(name: "CICU", linkerSettings: [.linkedLibrary("icuuc")]),
        .target(name: "CPosixIO"),
        .target(name: "CFaultyDisk"),
        .systemLibrary(name: "CChecksum", providers: [.apt(["zlib1g-dev", "libisal-dev"])]),

        room("DragonflyIdentity", ["CICU", .product(name: "Crypto", package: "swift-crypto")]),
        room(
            "SeedStorage",
            ["CLMDB", "CChecksum", "CPosixIO", "DragonflyIdentity", nioCore, httpTypes, logging]),
        room(
            "SeedOrigin",
            [
                "CCurl", "CPosixIO", "DragonflyIdentity", httpTypes, logging,
                .product(name: "Crypto", package: "swift-crypto"),
            ]),
        room(
            "SeedEngine",
            [
                "DragonflyIdentity", "SeedStorage", "SeedOrigin", nioCore, httpTypes, logging,
                .product(name: "Crypto", package: "swift-crypto"),
            ]),
        room(
            "SeedProxy",
            [
                "DragonflyIdentity", "SeedStorage", "SeedOrigin", "SeedEngine", nioCore, nioPosix, nioHTTP1, httpTypes,
                logging,
                .product(name: "NIOExtras", package: "swift-nio-extras"),
                .product(name: "NIOSSL", package: "swift-nio-ssl"),
            ]),
        room(
            "SeedServer",
            [
                "DragonflyIdentity", "SeedStorage", "SeedOrigin", "SeedEngine", "SeedProxy", logging, nioCore, nioPosix,
                .product(name: "Hummingbird", package: "hummingbird"),
                .product(name: "ServiceLifecycle", package: "swift-service-lifecycle"),
                .product(name: "UnixSignals", package: "swift-service-lifecycle"),
                .product(name: "Yams", package: "Yams"),
            ]),
        .target(name: "CResolver", linkerSettings: [.linkedLibrary("resolv")]),
        room(
            "DragonflyRequest",
            [
                "CResolver", "DragonflyIdentity", nioCore, nioPosix, nioHTTP1, httpTypes,
                .product(name: "NIOTLS", package: "swift-nio"),
                .product(name: "NIOSSL", package: "swift-nio-ssl"),
            ]),
        .executableTarget(
            name: "seed-peer",
            dependencies: [
                "SeedServer", "SeedStorage", "DragonflyIdentity", "DragonflyRequest", logging, httpTypes,
                .product(name: "ArgumentParser", package: "swift-argument-parser"),
            ],
            swiftSettings: strict),
        .executableTarget(
            name: "IdentityBenchmarks", dependencies: ["DragonflyIdentity"],
            path: "benchmarks/Benchmarks/IdentityBenchmarks", swiftSettings: strict),
        .executableTarget(
            name: "OriginBenchmarks", dependencies: ["SeedTestSupport"],
            path: "benchmarks/Benchmarks/OriginBenchmarks", swiftSettings: strict),
        .executableTarget(
            name: "EvictionBenchmarks", dependencies: ["SeedTestSupport"],
            path: "benchmarks/Benchmarks/EvictionBenchmarks", exclude: ["README.md"], swiftSettings: strict),
        .executableTarget(
            name: "StoreBenchmarks",
            dependencies: ["SeedStorage", "DragonflyIdentity", nioCore, nioPosix, httpTypes, logging],
            path: "benchmarks/Benchmarks/StoreBenchmarks", exclude: ["README.md"], swiftSettings: strict),
        .executableTarget(
            name: "FetchExample", dependencies: ["DragonflyRequest"], path: "Examples/FetchExample",
            swiftSettings: strict),
        .target(
            name: "TutorialExamples", dependencies: ["DragonflyRequest"], path: "Examples/Tutorial",
            swiftSettings: strict),
        .executableTarget(
            name: "RequestBenchmarks", dependencies: ["CCurl", "DragonflyRequest", "SeedTestSupport"],
            path: "benchmarks/Benchmarks/RequestBenchmarks", swiftSettings: strict),
        room("SeedTestSupport", ["CPosixIO", "DragonflyIdentity", "SeedOrigin", "SeedStorage", httpTypes]),

        tests(of: "DragonflyIdentity", ["SeedTestSupport"], resources: [.copy("Vectors")]),
        tests(of: "SeedStorage", ["SeedTestSupport", "DragonflyIdentity", nioCore, nioPosix, httpTypes, logging]),
        tests(of: "SeedOrigin", ["SeedTestSupport", "DragonflyIdentity", httpTypes, logging]),
        tests(
            of: "SeedEngine",
            [
                "SeedTestSupport", "SeedStorage", "SeedOrigin", "DragonflyIdentity", nioCore, httpTypes, logging,
                .product(name: "NIOEmbedded", package: "swift-nio"),
            ]),
        tests(
            of: "SeedProxy",
            [
                "SeedTestSupport", "SeedEngine", "SeedStorage", "SeedOrigin", "DragonflyIdentity", nioCore, httpTypes,
                logging,
            ]),
        tests(
            of: "DragonflyRequest",
            [
                "SeedTestSupport", nioCore, nioPosix, nioHTTP1, httpTypes,
                .product(name: "NIOSSL", package: "swift-nio-ssl"),
            ]),
        tests(
            of: "SeedServer",
            [
                "SeedTestSupport", "SeedProxy", "SeedEngine", "SeedOrigin", "SeedStorage", "DragonflyIdentity",
                httpTypes,
                logging,
            ]),
    ]
)
