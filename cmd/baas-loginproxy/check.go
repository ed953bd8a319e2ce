package main

import (
	"context"
	"fmt"
	"io"
	"log/slog"
)

// check tries what the settings name and prints what is wrong. It returns the exit code.
func (c config) check(ctx context.Context, out io.Writer, log *slog.Logger) int {
	rdb, err := c.redis.connect(log)
	if err == nil {
		defer func() { _ = rdb.Close() }()
		_, err = c.web.certificate(log)
	}
	if err != nil {
		fmt.Fprintf(out, "settings: %v\n", err)
		return exitInvalid
	}
	store, err := c.store(rdb)
	if err != nil {
		fmt.Fprintf(out, "settings: %v\n", err)
		return exitInvalid
	}
	client, err := c.backend.client(store, log)
	if err != nil {
		fmt.Fprintf(out, "settings: %v\n", err)
		return exitInvalid
	}
	defer client.CloseIdleConnections()
	fmt.Fprintln(out, "settings: ok")

	code := exitOK
	ctx, cancel := context.WithTimeout(ctx, c.backend.timeout)
	defer cancel()
	if err := probe(rdb, c.redis.prefix)(ctx); err != nil {
		fmt.Fprintf(out, "redis: a write failed: %v\n", err)
		code = exitFailed
	} else {
		fmt.Fprintln(out, "redis: ok, a write succeeded")
		if policy, err := evicts(ctx, rdb); err == nil && policy != "" {
			fmt.Fprintf(out, "redis: warning: maxmemory-policy is %s and may evict sessions; set it to noeviction\n", policy)
		}
	}
	if !c.mode.checkBackend {
		return code
	}
	if _, err := client.Auth("check").GetServerDate(ctx); err != nil {
		fmt.Fprintf(out, "backend: %v\n", err)
		return exitFailed
	}
	fmt.Fprintln(out, "backend: ok, it told its time")
	return code
}
