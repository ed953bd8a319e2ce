package auth

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/hydrogen-go/baas/herror"
	"github.com/hydrogen-go/baas/internal/check"
	"github.com/hydrogen-go/baas/internal/transport"
	"github.com/hydrogen-go/baas/internal/visitor"
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
	// Body is sent as the JSON that [json.Marshal] makes of it; nil means none.
	// GET and HEAD requests have none.
	Body any
}

// Format prints method and path, for every verb: query, header and body may hold
// secrets.
func (r Request) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, r.summary()) }

// LogValue returns what Format prints.
func (r Request) LogValue() slog.Value { return slog.StringValue(r.summary()) }

func (r Request) summary() string {
	path, _, _ := strings.Cut(r.Path, "?")
	return fmt.Sprintf("request{%s %s}", cmp.Or(r.Method, http.MethodGet), path)
}

// Response is the backend's response to a [Request], with a status in 2xx.
type Response struct {
	StatusCode int
	Header     http.Header
	Body       []byte
}

// Format prints the status and the size, for every verb: the response may hold a token.
func (r Response) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, r.summary()) }

// LogValue returns what Format prints.
func (r Response) LogValue() slog.Value { return slog.StringValue(r.summary()) }

func (r Response) summary() string {
	return fmt.Sprintf("response{%d, %d bytes}", r.StatusCode, len(r.Body))
}

// Decode stores the body in the value that v points to, as [json.Unmarshal] does.
func (r *Response) Decode(v any) error {
	if err := json.Unmarshal(r.Body, v); err != nil {
		return herror.New(herror.InvalidResponse, "the answer does not fit the given type").WithCause(err).WithSent(true)
	}
	return nil
}

// Request sends a request in the user's name, with the session's token where
// there is one: the documented BaaS.request. A client with a code source logs in first
// where there is no session; after a 401 it logs in and sends the request once more.
//
// Errors: the backend's status outside 2xx; 605 a bad path, header or body.
func (a *Auth) Request(ctx context.Context, r Request) (*Response, error) {
	out, err := r.outgoing()
	if err != nil {
		return nil, err
	}
	res, err := a.conn.DoRaw(ctx, visitor.Always(a.conn.Plain(out)))
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
	for _, name := range slices.Sorted(maps.Keys(r.Header)) { // sorted, so that the error is the same each time
		if transport.Reserved(name) {
			return nil, check.Invalid("the SDK sets the header " + http.CanonicalHeaderKey(name) + " itself")
		}
		if !validHeader(name, r.Header[name]) {
			return nil, check.Invalid("a header cannot be sent")
		}
	}
	out := &transport.Request{Method: r.Method, Path: path, Header: r.Header.Clone(), Secrets: secretValues(path)}
	switch r.Method {
	case "":
		out.Method = http.MethodGet
	case http.MethodGet, http.MethodHead, http.MethodPost, http.MethodPut, http.MethodPatch, http.MethodDelete:
	default:
		return nil, check.Invalid("unknown method")
	}
	if r.Body == nil {
		return out, nil
	}
	if out.Method == http.MethodGet || out.Method == http.MethodHead {
		return nil, check.Invalid("a " + out.Method + " request has no body")
	}
	body, err := json.Marshal(r.Body)
	if err != nil {
		return nil, check.Invalid("the body is not JSON").WithCause(err)
	}
	out.Body, out.Secrets = string(body), append(out.Secrets, secretTexts(body)...)
	return out, nil
}

// path returns the path and query to send, on the configured host and no other.
func (r Request) path() (string, error) {
	if !strings.HasPrefix(r.Path, "/") || strings.HasPrefix(r.Path, "//") {
		return "", check.Invalid("a path begins with one slash")
	}
	u, err := url.Parse(r.Path)
	if err != nil || u.Host != "" || u.Scheme != "" || u.Fragment != "" || strings.Contains(u.RawQuery, " ") {
		return "", check.Invalid("not a path")
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

// validHeader reports whether net/http would send the header.
func validHeader(name string, values []string) bool {
	if name == "" || strings.ContainsFunc(name, func(r rune) bool {
		return r <= ' ' || r >= 0x7f || strings.ContainsRune(`()<>@,;:\"/[]?={}`, r)
	}) {
		return false
	}
	return !slices.ContainsFunc(values, func(value string) bool {
		return strings.ContainsFunc(value, func(r rune) bool { return r < ' ' && r != '\t' || r == 0x7f })
	})
}

// secretNames are the fields, in lower case, whose values must not show in the
// text of an error.
var secretNames = map[string]bool{
	"password": true, "new_password": true,
	"token": true, "auth_token": true, "access_token": true, "refresh_token": true,
	"code": true, "phone_code": true, "session_key": true,
	"encrypteddata": true, "data": true, "iv": true, "signature": true, "rawdata": true,
}

// secretTexts returns the texts in a JSON body that secretNames names, at any depth.
func secretTexts(body []byte) []string {
	var (
		value any
		found []string
		walk  func(value any)
	)
	walk = func(value any) {
		switch value := value.(type) {
		case map[string]any:
			for name, v := range value {
				if text, ok := v.(string); ok && secretNames[strings.ToLower(name)] {
					found = append(found, text)
				}
				walk(v)
			}
		case []any:
			for _, v := range value {
				walk(v)
			}
		}
	}
	if json.Unmarshal(body, &value) == nil {
		walk(value)
	}
	return found
}

// secretValues returns the values in a path's query that secretNames names.
func secretValues(path string) []string {
	_, query, _ := strings.Cut(path, "?")
	values, _ := url.ParseQuery(query) // as far as it can be read
	var found []string
	for name, texts := range values {
		if secretNames[strings.ToLower(name)] {
			found = append(found, texts...)
		}
	}
	return found
}
