package main

import (
	"bytes"
	"log/slog"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestHTTPLogHidesClients(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct{ text, want, never string }{
		{"http: TLS handshake error from 192.0.2.7:51234: EOF", `level=WARN msg="http server" text="http: TLS handshake error from CLIENT: EOF"`, "192.0.2.7"},
		{"http: TLS handshake error from [2001:db8::1%eth0]:443: EOF", `text="http: TLS handshake error from CLIENT: EOF"`, "2001:db8"},
		{"http: superfluous response.WriteHeader call", `text="http: superfluous response.WriteHeader call"`, "CLIENT"},
		{"http: panic serving 192.0.2.7:1: s3cret\ns3cret\ngoroutine 7 [running]:\nmain.f()", `level=ERROR msg="a handler panicked" stack="goroutine 7 [running]:\nmain.f()"`, "s3cret"},
	} {
		var out bytes.Buffer
		newHTTPLog(slog.New(slog.NewTextHandler(&out, nil))).Println(tt.text)
		require.Contains(t, out.String(), tt.want)
		require.NotContains(t, out.String(), tt.never)
	}
}
