# The table of contents of this repository's chores. Logic lives in scripts/ and in Rust, not here.

SHELL := /bin/bash
.DEFAULT_GOAL := help
.PHONY: help demo check test run bench outage-drill fuzz generate sqlx db

# Arguments of `make run`, `make fuzz` and `make outage-drill`.
ARGS ?= serve
T ?= packet
SECONDS ?= 60
DRILL ?= postgres
MINUTES ?= 1

help: ## List these targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-12s %s\n", $$1, $$2 }' $(firstword $(MAKEFILE_LIST))

demo: ## A server in the foreground with something to try; Ctrl-C stops all of it
	@scripts/setup demo
	cargo build --release -p server
	@exec "$${CARGO_TARGET_DIR:-target}"/release/mnetifi demo

check: ## Format, lints, documentation, licences; any warning is an error
	@scripts/setup check
	scripts/check

test: ## Every test, on a PostgreSQL of its own
	@scripts/setup test
	scripts/test

run: ## The server from a quick build, or any command: make run ARGS="session list"
	@scripts/setup demo
	@cargo run --quiet -p server -- $(ARGS)

bench: ## How fast it is: small benches, then the whole path under load
	@scripts/setup bench
	scripts/bench

outage-drill: ## Watch an outage at full load: make outage-drill MINUTES=1, or DRILL=kill
	@scripts/setup test
	@MINUTES=$(MINUTES) scripts/outage-drill $(DRILL)

fuzz: ## Fuzz one target for a while: make fuzz T=packet SECONDS=60
	fuzz/run.sh T=$(T) SECONDS=$(SECONDS)

generate: ## Make the Rust of the RADIUS dictionaries from their texts, and the API's document and table of rights from its code
	cargo run -p dictionaries --example generate
	cargo run -p admin-api --example openapi

sqlx: ## Refresh the query cache crates/store/.sqlx after a change of SQL
	@scripts/setup test
	scripts/sqlx-prepare

db: ## A shell beside an empty test cluster, for tests run by hand
	@scripts/setup test
	@echo 'A shell with a test cluster: try `cargo nextest run -p store`. Leaving the shell stops the cluster.'
	@cargo run --quiet -p tests --bin with_database -- "$${SHELL:-bash}"
