# syntax=docker/dockerfile:1
FROM rust:1.89-slim-bookworm AS build
WORKDIR /src
# Only what the compiler reads, so that a change of the docs builds nothing anew. Cargo wants the benches that it lists.
COPY Cargo.toml Cargo.lock ./
COPY benches benches
COPY config config
COPY src src
# The caches are no part of the image: the binary is copied out of them.
RUN --mount=type=cache,target=/usr/local/cargo/registry \
    --mount=type=cache,target=/src/target \
    cargo build --release --locked --features workbooks --bin toleranced \
    && install -D target/release/toleranced /out/toleranced

# The same Debian as the build: the binary needs its C library and nothing else.
FROM debian:bookworm-slim
RUN useradd --system --uid 10001 --user-group --no-create-home --shell /usr/sbin/nologin toleranced \
    && install -d -o toleranced -g toleranced /data
COPY --from=build /out/toleranced /usr/local/bin/toleranced
COPY LICENSE-APACHE LICENSE-MIT /usr/share/doc/toleranced/
# By number, so that Kubernetes can tell that it is not root.
USER 10001:10001
WORKDIR /data
VOLUME /data
EXPOSE 9753
HEALTHCHECK --interval=30s --timeout=5s --start-period=30s CMD ["toleranced", "health"]
ENTRYPOINT ["toleranced"]
CMD ["run", "--config", "/etc/toleranced/toleranced.yaml"]
