// Command baas-loginproxy is a login server for mini-programs: they send their logins
// to it, and it sends them to the backend. The backend's tokens never leave the server.
//
//	go run ./cmd/baas-loginproxy -demo
//
// runs a demo on http://127.0.0.1:8080: a double of the backend, the login server, and a
// page that plays the phones of three platforms.
//
//	BAAS_REDIS_PASSWORD_FILE=/run/secrets/redis baas-loginproxy -client-id ID -redis-url redis://redis.internal:6379
//
// runs the server itself, with its sessions in Redis, so that any number of replicas
// serve the same users. It serves
//
//	/auth/…    the JSON routes of package loginproxy, for your own client
//	/hserve/…  the backend's paths, for the vendor's client: set its host to this server
//	/livez     200 while the process serves
//	/readyz    200 while sessions can be written, else 503
//
// Every setting has a flag and an environment variable: baas-loginproxy -h lists them, and
// docs/production.md has a first start and the operation.
package main

import (
	"log/slog"
	"os"
	"os/signal"
	"syscall"

	"github.com/redis/go-redis/v9"
)

func main() {
	signals := make(chan os.Signal, 2)
	signal.Notify(signals, os.Interrupt, syscall.SIGTERM)
	os.Exit(program{
		args: os.Args[1:], environ: os.Environ(), stdout: os.Stdout, stderr: os.Stderr, signals: signals,
		libraryLog: func(log *slog.Logger) { redis.SetLogger(redisLog{log}) },
	}.run())
}
