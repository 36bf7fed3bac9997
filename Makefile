# Everything a person or a CI machine does with this package. `make` alone says what there is.
SWIFT ?= swift
FORMATTED := Sources Tests Examples benchmarks Package.swift
# Instructions that a warm request may cost, loosely: other compilers make it a little more or less.
HOT_PATH_LIMIT ?= 33000
FUZZ_SECONDS ?= 60
SIMULATE_OUTPUT ?= .build/simulation
# A third of what the server core costs for a request were the runtime's checks for overlapping access to what is confined to
# a thread. Debug builds, and so the tests, check. With the Swift libraries inside, the program starts on any Debian 12 that has
# the C libraries.
RELEASE := -c release --static-swift-stdlib -Xswiftc -enforce-exclusivity=unchecked
# What hands work from thread to thread.
THREADED := SeedSupportTests EventLoopsTests HTTPServerTests HTTPTransfersTests SeedOriginTests DragonflyRequestTests \
	$(addprefix SeedProxyTests.,PassThroughBodyTests PassThroughConnectionTests PassThroughFailureTests \
	PassThroughFieldTests PassThroughResponseTests OriginProxyTests)

# `swift run` doesn't know --static-swift-stdlib.
benchmark = $(SWIFT) build $(RELEASE) --product $(1) && .build/release/$(1)

.PHONY: help deps build release run test soak campaign coverage fuzz demo bench bench-origin bench-front bench-memory \
	bench-hit-rate instructions bench-request simulate docs format lint config

help: ## Say what there is
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-13s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

deps: ## Install the Debian packages that are missing
	@scripts/install-deps

build: deps ## Build for debugging
	$(SWIFT) build

release: deps ## Build for speed
	$(SWIFT) build $(RELEASE) --product seed-peer

run: release ## Serve on 127.0.0.1:4001, caching every URL, with the store in ./.seed-peer
	@.build/release/seed-peer run --dev

test: deps ## Build everything and run the tests
	$(SWIFT) build --build-tests
	scripts/run-tests

soak: deps ## Run the tests under the address sanitizer, and those that hand work between threads under the thread sanitizer
	scripts/run-tests --sanitize=address
	scripts/run-tests --sanitize=thread $(THREADED)

campaign: release ## Run the tests with their long parts; random heads also under the address sanitizer and valgrind
	$(SWIFT) build --build-tests
	SEED_SOAK=1 scripts/run-tests
	SEED_SOAK=1 scripts/run-tests --sanitize=address HTTPTransfersTests.HeadFuzzTests
	scripts/heads-under-valgrind

coverage: deps ## Print how much of the parsers the tests run; less than 95 % is an error
	scripts/parser-coverage

fuzz: deps ## Search for bytes that break a parser, with libFuzzer, for FUZZ_SECONDS
	scripts/fuzz $(FUZZ_SECONDS)

demo: release ## Show a 1 GiB object cold, warm, by ranges and after a crash (DEMO_SIZE_MIB, DEMO_FLAGS=--json)
	benchmarks/demo.sh $(DEMO_FLAGS)

bench-hit-rate: release ## Compare what a Service, the SDK and one seed peer cost the origin (HIT_RATE_FLAGS=--all)
	$(call benchmark,HitRateBenchmarks) $(HIT_RATE_FLAGS)

bench: deps ## Time identities and the store, compare orders of eviction (BENCH_FLAGS=--json)
	$(call benchmark,IdentityBenchmarks)
	$(call benchmark,EvictionBenchmarks) $(BENCH_FLAGS)
	$(call benchmark,StoreBenchmarks) $(BENCH_FLAGS)

bench-origin: release ## Time cold objects from an origin: spans, first byte, crowd, slow readers (BENCH_FLAGS=--json)
	$(call benchmark,OriginBenchmarks) $(BENCH_FLAGS)

bench-front: release ## Compare warm ranges, pass-through and cold objects with nginx in one run (FRONT_ROUNDS, FRONT_SECONDS)
	@scripts/install-deps bench
	$(SWIFT) build $(RELEASE) --product ServerBenchmarks
	@benchmarks/front.sh $(BENCH_PARTS)

bench-memory: release ## Compare ranges out of memory (storage.cacheCapacity) with ranges out of files (TIER_ROUNDS)
	@scripts/install-deps bench
	benchmarks/memory-tier.sh

instructions: release ## Count the instructions of a warm request of 4 KiB; too many are an error (HOT_PATH_LIMIT)
	@HOT_PATH_LIMIT=$(HOT_PATH_LIMIT) benchmarks/hot-path.sh

bench-request: release ## Measure gets by DragonflyRequest: memory of 10,000, and 4 KiB to 8 MiB against plain curl
	$(call benchmark,RequestBenchmarks)

simulate: deps ## Simulate 1,000 seed peers: balance, movement, hit rates, load, as tables and plots (SIMULATE_FLAGS=--json)
	$(call benchmark,RingSimulation) --output $(SIMULATE_OUTPUT) $(SIMULATE_FLAGS)

docs: build ## Make the documentation of DragonflyRequest in .build/docs; unknown links are errors
	@scripts/make-docs

format: ## Format the sources in place
	$(SWIFT) format format -i -r $(FORMATTED)

lint: ## Check the format
	$(SWIFT) format lint --strict -r $(FORMATTED)

config: build ## Write the files of config/ anew from the table of keys
	$(SWIFT) run --skip-build seed-peer config > config/seed-peer.yaml
	$(SWIFT) run --skip-build seed-peer config --table > config/README.md
