package loginproxy

import (
	"context"
	"strconv"
	"time"

	"github.com/hydrogen-go/baas/internal/response"
	"github.com/hydrogen-go/baas/internal/transport"
	"github.com/hydrogen-go/baas/internal/visitor"
	"github.com/hydrogen-go/baas/session"
)

// hasToken reports whether the response to a login or link is that of a login, which
// has a token. The response to a link has none.
func hasToken(body string) bool {
	return response.Valid(body) && response.Fields(body).Get("token").Exists()
}

// relayLogin stores the session of a login that was forwarded, and responds with the
// backend's response, in which the new session id takes the place of the token.
func (x *exchange) relayLogin(ctx context.Context, old *Visitor, res *transport.Response, began time.Time) error {
	l, err := response.ParseLogin(res.Body)
	if err != nil {
		return err
	}
	now := x.p.backend.Now()
	fresh := session.Session{
		Token:      session.NewSecret(l.Token),
		UserID:     l.UserID,
		OpenID:     l.OpenID,
		UnionID:    l.UnionID,
		Platform:   x.event.Platform,
		Anonymous:  l.Anonymous || x.event.Operation == OpLoginAnonymous && l.User.Fields == "",
		LoggedInAt: began,
		ExpiresAt:  l.ExpiresAt(now),
	}
	id := newID()
	body, err := x.hide(res, tokensOf(old.sessionOrZero(), fresh), id, true)
	if err != nil {
		x.noteReplaced(fresh, old.sessionOrZero())
		return err
	}
	if fresh, err = x.checkLogin(x.p.temporaryAuth(fresh), old, fresh, l.User); err != nil {
		return err
	}
	stored, err := x.p.establish(ctx, id, old, fresh)
	if err != nil {
		x.noteReplaced(fresh, old.sessionOrZero())
		return visitor.Reached(err)
	}
	x.kept = nil
	x.noteReplaced(old.sessionOrZero(), fresh)
	_ = x.forgetUnreadable(ctx) // as on the JSON routes
	x.welcome(id, stored, l.User)
	end := began.Add(x.p.idle) // without another request
	if stored.ExpiresAt.Before(end) {
		end = stored.ExpiresAt
	}
	if !end.Equal(fresh.ExpiresAt) {
		seconds := int64(max(0, end.Sub(now)) / time.Second)
		patch := response.Fields(`{"expires_in":` + strconv.FormatInt(seconds, 10) + "}")
		body = string(response.Fields(body).Merge(patch, response.SameName))
	}
	x.respondRelayed(res, body)
	return nil
}
