# kvant for any x86-64 (or arm64) processor: llama.cpp picks the best of its CPU backends when the program starts.
#
#   docker build -t kvant .
#   docker run --rm -v kvant-models:/models -v "$PWD/reports:/work/reports" --user "$(id -u):$(id -g)" kvant compare
#
# Models are kept in /models, reports in /work/reports. `compare builtin` needs no network.

FROM rust:1.91.1-slim-bookworm AS build
RUN apt-get update \
    && apt-get install -y --no-install-recommends cmake g++ libclang-dev make \
    && rm -rf /var/lib/apt/lists/*
WORKDIR /src
COPY Cargo.toml Cargo.lock build.rs models.toml ./
COPY .cargo .cargo
COPY crates crates
COPY assets assets
COPY build build
COPY lang lang
COPY benches benches
COPY scripts/bundle scripts/bundle
COPY docs/method.md docs/method.md
COPY src src
# Empty: nothing is built for the processor that builds.
ENV RUSTFLAGS=""
RUN cargo build --locked --release --features dynamic-backends \
    && scripts/bundle /opt/kvant \
    && rm -rf target

FROM debian:12.12-slim
RUN apt-get update \
    && apt-get install -y --no-install-recommends libgomp1 libstdc++6 \
    && rm -rf /var/lib/apt/lists/* \
    && useradd --uid 10001 --no-create-home --home-dir /work kvant \
    && mkdir -p /models /work/reports \
    && chown -R 10001:10001 /models /work \
    && chmod 1777 /models /work /work/reports
COPY --from=build /opt/kvant /opt/kvant
RUN ln -s /opt/kvant/kvant /usr/local/bin/kvant
ENV KVANT_STORE=/models/kvant HF_HOME=/models/huggingface
WORKDIR /work
VOLUME ["/models", "/work/reports"]
USER 10001:10001
ENTRYPOINT ["kvant"]
CMD ["--help"]
