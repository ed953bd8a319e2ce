package main

import (
	"context"
	"encoding/json"
	"io"
	"log/slog"
	"net"
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/hydrogen-go/baas/baastest"
	"github.com/hydrogen-go/baas/herror"
)

var silent = slog.New(slog.DiscardHandler)

// The whole program on a port, with a simulated phone of the control API.
func TestDemoServesAndStops(t *testing.T) {
	h, err := demoHandler(silent)
	require.NoError(t, err)
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	ctx, stop := context.WithCancel(t.Context())
	stopped := make(chan error, 1)
	go func() { stopped <- serve(ctx, listener, h) }()

	url := "http://" + listener.Addr().String()
	hc := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
	post := func(path, body string) []byte {
		res, err := hc.Post(url+path, "application/json", strings.NewReader(body))
		require.NoError(t, err)
		defer res.Body.Close()
		text, err := io.ReadAll(res.Body)
		require.NoError(t, err)
		require.Equal(t, http.StatusOK, res.StatusCode, string(text))
		return text
	}
	minted := post(baastest.ControlPath+"people/kuaishou/ann/login", "")
	var who struct{ ID int64 }
	require.NoError(t, json.Unmarshal(post("/login", string(minted)), &who))
	require.NotZero(t, who.ID)

	stop()
	require.NoError(t, <-stopped)
}

func TestRunRefusesBadFlags(t *testing.T) {
	for name, test := range map[string]struct {
		args []string
		want error
	}{
		"no client id": {nil, herror.Uninitialized},
		"plain http":   {[]string{"-client-id", "c", "-host", "http://backend.example"}, herror.InvalidParameter},
	} {
		t.Run(name, func(t *testing.T) {
			require.ErrorIs(t, run(t.Context(), test.args, silent), test.want)
		})
	}
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	for _, args := range [][]string{
		{"-client-id", "c", "-addr", "nonsense"},
		{"-demo", "-addr", "127.0.0.1:0", "extra"},
		{"-demo", "-addr", "0.0.0.0:0"},
	} {
		require.Error(t, run(ended, args, silent), args)
	}
	require.NoError(t, run(ended, []string{"-demo", "-addr", "127.0.0.1:0"}, silent))
}
