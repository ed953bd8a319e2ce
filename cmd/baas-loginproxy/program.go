package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"log/slog"
	"os"

	"github.com/hydrogen-go/baas/internal/selfcheck"
)

// The exit codes.
const (
	exitOK      = 0
	exitFailed  = 1
	exitInvalid = 2 // the settings are wrong
)

// settingsError is an error of the settings that shows only when they are used, as of a
// file that they name.
type settingsError struct{ error }

// Unwrap returns the error itself.
func (e settingsError) Unwrap() error { return e.error }

// program is the process around the server.
type program struct {
	args, environ  []string
	stdout, stderr io.Writer
	// signals are those to stop: the first one gracefully, the second one at once.
	signals <-chan os.Signal
	// libraryLog, unless nil, gets the log for what libraries log by themselves.
	libraryLog func(*slog.Logger)
}

// run does what the settings say and returns the exit code.
func (p program) run() int {
	c, err := parse(p.args, p.environ)
	switch {
	case errors.Is(err, flag.ErrHelp):
		writeHelp(p.stdout)
		return exitOK
	case err != nil:
		return p.invalid(err)
	case c.mode.version:
		writeVersion(p.stdout)
		return exitOK
	case c.mode.healthcheck:
		return p.exit(selfcheck.Ask(context.Background(), c.web.addr, c.web.certFile != "", "/livez"))
	}
	log := c.log.logger(p.stderr)
	if p.libraryLog != nil {
		p.libraryLog(log)
	}
	if c.mode.check {
		ok, err := c.check(context.Background(), p.environ, p.stdout, log)
		switch {
		case err != nil:
			return p.invalid(err)
		case !ok:
			return exitFailed
		}
		return exitOK
	}
	err = c.serve(p.environ, p.signals, log)
	var wrong settingsError
	switch {
	case errors.As(err, &wrong):
		return p.invalid(err)
	case err != nil:
		log.Error("ended", "err", err)
		return exitFailed
	}
	return exitOK
}

// invalid prints what is wrong with the settings.
func (p program) invalid(err error) int {
	fmt.Fprintf(p.stderr, "baas-loginproxy: the settings are wrong\n%v\n-h lists all settings\n", err)
	return exitInvalid
}

// exit prints an error of a mode.
func (p program) exit(err error) int {
	if err != nil {
		fmt.Fprintln(p.stderr, "baas-loginproxy:", err)
		return exitFailed
	}
	return exitOK
}

const usage = `baas-loginproxy is a login server for mini-programs.

  baas-loginproxy -demo
        needs nothing else: a double of the backend, sessions in memory, a page

  baas-loginproxy -client-id ID -redis-url redis://redis.internal:6379
        the server, with its sessions in Redis

  BAAS_CLIENT_ID=ID BAAS_REDIS_SENTINEL_ADDRS=a:26379,b:26379,c:26379 \
  BAAS_REDIS_SENTINEL_PRIMARY=sessions BAAS_REDIS_PASSWORD_FILE=/run/secrets/redis \
  BAAS_ADDR=:8443 BAAS_TLS_CERT_FILE=tls.crt BAAS_TLS_KEY_FILE=tls.key baas-loginproxy
        the same settings as environment variables

  baas-loginproxy -check …
        checks the same settings, writes to Redis, and exits

A flag wins over its variable. A variable that is empty counts as not set, and an unknown
one that begins with BAAS_ is an error. Secrets are read from variables and files, never
from the command line. Traces are configured by the variables of OpenTelemetry, and sent
if OTEL_EXPORTER_OTLP_ENDPOINT is set.
`

func writeHelp(w io.Writer) {
	fmt.Fprint(w, usage)
	c := defaults()
	table(&c).WriteHelp(w)
}
