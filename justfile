# Recipes for people and for CI. `scripts/just RECIPE` installs what is missing first; with the tools present, plain
# `just RECIPE` does the same.

set positional-arguments

# llama.cpp must be optimised and built for this CPU whatever the caller's environment says: an exported RUSTFLAGS
# replaces the flags of .cargo/config.toml, and its [env] section gives way to variables that are set already.
export RUSTFLAGS := if env("RUSTFLAGS", "") =~ "target-cpu" { env("RUSTFLAGS") } else { trim(env("RUSTFLAGS", "") + " -C target-cpu=native") }
export LLAMA_LIB_PROFILE := "Release"
headers := justfile_directory() / ".cargo/include"
export C_INCLUDE_PATH := if env("C_INCLUDE_PATH", "") == "" { headers } else { headers + ":" + env("C_INCLUDE_PATH") }
export CPLUS_INCLUDE_PATH := if env("CPLUS_INCLUDE_PATH", "") == "" { headers } else { headers + ":" + env("CPLUS_INCLUDE_PATH") }

# SOURCE_DATE_EPOCH would turn off ggml's CPU features.
cargo := "env -u SOURCE_DATE_EPOCH -u CARGO_ENCODED_RUSTFLAGS cargo"
binary := env("CARGO_TARGET_DIR", "target") / "release/kvant"

# List the recipes
default:
    @"{{just_executable()}}" --list

# Compare the variants of a model: just compare [MODEL] [--level quick] ... (kvant compare --help)
[no-exit-message]
compare *args: build
    @{{cargo}} run --release --quiet -- compare "$@"

# Build kvant and llama.cpp, optimised for this CPU
[no-exit-message]
build:
    @[ -x "{{binary}}" ] || echo "building kvant and llama.cpp for this CPU, once: about 6 minutes on 2 cores" >&2
    @{{cargo}} build --release

# All tests, with llama.cpp and the built-in model
[no-exit-message]
test *args:
    {{ if args == "" { cargo + " test --release --test shipped" } else { "" } }}
    {{cargo}} test --release --features test-engine "$@"

# Render reports again from their journals (default: the committed example): just report [RUN...] [--lang es] ...
[no-exit-message]
report *args: build
    @{{cargo}} run --release --quiet -- report "${@:-reports/example-smollm2-135m}"

# Record the README's terminal: just record [FLAGS of compare]
record *args: build
    scripts/record docs/compare.cast docs/compare.svg -- just compare "$@"

# Lints, and the tests that need no llama.cpp
check: lint
    {{cargo}} test --release --no-default-features --features test-engine

# Format and lints of every set of features
lint:
    {{cargo}} fmt --all --check
    {{cargo}} clippy --release --all-targets --no-default-features --features test-engine -- -D warnings
    {{cargo}} clippy --release --all-targets --features test-engine -- -D warnings
    {{cargo}} clippy --release --lib --bins --test shipped -- -D warnings

# Write the golden files again, for `git diff` to show
golden:
    KVANT_GOLDEN=1 {{cargo}} test --release --no-default-features --features test-engine golden

# Operating characteristics of the choice and the gate on simulated machines: docs/data/bound-simulated.csv, docs/gate.md
choices:
    {{cargo}} test --release --no-default-features --features test-engine --test all -- choices gates --nocapture

# How long kvant itself takes: rendering a large run
bench *args:
    {{cargo}} bench --no-default-features --bench render "$@"

# Train the built-in model anew
forge *args:
    {{cargo}} run --profile forge --package forge -- "$@"

# How good are the answers on this machine? Whole triages against a long reference: just calibrate MODEL [--neighbour]
calibrate *args: build
    scripts/calibrate --kvant "{{binary}}" "$@"

# Does a gate cry wolf on this machine, and does it find 5 %? 20 gates of one build under two names, 20 with a handicap
gate-check *args:
    {{cargo}} build --release --features test-engine
    scripts/gate-check --kvant "{{binary}}" "$@"

# Fuzz one target (gguf_header, models_toml) for some seconds; needs cargo-fuzz and a nightly compiler
fuzz target="gguf_header" seconds="60":
    cd fuzz && env -u RUSTFLAGS cargo +nightly fuzz run {{target}} -- -max_total_time={{seconds}}

# Build kvant for NVIDIA GPUs, into target/cuda, with a CUDA toolkit that this machine need not have (docs/gpu.md)
build-cuda *args:
    CARGO_TARGET_DIR="${CARGO_TARGET_DIR:-target/cuda}" RUSTFLAGS="" scripts/cuda-toolkit {{cargo}} build --release --features cuda,dynamic-link "$@"

# Pack it with its check for a machine with a GPU and no network: one archive
gpu-bundle *args:
    scripts/gpu-bundle "$@"

# Build a worker for compare --worker and gate: just worker [LLAMA_CPP_DIR] [--name NAME] [-- FLAGS of cargo]; scripts/worker says more
[no-exit-message]
worker *args:
    @scripts/worker "$@"

# Build with llama.cpp's RPC backend, into target/rpc, for models spread over machines
build-rpc *args:
    CARGO_TARGET_DIR="${CARGO_TARGET_DIR:-target/rpc}" GGML_RPC=ON {{cargo}} build --release "$@"

# Archive and wheel for machines without a compiler, into target/dist (root makes a Debian 11 for it; --here builds on this system)
dist *args:
    scripts/dist "$@"

# Try both in clean Debian 11, 12 and 13, as a user without rights and without a network (as root)
dist-check *args:
    scripts/dist-check "$@"

# The image for any x86-64
docker *args:
    docker build -t kvant "$@" .

# The image for NVIDIA GPUs: just docker-gpu --build-arg CUDA_ARCHITECTURES=90
docker-gpu *args:
    docker build -t kvant:gpu -f Dockerfile.gpu "$@" .
