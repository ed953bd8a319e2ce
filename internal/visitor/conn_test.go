package visitor_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/hydrogen-go/baas/herror"
	"github.com/hydrogen-go/baas/internal/check"
	"github.com/hydrogen-go/baas/internal/idp"
	"github.com/hydrogen-go/baas/internal/visitor"
	"github.com/hydrogen-go/baas/platform"
	"github.com/hydrogen-go/baas/session"
)

// inBubble runs test on a world of its own.
func inBubble(t *testing.T, test func(*world)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) { test(newWorld(t)) })
}

// operations is everything that reaches for the session, by name.
var operations = map[string]func(context.Context, *visitor.Conn) error{
	"Load":      func(ctx context.Context, c *visitor.Conn) error { _, _, err := c.Load(ctx); return err },
	"Live":      func(ctx context.Context, c *visitor.Conn) error { _, err := c.Live(ctx); return err },
	"Do":        func(ctx context.Context, c *visitor.Conn) error { _, _, err := c.Do(ctx, ask(c)); return err },
	"DoRaw":     func(ctx context.Context, c *visitor.Conn) error { _, err := c.DoRaw(ctx, ask(c)); return err },
	"Forget":    func(ctx context.Context, c *visitor.Conn) error { _, err := c.Forget(ctx); return err },
	"Discard":   func(ctx context.Context, c *visitor.Conn) error { return c.Discard(ctx, holding("a")) },
	"Dedupe":    func(ctx context.Context, c *visitor.Conn) error { return fly(ctx, c) },
	"Establish": func(ctx context.Context, c *visitor.Conn) error { return c.Establish(ctx, 99, living("b")) },
}

func fly(ctx context.Context, c *visitor.Conn) error {
	_, err := visitor.Dedupe(ctx, c, visitor.WorkID{Operation: "id"}, func(context.Context, visitor.Stored) (int, error) { return 0, nil })
	return err
}

func TestBadVisitorKeys(t *testing.T) {
	for name, key := range map[string]string{
		"empty":              "",
		"over-long":          strings.Repeat("k", check.MaxVisitorKey+1),
		"not UTF-8":          "key-\xff",
		"control characters": "key-\n",
	} {
		for what, do := range operations {
			if what == "Establish" {
				continue // comes after a Load
			}
			t.Run(name+" "+what, func(t *testing.T) {
				inBubble(t, func(w *world) {
					err := do(w.Context(), visitor.New(w.shared, key))
					h := failed(w.T, err, herror.InvalidParameter)
					require.False(w, h.Sent())
					if key != "" {
						require.NotContains(w, err.Error(), key)
					}
					require.Empty(w, w.backend.asked)
				})
			})
		}
	}
	inBubble(t, func(w *world) {
		_, _, err := visitor.New(w.shared, strings.Repeat("k", check.MaxVisitorKey)).Load(w.Context())
		require.NoError(w, err)
	})
}

func TestStoreErrorsAreTyped(t *testing.T) {
	for what, do := range operations {
		t.Run(what, func(t *testing.T) {
			inBubble(t, func(w *world) {
				w.withStore(&faulty{Store: w.store, err: errStore})
				err := do(w.Context(), w.conn)
				failed(w.T, err, herror.StoreFailed)
				require.ErrorIs(w, err, errStore)
				require.Equal(w, "691: session store failed", err.Error())
				require.Empty(w, w.backend.asked)
			})
		})
		t.Run(what+" when the caller gave up", func(t *testing.T) {
			inBubble(t, func(w *world) {
				ctx, cancel := context.WithCancel(w.Context())
				cancel()
				err := do(ctx, w.conn)
				require.ErrorIs(w, err, context.Canceled)
				if what != "Establish" {
					require.False(w, failed(w.T, err, herror.RequestTimeout).Sent())
				}
				require.Empty(w, w.backend.asked)
			})
		})
	}
}

// Once a request has reached the backend, no later failure says otherwise.
func TestSentSurvivesTheStore(t *testing.T) {
	tests := []struct {
		name  string
		store faulty
		auto  bool
		do    string
	}{
		{"the login is not stored", faulty{swaps: 0}, false, "Establish"},
		{"the login is overtaken and the store fails", faulty{refuse: 1, loads: 0, swaps: 9}, false, "Establish"},
		{"the session is not dropped after a 401", faulty{loads: 1}, false, "Do"},
		{"the changed session is not loaded after a 401", faulty{loads: 1, refuse: 1, swaps: 9}, false, "Do"},
		{"the changed session is not dropped after a 401", faulty{loads: 2, refuse: 1}, false, "Do"},
		{"the store fails before the next login", faulty{loads: 1, swaps: 1}, true, "Do"},
		{"the session is not loaded after the second 401", faulty{loads: 2, swaps: 9}, true, "Do"},
		{"the session is not dropped after the second 401", faulty{loads: 3, swaps: 2}, true, "Do"},
		{"the session is not dropped after a raw 401", faulty{loads: 1}, false, "DoRaw"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			inBubble(t, func(w *world) {
				w.start("a")
				store := tt.store
				store.Store, store.err = w.store, errStore
				w.withStore(&store)
				if tt.auto {
					w.autoLogin("b")
				}
				err := operations[tt.do](w.Context(), w.conn)
				require.True(w, failed(w.T, err, herror.StoreFailed).Sent())
				require.ErrorIs(w, err, errStore)
			})
		})
	}
}

func TestEstablishThatIsCutShortWasSent(t *testing.T) {
	inBubble(t, func(w *world) {
		ctx, cancel := context.WithCancel(w.Context())
		cancel()
		err := w.conn.Establish(ctx, 0, living("a"))
		var h *herror.HError
		require.ErrorAs(w, err, &h)
		require.True(w, h.Sent())
		require.ErrorIs(w, err, context.Canceled)
	})
}

func TestCallsNeedASession(t *testing.T) {
	for name, prepare := range map[string]func(*world){
		"never logged in": func(*world) {},
		"logged out":      func(w *world) { w.start("a"); require.NoError(w, logout(w, 0)) },
		"expired":         func(w *world) { w.start("a"); time.Sleep(time.Hour) },
		"discarded":       func(w *world) { w.start("a"); require.NoError(w, discard("a")(w, 0)) },
	} {
		t.Run(name, func(t *testing.T) {
			inBubble(t, func(w *world) {
				w.backend.known[""] = true
				prepare(w)
				_, _, err := w.conn.Do(w.Context(), ask(w.conn))
				require.False(w, failed(w.T, err, herror.SessionMissing).Sent())
				require.Empty(w, w.backend.asked, "nothing is sent")

				_, err = w.conn.DoRaw(w.Context(), ask(w.conn))
				require.NoError(w, err)
				require.Equal(w, []string{""}, w.backend.asked, "a raw request goes out without a token")
				require.Equal(w, []string{"WEB"}, w.backend.names)
			})
		})
	}
}

func TestSendSaysWhereItComesFrom(t *testing.T) {
	inBubble(t, func(w *world) {
		w.start("a")
		s := w.stored()
		expired := s
		expired.ExpiresAt = time.Now()
		for _, tt := range []struct {
			platform    string
			s           session.Session
			token, name string
		}{
			{"", s, "a", "KUAISHOU"},
			{"WECHAT", s, "a", "WECHAT"},
			{"", session.Session{}, "", "WEB"},
			{"", expired, "", "KUAISHOU"}, // an expired token never goes out
		} {
			w.backend.asked, w.backend.names = nil, nil
			r := anyRequest()
			r.Platform, r.Token = tt.platform, "left over"
			_, _ = w.conn.Send(w.Context(), w.conn.Plain(r), tt.s)
			require.Equal(w, []string{tt.token}, w.backend.asked)
			require.Equal(w, []string{tt.name}, w.backend.names)
		}
	})
}

func TestUnauthorizedAnswers(t *testing.T) {
	tests := []struct {
		name   string
		tokens []string // of the automatic logins; none: no code source
		known  string   // the token that the backend takes
		want   herror.Code
		raw    herror.Code
		asked  []string
		logins int
		left   string // the session that stays
	}{
		{"without a code source it is 604", nil, "", herror.SessionMissing, herror.NotAuthenticated, []string{"a"}, 0, ""},
		{"with one it logs in once and sends once more", []string{"b"}, "b", 0, 0, []string{"a", "b"}, 1, "b"},
		{"a second 401 gives up", []string{"b"}, "", herror.SessionMissing, herror.NotAuthenticated, []string{"a", "b"}, 1, ""},
	}
	for _, tt := range tests {
		for name, raw := range map[string]bool{"": false, ", raw": true} {
			t.Run(tt.name+name, func(t *testing.T) {
				inBubble(t, func(w *world) {
					w.start("a")
					w.backend.known[tt.known] = tt.known != ""
					logins := new(int)
					if tt.tokens != nil {
						logins = w.autoLogin(tt.tokens...)
					}
					want, do := tt.want, operations["Do"]
					if raw {
						want, do = tt.raw, operations["DoRaw"]
					}
					err := do(w.Context(), w.conn)
					require.Equal(w, want, herror.CodeOf(err))
					if err != nil {
						require.ErrorIs(w, err, herror.NotAuthenticated)
						require.True(w, failed(w.T, err, want).Sent())
					}
					require.Equal(w, tt.asked, w.backend.asked)
					require.Equal(w, tt.logins, *logins)
					require.Equal(w, tt.left, w.stored().Token.Reveal())
				})
			})
		}
	}
}

func TestOtherFailuresKeepTheSession(t *testing.T) {
	inBubble(t, func(w *world) {
		w.start("a")
		logins := w.autoLogin("b")
		w.backend.fail = errors.New("connection reset")
		_, _, err := w.conn.Do(w.Context(), ask(w.conn))
		failed(w.T, err, herror.NetworkDisconnected)
		require.Equal(w, []string{"a"}, w.backend.asked)
		require.Zero(w, *logins)
		require.Equal(w, "a", w.stored().Token.Reveal())
	})
}

func TestManyCallersMakeOneAutomaticLogin(t *testing.T) {
	for name, prepare := range map[string]func(*world){
		"without a session":      func(*world) {},
		"after a logout":         func(w *world) { require.NoError(w, logout(w, 0)) },
		"with an expired one":    func(w *world) { w.start("a"); time.Sleep(time.Hour) },
		"with one that is stale": func(w *world) { w.start("a") },
	} {
		t.Run(name, func(t *testing.T) {
			inBubble(t, func(w *world) {
				const callers = 20
				prepare(w)
				w.backend.known["b"], w.backend.took = true, time.Second
				logins := w.autoLogin("b", "one too many")
				var all sync.WaitGroup
				for range callers {
					all.Go(func() {
						if _, now, err := w.conn.Do(w.Context(), ask(w.conn)); err != nil || now.Session.Token.Reveal() != "b" {
							w.Errorf("session %q, error %v", now.Session.Token.Reveal(), err)
						}
					})
				}
				all.Wait()
				require.Equal(w, 1, *logins)
				require.Equal(w, "b", w.stored().Token.Reveal())
			})
		})
	}
}

// A connection with what somebody has just loaded returns it once, to one of many.
func TestFromLoadsOnce(t *testing.T) {
	inBubble(t, func(w *world) {
		w.start("stored")
		handed := visitor.Stored{Session: living("handed"), Revision: 99}
		from := w.conn.From(handed)
		const callers = 20
		got := make(chan visitor.Stored, callers)
		var all sync.WaitGroup
		for range callers {
			all.Go(func() {
				s, rev, err := from.Manual().Load(w.Context())
				if err != nil {
					w.Error(err)
				}
				got <- visitor.Stored{Session: s, Revision: rev}
			})
		}
		all.Wait()
		close(got)
		times := 0
		for now := range got {
			if now.Revision == handed.Revision {
				times++
				require.Equal(w, handed, now)
			} else {
				require.Equal(w, "stored", now.Session.Token.Reveal())
			}
		}
		require.Equal(w, 1, times)
		require.Equal(w, "stored", w.stored().Token.Reveal(), "the connection itself has nothing")
	})
}

// noLogin is an automatic login without a session.
func noLogin(err error) func(context.Context, *visitor.Conn) (visitor.Result, error) {
	return func(context.Context, *visitor.Conn) (visitor.Result, error) { return visitor.Result{}, err }
}

func TestAutomaticLoginThatFails(t *testing.T) {
	inBubble(t, func(w *world) {
		w.shared.AutoLogin = noLogin(herror.FromBackend(400, "spent"))
		_, _, err := w.conn.Do(w.Context(), ask(w.conn))
		failed(w.T, err, herror.BadRequest)
		require.Empty(w, w.backend.asked)
	})
	inBubble(t, func(w *world) { // logs in, and has nothing to show for it
		w.shared.AutoLogin = noLogin(nil)
		_, _, err := w.conn.Do(w.Context(), ask(w.conn))
		failed(w.T, err, herror.SessionMissing)
		require.Empty(w, w.backend.asked)
	})
	inBubble(t, func(w *world) { // overtaken by a logout: the raw request is not sent as nobody's
		w.shared.AutoLogin = noLogin(herror.New(herror.SessionMissing, ""))
		_, err := w.conn.DoRaw(w.Context(), ask(w.conn))
		failed(w.T, err, herror.SessionMissing)
		require.Empty(w, w.backend.asked)
	})
	inBubble(t, func(w *world) { // after a 401, what was sent with the first request may be spent
		w.start("a")
		w.shared.AutoLogin = noLogin(herror.New(herror.NetworkDisconnected, ""))
		_, _, err := w.conn.Do(w.Context(), ask(w.conn))
		require.True(w, failed(w.T, err, herror.NetworkDisconnected).Sent())
	})
}

func TestFillCode(t *testing.T) {
	failure := errors.New("phone is offline: canary-3f9a")
	source := func(code string, err error) func(context.Context, string) (string, error) {
		return func(_ context.Context, key string) (string, error) { return code + " for " + key, err }
	}
	bare := func(code string) func(context.Context, string) (string, error) {
		return func(context.Context, string) (string, error) { return code, nil }
	}
	for _, tt := range []struct {
		name   string
		source func(context.Context, string) (string, error)
		code   string
		want   string
		cause  error
		fails  bool
	}{
		{name: "a code given wins", source: source("fresh", nil), code: "given", want: "given"},
		{name: "one is minted for the user", source: source("fresh", nil), want: "fresh for " + visitorKey},
		{name: "no source", fails: true},
		{name: "an empty code", source: bare(""), fails: true},
		{name: "an over-long code", source: bare(strings.Repeat("c", check.MaxCode+1)), fails: true},
		{name: "a code that is not UTF-8", source: bare("\xff"), fails: true},
		{name: "a source that fails", source: source("", failure), cause: failure, fails: true},
		{name: "a source that fails with a code", source: source("", herror.NotFound), cause: herror.NotFound, fails: true},
	} {
		t.Run(tt.name, func(t *testing.T) {
			inBubble(t, func(w *world) {
				w.shared.CodeSource, w.shared.CodePlatform = tt.source, "kuaishou"
				p := idp.Defaults()
				p.Code = tt.code
				err := w.conn.FillCode(w.Context(), "kuaishou", &p)
				if !tt.fails {
					require.NoError(w, err)
					require.Equal(w, tt.want, p.Code)
					return
				}
				require.False(w, failed(w.T, err, herror.InvalidParameter).Sent())
				require.NotContains(w, err.Error(), "canary")
				if tt.cause != nil {
					require.ErrorIs(w, err, tt.cause)
				}
			})
		})
	}
	inBubble(t, func(w *world) {
		w.shared.CodeSource, w.shared.CodePlatform = bare("fresh"), "kuaishou"
		p := idp.Defaults()
		failed(w.T, w.conn.FillCode(w.Context(), "wechat", &p), herror.InvalidParameter)
		require.Empty(w, p.Code, "a code of one platform is none of another's")
	})
	inBubble(t, func(w *world) {
		offline := herror.New(herror.NetworkDisconnected, "")
		w.shared.CodeSource, w.shared.CodePlatform = source("", fmt.Errorf("canary-3f9a: %w", offline)), "kuaishou"
		p := idp.Defaults()
		require.Equal(w, offline, w.conn.FillCode(w.Context(), "kuaishou", &p), "a typed error is passed on")
	})
	inBubble(t, func(w *world) {
		w.shared.CodePlatform = "kuaishou"
		w.shared.CodeSource = func(ctx context.Context, _ string) (string, error) { <-ctx.Done(); return "", ctx.Err() }
		ctx, cancel := context.WithTimeout(w.Context(), time.Second)
		defer cancel()
		p := idp.Defaults()
		err := w.conn.FillCode(ctx, "kuaishou", &p)
		require.False(w, failed(w.T, err, herror.RequestTimeout).Sent())
		require.ErrorIs(w, err, context.DeadlineExceeded)
	})
}

func TestResumeKeepsItsSessionToItself(t *testing.T) {
	inBubble(t, func(w *world) {
		w.start("in the store")
		w.backend.known["resumed"] = true
		one, other := visitor.Resume(w.shared, living("resumed")), visitor.Resume(w.shared, living("other"))
		_, now, err := one.Do(w.Context(), ask(one))
		require.NoError(w, err)
		require.Equal(w, "resumed", now.Session.Token.Reveal())
		require.Equal(w, []string{"resumed"}, w.backend.asked)

		_, _, err = other.Do(w.Context(), ask(other))
		failed(w.T, err, herror.SessionMissing)
		left, _, err := other.Load(w.Context())
		require.NoError(w, err)
		require.True(w, left.IsZero(), "a 401 drops it")

		_, err = one.Forget(w.Context())
		require.NoError(w, err)
		left, rev, err := one.Load(w.Context())
		require.NoError(w, err)
		require.True(w, left.LoggedOut)
		require.NoError(w, one.Establish(w.Context(), rev, living("again")))
		require.Equal(w, "in the store", w.stored().Token.Reveal())
	})
	inBubble(t, func(w *world) { // nobody
		nobody := visitor.Resume(w.shared, session.Session{})
		_, _, err := nobody.Do(w.Context(), ask(nobody))
		failed(w.T, err, herror.SessionMissing)
	})
}

// A connection that no client made says so, and does not panic.
func TestNoConnection(t *testing.T) {
	var c *visitor.Conn
	ctx := t.Context()
	for name, do := range operations {
		if name != "Establish" {
			failed(t, do(ctx, c), herror.Uninitialized)
		}
	}
	failed(t, c.Refusal(ctx), herror.UserRefused)
	_, err := c.ReadCurrentUser(ctx)
	failed(t, err, herror.Uninitialized)
	_, err = visitor.NewLogin(c, platform.QQ{}, nil, nil)
	failed(t, err, herror.Uninitialized)
	_, err = visitor.NewLink(c, platform.QQ{}, nil, nil)
	failed(t, err, herror.Uninitialized)
	require.Nil(t, c.Manual())
}
