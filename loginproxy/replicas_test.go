package loginproxy_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/hydrogen-go/baas/baastest"
	"github.com/hydrogen-go/baas/loginproxy"
)

// With many users on two replicas at once, each gets only responses about itself, and
// each session stays its user's until the logout.
func TestManyUsersOnTwoReplicas(t *testing.T) {
	w := newWorld(t)
	replicas := [...]*loginproxy.Proxy{w.replica(), w.replica()}
	failures := make([]error, 40)
	var wg sync.WaitGroup
	for i := range failures {
		phone := w.Kuaishou(fmt.Sprint("openid-", i))
		wg.Go(func() { failures[i] = w.live(phone, func(step int) http.Handler { return replicas[(i+step)%2] }) })
	}
	wg.Wait()
	require.NoError(t, errors.Join(failures...))
}

// live has a person log in, read, log in again and log out, each time on the replica
// that on returns.
func (w *world) live(phone *baastest.Phone, on func(step int) http.Handler) error {
	var (
		got struct {
			Token string
			User  struct{ OpenID string }
		}
		step  int
		wrong error
	)
	do := func(method, path, bearer string, body any, want int) {
		step++
		a := w.serve(on(step), request{method: method, path: path, bearer: bearer, body: body}.http(w.t))
		got.User.OpenID = ""
		if err := json.Unmarshal([]byte(a.body), &got); err != nil || a.status != want {
			wrong = errors.Join(wrong, fmt.Errorf("%s: %s %s: %d %s", phone.OpenID(), method, path, a.status, a.body))
		}
		if got.User.OpenID != "" && got.User.OpenID != phone.OpenID() {
			wrong = errors.Join(wrong, fmt.Errorf("%s was served as %s", phone.OpenID(), got.User.OpenID))
		}
	}
	for range 5 {
		before := got.Token
		do(http.MethodPost, "/login/ks", before, m{"code": phone.Login()}, http.StatusOK)
		for range 3 {
			do(http.MethodGet, "/me", got.Token, nil, http.StatusOK)
		}
		do(http.MethodGet, "/me", before, nil, http.StatusUnauthorized)
	}
	do(http.MethodPost, "/logout", got.Token, nil, http.StatusOK)
	do(http.MethodGet, "/me", got.Token, nil, http.StatusUnauthorized)
	return wrong
}

// The phone gets the complete response before the backend destroys the old token.
func TestResponseComesFirst(t *testing.T) {
	w := newWorld(t)
	phone := w.Kuaishou("openid-1")
	old := w.login(phone, "")
	server := httptest.NewServer(w.proxy)
	defer server.Close()

	arrived, release := w.hold(destroy)
	r, err := http.NewRequest(http.MethodPost, server.URL+"/login/ks", strings.NewReader(`{"code":"`+phone.Login()+`"}`))
	require.NoError(t, err)
	r.Header.Set("Content-Type", "application/json")
	r.Header.Set("Authorization", "Bearer "+old)
	res, err := server.Client().Do(r)
	require.NoError(t, err)
	text, err := io.ReadAll(res.Body)
	require.NoError(t, err)
	require.NoError(t, res.Body.Close())
	require.True(t, json.Valid(text), "all of it is here")
	<-arrived
	require.False(t, w.gaveUp.Load(), "and the token may still be there")
	close(release)
}
