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
		res, s, err := c.DoFrom(ctx, now.Session, c.ReadUser)
		if err != nil {
			return Result{}, err
		}
		return OwnUser(res, s)
	})
}

// OwnUser reads a response that is the user of the session, and nobody else.
func OwnUser(res *transport.Response, s session.Session) (Result, error) {
	user, id, err := response.ParseUser(res.Body)
	if err == nil && id != s.UserID {
		err = herror.New(herror.InvalidResponse, "another user").WithSent(true)
	}
	return Result{s, user}, err
}
