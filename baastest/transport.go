package baastest

import (
	"bytes"
	"context"
	"errors"
	"io"
	"maps"
	"net"
	"net/http"
	"strconv"
	"sync/atomic"
	"syscall"
)

// Transport returns the backend as a RoundTripper: requests to whatever host are
// served in-process, without a port and without a goroutine that outlives the
// call, so that it works inside a testing/synctest bubble. It honours the request's
// context, in injected delays too.
//
// Injected cuts are returned as the errors of a real connection: ECONNREFUSED for
// [CutDial], ECONNRESET for [CutBeforeRead], io.EOF for [CutAfterRead], and a
// response whose body ends in io.ErrUnexpectedEOF for [CutInResponse].
func (b *Backend) Transport() http.RoundTripper { return transport{b} }

type transport struct{ b *Backend }

func (t transport) RoundTrip(req *http.Request) (*http.Response, error) {
	ctx := req.Context()
	in := inbound{origin: req.URL.Scheme + "://" + req.URL.Host, method: req.Method, path: req.URL.Path, query: req.URL.RawQuery, header: req.Header}
	if in.method == "" {
		in.method = http.MethodGet
	}
	if in.path == "" {
		in.path = "/"
	}
	if req.Body != nil {
		defer req.Body.Close()
		in.body = &requestBody{ctx: ctx, body: req.Body}
	}
	out := t.b.serve(ctx, in)
	switch {
	case out.err != nil:
		return nil, out.err
	case out.cut == CutDial:
		return nil, &net.OpError{Op: "dial", Net: "tcp", Err: syscall.ECONNREFUSED}
	case out.cut == CutBeforeRead:
		return nil, &net.OpError{Op: "read", Net: "tcp", Err: syscall.ECONNRESET}
	case out.cut == CutAfterRead:
		return nil, io.EOF
	default:
		return out.httpResponse(req), nil
	}
}

// httpResponse is the result as a client gets it.
func (out result) httpResponse(req *http.Request) *http.Response {
	body := &responseBody{ctx: req.Context(), end: io.EOF}
	body.rest.Reset(out.body)
	if out.cut == CutInResponse {
		body.rest.Reset(out.body[:len(out.body)/2])
		body.end = io.ErrUnexpectedEOF
	}
	res := &http.Response{
		Status:     strconv.Itoa(out.status) + " " + http.StatusText(out.status),
		StatusCode: out.status,
		Proto:      "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1,
		Header:        make(http.Header, 3),
		Body:          body,
		ContentLength: int64(len(out.body)),
		Request:       req,
	}
	for name, value := range out.headers() {
		res.Header.Set(name, value)
	}
	return res
}

// headers are those of a response.
func (r response) headers() map[string]string {
	h := map[string]string{
		"Content-Type":   r.contentType,
		"Content-Length": strconv.Itoa(len(r.body)),
	}
	if r.contentType == "" {
		h["Content-Type"] = jsonType
	}
	for name, value := range map[string]string{"Allow": r.allow, "Location": r.location, "Set-Cookie": r.cookie} {
		if value != "" {
			h[name] = value
		}
	}
	if r.contentType == htmlType {
		maps.Copy(h, pageHeaders)
	}
	return h
}

// requestBody reads the client's body until the request's context ends.
type requestBody struct {
	ctx  context.Context
	body io.ReadCloser
}

// Read returns when the context ends: it then closes the body, which unblocks a
// Read that waits for a writer.
func (b *requestBody) Read(p []byte) (int, error) {
	if err := context.Cause(b.ctx); err != nil {
		return 0, err
	}
	if b.ctx.Done() == nil {
		return b.body.Read(p)
	}
	closed := make(chan struct{})
	stop := context.AfterFunc(b.ctx, func() {
		defer close(closed)
		b.body.Close()
	})
	n, err := b.body.Read(p)
	if !stop() {
		<-closed
		return n, context.Cause(b.ctx)
	}
	return n, err
}

// responseBody gives the response until the request's context ends.
type responseBody struct {
	ctx    context.Context
	rest   bytes.Reader
	end    error // what comes after the last byte
	closed atomic.Bool
}

var errBodyClosed = errors.New("http: read on closed response body")

func (b *responseBody) Read(p []byte) (int, error) {
	if b.closed.Load() {
		return 0, errBodyClosed
	}
	if err := context.Cause(b.ctx); err != nil {
		return 0, err
	}
	n, err := b.rest.Read(p)
	if err == io.EOF {
		err = b.end
	}
	return n, err
}

func (b *responseBody) Close() error {
	b.closed.Store(true)
	return nil
}
