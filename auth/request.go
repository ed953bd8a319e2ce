package auth

import (
	"context"
	"encoding/json"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/hydrogen-go/baas/herror"
	"github.com/hydrogen-go/baas/internal/call"
	"github.com/hydrogen-go/baas/internal/transport"
	"github.com/hydrogen-go/baas/session"
)

// Request is a request to any path of the backend.
type Request struct {
	// Method is the HTTP method; empty means GET.
	Method string
	// Path is the path from the root of the host, as in "/hserve/v2.2/server/time/".
	Path string
	// Query is added to the path.
	Query url.Values
	// Header is sent beside the SDK's own headers, which it cannot replace.
	Header http.Header
	// Body is sent as JSON; nil means none. A json.RawMessage goes out as it is.
	// GET and HEAD requests have none.
	Body any
}

// Response is the backend's answer to a [Request], with a status in 2xx.
type Response struct {
	StatusCode int
	Header     http.Header
	Body       []byte
}

// Decode stores the answer in the value that v points to, as [json.Unmarshal] does.
func (r *Response) Decode(v any) error {
	if err := json.Unmarshal(r.Body, v); err != nil {
		return herror.New(herror.InvalidAnswer, "the answer does not fit the given type").WithCause(err).WithSent(true)
	}
	return nil
}

// Request sends a request in the user's name, with the session's token where
// there is one: the documented BaaS.request. With a code source, a missing
// session is made first, and after a 401 once more, to send the request again.
//
// Errors: the backend's status outside 2xx; 605 a bad path, header or body.
func (a *Auth) Request(ctx context.Context, r Request) (*Response, error) {
	out, err := r.outgoing()
	if err != nil {
		return nil, err
	}
	res, err := a.conn.DoRaw(ctx, func(session.Session) *transport.Request {
		again := *out
		return &again
	})
	if err != nil {
		return nil, err
	}
	return &Response{StatusCode: res.Status, Header: res.Header, Body: []byte(res.Body)}, nil
}

func (r Request) outgoing() (*transport.Request, error) {
	path, err := r.path()
	if err != nil {
		return nil, err
	}
	for _, name := range slices.Sorted(maps.Keys(r.Header)) { // so that of several bad ones the same is named each time
		if transport.Reserved(name) {
			return nil, call.Invalid("the SDK sets the header " + http.CanonicalHeaderKey(name) + " itself")
		}
	}
	out := &transport.Request{Method: r.Method, Path: path, Header: r.Header.Clone()}
	switch r.Method {
	case "":
		out.Method = http.MethodGet
	case http.MethodGet, http.MethodHead, http.MethodPost, http.MethodPut, http.MethodPatch, http.MethodDelete:
	default:
		return nil, call.Invalid("unknown method")
	}
	if r.Body == nil {
		return out, nil
	}
	if out.Method == http.MethodGet || out.Method == http.MethodHead {
		return nil, call.Invalid("a " + out.Method + " request has no body")
	}
	if out.Body, err = json.Marshal(r.Body); err != nil {
		return nil, call.Invalid("the body is not JSON").WithCause(err)
	}
	return out, nil
}

// path returns the path and query to send, on the configured host and no other.
func (r Request) path() (string, error) {
	if !strings.HasPrefix(r.Path, "/") || strings.HasPrefix(r.Path, "//") {
		return "", call.Invalid("a path begins with one slash")
	}
	u, err := url.Parse(r.Path)
	if err != nil || u.Host != "" || u.Scheme != "" || u.Fragment != "" {
		return "", call.Invalid("not a path")
	}
	if len(r.Query) > 0 {
		query := u.Query()
		for name, values := range r.Query {
			query[name] = append(query[name], values...)
		}
		u.RawQuery = query.Encode()
	}
	return u.String(), nil
}
