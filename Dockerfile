# The program `itb` alone, in an image without a shell or a package manager:
#
#   docker build --tag insights-to-braze .
#   docker run --rm insights-to-braze demo
#
# Both images are Debian 12, so that the program finds the C library that it was built for. `.ci/run` builds and runs it where a
# Docker engine answers.
FROM rust:1.94.1-bookworm AS build
WORKDIR /insights-to-braze
COPY . .
RUN cargo build --release --locked --package itb --bin itb

FROM gcr.io/distroless/cc-debian12:nonroot
COPY --from=build /insights-to-braze/target/release/itb /usr/local/bin/itb
ENTRYPOINT ["/usr/local/bin/itb"]
