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

// hasToken reports whether a login's answer holds a token: a link's does not.
func hasToken(body string) bool {
	if strings.TrimSpace(body) == "" {
		return false
	}
	if !response.Valid(body) {
		return true // nobody can say: it does not go out
	}
	return gjson.Get(body, "token").Exists()
}

// entered makes a session of a login's answer and returns the answer that the
// phone gets.
func (t *turn) entered(ctx context.Context, old *Visitor, body string, began time.Time) (string, error) {
	l, err := response.ParseLogin(body)
	if err != nil {
		return "", err
	}
	now := t.p.backend.Now()
	fresh := session.Session{
		Token:      session.NewSecret(l.Token),
		UserID:     l.UserID,
		OpenID:     l.OpenID,
		UnionID:    l.UnionID,
		Platform:   t.event.Platform,
		Anonymous:  l.Anonymous || t.event.Operation == OpLoginAnonymous && l.User == "",
		LoggedInAt: began,
		ExpiresAt:  l.ExpiresAt(now),
	}
	id, here, err := t.p.establish(ctx, old, fresh)
	if err != nil {
		t.replaced(fresh, old.of())
		return "", err
	}
	t.replaced(old.of(), fresh)
	if t.p.onLogin != nil {
		t.p.onLogin(t.r.Context(), newVisitor(t.p.client.Auth(id), here))
	}
	if here.ExpiresAt.Equal(fresh.ExpiresAt) {
		return disguise(body, l.Token, id, 0), nil
	}
	return disguise(body, l.Token, id, here.ExpiresAt.Sub(now)), nil
}

// disguise returns a login's answer with id in the place of the token, wherever it
// stands, and with the life of the session if that is not the token's.
func disguise(body, token, id string, life time.Duration) string {
	quoted := strconv.Quote(id)
	patch := `{"token":` + quoted
	fields := response.Fields(body)
	if life > 0 {
		patch += `,"expires_in":` + strconv.FormatInt(int64(life/time.Second), 10)
	}
	for _, part := range [...]string{"_session", "user_info"} {
		inner := fields.Get(part)
		if !inner.IsObject() {
			continue
		}
		hidden := response.Fields(inner.Raw)
		for _, name := range [...]string{"session_key", "token"} {
			if hidden.Get(name).Exists() {
				hidden = hidden.Merge(response.Fields(`{"`+name+`":`+quoted+`}`), same)
			}
		}
		patch += `,"` + part + `":` + string(hidden)
	}
	return strings.ReplaceAll(string(fields.Merge(response.Fields(patch+"}"), same)), token, id)
}

func same(name string) string { return name }
