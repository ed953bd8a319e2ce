package loginproxy

import (
	"bytes"
	"crypto/sha256"
	_ "embed" // for openapi.json
	"encoding/hex"
	"encoding/json"
	"net/http"
	"time"
)

// openAPI describes the JSON routes in OpenAPI 3.1. A route, a field or an error that is
// in the code and not in this file fails a test, and the other way round.
//
//go:embed openapi.json
var openAPI []byte

// describedCookie is the name of the cookie in openapi.json.
const describedCookie = `"__Host-session"`

// OpenAPI returns a handler for GET and HEAD requests that serves the description of the
// JSON routes in OpenAPI 3.1, as JSON. No route of the proxy serves it: mount it where it
// may be read.
//
//	mux.Handle("GET /auth/openapi.json", proxy.OpenAPI())
//
// The paths in it are relative to where the program has the routes. With [WithCookie] it
// has the name of the cookie. It contains no secret, and it is the same for everyone.
func (p *Proxy) OpenAPI() http.Handler {
	text := openAPI
	if p.cookie != "" {
		name, _ := json.Marshal(p.cookie) // cannot fail for a string
		text = bytes.ReplaceAll(text, []byte(describedCookie), name)
	}
	sum := sha256.Sum256(text)
	etag := `"` + hex.EncodeToString(sum[:16]) + `"`
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		if r.Method != http.MethodGet && r.Method != http.MethodHead {
			h.Set("Allow", "GET, HEAD")
			http.Error(w, http.StatusText(http.StatusMethodNotAllowed), http.StatusMethodNotAllowed)
			return
		}
		h.Set("Content-Type", jsonType)
		h.Set("X-Content-Type-Options", "nosniff")
		h.Set("Cache-Control", "no-cache") // a new version of the server may have another one
		h.Set("ETag", etag)
		http.ServeContent(w, r, "", time.Time{}, bytes.NewReader(text))
	})
}
