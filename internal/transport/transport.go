// Package transport sends the SDK's requests: with resty, on one shared connection
// pool. Every error that it returns for a request is an *herror.HError.
package transport

import (
	"context"
	"encoding/json"
	"log/slog"
	"net/http"
	"net/http/httptrace"
	"strings"
	"sync"
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
	userScheme     = "Hydrogen-r1 "
	bearerScheme   = "Bearer "
)

// Config has the settings of a Transport.
type Config struct {
	BaseURL    string // without a trailing slash
	ClientID   string // not used with OpenAPI
	Env        string // may be empty
	Version    string // of this SDK
	HTTPClient *http.Client
	MaxConns   int                                       // per host; used only if HTTPClient is nil
	Wrap       func(http.RoundTripper) http.RoundTripper // may be nil; returns no nil
	Timeout    time.Duration
	Logger     *slog.Logger // may be nil
	// OpenAPI is for the API of servers: the token is a bearer token, and no header
	// describes a client of end users.
	OpenAPI bool
}

// Transport sends requests. It is safe for concurrent use.
type Transport struct {
	requests  sync.Pool // of *resty.Request
	address   address
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
	Body     string // JSON; empty for none
	// AnyStatus makes Do return a response with a status outside 2xx, instead of an
	// error.
	AnyStatus bool
	// Redirects makes Do return a response with status 301, 302 or 303, instead of an
	// error.
	Redirects bool
	// AfterThrottling has a 429 with a Retry-After header retried whatever the method.
	AfterThrottling bool
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
	return &Request{Method: method, Path: path, Body: string(b), Secrets: secrets}, nil
}

// returns reports whether Do returns a response with that status, instead of an error.
func (r *Request) returns(status int) bool {
	switch status {
	case http.StatusMovedPermanently, http.StatusFound, http.StatusSeeOther:
		return r.Redirects || r.AnyStatus
	}
	return status/100 == 2 || r.AnyStatus
}

// Response is a response of the backend. Its status is in 2xx, unless the request has
// AnyStatus or Redirects.
type Response struct {
	Status int
	Header http.Header
	Body   string
}

// New returns a Transport. It opens no connection.
func New(cfg Config) *Transport {
	hc, own := httpClient(cfg)
	innermost := hc.Transport
	if cfg.Wrap != nil {
		hc.Transport, own = cfg.Wrap(innermost), false
	}
	hc.Transport = below{hc.Transport}
	rc := resty.NewWithClient(hc)
	rc.SetLogger(noLogger{}).SetDisableWarn(true)
	rc.SetPreRequestHook(dropHeader)
	return &Transport{
		requests:  sync.Pool{New: func() any { return newRequest(rc) }},
		address:   newAddress(cfg.BaseURL),
		headers:   newHeaders(cfg, own),
		timeout:   cfg.Timeout,
		log:       cfg.Logger,
		closeIdle: (&http.Client{Transport: innermost}).CloseIdleConnections, // a wrapper may not forward it
	}
}

// Timeout returns how long one call may take, including retries.
func (t *Transport) Timeout() time.Duration { return t.timeout }

// ClientID returns the client id, which every request sends, or "" with OpenAPI.
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
		hc, own = &http.Client{Transport: newConnections(cfg.MaxConns)}, true
	}
	hc.Jar = nil
	hc.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	return hc, own
}

// Do sends the request and returns the response. The error is an *herror.HError: the
// backend's for a status outside 2xx, or one of the client's own codes. Reads (GET
// and HEAD) are retried after connection errors, 429 and 5xx. Other requests are
// retried only if nothing was sent, or as AfterThrottling says. One call takes no longer
// than the timeout.
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
		res, info, err := t.sendOnce(ctx, r, token, platform)
		t.logAttempt(ctx, r, res, err, attempt, began)
		attempt += info.repeats
		if err == nil || attempt >= maxAttempts || !mayRetry(r, err, info.retryAfter) {
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
func (t *Transport) sendOnce(ctx context.Context, r *Request, token, platform string) (*Response, attemptInfo, *herror.HError) {
	at, err := t.address.of(r.Path)
	if err != nil {
		return nil, attemptInfo{}, herror.New(herror.InvalidParameter, "the path is not part of a URL")
	}
	attempt := newAttempt(ctx, at, t.headers.of(r, token, platform))
	raw, err := t.execute(attempt, r)
	if err != nil {
		return nil, attemptInfo{repeats: attempt.repeats()}, failure(ctx, err, attempt.maybeSent())
	}
	body, err := readAll(raw, t.headers.asksGzip(r))
	if err != nil && (r.returns(raw.StatusCode) || ctx.Err() != nil) {
		return nil, attemptInfo{repeats: attempt.repeats()}, failure(ctx, err, true)
	}
	if !r.AnyStatus && (raw.StatusCode < 200 || raw.StatusCode > 599) {
		// No status of HTTP, and it must not be taken for a code of the client itself.
		return nil, attemptInfo{repeats: attempt.repeats()}, herror.New(herror.InvalidResponse, "no HTTP status").WithSent(true)
	}
	if !r.returns(raw.StatusCode) {
		info := attemptInfo{retryAfter(raw.Header), attempt.repeats()}
		return nil, info, herror.FromBackend(raw.StatusCode, redact(errorText(body), r.Secrets, token))
	}
	return &Response{Status: raw.StatusCode, Header: raw.Header, Body: body}, attemptInfo{}, nil
}

// execute sends the request with resty and returns the response with its body unread.
func (t *Transport) execute(attempt *attempt, r *Request) (*http.Response, error) {
	req := t.requests.Get().(*resty.Request)
	defer t.release(req)
	req.SetContext(httptrace.WithClientTrace(attempt, &attempt.trace))
	if r.Body != "" {
		req.SetBody(strings.NewReader(r.Body))
	}
	res, err := req.Execute(r.Method, placeholder)
	if err != nil {
		return nil, err
	}
	return res.RawResponse, nil
}

// newRequest returns a request that is used many times, because a new one allocates
// half a dozen maps. It has placeholders for the headers that resty would add.
func newRequest(rc *resty.Client) *resty.Request {
	req := rc.R().SetDoNotParseResponse(true)
	req.Header = http.Header{"User-Agent": {"-"}, "Content-Type": {"-"}} // see dropHeader
	return req
}

// release puts a request back into the pool, without what it carried.
func (t *Transport) release(req *resty.Request) {
	req.SetContext(context.Background())
	req.Body, req.RawRequest, req.URL = nil, nil, ""
	t.requests.Put(req)
}

// noLogger disables resty's log, because its messages may contain a URL or a secret.
type noLogger struct{}

func (noLogger) Errorf(string, ...any) {}
func (noLogger) Warnf(string, ...any)  {}
func (noLogger) Debugf(string, ...any) {}
