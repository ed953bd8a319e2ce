package admin_test

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/hydrogen-go/baas"
	"github.com/hydrogen-go/baas/admin"
	"github.com/hydrogen-go/baas/herror"
	"github.com/hydrogen-go/baas/session"
)

// What the exchange sends, to the byte. The redirects are followed with GET and
// without a body, and with the cookies.
func TestExchangeSendsExactly(t *testing.T) {
	a := newAPI()
	var sent []string
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		require.NoError(t, err)
		r.URL.Scheme, r.URL.Host = "http", r.Host
		line := r.Method + " " + r.URL.RequestURI()
		for _, name := range []string{"Accept", "Authorization", "Content-Type", "Cookie", "User-Agent", "X-Hydrogen-Env-Id"} {
			if value := r.Header.Get(name); value != "" {
				line += "\n" + name + ": " + value
			}
		}
		sent = append(sent, strings.TrimSpace(line+"\n"+string(body)))
		status, text := a.serve(r, string(body), w.Header())
		w.WriteHeader(status)
		_, _ = io.WriteString(w, text)
	}))
	defer srv.Close()
	c, err := admin.New(clientID, clientSecret, admin.WithHost(srv.URL), admin.WithEnv("test"))
	require.NoError(t, err)
	defer c.CloseIdleConnections()
	token, err := c.Token(t.Context())
	require.NoError(t, err)
	require.Equal(t, "canary-token-1", token.Reveal())

	header := "\nAccept: application/json\nContent-Type: application/json"
	agent := "\nUser-Agent: hydrogen-go-baas/" + strings.TrimPrefix(baas.Version, "v")
	require.Equal(t, []string{
		"POST /api/oauth2/hydrogen/openapi/authorize/" + header + agent +
			"\n" + `{"client_id":"995140f59511a222c937","client_secret":"canary-client-secret"}`,
		"GET /api/oauth2/step/?state=s-1" + header + "\nCookie: step=one" + agent,
		"GET /api/oauth2/code/" + header + "\nCookie: step=one; session=two" + agent,
		"POST /api/oauth2/access_token/" + header + agent +
			"\n" + `{"client_id":"995140f59511a222c937","client_secret":"canary-client-secret","grant_type":"authorization_code","code":"code-1"}`,
	}, sent)
}

// A redirect is followed on the configured host and nowhere else.
func TestRedirectsOfTheExchange(t *testing.T) {
	for location, followed := range map[string]string{
		"/step/":                                      "https://cloud.example.com/step/",
		"step/?a=b":                                   "https://cloud.example.com/api/oauth2/hydrogen/openapi/authorize/step/?a=b",
		"https://cloud.example.com/step/":             "https://cloud.example.com/step/",
		"https://CLOUD.example.com:443/step/":         "https://cloud.example.com/step/",
		"http://cloud.example.com/step/":              "https://cloud.example.com/step/",
		"//cloud.example.com/step/":                   "https://cloud.example.com/step/",
		"":                                            "",
		"http://cloud.example.com:8080/step/":         "",
		"https://cloud.example.com:444/step/":         "",
		"https://evil.example.com/step/":              "",
		"//evil.example.com/step/":                    "",
		"https://cloud.example.com.evil.example.com/": "",
		"https://cloud.example.com@evil.example.com/": "",
		"https://user@cloud.example.com/step/":        "",
		"ftp://cloud.example.com/step/":               "",
		"javascript:alert(1)":                         "",
	} {
		t.Run(location, func(t *testing.T) {
			var asked []string
			rt := roundTrip(func(r *http.Request) (*http.Response, error) {
				asked = append(asked, r.Method+" "+r.URL.String())
				require.Equal(t, "cloud.example.com", r.URL.Host)
				require.Equal(t, "https", r.URL.Scheme)
				if len(asked) == 1 {
					return answer(302, "", "Location", location), nil
				}
				require.Equal(t, len(asked) == 2, r.Body == nil)
				return answer(200, `{"code":"code-1"}`), nil
			})
			c, err := admin.New(clientID, clientSecret, admin.WithHost(host), admin.WithHTTPClient(&http.Client{Transport: rt}))
			require.NoError(t, err)
			_, err = c.Token(t.Context())
			fails(t, herror.InvalidResponse, err) // the second step never gets a token here
			if followed == "" {
				require.Len(t, asked, 1)
				return
			}
			require.Equal(t, "GET "+followed, asked[1])
		})
	}
}

// Whatever a redirect says, its request goes to the configured host, or nowhere.
func FuzzRedirect(f *testing.F) {
	for _, location := range []string{
		"/step/", "//evil.example.com/", "https://cloud.example.com/\\evil", "http://cloud.example.com", "?a=b", "\\\\evil", "https:evil",
		"/..//evil/", "/%2e%2e/", "https://cloud.example.com%00.evil/", "https://[::1]/", "/ \x00",
	} {
		f.Add(location)
	}
	f.Fuzz(func(t *testing.T, location string) {
		asked := 0
		rt := roundTrip(func(r *http.Request) (*http.Response, error) {
			asked++
			require.Equal(t, "https://cloud.example.com", r.URL.Scheme+"://"+r.URL.Host)
			switch {
			case asked == 1:
				return answer(302, "", "Location", location), nil
			case asked == 2:
				require.Equal(t, http.MethodGet, r.Method)
			}
			return answer(200, `{"code":"code-1"}`), nil
		})
		c, err := admin.New(clientID, clientSecret, admin.WithHost(host), admin.WithHTTPClient(&http.Client{Transport: rt}))
		require.NoError(t, err)
		_, err = c.Token(t.Context())
		require.Error(t, err)
		require.LessOrEqual(t, asked, 3)
	})
}

func TestRedirectsOutOfThePathAreRefused(t *testing.T) {
	for location, want := range map[string]int{"/base/step/": 3, "/step/": 1, "/based/": 1, "../../../../../../x": 1} {
		asked := 0
		rt := roundTrip(func(r *http.Request) (*http.Response, error) {
			asked++
			require.True(t, strings.HasPrefix(r.URL.Path, "/base/"), r.URL.Path)
			if asked == 1 {
				return answer(302, "", "Location", location), nil
			}
			return answer(200, `{"code":"code-1"}`), nil
		})
		c, err := admin.New(clientID, clientSecret, admin.WithHost(host+"/base"), admin.WithHTTPClient(&http.Client{Transport: rt}))
		require.NoError(t, err)
		_, err = c.Token(t.Context())
		fails(t, herror.InvalidResponse, err)
		require.Equal(t, want, asked, location)
	}
}

func TestExchangeErrors(t *testing.T) {
	for name, tt := range map[string]struct {
		responses []*http.Response
		code      herror.Code
		text      string
	}{
		"a wrong secret": {
			[]*http.Response{answer(401, `{"error_msg":"wrong canary-client-secret"}`)}, 401, "401: no access token: wrong [redacted]",
		},
		"no JSON":              {[]*http.Response{answer(200, `<html>`)}, 690, "690: no access token: invalid response: authorization code is not JSON"},
		"no code":              {[]*http.Response{answer(200, `{}`)}, 690, "690: no access token: invalid response: no authorization code"},
		"a redirect of 307":    {[]*http.Response{answer(307, "", "Location", "/x/")}, 307, "307: no access token: unknown error"},
		"a redirect of 308":    {[]*http.Response{answer(308, "", "Location", "/x/")}, 308, "308: no access token: unknown error"},
		"a redirect to no URL": {[]*http.Response{answer(302, "", "Location", "https://%zz/")}, 600, "600: no access token: network disconnected"},
		"redirects for ever":   {[]*http.Response{answer(302, "", "Location", "/x/")}, 690, "690: no access token: invalid response: too many redirects"},
		"an echo of a cookie": {
			[]*http.Response{answer(302, "", "Location", "/x/?s=canary-state", "Set-Cookie", "a=canary-cookie"), answer(400, `{"message":"canary-state canary-cookie canary-client-secret"}`)},
			400, "400: no access token: [redacted] [redacted] [redacted]",
		},
		"no token": {
			[]*http.Response{answer(200, `{"code":"c"}`), answer(200, `{"expires_in":5}`)}, 690, "690: no access token: invalid response: no token",
		},
		"a token that no header can hold": {
			[]*http.Response{answer(200, `{"code":"c"}`), answer(200, `{"access_token":"a\nb"}`)}, 690,
			"690: no access token: invalid response: a token that no header can hold",
		},
		"a code that is refused": {
			[]*http.Response{answer(200, `{"code":"canary-code"}`), answer(400, `{"error_msg":"what is canary-code"}`)}, 400, "400: no access token: what is [redacted]",
		},
		"a redirect of the token": {
			[]*http.Response{answer(200, `{"code":"c"}`), answer(302, "", "Location", "/x/")}, 302, "302: no access token: unknown error",
		},
	} {
		t.Run(name, func(t *testing.T) {
			n := 0
			rt := roundTrip(func(*http.Request) (*http.Response, error) {
				res := *tt.responses[min(n, len(tt.responses)-1)]
				n++
				return &res, nil
			})
			c, err := admin.New(clientID, clientSecret, admin.WithHTTPClient(&http.Client{Transport: rt}))
			require.NoError(t, err)
			_, err = c.GetUser(t.Context(), 7)
			h := fails(t, tt.code, err)
			require.Equal(t, tt.text, h.Error())
			require.False(t, h.Sent(), "the call itself was not sent")
		})
	}
}

type roundTrip func(*http.Request) (*http.Response, error)

func (f roundTrip) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

// answer returns a response with pairs of headers.
func answer(status int, body string, header ...string) *http.Response {
	h := http.Header{}
	for i := 0; i < len(header); i += 2 {
		h.Add(header[i], header[i+1])
	}
	return &http.Response{StatusCode: status, Header: h, Body: io.NopCloser(strings.NewReader(body)), ContentLength: int64(len(body))}
}

func TestAllCallersShareOneToken(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a := newAPI()
		a.takes = time.Second
		c := a.client(t)
		var all sync.WaitGroup
		for range 512 {
			all.Go(func() {
				u, err := c.GetUser(t.Context(), 7)
				require.NoError(t, err)
				require.EqualValues(t, 7, u.ID())
			})
		}
		all.Wait()
		tokens, _ := a.handedOut()
		require.Equal(t, 1, tokens)
		require.Len(t, a.asked, 512)
	})
}

func TestACallerWhoLeavesFailsNobody(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a := newAPI()
		a.takes = time.Second
		c := a.client(t)
		short, cancel := context.WithTimeout(t.Context(), time.Second/2)
		defer cancel()
		var all sync.WaitGroup
		all.Go(func() {
			_, err := c.GetUser(short, 7)
			h := fails(t, herror.RequestTimeout, err)
			require.ErrorIs(t, err, context.DeadlineExceeded)
			require.False(t, h.Sent())
		})
		synctest.Wait()
		all.Go(func() {
			_, err := c.GetUser(t.Context(), 7)
			require.NoError(t, err)
		})
		all.Wait()
		tokens, _ := a.handedOut()
		require.Equal(t, 1, tokens)
	})
}

func TestAnExchangeThatNobodyWaitsForIsCancelled(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a := newAPI()
		a.takes = time.Second
		c := a.client(t)
		ctx, cancel := context.WithCancel(t.Context())
		time.AfterFunc(time.Second/2, cancel)
		_, err := c.Token(ctx)
		fails(t, herror.RequestTimeout, err)
		require.ErrorIs(t, err, context.Canceled)
		_, err = c.Token(t.Context())
		require.NoError(t, err, "the lease was given back")
	})
}

func TestATokenIsUsedUntilShortlyBeforeItsEnd(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a := newAPI()
		a.lifetime = 100
		c := a.client(t)
		for _, tt := range []struct {
			after time.Duration
			want  string
		}{{0, "1"}, {69 * time.Second, "1"}, {2 * time.Second, "2"}, {30 * time.Second, "2"}, {time.Hour, "3"}} {
			time.Sleep(tt.after)
			token, err := c.Token(t.Context())
			require.NoError(t, err)
			require.Equal(t, "canary-token-"+tt.want, token.Reveal())
		}
	})
}

func TestACallIsSentAgainAfterA401(t *testing.T) {
	a := newAPI()
	c := a.client(t)
	_, err := c.GetUser(t.Context(), 7)
	require.NoError(t, err)
	a.endTokens()
	_, err = c.GetUser(t.Context(), 7)
	require.NoError(t, err)
	tokens, _ := a.handedOut()
	require.Equal(t, 2, tokens)
	require.Len(t, a.asked, 3)

	// Only once: a backend that refuses every token is not asked for ever.
	a.respond = func(*http.Request, string) (int, string) { return 401, `{"error_msg":"never"}` }
	_, err = c.GetUser(t.Context(), 7)
	require.Equal(t, "401: never", fails(t, herror.NotAuthenticated, err).Error())
	require.Len(t, a.asked, 5)
}

// A late 401 drops the token that the request was sent with, and not the one that has
// replaced it.
func TestALate401KeepsTheNewToken(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a := newAPI()
		c := a.client(t)
		old, err := c.Token(t.Context())
		require.NoError(t, err)
		slow := true
		a.respond = func(r *http.Request, _ string) (int, string) {
			if r.Header.Get("Authorization") == "Bearer "+old.Reveal() {
				if slow {
					slow = false
					time.Sleep(time.Minute / 4)
				}
				return 401, ""
			}
			return 200, `{"id":7}`
		}
		var all sync.WaitGroup
		all.Go(func() {
			_, err := c.GetUser(t.Context(), 7)
			require.NoError(t, err)
		})
		synctest.Wait()
		_, err = c.GetUser(t.Context(), 7)
		require.NoError(t, err)
		all.Wait()
		tokens, _ := a.handedOut()
		require.Equal(t, 2, tokens)
	})
}

// A backend may hand out the same token again.
func TestTheSameTokenAgain(t *testing.T) {
	a := newAPI()
	c := a.client(t)
	token, err := c.Token(t.Context())
	require.NoError(t, err)
	a.tokens--
	c.DiscardToken(token)
	again, err := c.Token(t.Context())
	require.NoError(t, err)
	require.True(t, again.Equal(token))
	_, err = c.GetUser(t.Context(), 7)
	require.NoError(t, err)
}

func TestDiscardTokenOfAnotherTokenChangesNothing(t *testing.T) {
	a := newAPI()
	c := a.client(t)
	c.DiscardToken(session.NewSecret("x"))
	token, err := c.Token(t.Context())
	require.NoError(t, err)
	c.DiscardToken(session.NewSecret("x"))
	c.DiscardToken(session.Secret{})
	again, err := c.Token(t.Context())
	require.NoError(t, err)
	require.Equal(t, token.Reveal(), again.Reveal())
}

func TestAnExchangeThatFailsIsTriedAgain(t *testing.T) {
	a := newAPI()
	c := a.client(t, admin.WithHTTPClient(&http.Client{Transport: roundTrip(func(r *http.Request) (*http.Response, error) {
		if len(a.codes) == 0 {
			a.codes["x"] = false
			return nil, errors.New("connection reset")
		}
		return a.RoundTrip(r)
	})}))
	_, err := c.Token(t.Context())
	fails(t, herror.NetworkDisconnected, err)
	_, err = c.Token(t.Context())
	require.NoError(t, err)
}

// replicas returns clients that share a token store.
func (a *api) replicas(t *testing.T, store session.Store, n int) []*admin.Client {
	t.Helper()
	var all []*admin.Client
	for range n {
		all = append(all, a.client(t, admin.WithTokenStore(store)))
	}
	return all
}

func newStore(t *testing.T) session.Store {
	t.Helper()
	store, err := session.NewMemory()
	require.NoError(t, err)
	return store
}

// Replicas that need a token at one time get one token, also from a backend on which a
// new token ends the older ones.
func TestReplicasShareOneToken(t *testing.T) {
	for name, keys := range map[string][][]byte{"plain": nil, "sealed": {[]byte("a sealing key of thirty-two bytes")[:32]}} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				store := newStore(t)
				if keys != nil {
					sealed, err := session.NewSealed(store, keys...)
					require.NoError(t, err)
					store = sealed
				}
				a := newAPI()
				a.endsOlder, a.takes = true, time.Second
				all := a.replicas(t, store, 8)
				for round := 1; round <= 5; round++ {
					var calls sync.WaitGroup
					for _, c := range all {
						for range 4 {
							calls.Go(func() {
								_, err := c.GetUser(t.Context(), 7)
								require.NoError(t, err)
							})
						}
					}
					calls.Wait()
					tokens, live := a.handedOut()
					require.Equal(t, []int{round, 1}, []int{tokens, live})
					if round%2 == 0 {
						time.Sleep(time.Hour) // the token expires
					} else {
						a.endTokens() // somebody else has refreshed it
					}
				}
			})
		})
	}
}

// A replica takes over the token that another one has got.
func TestAReplicaThatStartsUsesTheTokenOfTheOthers(t *testing.T) {
	a, store := newAPI(), newStore(t)
	for _, c := range a.replicas(t, store, 3) {
		_, err := c.GetUser(t.Context(), 7)
		require.NoError(t, err)
	}
	tokens, _ := a.handedOut()
	require.Equal(t, 1, tokens)

	// The token is of one app on one host.
	for _, opts := range [][]admin.Option{{admin.WithHost(host + "/other")}, {admin.WithHost("https://other.example.com")}} {
		c := a.client(t, append(opts, admin.WithTokenStore(store))...)
		before, _ := a.handedOut()
		_, _ = c.Token(t.Context())
		_, err := c.GetUser(t.Context(), 7)
		if err == nil {
			after, _ := a.handedOut()
			require.Equal(t, before+1, after)
		}
	}
}

// A replica that dies while it gets a token delays the others by half of the timeout.
func TestALeaseEnds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a, store := newAPI(), newStore(t)
		dead := a.client(t, admin.WithTokenStore(&breaking{Store: store, swaps: 1}), admin.WithTimeout(20*time.Second))
		a.takes = time.Hour
		_, err := dead.Token(t.Context())
		fails(t, herror.RequestTimeout, err)
		a.takes = 0
		began := time.Now()
		_, err = a.client(t, admin.WithTokenStore(store)).Token(t.Context())
		require.NoError(t, err)
		require.Zero(t, time.Since(began), "the lease has ended meanwhile")

		a.endTokens()
		dead = a.client(t, admin.WithTokenStore(&breaking{Store: store, swaps: 1}), admin.WithTimeout(20*time.Second))
		token, err := dead.Token(t.Context())
		require.NoError(t, err)
		dead.DiscardToken(token)
		_, err = dead.Token(t.Context()) // gets a token and cannot store it
		require.NoError(t, err)
		began = time.Now()
		c := a.client(t, admin.WithTokenStore(store))
		_, err = c.Token(t.Context())
		require.NoError(t, err)
		require.LessOrEqual(t, time.Since(began), 10*time.Second+50*time.Millisecond)
		require.Greater(t, time.Since(began), 9*time.Second)
	})
}

// breaking is a store whose swaps fail after the first ones.
type breaking struct {
	session.Store
	mu    sync.Mutex
	swaps int
	loads error
}

func (b *breaking) Load(ctx context.Context, key session.Key) (session.Session, session.Revision, error) {
	if b.loads != nil {
		return session.Session{}, 0, b.loads
	}
	return b.Store.Load(ctx, key)
}

func (b *breaking) Swap(ctx context.Context, key session.Key, old session.Revision, next session.Session) (bool, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.swaps == 0 {
		return false, errBroken
	}
	b.swaps--
	return b.Store.Swap(ctx, key, old, next)
}

var errBroken = errors.New("the store is broken")

func TestTokenStoreErrors(t *testing.T) {
	a := newAPI()
	for name, store := range map[string]session.Store{
		"no load": &breaking{Store: newStore(t), loads: errBroken},
		"no swap": &breaking{Store: newStore(t)},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := a.client(t, admin.WithTokenStore(store)).GetUser(t.Context(), 7)
			h := fails(t, herror.StoreFailed, err)
			require.Equal(t, "691: no access token: token store failed", h.Error())
			require.ErrorIs(t, err, errBroken)
			require.False(t, h.Sent())
		})
	}
	tokens, _ := a.handedOut()
	require.Zero(t, tokens)

	// A token that cannot be stored is used by the replica that has got it.
	c := a.client(t, admin.WithTokenStore(&breaking{Store: newStore(t), swaps: 1}))
	for range 3 {
		_, err := c.GetUser(t.Context(), 7)
		require.NoError(t, err)
	}
	tokens, _ = a.handedOut()
	require.Equal(t, 1, tokens)
}

func TestStoredTokensThatCannotBeRead(t *testing.T) {
	a, store := newAPI(), newStore(t)
	seal := func(key byte) session.Store {
		s, err := session.NewSealed(store, []byte(strings.Repeat(string(rune(key)), session.SealingKeySize)))
		require.NoError(t, err)
		return s
	}
	_, err := a.client(t, admin.WithTokenStore(seal('a'))).GetUser(t.Context(), 7)
	require.NoError(t, err)

	// Without sealing keys nothing is sent, and the token stays.
	_, err = a.client(t, admin.WithTokenStore(store)).GetUser(t.Context(), 7)
	fails(t, herror.StoreFailed, err)
	require.Contains(t, err.Error(), "sealed")
	tokens, _ := a.handedOut()
	require.Equal(t, 1, tokens)

	// With other sealing keys it is replaced.
	_, err = a.client(t, admin.WithTokenStore(seal('b'))).GetUser(t.Context(), 7)
	require.NoError(t, err)
	tokens, _ = a.handedOut()
	require.Equal(t, 2, tokens)
}

// The record of a token in a store is none of a visitor.
func TestTheTokenIsNoSessionOfAVisitor(t *testing.T) {
	a, store := newAPI(), newStore(t)
	_, err := a.client(t, admin.WithTokenStore(store)).Token(t.Context())
	require.NoError(t, err)
	users, err := baas.New(clientID, baas.WithHost(host), baas.WithSessionStore(store))
	require.NoError(t, err)
	for _, key := range []string{"open api token", "open api token\x00" + host + "\x00" + clientID} {
		s, _ := users.Auth(key).Session(t.Context())
		require.True(t, s.IsZero(), key)
	}
}

func TestAZeroClient(t *testing.T) {
	for _, c := range []*admin.Client{nil, {}} {
		_, err := c.Token(t.Context())
		fails(t, herror.Uninitialized, err)
		_, err = c.GetUser(t.Context(), 7)
		fails(t, herror.Uninitialized, err)
		c.DiscardToken(session.NewSecret("x"))
	}
}
