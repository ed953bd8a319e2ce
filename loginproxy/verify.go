package loginproxy

import (
	"context"
	"errors"
	"net/http"
	"time"

	"github.com/hydrogen-go/baas/herror"
	"github.com/hydrogen-go/baas/internal/transport"
	"github.com/hydrogen-go/baas/internal/visitor"
	"github.com/hydrogen-go/baas/session"
)

// This file tells the reasons apart for which the backend refuses a login.

// timePath is the documented path of the server's time. The time has the app's time zone,
// so the backend must know the app. It needs no session, and it spends no code.
const timePath = "/hserve/v2.2/server/time/"

// confirmedFor is how long it counts that the backend has accepted the client id.
const confirmedFor = time.Minute

// confirm notes that the backend has just accepted a request with the proxy's client id.
func (p *Proxy) confirm() {
	now := p.backend.Now().UnixNano()
	if age := time.Duration(now - p.confirmed.Load()); age < 0 || age > confirmedFor/2 { // seldom, because all requests share it
		p.confirmed.Store(now)
	}
}

// isConfirmed reports whether the backend has accepted the client id within the last minute.
func (p *Proxy) isConfirmed() bool {
	age := time.Duration(p.backend.Now().UnixNano() - p.confirmed.Load())
	return age >= 0 && age < confirmedFor
}

// explain returns the error of a login or a text message that the backend has refused
// with err. If the backend also refuses a request without any argument, the reason is the
// client id or the host, and not what the phone sent: then no code was spent. It is not
// asked if it has accepted any request of this proxy within the last minute.
func (x *exchange) explain(ctx context.Context, err error) error {
	if !isRefused(err) || x.p.isConfirmed() {
		return err
	}
	call := x.p.backend.Plain(&transport.Request{Method: http.MethodGet, Path: timePath})
	_, failure := x.p.backend.Send(ctx, call, session.Session{})
	switch {
	case failure == nil:
		x.p.confirm()
	case isRefused(failure):
		return &failed{own: errNotConfigured, cause: err}
	}
	return err
}

// isRefused reports whether err is a 4xx of the backend that is about the request, and not
// about how many there were.
func isRefused(err error) bool {
	code := herror.CodeOf(err)
	return code >= 400 && code < 500 && code != herror.TooManyRequests && wasSent(err)
}

// conceal returns the error of a login with an account that was refused with err. If the
// login could not have been stored either, it is the error for that: while the session
// store fails, a right password and a wrong one must look the same. A session that is
// stored is a write under a random key, so this is one too. What it writes is no session,
// and the store forgets it after [session.Grace].
func (x *exchange) conceal(ctx context.Context, err error) error {
	code := herror.CodeOf(err)
	if !x.isAccountLogin() || !wasSent(err) || code != 0 && code/100 != 4 || errors.Is(err, errNotConfigured) {
		return err
	}
	if _, failure := connOf(x.p.client.Auth(newID())).Swap(ctx, 0, session.Session{}); failure != nil {
		return visitor.Reached(failure)
	}
	return err
}
