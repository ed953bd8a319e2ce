// Baas-emulator serves a double of the MinCloud BaaS login backend on a local
// address: the stand-alone form of package baastest, for programs in any language,
// the vendor's own clients among them.
//
//	baas-emulator -addr 127.0.0.1:8899 -client-id my-app -seed seed.json
//
// It serves the Open API for servers on the same address: tokens at /api/oauth2/, users,
// groups and SMS codes at /oserve/. Its client secret is that of -client-secret. Package
// baastest lists the endpoints.
//
// The first line on stdout is "listening on http://ADDR"; a port of 0 picks a free
// one. A control API lets tests mint login codes, agree, refuse, set the clock,
// inject faults and read what was asked. It is under /_emulator/ on the same address,
// or on an address of its own with -control-addr, which is then the second line:
// "control on http://ADDR". GET /_emulator/health tells that the program serves.
// -healthcheck asks that and exits, for a container without a shell.
// docs/emulator.md documents the paths and the form of the seed file, baastest.Responses
// that of -responses. -h prints the flags with examples.
//
// A browser that opens the address of the control API gets a console: people and their
// phones, users, sessions, messages, requests, faults and the clock.
//
// Every request is logged on stderr with method, path, status and duration, never
// with a token, code or body. What the console reads is not logged. SIGINT and SIGTERM let requests under way finish.
//
// The emulator logs in whoever asks, so it refuses an address that is not loopback
// unless -allow-non-loopback is given. If the control API is then on such an address,
// it requires a bearer token, which the console asks for: that of -control-token, or else a random one, which is the
// last line at the start, "control token TOKEN":
//
//	curl -H "Authorization: Bearer $TOKEN" http://emulator:8899/_emulator/users
//
// The control API responds with 403 to requests that a browser makes for a page of
// another origin. It also does so where the Host header names neither a loopback address,
// localhost, the address of the connection, nor the host of -addr, -control-addr or
// -control-host, because a page of another site can reach it under a name of that site
// (DNS rebinding). A container that others reach as "emulator" needs -control-host
// emulator. Scripts on the same machine need no flag.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"syscall"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	err := run(ctx, os.Args[1:], os.Stdout, os.Stderr)
	if errors.Is(err, flag.ErrHelp) {
		return
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "baas-emulator:", err)
		os.Exit(1)
	}
}
