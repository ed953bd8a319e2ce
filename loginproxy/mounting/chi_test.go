package mounting_test

import (
	"net/http"

	"github.com/go-chi/chi/v5"

	"github.com/hydrogen-go/baas/loginproxy"
)

func chiRouter(proxy *loginproxy.Proxy) http.Handler {
	r := chi.NewRouter()
	r.Mount("/auth", http.StripPrefix("/auth", proxy))
	r.Route("/v1", func(r chi.Router) {
		r.Handle("/auth/*", http.StripPrefix("/v1/auth", proxy)) // with the prefix of the group
	})
	r.Handle("/hserve/*", proxy.Backend()) // for the vendor's client; it needs the whole path

	r.With(proxy.Middleware).Get("/hello", hello)
	r.With(proxy.OptionalMiddleware).Get("/welcome", hello)
	r.Get("/visit", visit(proxy))
	return r
}

// chiWrong forgets that Mount of chi leaves the path of the request as it is.
func chiWrong(proxy *loginproxy.Proxy) http.Handler {
	r := chi.NewRouter()
	r.Mount("/auth", proxy)
	return r
}
