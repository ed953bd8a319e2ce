package visitor

import (
	"context"
	"encoding/binary"
	"errors"

	"github.com/hydrogen-go/baas/herror"
	"github.com/hydrogen-go/baas/internal/singleflight"
	"github.com/hydrogen-go/baas/internal/transport"
	"github.com/hydrogen-go/baas/session"
)

// Stored is what the store had under the user's key when a call began.
type Stored struct {
	Session  session.Session
	Revision session.Revision
}

// Dedupe does the work fn once for identical calls of this visitor that are under
// way at once. Calls are identical where the id, which is the operation and all that
// is sent, and the stored session are: a call that comes after a login or logout
// shares nothing with those from before it.
func Dedupe[T any](ctx context.Context, c *Conn, id string, fn func(context.Context, Stored) (T, error)) (T, error) {
	now, key, err := c.dedupeKey(ctx, id)
	if err != nil {
		var zero T
		return zero, err
	}
	if c.Flights == nil {
		return fn(ctx, now)
	}
	value, err := singleflight.Do(ctx, c.Flights, key, c.Transport.Timeout(), func(ctx context.Context) (T, error) { return fn(ctx, now) })
	if err != nil && herror.CodeOf(err) == 0 {
		return value, left(err)
	}
	return value, err
}

// DedupeRead is [Dedupe] for work that only reads.
func DedupeRead[T any](ctx context.Context, c *Conn, id string, fn func(context.Context, Stored) (T, error)) (T, error) {
	now, key, err := c.dedupeKey(ctx, id)
	if err != nil {
		var zero T
		return zero, err
	}
	if c.Flights == nil {
		return fn(ctx, now)
	}
	value, err := singleflight.Read(ctx, c.Flights, key, func(ctx context.Context) (T, error) {
		ctx, cancel := context.WithTimeout(ctx, c.Transport.Timeout())
		defer cancel()
		return fn(ctx, now)
	})
	if err != nil && herror.CodeOf(err) == 0 {
		return value, left(err)
	}
	return value, err
}

// dedupeKey loads the session and returns what must be equal, see [Dedupe].
func (c *Conn) dedupeKey(ctx context.Context, id string) (Stored, string, error) {
	if err := c.broken(); err != nil {
		return Stored{}, "", err
	}
	if err := ctx.Err(); err != nil {
		return Stored{}, "", transport.Ended(err, false)
	}
	s, rev, err := c.Load(ctx)
	if err != nil || c.Flights == nil {
		return Stored{s, rev}, "", err
	}
	key := string(binary.LittleEndian.AppendUint64(c.key[:len(c.key):len(c.key)], uint64(rev))) + id
	return Stored{s, rev}, key, nil
}

// left types the error of a caller who gave up waiting. Others may still have the
// request sent; the last one to leave knows whether it was.
func left(err error) error {
	var last *singleflight.Left
	if !errors.As(err, &last) {
		return transport.Ended(err, true)
	}
	var work *herror.HError
	return transport.Ended(last.Cause, !errors.As(last.Work, &work) || work.Sent())
}
