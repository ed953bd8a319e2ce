package visitor

import (
	"context"
	"errors"
	"time"

	"github.com/hydrogen-go/baas/herror"
	"github.com/hydrogen-go/baas/internal/idp"
	"github.com/hydrogen-go/baas/internal/singleflight"
	"github.com/hydrogen-go/baas/internal/transport"
	"github.com/hydrogen-go/baas/session"
)

// Stored is what the store had under the user's key when a call began.
type Stored struct {
	Session  session.Session
	Revision session.Revision
}

// Flights has the work under way of one client's visitors.
type Flights = singleflight.Group[flightKey]

// flightKey is what is equal for calls that share one piece of work.
type flightKey struct {
	visitor               session.Key
	revision              session.Revision
	operation, path, body string
}

// WorkID says what must be equal for two calls to be identical: the operation and all
// that is sent.
type WorkID struct {
	Operation string
	Path      string
	Body      string
	// Login tells that the work replaces the session: one that cannot be read counts as
	// none.
	Login bool
}

// IDOf returns the id of the work of sending a platform's call.
func IDOf(operation string, call *idp.Call) WorkID {
	path, body := call.Sends()
	return WorkID{Operation: operation, Path: path, Body: body}
}

// Dedupe does the work fn once for identical calls of this visitor that are under
// way at once. Calls are identical where their ids are equal and the stored session is
// the same: a call that comes after a login or a logout shares nothing with those from
// before it.
func Dedupe[T any](ctx context.Context, c *Conn, id WorkID, fn func(context.Context, Stored) (T, error)) (T, error) {
	return dedupe(ctx, c, id, fn, singleflight.Do)
}

// DedupeRead is [Dedupe] for work that only reads.
func DedupeRead[T any](ctx context.Context, c *Conn, id WorkID, fn func(context.Context, Stored) (T, error)) (T, error) {
	return dedupe(ctx, c, id, fn, singleflight.Read)
}

// sharing is how identical calls share fn: [singleflight.Do] or [singleflight.Read].
type sharing[T any] func(ctx context.Context, flights *Flights, key flightKey, timeout time.Duration, now Stored, fn func(context.Context, Stored) (T, error)) (T, error)

func dedupe[T any](ctx context.Context, c *Conn, id WorkID, fn func(context.Context, Stored) (T, error), share sharing[T]) (T, error) {
	now, key, err := c.dedupeKey(ctx, id)
	if err != nil {
		var zero T
		return zero, err
	}
	if c.Flights == nil {
		return fn(ctx, now)
	}
	value, err := share(ctx, c.Flights, key, c.Transport.Timeout(), now, fn)
	if err != nil && herror.CodeOf(err) == 0 {
		return value, left(err)
	}
	return value, err
}

// dedupeKey loads the session and returns what must be equal, see [Dedupe].
func (c *Conn) dedupeKey(ctx context.Context, id WorkID) (Stored, flightKey, error) {
	if err := c.broken(); err != nil {
		return Stored{}, flightKey{}, err
	}
	if err := ctx.Err(); err != nil {
		return Stored{}, flightKey{}, transport.Ended(err, false)
	}
	s, rev, err := c.Load(ctx)
	if id.Login && errors.Is(err, session.ErrUnreadable) {
		s, err = session.Session{}, nil
	}
	if err != nil || c.Flights == nil {
		return Stored{s, rev}, flightKey{}, err
	}
	return Stored{s, rev}, flightKey{c.key, rev, id.Operation, id.Path, id.Body}, nil
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
