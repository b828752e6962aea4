# Every target is a command that also works by hand.

.PHONY: run test check bench screenshots loadtest fuzz timings check-openapi sdk-test check-start check-metrics docs lint-api dist

run: ## Serve on 127.0.0.1:8080, with a private PostgreSQL.
	scripts/install-postgres
	cargo run --release

# Most tests wait for something most of the time.
test: export RUST_TEST_THREADS ?= 6
test: ## Run every test.
	scripts/install-postgres
	scripts/install-test-tools
	scripts/install-browser
	cargo test --workspace

check: ## Format, lints, dependencies; known weaknesses of these where the database can be had.
	cargo fmt --all --check
	cargo clippy --workspace --all-targets --all-features -- --deny warnings
	cargo clippy --no-default-features -- --deny warnings
	cargo deny check bans licenses sources
	scripts/check-advisories

screenshots: ## A picture of every screen of the page, into target/screenshots; SCREENSHOTS=docs/screenshots elsewhere.
	scripts/install-postgres
	scripts/install-browser
	cargo test --test browser -- --ignored every_screen

bench: ## The hot paths, pushes a second through one gateway with their cost, and what the bus costs (docs/performance.md).
	scripts/install-postgres
	scripts/install-test-tools
	cargo bench --bench hot_paths --features fuzzing
	cargo bench --bench push
	cargo bench --bench bus

loadtest: ## Load-test a gateway: make loadtest ARGS="signin --spawn" (loadtest/README.md).
	scripts/install-postgres
	cargo build --release --workspace --bins
	cargo run --release -p twostep-loadtest -- $(ARGS)

fuzz: ## Fuzz every parser of what strangers send, each for SECONDS (60).
	scripts/fuzz $(or $(SECONDS),60)

timings: ## The test that an answer which takes longer for some addresses is found, on a machine that does nothing else.
	scripts/install-postgres
	cargo test --package twostep-loadtest --test faults -- --ignored

check-openapi: ## Hold a gateway to its OpenAPI document, with EXAMPLES (100) requests for each call, and to clients made of it.
	scripts/check-openapi $(or $(EXAMPLES),100)

sdk-test: ## The client library's declarations and tests, some of them against a real gateway; attacks on the example.
	scripts/install-postgres
	scripts/install-node
	cargo build --quiet
	cd sdk/js && npm ci --no-audit --no-fund && TWOSTEP=$(or $(CARGO_TARGET_DIR),$(CURDIR)/target)/debug/twostep npm test
	cd examples/express && npm ci --no-audit --no-fund && npm test

check-start: ## Do what docs/start.md says, in a clean clone and a real browser.
	scripts/check-start

check-metrics: ## Hold alerts, their tests and the metrics of a real gateway to promtool.
	scripts/check-metrics

docs: ## The book of docs/, into target/book.
	scripts/build-docs

lint-api: ## Lint the OpenAPI document and docs/asyncapi.yaml.
	scripts/lint-api

dist: ## A release into target/distribution: archive, checksums, bill of materials.
	scripts/dist
