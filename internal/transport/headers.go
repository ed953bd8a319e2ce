package transport

import (
	"net/http"
	"strings"
	"sync"
)

// UserAgent is the product name in the User-Agent header, before the version.
const UserAgent = "hydrogen-go-baas/"

// headers makes the header of each request out of the constant ones.
type headers struct {
	constant http.Header
	// shared holds a ready map per platform for requests without a token, the most
	// frequent ones. It is used only on our own transport: a caller's might write
	// into the map, against the contract of http.RoundTripper.
	shared *sync.Map
}

func newHeaders(cfg Config, own bool) headers {
	h := headers{constant: http.Header{
		headerClientID: {cfg.ClientID},
		headerVersion:  {cfg.Version},
		headerSDKType:  {"file"},
		"Accept":       {"application/json"},
		"Content-Type": {"application/json"},
		"User-Agent":   {UserAgent + strings.TrimPrefix(cfg.Version, "v")},
	}}
	if cfg.Env != "" {
		h.constant[headerEnv] = []string{cfg.Env}
	}
	if own {
		h.shared = new(sync.Map)
	}
	return h
}

// of returns the header for r. It must not be changed.
func (h headers) of(r *Request) http.Header {
	if h.shared == nil || r.Token != "" || r.Header != nil || r.Version != "" {
		return h.build(r)
	}
	if ready, ok := h.shared.Load(r.Platform); ok {
		return ready.(http.Header)
	}
	ready, _ := h.shared.LoadOrStore(r.Platform, h.build(r))
	return ready.(http.Header)
}

func (h headers) build(r *Request) http.Header {
	header := make(http.Header, len(h.constant)+2+len(r.Header))
	for name, values := range r.Header {
		header[name] = values
	}
	for name, values := range h.constant {
		header[name] = values[:1:1] // an append by a later hand gets memory of its own
	}
	header[headerPlatform] = []string{r.Platform}
	if r.Version != "" {
		header[headerVersion] = []string{r.Version}
	}
	if r.Token != "" {
		header[headerToken] = []string{tokenScheme + r.Token}
	}
	return header
}

// Reserved reports whether the SDK sets the header with this name itself.
func Reserved(name string) bool {
	switch name = http.CanonicalHeaderKey(name); name {
	case headerToken, "Accept", "Content-Type", "Content-Length", "Transfer-Encoding", "Cookie", "Host", "User-Agent":
		return true
	}
	return strings.HasPrefix(name, "X-Hydrogen-")
}
