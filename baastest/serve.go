package baastest

import (
	"context"
	"errors"
	"io"
	"net/http"
	"strings"
	"time"
)

const (
	maxBody = 1 << 20
	maxURL  = 16386 // as documented
)

// inbound is a request as it arrives, in the same form from a server and from the
// RoundTripper.
type inbound struct {
	origin              string // scheme and host, as in "https://backend.example"
	method, path, query string
	header              http.Header
	body                io.Reader // nil for none
}

// result is the response to a request, or why there is none.
type result struct {
	response
	cut Cut
	err error // the request's context ended, or its body could not be read
}

// serve takes a request through faults, backend and journal.
func (b *Backend) serve(ctx context.Context, in inbound) result {
	method := in.method
	if m := in.header.Get(headerMethod); m != "" && method == http.MethodPost {
		method = strings.ToUpper(m)
	}
	entry := Request{Time: b.clock.Now(), Method: method, Path: in.path, Query: in.query}
	if b.journal.limit > 0 {
		entry.Header = in.header.Clone()
	}
	var fault Fault
	if f := b.faults.take(method, in.path); f != nil {
		fault, entry.Fault = f.fault, f.pattern.text
	}
	out := b.serveFaulty(ctx, in, &entry, fault)
	if out.err == nil && (out.cut == CutNever || out.cut == CutInResponse) {
		entry.Status = out.status
	}
	entry.Body = b.journalBody(entry.Path, entry.Body)
	b.journal.add(entry)
	b.changes.notify()
	return out
}

func (b *Backend) serveFaulty(ctx context.Context, in inbound, entry *Request, fault Fault) result {
	if fault.Cut == CutDial || fault.Cut == CutBeforeRead {
		if err := b.wait(ctx, fault.Delay); err != nil {
			return result{err: err}
		}
		return result{cut: fault.Cut}
	}
	var err error
	if entry.Body, err = readBody(in.body); err != nil {
		if errors.Is(err, errTooLarge) {
			return result{response: errTooLarge.response()}
		}
		return result{err: err}
	}
	// Nothing more is left to read, so a client that is gone shows in ctx.
	if err := b.wait(ctx, fault.Delay); err != nil {
		return result{err: err}
	}
	out := result{cut: fault.Cut}
	if fault.Status == 0 || fault.Act {
		out.response = b.act(request{origin: in.origin, method: entry.Method, path: in.path, query: in.query, header: in.header, body: entry.Body})
	}
	if fault.Status != 0 {
		out.response = fault.response()
	}
	if err := b.wait(ctx, fault.Hold); err != nil {
		return result{err: err}
	}
	return out
}

var errTooLarge = refuse(http.StatusRequestEntityTooLarge, "body is too large")

func readBody(r io.Reader) ([]byte, error) {
	if r == nil {
		return nil, nil
	}
	body, err := io.ReadAll(io.LimitReader(r, maxBody+1))
	if err != nil {
		return nil, err
	}
	if len(body) > maxBody {
		return nil, errTooLarge
	}
	return body, nil
}

// errClosed ends injected delays when the backend closes.
var errClosed = errors.New("baastest: backend closed")

// wait waits for d or the end of ctx.
func (b *Backend) wait(ctx context.Context, d time.Duration) error {
	if err := context.Cause(ctx); err != nil {
		return err
	}
	if d <= 0 {
		return nil
	}
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	case <-b.closed:
		return errClosed
	}
}

// ServeHTTP serves the backend's paths. An injected cut panics with
// [http.ErrAbortHandler], which makes a net/http server drop the connection.
func (b *Backend) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	scheme := "http"
	if r.TLS != nil {
		scheme = "https"
	}
	out := b.serve(r.Context(), inbound{
		origin: scheme + "://" + r.Host, method: r.Method, path: r.URL.Path, query: r.URL.RawQuery, header: r.Header, body: r.Body,
	})
	if out.err != nil || out.cut == CutDial || out.cut == CutBeforeRead || out.cut == CutAfterRead {
		panic(http.ErrAbortHandler)
	}
	header := w.Header()
	for name, value := range out.headers() {
		header.Set(name, value)
	}
	w.WriteHeader(out.status)
	if out.cut != CutInResponse {
		_, _ = w.Write(out.body) // the client may be gone
		return
	}
	_, _ = w.Write(out.body[:len(out.body)/2])
	_ = http.NewResponseController(w).Flush()
	panic(http.ErrAbortHandler)
}
