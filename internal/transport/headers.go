package transport

import (
	"net/http"
	"strings"
	"sync"
)

// UserAgent is the product name in the User-Agent header, before the version.
const UserAgent = "hydrogen-go-baas/"

// headers makes the header of each request.
type headers struct {
	constant http.Header
	scheme   string // of the token
	// cache has one header per platform for requests without a token, which are the
	// most frequent. It is nil with a caller's http.Client, whose transport might
	// change the header although http.RoundTripper forbids it.
	cache *sync.Map
}

// asksGzip reports whether this package asks for a response in gzip and decompresses
// it. A caller's http.Client does so itself, as net/http does.
func (h headers) asksGzip(r *Request) bool {
	if h.cache == nil || r.Method == http.MethodHead {
		return false
	}
	return r.Header == nil || r.Header.Get("Accept-Encoding") == "" && r.Header.Get("Range") == ""
}

var gzipOnly = []string{"gzip"}

func newHeaders(cfg Config, own bool) headers {
	h := headers{scheme: bearerScheme, constant: http.Header{
		"Accept":       {"application/json"},
		"Content-Type": {"application/json"},
		"User-Agent":   {UserAgent + strings.TrimPrefix(cfg.Version, "v")},
	}}
	if !cfg.OpenAPI {
		h.scheme = userScheme
		h.constant[headerClientID] = []string{cfg.ClientID}
		h.constant[headerVersion] = []string{cfg.Version}
		h.constant[headerSDKType] = []string{"file"}
	}
	if cfg.Env != "" {
		h.constant[headerEnv] = []string{cfg.Env}
	}
	if own {
		h.cache = new(sync.Map)
	}
	return h
}

// of returns the header for r. The caller must not change it.
func (h headers) of(r *Request, token, platform string) http.Header {
	if h.cache == nil || token != "" || r.Header != nil || r.Version != "" || r.Method == http.MethodHead {
		return h.build(r, token, platform)
	}
	if header, ok := h.cache.Load(platform); ok {
		return header.(http.Header)
	}
	header, _ := h.cache.LoadOrStore(platform, h.build(r, token, platform))
	return header.(http.Header)
}

func (h headers) build(r *Request, token, platform string) http.Header {
	header := make(http.Header, len(h.constant)+3+len(r.Header))
	for name, values := range r.Header {
		header[name] = values
	}
	for name, values := range h.constant {
		header[name] = values[:1:1] // an append must not write into the shared array
	}
	if platform != "" {
		header[headerPlatform] = []string{platform}
	}
	if r.Version != "" {
		header[headerVersion] = []string{r.Version}
	}
	if h.asksGzip(r) {
		header["Accept-Encoding"] = gzipOnly
	}
	if token != "" {
		header[headerToken] = []string{h.scheme + token}
	}
	return header
}

// Reserved reports whether callers cannot set the header with this name.
func Reserved(name string) bool {
	switch name = http.CanonicalHeaderKey(name); name {
	case headerToken, "Accept", "Content-Type", "Content-Length", "Cookie", "Host", "User-Agent":
		return true
	case "Connection", "Expect", "Keep-Alive", "Proxy-Authenticate", "Proxy-Authorization", "Proxy-Connection",
		"Te", "Trailer", "Transfer-Encoding", "Upgrade": // of the connection, not of the request
		return true
	}
	return strings.HasPrefix(name, "X-Hydrogen-")
}
