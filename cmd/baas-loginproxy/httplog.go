package main

import (
	"log"
	"log/slog"
	"regexp"
	"strings"
)

// httpLog writes to the program's log what net/http logs by itself. It leaves out the
// addresses of clients, which are personal data, and the value of a panic, which may
// contain anything.
type httpLog struct{ log *slog.Logger }

// newHTTPLog returns a log for [http.Server.ErrorLog].
func newHTTPLog(l *slog.Logger) *log.Logger { return log.New(httpLog{l}, "", 0) }

// clientAddr is an address with a port, as net/http prints that of a client.
var clientAddr = regexp.MustCompile(`(\d+\.\d+\.\d+\.\d+|\[[0-9a-fA-F:.%\w]+\]):\d+`)

// Write implements [io.Writer]. Each call has one message.
func (l httpLog) Write(b []byte) (int, error) {
	text := strings.TrimSuffix(string(b), "\n")
	if strings.HasPrefix(text, "http: panic serving ") {
		_, stack, _ := strings.Cut(text, "\ngoroutine ")
		l.log.Error("a handler panicked", "stack", "goroutine "+stack)
		return len(b), nil
	}
	l.log.Warn("http server", "text", clientAddr.ReplaceAllString(text, "CLIENT"))
	return len(b), nil
}
