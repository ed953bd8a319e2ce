// Package transport sends the SDK's requests: with resty, on one shared connection
// pool. Every error that it returns for a request is an *herror.HError.
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

// MaxResponse is the maximum size of a response's body, in bytes, after
// decompression.
const MaxResponse = 8 << 20

// The names of the headers that this package sets.
const (
	headerClientID = "X-Hydrogen-Client-Id"
	headerVersion  = "X-Hydrogen-Client-Version"
	headerPlatform = "X-Hydrogen-Client-Platform"
	headerSDKType  = "X-Hydrogen-Client-Sdk-Type"
	headerEnv      = "X-Hydrogen-Env-Id"
	headerToken    = "Authorization"
	tokenScheme    = "Hydrogen-r1 "
)

// Config has the settings of a Transport.
type Config struct {
	BaseURL    string // without a trailing slash
	ClientID   string
	Env        string // may be empty
	Version    string // of this SDK
	HTTPClient *http.Client
	MaxConns   int // per host; used only if HTTPClient is nil
	Timeout    time.Duration
	Logger     *slog.Logger // may be nil
}

// Transport sends requests. It is safe for concurrent use.
type Transport struct {
	requests  sync.Pool // of *resty.Request
	base      string
	headers   headers
	timeout   time.Duration
	log       *slog.Logger
	closeIdle func()
}

// Request is one request to the backend.
type Request struct {
	Method   string
	Path     string // may have a query
	Platform string // value of X-Hydrogen-Client-Platform
	Version  string // value of X-Hydrogen-Client-Version; if empty, the SDK's own
	Token    string // may be empty
	Header   http.Header
	Body     []byte // JSON, or nil
	// AnyStatus makes Do return a response with a status outside 2xx, instead of an
	// error.
	AnyStatus bool
	// Secrets are replaced by "[redacted]" where the backend's error text repeats them.
	Secrets []string
}

// NewRequest returns a request with the JSON of body. Secrets are the values in body
// that must not appear in an error's text.
func NewRequest(method, path string, body any, secrets ...string) (*Request, error) {
	b, err := json.Marshal(body)
	if err != nil {
		return nil, herror.New(herror.InvalidParameter, "not JSON").WithCause(err)
	}
	return &Request{Method: method, Path: path, Body: b, Secrets: secrets}, nil
}

// Response is a response of the backend. Its status is in 2xx, unless the request has
// AnyStatus.
type Response struct {
	Status int
	Header http.Header
	Body   string
}

// New returns a Transport. It opens no connection.
func New(cfg Config) *Transport {
	hc, own := httpClient(cfg)
	rc := resty.NewWithClient(hc)
	rc.SetLogger(noLogger{}).SetDisableWarn(true)
	rc.SetPreRequestHook(setHeader)
	return &Transport{
		requests:  sync.Pool{New: func() any { return newRequest(rc) }},
		base:      cfg.BaseURL,
		headers:   newHeaders(cfg, own),
		timeout:   cfg.Timeout,
		log:       cfg.Logger,
		closeIdle: hc.CloseIdleConnections,
	}
}

// Timeout returns how long one call may take, including retries.
func (t *Transport) Timeout() time.Duration { return t.timeout }

// ClientID returns the client id, which every request sends.
func (t *Transport) ClientID() string { return t.headers.constant.Get(headerClientID) }

// Env returns the environment, which every request sends, or "".
func (t *Transport) Env() string { return t.headers.constant.Get(headerEnv) }

// CloseIdleConnections closes the connections that no request uses.
func (t *Transport) CloseIdleConnections() { t.closeIdle() }

// httpClient returns a copy of the caller's client, or a new client; own reports that
// it is new. Cookies and redirects are off in both. Otherwise a cookie of one user
// would be sent with the request of another, and a redirect could send tokens and
// codes to another host.
func httpClient(cfg Config) (hc *http.Client, own bool) {
	if cfg.HTTPClient != nil {
		c := *cfg.HTTPClient
		hc = &c
		if hc.Transport == nil {
			hc.Transport = http.DefaultTransport // as in net/http; resty would create another one
		}
	} else {
		hc, own = &http.Client{Transport: newRoundTripper(cfg.MaxConns)}, true
	}
	hc.Jar = nil
	hc.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	return hc, own
}

// newRoundTripper returns a transport that keeps as many idle connections as it may
// open, so that a busy server does not close and reopen them.
func newRoundTripper(maxConns int) *http.Transport {
	return &http.Transport{
		Proxy:                 http.ProxyFromEnvironment,
		DialContext:           (&net.Dialer{Timeout: 10 * time.Second, KeepAlive: 30 * time.Second}).DialContext,
		ForceAttemptHTTP2:     true,
		MaxIdleConns:          0, // no bound except the one per host
		MaxIdleConnsPerHost:   maxConns,
		MaxConnsPerHost:       maxConns,
		IdleConnTimeout:       90 * time.Second,
		TLSHandshakeTimeout:   10 * time.Second,
		ExpectContinueTimeout: time.Second,
	}
}

// Do sends the request and returns the response. The error is an *herror.HError: the
// backend's for a status outside 2xx, or one of the client's own codes. Reads (GET
// and HEAD) are retried after connection errors, 429 and 5xx. Other requests are
// retried only if nothing was sent. One call takes no longer than the timeout.
func (t *Transport) Do(ctx context.Context, r *Request) (*Response, error) {
	return t.DoAs(ctx, r, r.Token, r.Platform)
}

// DoAs is Do with this token and platform in the place of those of r, which is not
// changed and can be sent again.
func (t *Transport) DoAs(ctx context.Context, r *Request, token, platform string) (*Response, error) {
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
		res, info, err := t.sendOnce(ctx, r, t.headers.of(r, token, platform), token)
		t.logAttempt(ctx, r, res, err, attempt, began)
		attempt += info.repeats
		if err == nil || attempt >= maxAttempts || !mayRetry(r.Method, err) {
			return res, asError(err)
		}
		if !pause(ctx, backoff(attempt, info.retryAfter)) {
			if ctx.Err() != nil {
				return nil, Ended(ctx.Err(), err.Sent())
			}
			return nil, err
		}
	}
}

// asError returns err as an error. A nil *HError becomes a nil error.
func asError(err *herror.HError) error {
	if err == nil {
		return nil
	}
	return err
}

// attemptInfo is what is known of an attempt, besides its response or error.
type attemptInfo struct {
	retryAfter time.Duration // of an error response, or 0
	// repeats is how often net/http repeated the request without being asked. It
	// repeats a read if the idle connection that it used is broken. Each repeat counts
	// as an attempt.
	repeats int
}

// sendOnce makes one attempt.
func (t *Transport) sendOnce(ctx context.Context, r *Request, header http.Header, token string) (*Response, attemptInfo, *herror.HError) {
	attempt := newAttemptContext(ctx, header)
	req := t.requests.Get().(*resty.Request)
	defer t.release(req)
	req.SetContext(httptrace.WithClientTrace(attempt, &attempt.trace))
	if r.Body != nil {
		req.SetBody(bytes.NewReader(r.Body))
	}
	got, err := req.Execute(r.Method, t.base+r.Path)
	if err != nil {
		return nil, attemptInfo{repeats: attempt.repeats()}, failure(ctx, err, attempt.maybeSent())
	}
	raw := got.RawResponse
	body, err := readAll(raw)
	if err != nil && (raw.StatusCode/100 == 2 || r.AnyStatus || ctx.Err() != nil) {
		return nil, attemptInfo{repeats: attempt.repeats()}, failure(ctx, err, true)
	}
	if !r.AnyStatus && (raw.StatusCode < 200 || raw.StatusCode > 599) {
		// No status of HTTP, and it must not be taken for a code of the client itself.
		return nil, attemptInfo{repeats: attempt.repeats()}, herror.New(herror.InvalidResponse, "no HTTP status").WithSent(true)
	}
	if raw.StatusCode/100 != 2 && !r.AnyStatus {
		info := attemptInfo{retryAfter(raw.Header), attempt.repeats()}
		return nil, info, herror.FromBackend(raw.StatusCode, redact(errorText(body), r.Secrets, token))
	}
	return &Response{Status: raw.StatusCode, Header: raw.Header, Body: body}, attemptInfo{}, nil
}

// newRequest returns a request that is used many times, because a new one allocates
// half a dozen maps. It has placeholders for the headers that resty would add.
func newRequest(rc *resty.Client) *resty.Request {
	req := rc.R().SetDoNotParseResponse(true)
	req.Header = http.Header{"User-Agent": {"-"}, "Content-Type": {"-"}} // see setHeader
	return req
}

// release puts a request back into the pool, without what it carried.
func (t *Transport) release(req *resty.Request) {
	req.SetContext(context.Background())
	req.Body, req.RawRequest, req.URL = nil, nil, ""
	t.requests.Put(req)
}

// attemptContext is the context of one attempt. It carries the attempt's header
// through resty to setHeader, and records how far the request got.
//
// Wrapping the body to see whether it is read would be simpler. But net/http then
// sends header and body in two packets, which takes a fifth of a login's CPU time.
type attemptContext struct {
	context.Context
	header   http.Header
	trace    httptrace.ClientTrace
	getConns atomic.Int32 // how often the transport asked for a connection; 0 if it does not call the trace
	written  atomic.Bool  // the header was written
}

func newAttemptContext(ctx context.Context, header http.Header) *attemptContext {
	a := &attemptContext{Context: ctx, header: header}
	a.trace.GetConn = func(string) { a.getConns.Add(1) }
	a.trace.WroteHeaders = func() { a.written.Store(true) }
	return a
}

// maybeSent reports whether any part of the request may have been sent. If the
// transport does not call the trace, it may have sent all of it.
func (a *attemptContext) maybeSent() bool { return a.written.Load() || a.getConns.Load() == 0 }

// repeats returns how often the transport repeated the request.
func (a *attemptContext) repeats() int { return max(0, int(a.getConns.Load())-1) }

type attemptKey struct{}

// Value implements context.Context.
func (a *attemptContext) Value(key any) any {
	if _, ok := key.(attemptKey); ok {
		return a
	}
	return a.Context.Value(key)
}

// setHeader is the last hook before a request is sent. It replaces the header that
// resty has made.
func setHeader(_ *resty.Client, req *http.Request) error {
	a, _ := req.Context().Value(attemptKey{}).(*attemptContext)
	req.Header = a.header
	return nil
}

var errTooLarge = errors.New("response too large")

// buffers has buffers for reading responses.
var buffers = sync.Pool{New: func() any { return bytes.NewBuffer(make([]byte, 0, 4<<10)) }}

// maxBuffer is the size of the largest buffer that goes back into the pool, in bytes.
const maxBuffer = 64 << 10

// readAll reads the whole body, so that the connection can be reused, and closes it.
func readAll(res *http.Response) (string, error) {
	defer func() { _ = res.Body.Close() }()
	switch {
	case res.StatusCode < http.StatusOK || res.Body == http.NoBody:
		return "", nil // after a switch of protocols, the body would not end
	case res.ContentLength > MaxResponse:
		return "", errTooLarge
	}
	b := buffers.Get().(*bytes.Buffer)
	defer func() {
		if b.Cap() <= maxBuffer {
			clear(b.Bytes()) // it may have a token
			b.Reset()
			buffers.Put(b)
		}
	}()
	n, err := b.ReadFrom(io.LimitReader(res.Body, MaxResponse+1))
	if err == nil && n > MaxResponse {
		err = errTooLarge
	}
	return b.String(), err
}

// failure returns the HError for an attempt without a complete response. Sent reports
// whether the request may have been sent.
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
		// The transport may have wrapped or replaced the context's error.
		return Ended(ctx.Err(), sent)
	case errors.As(err, &netErr) && netErr.Timeout():
		return herror.New(herror.RequestTimeout, "").WithCause(err).WithSent(sent)
	}
	return herror.New(herror.NetworkDisconnected, "").WithCause(err).WithSent(sent)
}

// Ended returns the error for a context that ended with cause during a request. Sent
// reports whether the request may have been sent.
func Ended(cause error, sent bool) *herror.HError {
	detail := ""
	if errors.Is(cause, context.Canceled) {
		detail = "the caller gave up"
	}
	return herror.New(herror.RequestTimeout, detail).WithCause(cause).WithSent(sent)
}

// noLogger disables resty's log, because its messages may contain a URL or a secret.
type noLogger struct{}

func (noLogger) Errorf(string, ...any) {}
func (noLogger) Warnf(string, ...any)  {}
func (noLogger) Debugf(string, ...any) {}
