package loginproxy

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"sync/atomic"

	"github.com/hydrogen-go/baas/auth"
	"github.com/hydrogen-go/baas/herror"
	"github.com/hydrogen-go/baas/internal/access"
	"github.com/hydrogen-go/baas/internal/response"
	"github.com/hydrogen-go/baas/internal/visitor"
	"github.com/hydrogen-go/baas/session"
	"github.com/hydrogen-go/baas/user"
)

// Visitor is the logged-in user of one request. Its ids come from the session and
// cost no request. It is safe for concurrent use. A nil Visitor means that nobody is
// logged in; all its methods can be called.
type Visitor struct {
	auth   *auth.Auth
	stored visitor.Stored // as it was when the request came, or after the login
	me     *user.Me
	values atomic.Pointer[string] // of the session, since one was set; else nil
}

func newVisitor(a *auth.Auth, stored visitor.Stored) *Visitor {
	return &Visitor{auth: a, stored: stored, me: access.NewMe(connOf(a), stored.Session).(*user.Me)}
}

// newVisitorRead is newVisitor after a login. Of has fields if the response to the login
// had the user.
func newVisitorRead(a *auth.Auth, s session.Session, of response.User) *Visitor {
	stored := visitor.Stored{Session: s}
	if of.Fields == "" {
		return newVisitor(a, stored)
	}
	u := access.NewCurrentUser(connOf(a), of, s).(*user.CurrentUser)
	return &Visitor{auth: a, stored: stored, me: &u.Me}
}

// atOnce returns the login state for the one call of a route, which is made at once and
// does not load the session again. The program never gets it: a call that it makes later
// must notice a logout.
func (v *Visitor) atOnce() *auth.Auth {
	return access.NewAuth(connOf(v.auth).From(v.stored)).(*auth.Auth)
}

// UserID is the user's id in the backend; 0 if nobody is logged in.
func (v *Visitor) UserID() int64 { return v.sessionOrZero().UserID }

// OpenID is the user's id on the platform of the login; empty after a login with an account.
func (v *Visitor) OpenID() string { return v.sessionOrZero().OpenID }

// UnionID is the user's id across the apps of one developer, where the platform has one.
func (v *Visitor) UnionID() string { return v.sessionOrZero().UnionID }

// Platform is the name of the platform of the login, as in "kuaishou", or of the
// first platform linked since; empty after a login with an account.
func (v *Visitor) Platform() string { return v.sessionOrZero().Platform }

// Anonymous reports whether the user logged in anonymously.
func (v *Visitor) Anonymous() bool { return v.sessionOrZero().Anonymous }

func (v *Visitor) sessionOrZero() session.Session {
	if v == nil {
		return session.Session{}
	}
	return v.stored.Session
}

// Auth returns the user's login state, for the other calls of the SDK; nil if nobody
// is logged in. Do not call its logins: they would give the session id to another
// user. The routes of the proxy log in under a new id.
func (v *Visitor) Auth() *auth.Auth {
	if v == nil {
		return nil
	}
	return v.auth
}

// User returns the user with all fields: the documented getCurrentUser. The first
// call reads them from the backend; concurrent calls share one request, and later
// calls return the same user. After an error the next call reads again.
//
// Errors: 604 nobody is logged in, or the backend no longer knows the session.
func (v *Visitor) User(ctx context.Context) (*user.CurrentUser, error) {
	if v == nil {
		return nil, errNotLoggedIn
	}
	return v.me.User(ctx)
}

// Me returns the user as a handle for the calls that change or link the account. It
// sends no request. It is nil if nobody is logged in.
func (v *Visitor) Me() *user.Me {
	if v == nil {
		return nil
	}
	return v.me
}

var errNotLoggedIn = herror.New(herror.SessionMissing, "")

// Format prints the user's id, for every verb.
func (v *Visitor) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, v.summary()) }

// LogValue returns the user's id.
func (v *Visitor) LogValue() slog.Value { return slog.StringValue(v.summary()) }

func (v *Visitor) summary() string { return fmt.Sprintf("visitor{%d}", v.UserID()) }

type visitorKey struct{}

// FromContext returns the visitor that [Proxy.Middleware] has put into the context
// of a request; nil for any other context.
func FromContext(ctx context.Context) *Visitor {
	v, _ := ctx.Value(visitorKey{}).(*Visitor)
	return v
}

// Middleware passes requests with a live session on to next, which gets the visitor
// from [FromContext]. Other requests get the proxy's own error response: 401 without
// a live session; with [WithCookie] 403 for a state-changing request or an upgrade, as
// for a WebSocket, from another origin. net/http, chi and others take it as it is; for
// echo and gin:
//
//	e.Use(echo.WrapMiddleware(proxy.Middleware))
//
//	r.Use(func(c *gin.Context) {
//		proxy.Middleware(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { c.Request = r; c.Next() })).ServeHTTP(c.Writer, c.Request)
//		c.Abort() // the handlers have run already, or must not run
//	})
func (p *Proxy) Middleware(next http.Handler) http.Handler { return p.middleware(next, false) }

// OptionalMiddleware is [Proxy.Middleware] for routes that also serve people who are not
// logged in. A request without a live session is passed on, and [FromContext] is nil for
// it. A request that may have a session is not taken for one without: if the session store
// fails or the record cannot be read, the response is 503. A state-changing request or an
// upgrade from another origin is refused as in Middleware.
func (p *Proxy) OptionalMiddleware(next http.Handler) http.Handler { return p.middleware(next, true) }

func (p *Proxy) middleware(next http.Handler, optional bool) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		v, ok := p.authenticate(w, r, optional)
		if !ok {
			return
		}
		next.ServeHTTP(w, r.WithContext(context.WithValue(r.Context(), visitorKey{}, v)))
	})
}

// authenticate returns the visitor, and whether the request passes. If it does not, it
// has responded with an error. The visitor is nil only where the session is optional.
func (p *Proxy) authenticate(w http.ResponseWriter, r *http.Request, optional bool) (v *Visitor, ok bool) {
	x := p.begin(w, r, OpVisit)
	defer x.cancel()
	defer func() {
		if recovered := recover(); recovered != nil || !ok {
			x.observe(recovered)
		}
	}()
	err := p.checkOrigin(r)
	if err == nil {
		v, err = x.visitor()
	}
	if err == nil || optional && err == errNotLoggedIn {
		return v, true
	}
	x.limitRead() // of a request that passes, the program reads the body
	x.fail(err)
	return nil, false
}

// Visit returns the visitor whose session id the phone has sent as token. It is for
// requests that do not pass through [Proxy.Middleware], as those of gRPC, of Fiber, or
// the first message of a WebSocket. It notes the time of the request, as Middleware does.
// An observer is not called.
//
// Visit does not see the origin of a request. If a browser sends the token by itself, in a
// cookie, check the origin before.
//
// Errors: 604 there is no live session with that id; 691 the session store failed; 601 it
// did not respond within the client's [baas.WithTimeout], or ctx has ended.
func (p *Proxy) Visit(ctx context.Context, token string) (*Visitor, error) {
	ctx, cancel := context.WithTimeout(ctx, p.backend.Transport.Timeout())
	defer cancel()
	x := exchange{p: p}
	return x.visit(ctx, token)
}

// visitor returns the visitor of the request's session, or fails with 604. It notes the
// time of the request.
func (x *exchange) visitor() (*Visitor, error) {
	id, _ := x.p.sessionID(x.r)
	return x.visit(x.ctx, id)
}

// visit is visitor for a session id.
func (x *exchange) visit(ctx context.Context, id string) (*Visitor, error) {
	v, err := x.find(ctx, id)
	if err == nil && v == nil {
		err = errNotLoggedIn
	}
	x.p.touch(ctx, v)
	return v, err
}

// visitorOrNil returns the visitor of the request's session, or nil.
func (x *exchange) visitorOrNil(ctx context.Context) (*Visitor, error) {
	id, _ := x.p.sessionID(x.r)
	return x.find(ctx, id)
}
