package mounting_test

import (
	"fmt"
	"net/http"

	"github.com/hydrogen-go/baas/loginproxy"
)

func netHTTP(proxy *loginproxy.Proxy) http.Handler {
	mux := http.NewServeMux()
	mux.Handle("/auth/", http.StripPrefix("/auth", proxy))
	mux.Handle("/v1/auth/", http.StripPrefix("/v1/auth", proxy))
	mux.Handle("/hserve/", proxy.Backend()) // for the vendor's client; it needs the whole path

	mux.Handle("/hello", proxy.Middleware(http.HandlerFunc(hello)))
	mux.Handle("/welcome", proxy.OptionalMiddleware(http.HandlerFunc(hello)))
	mux.Handle("/visit", visit(proxy))
	return mux
}

func hello(w http.ResponseWriter, r *http.Request) {
	v := loginproxy.FromContext(r.Context()) // nil for nobody; its methods work all the same
	_, _ = fmt.Fprintf(w, "user %d", v.UserID())
}

func visit(proxy *loginproxy.Proxy) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		v, err := proxy.Visit(r.Context(), r.Header.Get("X-Session"))
		if err != nil {
			loginproxy.WriteError(w, r, err)
			return
		}
		_, _ = fmt.Fprintf(w, "user %d", v.UserID())
	}
}

// netHTTPWrong lets the proxy see the prefix.
func netHTTPWrong(proxy *loginproxy.Proxy) http.Handler {
	mux := http.NewServeMux()
	mux.Handle("/auth/", proxy)
	return mux
}
