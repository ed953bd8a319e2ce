package transport_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"log/slog"
	"net/http"
	"testing"
	"testing/synctest"
	"time"

	"github.com/jarcoal/httpmock"
	"github.com/stretchr/testify/require"

	"github.com/hydrogen-go/baas/internal/transport"
)

func TestLogIsOneLineAnAttempt(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		mock := httpmock.NewMockTransport()
		mock.RegisterNoResponder(httpmock.ResponderFromMultipleResponses([]*http.Response{
			httpmock.NewStringResponse(503, `{"error_msg":"no code-77, no token-3f9a"}`),
			httpmock.NewStringResponse(200, `{"token":"token-8c01"}`),
		}))
		lines := logged(t, mock, slog.LevelDebug, &transport.Request{
			Method: "GET", Path: "/hserve/v1/?code=code-77", Token: "token-3f9a", Secrets: []string{"code-77"},
		})
		require.Len(t, lines, 2)
		for i, line := range lines {
			require.Equal(t, "DEBUG", line["level"])
			require.Equal(t, "baas request", line["msg"])
			require.Equal(t, "GET", line["method"])
			require.Equal(t, "/hserve/v1/", line["path"])
			require.EqualValues(t, i+1, line["attempt"])
			require.Contains(t, line, "took")
		}
		require.Equal(t, "503: no [redacted], no [redacted]", lines[0]["error"])
		require.EqualValues(t, 200, lines[1]["status"])
	})
}

func TestLogHoldsNoSecret(t *testing.T) {
	secrets := []string{"code-77", "token-3f9a", "token-8c01", "password-1", "backend.test"}
	responders := map[string]httpmock.Responder{
		"success": httpmock.NewStringResponder(201, `{"token":"token-8c01"}`),
		"echo":    httpmock.NewStringResponder(400, `{"error_msg":"code-77 password-1 token-3f9a"}`),
		"failure": httpmock.NewErrorResponder(errors.New(`Post "http://backend.test/?code=code-77": token-3f9a`)),
	}
	for name, responder := range responders {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				mock := httpmock.NewMockTransport()
				mock.RegisterNoResponder(responder)
				lines := logged(t, mock, slog.LevelDebug, &transport.Request{
					Method: "POST", Path: "/hserve/?code=code-77", Token: "token-3f9a",
					Body: `{"code":"code-77","password":"password-1"}`, Secrets: []string{"code-77", "password-1"},
				})
				require.NotEmpty(t, lines)
				text, err := json.Marshal(lines)
				require.NoError(t, err)
				for _, secret := range secrets {
					require.NotContains(t, string(text), secret)
				}
			})
		})
	}
}

func TestLogIsQuietAboveDebug(t *testing.T) {
	mock := httpmock.NewMockTransport()
	mock.RegisterNoResponder(httpmock.NewStringResponder(400, `{}`))
	require.Empty(t, logged(t, mock, slog.LevelInfo, post("/", "{}")))
}

// logged sends r and returns what was logged.
func logged(t *testing.T, rt http.RoundTripper, level slog.Level, r *transport.Request) []map[string]any {
	t.Helper()
	var out bytes.Buffer
	cfg := config(base)
	cfg.HTTPClient = &http.Client{Transport: rt}
	cfg.Logger = slog.New(slog.NewJSONHandler(&out, &slog.HandlerOptions{Level: level}))
	cfg.Timeout = time.Minute
	_, _ = transport.New(cfg).Do(t.Context(), r)
	var lines []map[string]any
	for d := json.NewDecoder(&out); d.More(); {
		var line map[string]any
		require.NoError(t, d.Decode(&line))
		lines = append(lines, line)
	}
	return lines
}
