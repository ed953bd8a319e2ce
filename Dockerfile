# Two programs, one target each:
#
#   docker build --target baas-loginproxy -t baas-loginproxy .
#   docker build --target baas-emulator -t baas-emulator .
#
# `.dockerignore` leaves out the secrets, but not .git: the programs get their version from it.

FROM golang:1.25 AS build
WORKDIR /src
COPY go.mod go.sum ./
RUN go mod download
COPY . .
RUN CGO_ENABLED=0 go build -trimpath -ldflags=-s -o /out/ ./cmd/baas-loginproxy ./cmd/baas-emulator

# The programs are static: all that they need is the certificates of the authorities.
FROM scratch AS base
COPY --from=build /etc/ssl/certs/ca-certificates.crt /etc/ssl/certs/ca-certificates.crt
USER 65532:65532

FROM base AS baas-emulator
COPY --from=build /out/baas-emulator /baas-emulator
EXPOSE 8899
HEALTHCHECK --interval=10s --timeout=5s --start-period=5s CMD ["/baas-emulator", "-healthcheck", "-addr", ":8899"]
ENTRYPOINT ["/baas-emulator", "-addr", ":8899", "-allow-non-loopback"]

FROM base AS baas-loginproxy
COPY --from=build /out/baas-loginproxy /baas-loginproxy
ENV BAAS_ADDR=:8080 BAAS_LOG_FORMAT=json
EXPOSE 8080
HEALTHCHECK --interval=10s --timeout=5s --start-period=5s CMD ["/baas-loginproxy", "-healthcheck"]
ENTRYPOINT ["/baas-loginproxy"]
