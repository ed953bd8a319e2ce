package enduser

import (
	"context"
	"encoding/binary"
	"errors"

	"github.com/hydrogen-go/baas/herror"
	"github.com/hydrogen-go/baas/internal/flight"
	"github.com/hydrogen-go/baas/internal/transport"
	"github.com/hydrogen-go/baas/session"
)

// Stored is what the store had under the user's key when a call began.
type Stored struct {
	Session  session.Session
	Revision session.Revision
}

// Flight shares the work fn among identical calls of this user that are under way
// at once. What must be equal for that is the id, which is the operation and all
// that is sent, and the stored session: a call that comes after a login or logout
// shares nothing with those from before it.
func Flight[T any](ctx context.Context, c *Conn, id string, fn func(context.Context, Stored) (T, error)) (T, error) {
	now, key, err := c.board(ctx, id)
	if err != nil {
		var zero T
		return zero, err
	}
	if c.Flights == nil {
		return fn(ctx, now)
	}
	value, err := flight.Do(ctx, c.Flights, key, c.Transport.Timeout(), func(ctx context.Context) (T, error) { return fn(ctx, now) })
	if err != nil && herror.CodeOf(err) == 0 {
		return value, left(err)
	}
	return value, err
}

// Reading is [Flight] for work that only reads.
func Reading[T any](ctx context.Context, c *Conn, id string, fn func(context.Context, Stored) (T, error)) (T, error) {
	now, key, err := c.board(ctx, id)
	if err != nil {
		var zero T
		return zero, err
	}
	if c.Flights == nil {
		return fn(ctx, now)
	}
	value, err := flight.Read(ctx, c.Flights, key, func(ctx context.Context) (T, error) {
		ctx, cancel := context.WithTimeout(ctx, c.Transport.Timeout())
		defer cancel()
		return fn(ctx, now)
	})
	if err != nil && herror.CodeOf(err) == 0 {
		return value, left(err)
	}
	return value, err
}

// board loads the session and returns the key of a flight, see [Flight].
func (c *Conn) board(ctx context.Context, id string) (Stored, string, error) {
	if err := ctx.Err(); err != nil && c.err == nil {
		return Stored{}, "", transport.Ended(err, false)
	}
	s, rev, err := c.Load(ctx)
	if err != nil || c.Flights == nil {
		return Stored{s, rev}, "", err
	}
	key := string(binary.LittleEndian.AppendUint64(c.key[:len(c.key):len(c.key)], uint64(rev))) + id
	return Stored{s, rev}, key, nil
}

// left types the error of a caller who left a flight. Others may still have the
// request sent; the last one to leave knows whether it was.
func left(err error) error {
	var last *flight.Left
	if !errors.As(err, &last) {
		return transport.Ended(err, true)
	}
	var work *herror.HError
	return transport.Ended(last.Cause, !errors.As(last.Work, &work) || work.Sent())
}
