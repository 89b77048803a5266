# What a newcomer needs: `make demo` and `make test`. Both install what is missing.

# Real events, where this checkout has them; tests that need them say that they are skipped
# otherwise.
data := $(abspath $(wildcard ../shared/data))
ifneq ($(data),)
FOREBAY_TEST_DATA ?= $(data)
endif
ifdef FOREBAY_TEST_DATA
export FOREBAY_TEST_DATA
endif

.PHONY: help deps deps-test demo test soak fuzz mutants lint bench bench-growth bench-parts

help:   ## this list
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/make \1\t\2/p' $(MAKEFILE_LIST)

deps:   ## install PostgreSQL, Redis and a linker where they are missing; start nothing
	@scripts/install-servers.sh

deps-test:   ## the same, and what tests judge by: promtool, a browser, PgBouncer, docker-compose, systemd-analyze
	@scripts/install-servers.sh test

demo: deps  ## 200,000 generated events through private servers, with figures; more: ARGS='--events 1000000'
	cargo run --release -- demo $(ARGS)

test: deps-test  ## every test, those against private servers among them
	cargo test

soak: deps  ## random histories on random schedules for SOAK_S seconds; FOREBAY_SEED=N repeats one
	SOAK_S=$(or $(SOAK_S),600) cargo test --test it -- --nocapture property::

fuzz:   ## the decoder, both dialects, the COPY encoder, DAG-CBOR and CARs on random bytes, FUZZ_S seconds each; installs cargo-fuzz
	scripts/fuzz.sh

mutants: deps-test  ## break the engine in one place after the other; the tests must see it (docs/mutants.md)
	scripts/mutants.sh

lint: deps  ## formatting and clippy
	cargo fmt --check
	cargo clippy --all-targets -- -D warnings

bench: deps  ## end to end, floor, row by row, latency, memory; into docs/benchmarks.md. More: ARGS='--rounds 5'
	cargo run --release -- bench --page docs/benchmarks.md $(ARGS)

bench-growth: deps  ## end to end into 0, 1 and 10 million likes, and with 1, 2, 3 and 5 lanes; into the same page
	cargo run --release -- bench --part growth,floor,lanes --derived '' --page docs/benchmarks.md $(ARGS)

bench-parts: deps  ## decode, route and encode, dedupe, each merge, ack; and a flood of refused rows
	cargo bench $(ARGS)
