package loginproxy

import (
	"context"
	"net/http"
	"time"

	"github.com/hydrogen-go/baas/platform"
	"github.com/hydrogen-go/baas/session"
)

// turn is one request on its way to its answer.
type turn struct {
	p *Proxy
	w http.ResponseWriter
	r *http.Request
	// ctx is the request's, with an end: a server sets none, and a store that does
	// not answer would hold the request for as long as the phone waits.
	ctx      context.Context
	cancel   context.CancelFunc
	platform platform.Platform // that the path of a JSON route names, or nil
	began    time.Time         // where somebody observes
	event    Event
	// leftover is a session that nobody uses any more, but which the backend still knows.
	leftover *session.Session

	// Of a path of the backend: whether the answer may hold a token, and the field of
	// the body that names an account, if any.
	mints        bool
	accountField string
}

// begin returns the turn of a request. Its cancel must be called.
func (p *Proxy) begin(w http.ResponseWriter, r *http.Request, operation Operation) *turn {
	t := &turn{p: p, w: w, r: r, event: Event{Operation: operation}}
	t.ctx, t.cancel = context.WithTimeout(r.Context(), p.backend.Transport.Timeout())
	if p.observer != nil {
		t.began = time.Now()
	}
	return t
}

// answered notes what the answer is about to be.
func (t *turn) answered(status int) {
	t.event.Status = status
	if t.p.observer != nil {
		t.event.Duration = time.Since(t.began)
	}
}

// observe tells the observer. It is deferred, so that a panic on its way through
// is told too.
func (t *turn) observe() {
	if t.p.observer == nil {
		return
	}
	if t.event.Status == 0 {
		t.answered(http.StatusInternalServerError)
	}
	t.p.observer(t.r.Context(), t.event)
}

// lateTime bounds what is done for a phone that may have gone.
const lateTime = 5 * time.Second

// late returns a context for what must come to its end though the phone has gone,
// such as a logout.
func late(ctx context.Context) (context.Context, context.CancelFunc) {
	return context.WithTimeout(context.WithoutCancel(ctx), lateTime)
}

// tidy has the backend destroy the token of the session that is left over. The
// phone has its answer by then; whether the backend does it matters to nobody,
// for nobody has the token any more.
func (t *turn) tidy() {
	if t.leftover == nil {
		return
	}
	_ = http.NewResponseController(t.w).Flush() // where it cannot, the phone waits
	_ = t.destroy(*t.leftover)
}

// destroy has the backend destroy the token of s, also after the phone has gone.
func (t *turn) destroy(s session.Session) error {
	ctx, cancel := late(t.ctx)
	defer cancel()
	return t.p.alone(s).Logout(ctx)
}
