package loginproxy

import (
	"context"
	"net/http"
	"time"

	"github.com/hydrogen-go/baas/herror"
	"github.com/hydrogen-go/baas/internal/visitor"
	"github.com/hydrogen-go/baas/platform"
	"github.com/hydrogen-go/baas/session"
)

// exchange is one HTTP request and its response.
type exchange struct {
	p *Proxy
	w http.ResponseWriter
	r *http.Request
	// ctx is the request's context with a deadline. net/http sets none, so a session
	// store that does not reply would hold the request for as long as the phone waits.
	ctx      context.Context
	cancel   context.CancelFunc
	platform platform.Platform // named by the path of a JSON route, or nil
	began    time.Time         // zero without an observer
	event    Event
	// replaced is a session that is no longer used here, but still valid in the backend.
	replaced *session.Session
	// kept is the visitor whose session goes on if a login fails.
	kept *Visitor
	// unreadable is the connection to a session that could not be read.
	unreadable *visitor.Conn

	// accountField is the field of the body that names an account, if any.
	accountField string
	// For a path of the backend: whether the response may be that of a login; and whether
	// it is the app's own data, in which a member may have any name.
	mayHoldToken bool
	appData      bool
}

// begin returns the exchange of a request. Its cancel must be called.
func (p *Proxy) begin(w http.ResponseWriter, r *http.Request, operation Operation) *exchange {
	x := &exchange{p: p, w: w, r: r, event: Event{Operation: operation}}
	x.ctx, x.cancel = context.WithTimeout(r.Context(), p.backend.Transport.Timeout())
	if p.observer != nil {
		x.began = time.Now()
	}
	return x
}

// noteStatus records the status of the response and the time until then.
func (x *exchange) noteStatus(status int) {
	x.event.Status = status
	if x.p.observer != nil {
		x.event.Duration = time.Since(x.began)
	}
}

// noteFailure records why the request failed, or what failed although it succeeded. The
// code is that in the body of the response.
func (x *exchange) noteFailure(code herror.Code, err error) {
	x.event.Code = code
	if x.p.observer != nil {
		x.event.Err = causeOf(err)
		x.event.Class = classOf(err, x.r.Context().Err() != nil)
	}
}

// observe calls the observer. It is deferred with what the program has recovered, so that
// it also reports a panic, which then goes on.
func (x *exchange) observe(recovered any) {
	if recovered != nil {
		defer panic(recovered) // the stack in the server's log is still that of the panic
	}
	if x.p.observer == nil {
		return
	}
	if recovered != nil {
		if x.event.Status == 0 {
			x.noteStatus(http.StatusInternalServerError)
		}
		x.noteFailure(x.event.Code, &failed{own: errInternal, cause: &panicked{recovered}})
	}
	x.p.observer(x.r.Context(), x.event)
}

// detachedTimeout bounds the work that goes on after the phone has hung up.
const detachedTimeout = 5 * time.Second

// detach returns a context for work that must be completed although the phone has
// hung up, such as a logout.
func detach(ctx context.Context) (context.Context, context.CancelFunc) {
	return context.WithTimeout(context.WithoutCancel(ctx), detachedTimeout)
}

// noteReplaced marks old to be destroyed, unless current has the same token.
func (x *exchange) noteReplaced(old, current session.Session) {
	if !old.IsZero() && !old.Token.Equal(current.Token) {
		x.replaced = &old
	}
}

// destroyReplaced has the backend destroy the token of the replaced session. The
// response is sent before. It is best effort: a failure is ignored, because no
// session holds the token any more.
func (x *exchange) destroyReplaced() {
	if x.replaced == nil {
		return
	}
	x.flush()
	_ = x.destroy(*x.replaced)
}

// flush sends the response before work that the phone need not wait for.
func (x *exchange) flush() {
	_ = http.NewResponseController(x.w).Flush() // if this is not supported, the phone waits
}

// destroy has the backend destroy the token of s, also after the phone has hung up.
func (x *exchange) destroy(s session.Session) error {
	ctx, cancel := detach(x.ctx)
	defer cancel()
	return x.p.temporaryAuth(s).Logout(ctx)
}
