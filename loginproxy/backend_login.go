package loginproxy

import (
	"context"
	"strconv"
	"strings"
	"time"

	"github.com/tidwall/gjson"

	"github.com/hydrogen-go/baas/internal/response"
	"github.com/hydrogen-go/baas/session"
)

// hasToken reports whether the response to a login or link holds a token. The
// response to a link does not.
func hasToken(body string) bool {
	if strings.TrimSpace(body) == "" {
		return false
	}
	if !response.Valid(body) {
		return true // it may hold one, so it must not be sent to the phone as it is
	}
	return gjson.Get(body, "token").Exists()
}

// establishForwarded stores the session of a login that was forwarded. It returns the
// response for the phone.
func (x *exchange) establishForwarded(ctx context.Context, old *Visitor, body string, began time.Time) (string, error) {
	l, err := response.ParseLogin(body)
	if err != nil {
		return "", err
	}
	now := x.p.backend.Now()
	fresh := session.Session{
		Token:      session.NewSecret(l.Token),
		UserID:     l.UserID,
		OpenID:     l.OpenID,
		UnionID:    l.UnionID,
		Platform:   x.event.Platform,
		Anonymous:  l.Anonymous || x.event.Operation == OpLoginAnonymous && l.User == "",
		LoggedInAt: began,
		ExpiresAt:  l.ExpiresAt(now),
	}
	id, stored, err := x.p.establish(ctx, old, fresh)
	if err != nil {
		x.noteReplaced(fresh, old.sessionOrZero())
		return "", err
	}
	x.noteReplaced(old.sessionOrZero(), fresh)
	if x.p.onLogin != nil {
		x.p.onLogin(x.r.Context(), newVisitor(x.p.client.Auth(id), stored))
	}
	end := began.Add(x.p.idle) // without another request
	if stored.ExpiresAt.Before(end) {
		end = stored.ExpiresAt
	}
	if end.Equal(fresh.ExpiresAt) {
		return replaceToken(body, l.Token, id, ""), nil
	}
	seconds := int64(max(0, end.Sub(now)) / time.Second)
	return replaceToken(body, l.Token, id, strconv.FormatInt(seconds, 10)), nil
}

// replaceToken returns the response to a login with id in all places of the token.
// Unless expiresIn is empty, it replaces expires_in.
func replaceToken(body, token, id, expiresIn string) string {
	quoted := strconv.Quote(id)
	patch := `{"token":` + quoted
	fields := response.Fields(body)
	if expiresIn != "" {
		patch += `,"expires_in":` + expiresIn
	}
	for _, part := range [...]string{"_session", "user_info"} {
		inner := fields.Get(part)
		if !inner.IsObject() {
			continue
		}
		hidden := response.Fields(inner.Raw)
		for _, name := range [...]string{"session_key", "token"} {
			if hidden.Get(name).Exists() {
				hidden = hidden.Merge(response.Fields(`{"`+name+`":`+quoted+`}`), sameName)
			}
		}
		patch += `,"` + part + `":` + string(hidden)
	}
	return strings.ReplaceAll(string(fields.Merge(response.Fields(patch+"}"), sameName)), token, id)
}

func sameName(name string) string { return name }
