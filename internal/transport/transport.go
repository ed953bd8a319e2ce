// Package transport carries the SDK's requests: resty on one shared connection
// pool, with the answer read in one pass and every failure typed.
package transport

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptrace"
	"net/url"
	"sync"
	"sync/atomic"
	"time"

	"github.com/go-resty/resty/v2"

	"github.com/hydrogen-go/baas/herror"
)

// MaxAnswer bounds the size of an answer, in bytes.
const MaxAnswer = 8 << 20

// Names of the headers that this package sets.
const (
	headerClientID = "X-Hydrogen-Client-Id"
	headerVersion  = "X-Hydrogen-Client-Version"
	headerPlatform = "X-Hydrogen-Client-Platform"
	headerSDKType  = "X-Hydrogen-Client-Sdk-Type"
	headerEnv      = "X-Hydrogen-Env-Id"
	headerToken    = "Authorization"
	tokenScheme    = "Hydrogen-r1 "
)

// Config is what a Transport is made of.
type Config struct {
	BaseURL    string // without a trailing slash
	ClientID   string
	Env        string // may be empty
	Version    string // of this SDK
	HTTPClient *http.Client
	MaxConns   int // per host, for the transport made where HTTPClient is nil
	Timeout    time.Duration
	Logger     *slog.Logger // may be nil
}

// Transport sends requests. It is safe for concurrent use.
type Transport struct {
	requests sync.Pool // of *resty.Request
	base     string
	headers  headers
	timeout  time.Duration
	log      *slog.Logger
	idle     func()
}

// Request is one request to the backend.
type Request struct {
	Method   string
	Path     string // with the query, if any
	Platform string // value of X-Hydrogen-Client-Platform
	Version  string // value of X-Hydrogen-Client-Version; empty: the SDK's own
	Token    string // empty: none
	Header   http.Header
	Body     []byte // JSON, or nil
	// AnyStatus makes an answer outside 2xx an answer too, and no error.
	AnyStatus bool
	// Secrets are cut out of the backend's text wherever it echoes them.
	Secrets []string
}

// NewRequest returns a request whose body is the JSON of body. Secrets are what of it
// must not show in an error's text.
func NewRequest(method, path string, body any, secrets ...string) (*Request, error) {
	b, err := json.Marshal(body)
	if err != nil {
		return nil, herror.New(herror.InvalidParameter, "not JSON").WithCause(err)
	}
	return &Request{Method: method, Path: path, Body: b, Secrets: secrets}, nil
}

// Response is an answer with a status in 2xx, or any where the request asks for that.
type Response struct {
	Status int
	Header http.Header
	Body   string
}

// New returns a Transport. It opens no connection.
func New(cfg Config) *Transport {
	hc, own := httpClient(cfg)
	rc := resty.NewWithClient(hc)
	rc.SetLogger(silent{}).SetDisableWarn(true)
	rc.SetPreRequestHook(prepare)
	return &Transport{
		requests: sync.Pool{New: func() any { return newRequest(rc) }},
		base:     cfg.BaseURL,
		headers:  newHeaders(cfg, own),
		timeout:  cfg.Timeout,
		log:      cfg.Logger,
		idle:     hc.CloseIdleConnections,
	}
}

// Timeout returns how long one call may take, retries included.
func (t *Transport) Timeout() time.Duration { return t.timeout }

// ClientID returns the client id that every request carries.
func (t *Transport) ClientID() string { return t.headers.constant.Get(headerClientID) }

// Env returns the environment that every request carries, or nothing.
func (t *Transport) Env() string { return t.headers.constant.Get(headerEnv) }

// CloseIdleConnections closes the connections that no request uses.
func (t *Transport) CloseIdleConnections() { t.idle() }

// httpClient returns a copy of the caller's client, or one on a transport of our
// own; in both, cookies and redirects are off: a cookie set for one user would go
// out with the next one's request, a redirect would carry tokens and codes away.
func httpClient(cfg Config) (hc *http.Client, own bool) {
	if cfg.HTTPClient != nil {
		c := *cfg.HTTPClient
		hc = &c
		if hc.Transport == nil {
			hc.Transport = http.DefaultTransport // what it stands for; resty would make one of its own
		}
	} else {
		hc, own = &http.Client{Transport: newRoundTripper(cfg.MaxConns)}, true
	}
	hc.Jar = nil
	hc.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	return hc, own
}

// newRoundTripper returns a transport that keeps as many connections as it may
// open, so that a busy server does not open and close them all the time.
func newRoundTripper(maxConns int) *http.Transport {
	return &http.Transport{
		Proxy:                 http.ProxyFromEnvironment,
		DialContext:           (&net.Dialer{Timeout: 10 * time.Second, KeepAlive: 30 * time.Second}).DialContext,
		ForceAttemptHTTP2:     true,
		MaxIdleConns:          0, // no bound beside the one per host
		MaxIdleConnsPerHost:   maxConns,
		MaxConnsPerHost:       maxConns,
		IdleConnTimeout:       90 * time.Second,
		TLSHandshakeTimeout:   10 * time.Second,
		ExpectContinueTimeout: time.Second,
	}
}

// Do sends the request and returns the answer, or an *herror.HError: the
// backend's for a status outside 2xx, or one of the client's own. Reads (GET and
// HEAD) are tried again after connection errors, 429 and 5xx; all else only
// where nothing was sent. One call takes no longer than the timeout.
func (t *Transport) Do(ctx context.Context, r *Request) (*Response, error) {
	if err := ctx.Err(); err != nil {
		return nil, Ended(err, false)
	}
	if end, ok := ctx.Deadline(); !ok || time.Until(end) > t.timeout {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, t.timeout)
		defer cancel()
	}
	for attempt := 1; ; attempt++ {
		began := t.logTime()
		res, try, err := t.once(ctx, r)
		t.logAttempt(ctx, r, res, err, attempt, began)
		attempt += try.repeats
		if err == nil || attempt >= maxAttempts || !mayRetry(r.Method, err) {
			return res, orNil(err)
		}
		if !pause(ctx, backoff(attempt, try.wait)) {
			if ctx.Err() != nil {
				return nil, Ended(ctx.Err(), err.Sent())
			}
			return nil, err
		}
	}
}

// orNil keeps a nil *HError from becoming a non-nil error.
func orNil(err *herror.HError) error {
	if err == nil {
		return nil
	}
	return err
}

// try is what came of one attempt beside the response.
type try struct {
	// wait is how long the backend asks to wait before the next attempt, 0 if it does
	// not say.
	wait time.Duration
	// repeats is how often net/http sent the request again by itself, which it does for
	// a read whose kept connection broke. It counts as an attempt of ours.
	repeats int
}

// once sends the request once.
func (t *Transport) once(ctx context.Context, r *Request) (*Response, try, *herror.HError) {
	state := newSending(ctx, t.headers.of(r))
	req := t.requests.Get().(*resty.Request)
	defer t.giveBack(req)
	req.SetContext(httptrace.WithClientTrace(state, &state.trace))
	if r.Body != nil {
		req.SetBody(bytes.NewReader(r.Body))
	}
	got, err := req.Execute(r.Method, t.base+r.Path)
	if err != nil {
		return nil, try{repeats: state.repeats()}, failure(ctx, err, state.mayHaveLeft())
	}
	raw := got.RawResponse
	body, err := readAll(raw)
	if err != nil && (raw.StatusCode/100 == 2 || r.AnyStatus || ctx.Err() != nil) {
		return nil, try{repeats: state.repeats()}, failure(ctx, err, true)
	}
	if raw.StatusCode/100 != 2 && !r.AnyStatus {
		return nil, try{retryAfter(raw.Header), state.repeats()}, herror.FromBackend(raw.StatusCode, scrub(errorText(body), r.Secrets, r.Token))
	}
	return &Response{Status: raw.StatusCode, Header: raw.Header, Body: body}, try{}, nil
}

// newRequest makes a request to be used many times, which costs less than the
// half-dozen maps of a new one. It has the headers that resty would else make up.
func newRequest(rc *resty.Client) *resty.Request {
	req := rc.R().SetDoNotParseResponse(true)
	req.Header = http.Header{"User-Agent": {"-"}, "Content-Type": {"-"}} // see prepare
	return req
}

// giveBack keeps a request for the next one, and nothing of what it carried.
func (t *Transport) giveBack(req *resty.Request) {
	req.SetContext(context.Background())
	req.Body, req.RawRequest, req.URL = nil, nil, ""
	t.requests.Put(req)
}

// sending is the context of one attempt: it carries the attempt's header to the
// hook below through resty, and learns how far the request got.
//
// Wrapping the body to see it being read would be simpler, but net/http then
// sends header and body in two packets, which costs a fifth of a login's CPU.
type sending struct {
	context.Context
	header http.Header
	trace  httptrace.ClientTrace
	asked  atomic.Int32 // how often the transport has asked for a connection; 0 where it does not tell
	wrote  atomic.Bool  // it is about to send
}

func newSending(ctx context.Context, header http.Header) *sending {
	s := &sending{Context: ctx, header: header}
	s.trace.GetConn = func(string) { s.asked.Add(1) }
	s.trace.WroteHeaders = func() { s.wrote.Store(true) }
	return s
}

// mayHaveLeft reports whether anything of the request may have been sent. A
// transport that does not tell what it does may have sent it all.
func (s *sending) mayHaveLeft() bool { return s.wrote.Load() || s.asked.Load() == 0 }

// repeats returns how often the transport has begun anew by itself.
func (s *sending) repeats() int { return max(0, int(s.asked.Load())-1) }

type sendingKey struct{}

// Value implements context.Context.
func (s *sending) Value(key any) any {
	if _, ok := key.(sendingKey); ok {
		return s
	}
	return s.Context.Value(key)
}

// prepare is the last hand on a request before it is sent: it puts our header in
// place of the one that resty assembled.
func prepare(_ *resty.Client, req *http.Request) error {
	state, _ := req.Context().Value(sendingKey{}).(*sending)
	req.Header = state.header
	return nil
}

var errTooLarge = errors.New("answer too large")

// buffers are lent to answers while they are read; most fit.
var buffers = sync.Pool{New: func() any { return bytes.NewBuffer(make([]byte, 0, 4<<10)) }}

// maxKept bounds the buffers that are kept for later answers, in bytes.
const maxKept = 64 << 10

// readAll reads the whole body, so that the connection is used again, and closes it.
func readAll(res *http.Response) (string, error) {
	defer func() { _ = res.Body.Close() }()
	switch {
	case res.StatusCode < http.StatusOK || res.Body == http.NoBody:
		return "", nil // a connection switched to another protocol would not end
	case res.ContentLength > MaxAnswer:
		return "", errTooLarge
	}
	b := buffers.Get().(*bytes.Buffer)
	defer func() {
		if b.Cap() <= maxKept {
			clear(b.Bytes()) // it held a token
			b.Reset()
			buffers.Put(b)
		}
	}()
	n, err := b.ReadFrom(io.LimitReader(res.Body, MaxAnswer+1))
	if err == nil && n > MaxAnswer {
		err = errTooLarge
	}
	return b.String(), err
}

// failure types an error that came in place of a whole answer. Sent tells whether
// the request may have left.
func failure(ctx context.Context, err error, sent bool) *herror.HError {
	var (
		urlErr *url.Error
		netErr net.Error
		opErr  *net.OpError
	)
	if errors.As(err, &urlErr) {
		err = urlErr.Err // drop the URL
	}
	if errors.As(err, &opErr) && opErr.Op == "dial" {
		sent = false
	}
	switch {
	case errors.Is(err, errTooLarge):
		return herror.New(herror.InvalidResponse, "too large").WithSent(true)
	case ctx.Err() != nil:
		// The caller's reason, which a transport may report in words of its own.
		return Ended(ctx.Err(), sent)
	case errors.As(err, &netErr) && netErr.Timeout():
		return herror.New(herror.RequestTimeout, "").WithCause(err).WithSent(sent)
	}
	return herror.New(herror.NetworkDisconnected, "").WithCause(err).WithSent(sent)
}

// Ended returns the error for a context that ended with cause while a request was
// under way.
func Ended(cause error, sent bool) *herror.HError {
	detail := ""
	if errors.Is(cause, context.Canceled) {
		detail = "the caller gave up"
	}
	return herror.New(herror.RequestTimeout, detail).WithCause(cause).WithSent(sent)
}

// silent keeps resty from logging: its messages are not ours to vouch for.
type silent struct{}

func (silent) Errorf(string, ...any) {}
func (silent) Warnf(string, ...any)  {}
func (silent) Debugf(string, ...any) {}
