package transport

import (
	"context"
	"net/http"
	"net/http/httptrace"
	"net/url"
	"sync/atomic"

	"github.com/go-resty/resty/v2"
)

// attempt is the context of one attempt to send a request. It carries the attempt's
// URL and header past resty and http.Client to [below], and records how far the
// request got.
//
// Wrapping the body to see whether it is read would be simpler. But net/http then
// sends header and body in two packets, which takes a fifth of a login's CPU time.
type attempt struct {
	context.Context
	url     url.URL
	header  http.Header
	trace   httptrace.ClientTrace
	traced  atomic.Bool  // the transport calls the trace
	written atomic.Int32 // how often the header was written
}

func newAttempt(ctx context.Context, at url.URL, header http.Header) *attempt {
	a := &attempt{Context: ctx, url: at, header: header}
	a.trace.GetConn = func(string) { a.traced.Store(true) }
	a.trace.WroteHeaders = func() { a.written.Add(1) }
	return a
}

// maybeSent reports whether any part of the request may have been sent. If the
// transport does not call the trace, it may have sent all of it.
func (a *attempt) maybeSent() bool { return a.written.Load() > 0 || !a.traced.Load() }

// repeats returns how often the transport repeated the request.
func (a *attempt) repeats() int { return max(0, int(a.written.Load())-1) }

type attemptKey struct{}

// Value implements context.Context.
func (a *attempt) Value(key any) any {
	if _, ok := key.(attemptKey); ok {
		return a
	}
	return a.Context.Value(key)
}

// below is the http.RoundTripper below resty and http.Client. It gives each request
// the URL and the header of its attempt. The two above see a placeholder: they would
// parse the URL three times and copy the header twice, a tenth of a login's
// allocations.
type below struct{ next http.RoundTripper }

// placeholder is the URL that resty and http.Client see. Its scheme keeps resty from
// adding a host.
const placeholder = "hydrogen:"

// RoundTrip implements http.RoundTripper. The request is changed, and not a copy: it
// was made for this attempt.
func (b below) RoundTrip(req *http.Request) (*http.Response, error) {
	a, _ := req.Context().Value(attemptKey{}).(*attempt)
	req.URL, req.Header = &a.url, a.header
	return b.next.RoundTrip(req)
}

// noHeader is the header that http.Client sees. It is never changed.
var noHeader = http.Header{}

// dropHeader is resty's last hook before a request is sent. It drops the placeholders
// of [newRequest], so that http.Client has nothing to copy.
func dropHeader(_ *resty.Client, req *http.Request) error {
	req.Header = noHeader
	return nil
}
