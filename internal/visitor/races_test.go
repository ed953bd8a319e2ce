package visitor_test

import (
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/hydrogen-go/baas/herror"
	"github.com/hydrogen-go/baas/internal/visitor"
	"github.com/hydrogen-go/baas/session"
)

// event is something that begins at a second and takes some; want is the code it
// fails with, 0 for success.
type event struct {
	at, took int
	do       func(*world, time.Duration) error
	want     herror.Code
}

// login is a login with that token.
func login(token string) func(*world, time.Duration) error {
	return func(w *world, took time.Duration) error {
		_, rev, err := w.conn.Load(w.Context())
		if err != nil {
			return err
		}
		next := living(token)
		time.Sleep(took)
		next.ExpiresAt = time.Now().Add(time.Hour)
		return w.conn.Establish(w.Context(), rev, next)
	}
}

// request is one that the backend answers after a while.
func request(w *world, took time.Duration) error {
	w.backend.took = took
	_, _, err := w.conn.Do(w.Context(), ask(w.conn))
	return err
}

// logout forgets the session at once.
func logout(w *world, _ time.Duration) error {
	_, err := w.conn.Forget(w.Context())
	return err
}

// discard is a 401 to a request with that token.
func discard(token string) func(*world, time.Duration) error {
	return func(w *world, _ time.Duration) error {
		return w.conn.Discard(w.Context(), holding(token))
	}
}

// rename is a change of the session with that token.
func rename(token string) func(*world, time.Duration) error {
	return func(w *world, _ time.Duration) error {
		return w.conn.Update(w.Context(), holding(token), func(s *session.Session) { s.Platform = "renamed" })
	}
}

// renameLater is a change of the session by somebody who loaded it a while before.
func renameLater(w *world, took time.Duration) error {
	s, rev, err := w.conn.Load(w.Context())
	if err != nil {
		return err
	}
	time.Sleep(took)
	return w.conn.Update(w.Context(), visitor.Stored{Session: s, Revision: rev}, func(s *session.Session) { s.Platform = "renamed" })
}

// seen notes the time in the session that there is.
func seen(w *world, _ time.Duration) error {
	s, rev, err := w.conn.Load(w.Context())
	if err != nil {
		return err
	}
	s.SeenAt = s.LoggedInAt.Add(time.Hour)
	_, err = w.conn.Swap(w.Context(), rev, s)
	return err
}

func TestRaces(t *testing.T) {
	tests := []struct {
		name      string
		start     string // the token of the session before
		life      int    // seconds it still lives; 0 for long
		events    []event
		want      string // the token of the session after
		loggedOut bool
		platform  string
		seen      bool
	}{
		{
			name: "a late 401 does not discard a newer session", start: "a", want: "b",
			events: []event{{0, 10, request, herror.SessionMissing}, {1, 2, login("b"), 0}},
		}, {
			name: "a 401 discards the session it was sent with", start: "a", want: "",
			events: []event{{0, 10, request, herror.SessionMissing}},
		}, {
			name: "a logout is not undone by a slower login", want: "", loggedOut: true,
			events: []event{{0, 10, login("b"), herror.SessionMissing}, {5, 0, logout, 0}},
		}, {
			name: "nor by the slower login of who was logged in", start: "a", want: "", loggedOut: true,
			events: []event{{0, 10, login("b"), herror.SessionMissing}, {5, 0, logout, 0}},
		}, {
			name: "nor after a second logout", start: "a", want: "", loggedOut: true,
			events: []event{{0, 0, logout, 0}, {1, 10, login("b"), herror.SessionMissing}, {5, 0, logout, 0}},
		}, {
			name: "a login after a logout counts", start: "a", want: "b",
			events: []event{{0, 0, logout, 0}, {1, 2, login("b"), 0}},
		}, {
			name: "a logout during a call stays", start: "a", want: "", loggedOut: true,
			events: []event{{0, 10, request, herror.SessionMissing}, {5, 0, logout, 0}, {1, 12, login("b"), herror.SessionMissing}},
		}, {
			name: "a session dropped during a login does not lose the login", start: "a", want: "b",
			events: []event{{0, 10, login("b"), 0}, {5, 0, discard("a"), 0}},
		}, {
			name: "a session that ends during a login does not lose the login", start: "a", life: 5, want: "b",
			events: []event{{0, 10, login("b"), 0}},
		}, {
			name: "of two logins the later stays, answered first", want: "c",
			events: []event{{0, 10, login("b"), herror.SessionMissing}, {1, 2, login("c"), 0}},
		}, {
			name: "of two logins the later stays, answered last", want: "c",
			events: []event{{0, 5, login("b"), 0}, {1, 10, login("c"), 0}},
		}, {
			name: "of three logins the last stays", want: "d",
			events: []event{{0, 20, login("b"), herror.SessionMissing}, {1, 10, login("c"), 0}, {2, 12, login("d"), 0}},
		}, {
			name: "a logout and a login overtake a slow login", want: "c",
			events: []event{{0, 10, login("b"), herror.SessionMissing}, {3, 0, logout, 0}, {4, 1, login("c"), 0}},
		}, {
			name: "a logout between two slow logins stops the first only", want: "c",
			events: []event{{0, 10, login("b"), herror.SessionMissing}, {3, 0, logout, 0}, {4, 20, login("c"), 0}},
		}, {
			name: "nor one that a login has overtaken which was dropped since", want: "",
			events: []event{{0, 20, login("b"), herror.SessionMissing}, {3, 0, logout, 0}, {4, 1, login("c"), 0}, {8, 0, discard("c"), 0}},
		}, {
			name: "a change of the old session leaves the new one alone", start: "a", want: "b", platform: "kuaishou",
			events: []event{{0, 1, login("b"), 0}, {2, 0, rename("a"), 0}},
		}, {
			name: "a change during a login does not lose the login", start: "a", want: "b", platform: "kuaishou",
			events: []event{{0, 10, login("b"), 0}, {5, 0, rename("a"), 0}},
		}, {
			name: "a change after a logout does not undo it", start: "a", want: "", loggedOut: true,
			events: []event{{0, 0, logout, 0}, {1, 0, rename("a"), 0}},
		}, {
			name: "a change stays with the session", start: "a", want: "a", platform: "renamed",
			events: []event{{0, 0, rename("a"), 0}},
		}, {
			name: "so does a late one", start: "a", want: "a", platform: "renamed",
			events: []event{{0, 10, renameLater, 0}},
		}, {
			name: "nobody's session is not discarded", want: "",
			events: []event{{0, 0, discard(""), 0}},
		}, {
			name: "a late change keeps what has changed since", start: "a", want: "a", platform: "renamed", seen: true,
			events: []event{{0, 10, renameLater, 0}, {5, 0, seen, 0}},
		}, {
			name: "a late change of the old session leaves the new one alone", start: "a", want: "b", platform: "kuaishou",
			events: []event{{0, 10, renameLater, 0}, {5, 1, login("b"), 0}},
		}, {
			name: "a late change does not undo a logout", start: "a", want: "", loggedOut: true,
			events: []event{{0, 10, renameLater, 0}, {5, 0, logout, 0}},
		}, {
			name: "a late change does not bring back a session that has ended", start: "a", life: 5, want: "",
			events: []event{{0, 10, renameLater, 0}},
		}, {
			name: "a 401 discards a session that has been seen since", start: "a", want: "",
			events: []event{{0, 10, request, herror.SessionMissing}, {5, 0, seen, 0}},
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				w := newWorld(t)
				if tt.start != "" {
					w.start(tt.start)
				}
				if tt.life != 0 {
					require.NoError(t, w.conn.Update(t.Context(), holding(tt.start), func(s *session.Session) {
						s.ExpiresAt = time.Now().Add(time.Duration(tt.life) * time.Second)
					}))
				}
				time.Sleep(time.Second) // what was before was before
				var all sync.WaitGroup
				for i, e := range tt.events {
					all.Go(func() {
						time.Sleep(time.Duration(e.at) * time.Second)
						err := e.do(w, time.Duration(e.took)*time.Second)
						if herror.CodeOf(err) != e.want {
							t.Errorf("event %d: got %v, want code %d", i, err, e.want)
						}
					})
				}
				all.Wait()
				got := w.stored()
				require.Equal(t, tt.want, got.Token.Reveal())
				require.Equal(t, tt.loggedOut, got.LoggedOut)
				if tt.platform != "" {
					require.Equal(t, tt.platform, got.Platform)
				}
				require.Equal(t, tt.seen, !got.SeenAt.IsZero())
			})
		})
	}
}

// For the race detector: everything at once, many times, and then one last word.
func TestCrowd(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		w.backend.known["b"] = true
		var all sync.WaitGroup
		for i := range 20 {
			for _, do := range []func(*world, time.Duration) error{login("a"), login("b"), requestNow, logout, discard("a"), rename("b"), renameLater} {
				all.Go(func() {
					time.Sleep(time.Duration(i%3) * time.Millisecond)
					switch code := herror.CodeOf(do(w, time.Duration(i%5)*time.Millisecond)); code {
					case 0, herror.SessionMissing:
					default:
						t.Errorf("code %d", code)
					}
				})
			}
		}
		all.Wait()
		require.NoError(t, logout(w, 0))
		require.True(t, w.stored().LoggedOut)
	})
}

// requestNow is a request that is answered at once.
func requestNow(w *world, _ time.Duration) error {
	_, _, err := w.conn.Do(w.Context(), ask(w.conn))
	return err
}
