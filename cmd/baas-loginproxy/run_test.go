package main

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptrace"
	"strings"
	"testing"
	"time"

	"github.com/alicebob/miniredis/v2"
	"github.com/stretchr/testify/require"

	"github.com/hydrogen-go/baas/herror"
)

func TestFlags(t *testing.T) {
	redis := miniredis.RunT(t).Addr()
	closed, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	require.NoError(t, closed.Close())
	for name, test := range map[string]struct {
		args []string
		want string
	}{
		"unknown flag":       {[]string{"-nope"}, "-nope"},
		"an argument":        {[]string{"extra"}, `unexpected argument "extra"`},
		"no client id":       {[]string{"-redis", redis}, "-client-id"},
		"no redis":           {[]string{"-client-id", "c"}, "-redis"},
		"a backend only":     {[]string{"-backend", "https://backend.example"}, "-client-id"},
		"demo for everybody": {[]string{"-addr", "0.0.0.0:0"}, "not a loopback address"},
		"demo, no host":      {[]string{"-addr", ":0"}, "not a loopback address"},
		"bad address":        {[]string{"-addr", "nonsense"}, "missing port"},
		"bad redis URL":      {[]string{"-client-id", "c", "-redis", "http://redis"}, "-redis"},
		"no redis there":     {[]string{"-client-id", "c", "-redis", closed.Addr().String()}, "redis: "},
		"plain http":         {[]string{"-client-id", "c", "-redis", redis, "-backend", "http://backend.example"}, "605"},
	} {
		t.Run(name, func(t *testing.T) {
			require.ErrorContains(t, run(t.Context(), test.args, silent), test.want)
		})
	}
	require.NoError(t, run(t.Context(), []string{"-h"}, silent))
	err = run(t.Context(), []string{"-client-id", "c", "-redis", redis, "-backend", "http://backend.example"}, silent)
	require.ErrorIs(t, err, herror.InvalidParameter)
}

// urls sends the address that a server logs.
type urls chan string

func (u urls) Write(line []byte) (int, error) {
	if _, rest, ok := strings.Cut(string(line), "url="); ok {
		url, _, _ := strings.Cut(rest, " ")
		u <- url
	}
	return len(line), nil
}

// A request that is under way when the server is told to stop gets its response.
func TestStopsGracefully(t *testing.T) {
	ctx, stop := context.WithCancel(t.Context())
	listening := make(urls, 1)
	finished := make(chan error, 1)
	go func() {
		finished <- run(ctx, []string{"-addr", "127.0.0.1:0"}, slog.New(slog.NewTextHandler(listening, nil)))
	}()
	url := <-listening

	underWay := make(chan struct{})
	ctx = httptrace.WithClientTrace(t.Context(), &httptrace.ClientTrace{Got100Continue: func() { close(underWay) }})
	body, write := io.Pipe()
	req, err := http.NewRequestWithContext(ctx, "POST", url+"/auth/login/kuaishou", body)
	require.NoError(t, err)
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("Expect", "100-continue") // the server sends 100 when it reads the body
	responded := make(chan error, 1)
	go func() {
		res, err := (&http.Client{Transport: &http.Transport{ExpectContinueTimeout: time.Minute}}).Do(req)
		if err == nil {
			err = res.Body.Close()
			if res.StatusCode != http.StatusBadRequest {
				err = errors.New(res.Status)
			}
		}
		responded <- err
	}()
	<-underWay
	stop()
	refused(t, strings.TrimPrefix(url, "http://"))
	_, err = io.WriteString(write, `{"code": "nobody's"}`)
	require.NoError(t, err)
	require.NoError(t, write.Close())
	require.NoError(t, <-responded)
	require.NoError(t, <-finished)
}

// refused waits until no server listens at addr.
func refused(t *testing.T, addr string) {
	t.Helper()
	for t.Context().Err() == nil {
		conn, err := net.Dial("tcp", addr)
		if err != nil {
			return
		}
		require.NoError(t, conn.Close())
	}
}

func TestStopsAtOnce(t *testing.T) {
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	require.NoError(t, run(ended, []string{"-addr", "127.0.0.1:0"}, silent))
}
