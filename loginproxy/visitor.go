package loginproxy

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"net/http"

	"github.com/hydrogen-go/baas/auth"
	"github.com/hydrogen-go/baas/herror"
	"github.com/hydrogen-go/baas/internal/access"
	"github.com/hydrogen-go/baas/internal/response"
	"github.com/hydrogen-go/baas/session"
	"github.com/hydrogen-go/baas/user"
)

// Visitor is the logged-in user of one request. Its ids come from the session and
// cost nothing. It is safe for concurrent use; a nil Visitor is nobody.
type Visitor struct {
	auth    *auth.Auth
	session session.Session
	me      *user.Me
}

func newVisitor(a *auth.Auth, s session.Session) *Visitor {
	return &Visitor{auth: a, session: s, me: access.NewMe(connOf(a), s).(*user.Me)}
}

// newVisitorRead is newVisitor for a user whose fields are known.
func newVisitorRead(a *auth.Auth, s session.Session, fields []byte) *Visitor {
	u := access.NewCurrentUser(connOf(a), response.Fields(fields), s).(*user.CurrentUser)
	return &Visitor{auth: a, session: s, me: &u.Me}
}

// UserID is the user's id in the backend, 0 for nobody.
func (v *Visitor) UserID() int64 { return v.of().UserID }

// OpenID is the user's id on the platform of the login; empty after a login with an account.
func (v *Visitor) OpenID() string { return v.of().OpenID }

// UnionID is the user's id across the apps of one developer, where the platform has one.
func (v *Visitor) UnionID() string { return v.of().UnionID }

// Platform is the name of the platform of the login ("kuaishou"), or of the first
// one linked since; empty after a login with an account.
func (v *Visitor) Platform() string { return v.of().Platform }

// Anonymous reports whether the user logged in anonymously.
func (v *Visitor) Anonymous() bool { return v.of().Anonymous }

func (v *Visitor) of() session.Session {
	if v == nil {
		return session.Session{}
	}
	return v.session
}

// Auth returns the user's login state, for every other call of the SDK; nil for
// nobody. Its logins change who the session belongs to under the same session id:
// leave them to the proxy.
func (v *Visitor) Auth() *auth.Auth {
	if v == nil {
		return nil
	}
	return v.auth
}

// User reads the user from the backend, once however often it is called: the
// documented getCurrentUser. An error is not kept: the next call tries again.
//
// Errors: 604 nobody, or no longer known to the backend.
func (v *Visitor) User(ctx context.Context) (*user.CurrentUser, error) {
	if v == nil {
		return nil, errNobody
	}
	return v.me.User(ctx)
}

// Me returns the user as a handle for the calls that change or link the account,
// without a request; nil for nobody.
func (v *Visitor) Me() *user.Me {
	if v == nil {
		return nil
	}
	return v.me
}

var errNobody = herror.New(herror.SessionMissing, "")

// Format prints the user's id, for every verb.
func (v *Visitor) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, v.summary()) }

// LogValue returns the user's id.
func (v *Visitor) LogValue() slog.Value { return slog.StringValue(v.summary()) }

func (v *Visitor) summary() string { return fmt.Sprintf("visitor{%d}", v.UserID()) }

type visitorKey struct{}

// FromContext returns the visitor that [Proxy.Middleware] has put into the
// request's context, nil where it has not.
func FromContext(ctx context.Context) *Visitor {
	v, _ := ctx.Value(visitorKey{}).(*Visitor)
	return v
}

// Middleware lets only requests with a live session through to next, where
// [FromContext] tells who it is; others get the proxy's own 401. It is of the shape
// that net/http, chi and others take as it is; for echo and gin:
//
//	e.Use(echo.WrapMiddleware(proxy.Middleware))
//
//	r.Use(func(c *gin.Context) {
//		proxy.Middleware(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { c.Request = r; c.Next() })).ServeHTTP(c.Writer, c.Request)
//		c.Abort() // of what has run already, or of all where nobody is logged in
//	})
func (p *Proxy) Middleware(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if v := p.welcome(w, r); v != nil {
			next.ServeHTTP(w, r.WithContext(context.WithValue(r.Context(), visitorKey{}, v)))
		}
	})
}

// welcome returns the visitor, or answers that there is none and returns nil.
func (p *Proxy) welcome(w http.ResponseWriter, r *http.Request) (v *Visitor) {
	t := p.begin(w, r, OpVisit)
	defer t.cancel()
	defer func() {
		if v == nil {
			t.observe()
		}
	}()
	err := p.sameSite(r)
	if err == nil {
		v, err = t.visitor()
	}
	if err != nil {
		t.fail(err)
		return nil
	}
	return v
}

// visitor returns whose session the request comes with, or fails with 604.
func (t *turn) visitor() (*Visitor, error) {
	v, err := t.maybeVisitor(t.ctx)
	if err == nil && v == nil {
		err = errNobody
	}
	return v, err
}

// maybeVisitor returns whose session the request comes with, nil for nobody's.
func (t *turn) maybeVisitor(ctx context.Context) (*Visitor, error) {
	id, _ := t.p.presented(t.r)
	return t.p.find(ctx, id)
}
