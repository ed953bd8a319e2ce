package visitor

import (
	"context"

	"github.com/hydrogen-go/baas/herror"
	"github.com/hydrogen-go/baas/internal/response"
	"github.com/hydrogen-go/baas/internal/transport"
	"github.com/hydrogen-go/baas/session"
)

// ReadCurrentUser reads the logged-in user, once for all reads under way.
func (c *Conn) ReadCurrentUser(ctx context.Context) (Result, error) {
	return DedupeRead(ctx, c, WorkID{Operation: "current user"}, func(ctx context.Context, now Stored) (Result, error) {
		user, now, err := doFrom(ctx, c, now, c.readUser)
		return Result{now, user}, err
	})
}

// readUser reads the user, unless the response to the login had the user.
func (c *Conn) readUser(ctx context.Context, r Result) (response.User, error) {
	if r.Fields != "" {
		return r.User, nil
	}
	res, err := c.Send(ctx, c.ReadUser(r.Session), r.Session)
	if err != nil {
		return response.User{}, err
	}
	return OwnUser(res, r.Session)
}

// OwnUser reads a response that is the user of the session, and nobody else.
func OwnUser(res *transport.Response, s session.Session) (response.User, error) {
	user, id, err := response.ParseUser(res.Body)
	if err == nil && id != s.UserID {
		err = herror.New(herror.InvalidResponse, "another user").WithSent(true)
	}
	return user, err
}
