package loginproxy_test

import (
	"context"
	"net/http"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/hydrogen-go/baas"
	"github.com/hydrogen-go/baas/loginproxy"
)

// Two proxies on one store, for different hosts or environments, do not accept each
// other's session ids: not on the JSON routes, not in the middleware, and not on the
// backend's paths. No token goes to the other backend.
func TestAppsOnOneStore(t *testing.T) {
	for name, tt := range map[string]struct{ one, other []baas.Option }{
		"staging and production": {
			[]baas.Option{baas.WithHost("https://staging.example")}, []baas.Option{baas.WithHost("https://production.example")},
		},
		"an environment and none": {[]baas.Option{baas.WithEnv("test")}, nil},
		"two environments":        {[]baas.Option{baas.WithEnv("test")}, []baas.Option{baas.WithEnv("live")}},
	} {
		t.Run(name, func(t *testing.T) {
			one, other := newWorld(t), newWorld(t)
			other.store = one.store
			one.proxy, other.proxy = one.replicaOf(tt.one...), other.replicaOf(tt.other...)
			idOne, idOther := one.login(one.Kuaishou("ann"), ""), other.login(other.Kuaishou("bob"), "")
			require.Equal(t, one.me(idOne).userID(t), other.me(idOther).userID(t), "each backend counts its users from the same number")
			one.refuses(idOther)
			other.refuses(idOne)
			var seen []string
			see := func(_ context.Context, v *loginproxy.Visitor) { seen = append(seen, v.OpenID()) }
			one.visit(idOne, see)
			other.visit(idOther, see)
			require.Equal(t, []string{"ann", "bob"}, seen, "the other app's logout has ended nothing")
			one.requireNoTokenOf(other)
			other.requireNoTokenOf(one)
		})
	}
}

// replicaOf is a proxy of an app on the world's backend and store.
func (w *world) replicaOf(opts ...baas.Option) *loginproxy.Proxy {
	w.t.Helper()
	client, err := w.Client(append([]baas.Option{
		baas.WithSessionStore(w.store), baas.WithHTTPClient(&http.Client{Transport: w}),
	}, opts...)...)
	require.NoError(w.t, err)
	p, err := loginproxy.New(client)
	require.NoError(w.t, err)
	return p
}

// refuses checks that the id of another app is a session nowhere, and that nothing is
// sent because of it.
func (w *world) refuses(id string) {
	w.t.Helper()
	before := w.sent()
	require.Equal(w.t, http.StatusUnauthorized, w.me(id).status)
	require.Equal(w.t, http.StatusUnauthorized, w.post("/link/ks", id, m{"code": "c"}).status)
	require.Equal(w.t, http.StatusUnauthorized, w.vendor("GET", me, id, nil).status)
	page := w.proxy.Middleware(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { w.t.Error("let in") }))
	require.Equal(w.t, http.StatusUnauthorized, w.serve(page, request{method: "GET", path: "/page", bearer: id}.http(w.t)).status)
	require.Equal(w.t, http.StatusOK, w.post("/logout", id, nil).status)
	require.Equal(w.t, http.StatusCreated, w.vendor("POST", destroyPath, id, m{}).status)
	require.Equal(w.t, before, w.sent())
}

// requireNoTokenOf checks that the backend was sent no token of the other one.
func (w *world) requireNoTokenOf(other *world) {
	w.t.Helper()
	require.NotEmpty(w.t, other.tokens)
	for _, r := range w.Requests() {
		for _, token := range other.tokens {
			require.NotContains(w.t, r.Header.Get("Authorization"), token)
		}
	}
}
