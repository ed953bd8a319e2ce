package baas_test

import (
	"context"
	"fmt"
	"net/http"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/hydrogen-go/baas"
	"github.com/hydrogen-go/baas/auth"
	"github.com/hydrogen-go/baas/baastest"
	"github.com/hydrogen-go/baas/herror"
	"github.com/hydrogen-go/baas/internal/testkit"
	"github.com/hydrogen-go/baas/internal/testkit/variant"
	"github.com/hydrogen-go/baas/platform"
	"github.com/hydrogen-go/baas/session"
	"github.com/hydrogen-go/baas/user"
)

const (
	ksLogin   = "POST /hserve/v2.5/idp/kuaishou/silent-login/"
	readUsers = "GET /hserve/v2.5/user/info/*/"
	everyHit  = "/hserve/**"
)

// bubble runs a test on a backend in a bubble of its own, whose clock moves only
// while everything waits; a goroutine that is left fails it.
func bubble(t *testing.T, test func(t *testing.T, b *baastest.Backend, client *baas.Client), opts ...baas.Option) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		b, err := baastest.New(variant.Option())
		require.NoError(t, err)
		client, err := b.Client(opts...)
		require.NoError(t, err)
		test(t, b, client)
	})
}

// got is what a call under way gives in the end.
type got struct {
	user *user.CurrentUser
	err  error
}

// begin starts a call and lets it come as far as it can.
func begin(call func() (*user.CurrentUser, error)) <-chan got {
	done := make(chan got, 1)
	go func() {
		u, err := call()
		done <- got{u, err}
	}()
	synctest.Wait()
	return done
}

func TestIdenticalLoginsMakeOneRequest(t *testing.T) {
	bubble(t, func(t *testing.T, b *baastest.Backend, client *baas.Client) {
		b.Fail(everyHit, baastest.Fault{Delay: time.Second})
		phone := b.Kuaishou("openid-1")
		code := phone.Login()
		data := phone.AllowUserInfo()
		var all []<-chan got
		for range 10 {
			all = append(all, begin(func() (*user.CurrentUser, error) {
				return client.Auth("visitor").LoginWithKs(context.Background(), data, auth.Code(code))
			}))
		}
		seen := make(map[*user.CurrentUser]bool)
		for _, done := range all {
			g := <-done
			require.NoError(t, g.err)
			require.Equal(t, "openid-1", g.user.OpenID())
			seen[g.user] = true
		}
		require.Len(t, seen, 10, "each caller has a user of its own")
		require.Len(t, b.Requests(), 1)
	})
}

// Calls that differ in anything that is sent, or in the visitor key, never share.
func TestDifferentLoginsNeverShare(t *testing.T) {
	type variant struct {
		key  string
		data bool
		opts []platform.LoginOption
	}
	variants := map[string]variant{
		"other code":  {key: "visitor"},
		"other key":   {key: "other"},
		"with data":   {key: "visitor", data: true},
		"other sync":  {key: "visitor", data: true, opts: []platform.LoginOption{auth.SyncUserProfile(platform.NoSync)}},
		"not created": {key: "visitor", opts: []platform.LoginOption{auth.CreateUser(false)}},
	}
	bubble(t, func(t *testing.T, b *baastest.Backend, client *baas.Client) {
		b.Fail(everyHit, baastest.Fault{Delay: time.Second})
		waiting := make(map[string]<-chan got)
		for name, v := range variants {
			phone := b.Kuaishou("openid of " + name)
			code := phone.Login()
			var data *platform.AuthData
			if v.data {
				data = phone.AllowUserInfo()
			}
			waiting[name] = begin(func() (*user.CurrentUser, error) {
				return client.Auth(v.key).LoginWithKs(context.Background(), data, append(v.opts, auth.Code(code))...)
			})
		}
		for name, done := range waiting {
			g := <-done
			if name == "not created" {
				requireCode(t, herror.NotFound, g.err)
				continue
			}
			require.NoError(t, g.err, name)
			require.Equal(t, "openid of "+name, g.user.OpenID())
		}
		require.Len(t, b.Requests(), len(variants))
	})
}

// The same code on another platform or with another option is another call.
func TestTheSameCodeWithOtherOptionsIsAnotherCall(t *testing.T) {
	bubble(t, func(t *testing.T, b *baastest.Backend, client *baas.Client) {
		b.Fail(everyHit, baastest.Fault{Delay: time.Second})
		code, a := b.WeChat("openid-1").Login(), client.Auth("visitor")
		var all []<-chan got
		for _, call := range []func() (*user.CurrentUser, error){
			func() (*user.CurrentUser, error) { return a.LoginWithWechat(t.Context(), nil, auth.Code(code)) },
			func() (*user.CurrentUser, error) {
				return a.LoginWithWechat(t.Context(), nil, auth.Code(code), auth.WithUnionID(true))
			},
			func() (*user.CurrentUser, error) {
				return a.LoginWithWechat(t.Context(), nil, auth.Code(code), auth.CreateUser(false))
			},
			func() (*user.CurrentUser, error) { return a.LoginWithKs(t.Context(), nil, auth.Code(code)) },
			func() (*user.CurrentUser, error) { return a.LoginWithQQ(t.Context(), nil, auth.Code(code)) },
		} {
			all = append(all, begin(call))
		}
		for _, done := range all {
			<-done // a code is good once: who comes first is left open
		}
		require.Len(t, b.Requests(), len(all))
	})
}

func TestALeaverDoesNotFailTheOthers(t *testing.T) {
	bubble(t, func(t *testing.T, b *baastest.Backend, client *baas.Client) {
		b.Fail(everyHit, baastest.Fault{Delay: time.Second})
		code := b.Kuaishou("openid-1").Login()
		login := func(ctx context.Context) func() (*user.CurrentUser, error) {
			return func() (*user.CurrentUser, error) {
				return client.Auth("visitor").LoginWithKs(ctx, nil, auth.Code(code))
			}
		}
		leaving, leave := context.WithCancel(context.Background())
		hurried, cancel := context.WithTimeout(context.Background(), time.Millisecond)
		defer cancel()
		first, second, third := begin(login(leaving)), begin(login(context.Background())), begin(login(hurried))
		leave()
		g := <-first
		require.ErrorIs(t, g.err, context.Canceled)
		require.True(t, requireCode(t, herror.RequestTimeout, g.err).Sent(), "the code may be spent")
		g = <-third
		require.ErrorIs(t, g.err, context.DeadlineExceeded)
		requireCode(t, herror.RequestTimeout, g.err)
		g = <-second
		require.NoError(t, g.err)
		require.Len(t, b.Requests(), 1)
	})
}

// When all have left, the request ends, and the next login starts anew.
func TestWhenAllLeaveTheRequestEnds(t *testing.T) {
	bubble(t, func(t *testing.T, b *baastest.Backend, client *baas.Client) {
		b.Fail(everyHit, baastest.Fault{Delay: time.Hour, Times: 1})
		code := b.Kuaishou("openid-1").Login()
		ctx, cancel := context.WithCancel(context.Background())
		began := time.Now()
		done := begin(func() (*user.CurrentUser, error) {
			return client.Auth("visitor").LoginWithKs(ctx, nil, auth.Code(code))
		})
		cancel()
		require.ErrorIs(t, (<-done).err, context.Canceled)
		require.Equal(t, began, time.Now(), "at once")
		_, err := client.Auth("visitor").LoginWithKs(context.Background(), nil, auth.Code(code))
		require.NoError(t, err, "the backend had not acted on it")
	})
}

func TestAContextThatHasEnded(t *testing.T) {
	bubble(t, func(t *testing.T, b *baastest.Backend, client *baas.Client) {
		ctx, cancel := context.WithCancel(context.Background())
		cancel()
		a := client.Auth("visitor")
		_, login := a.LoginWithKs(ctx, nil, auth.Code("code-1"))
		_, silent := a.SilentLogin(ctx, auth.Code("code-1"))
		_, current := a.CurrentUser(ctx)
		_, raw := a.Request(ctx, auth.Request{Path: "/hserve/"})
		_, register := a.Register(ctx, auth.Credentials{Username: "ann", Password: "secret-1"})
		for i, err := range []error{login, silent, current, raw, register, a.Logout(ctx)} {
			h := requireCode(t, herror.RequestTimeout, err)
			require.ErrorIs(t, err, context.Canceled, i)
			require.False(t, h.Sent(), i)
		}
		require.Empty(t, b.Requests())
	})
}

func TestALogoutIsNotUndoneByASlowLogin(t *testing.T) {
	bubble(t, func(t *testing.T, b *baastest.Backend, client *baas.Client) {
		ctx, a := context.Background(), client.Auth("visitor")
		credentials := auth.Credentials{Username: "ann", Password: "secret-1"}
		_, err := a.Register(ctx, credentials)
		require.NoError(t, err)
		b.Fail("POST /hserve/v2.1/login/**", baastest.Fault{Delay: time.Second})
		login := func() (*user.CurrentUser, error) { return a.Login(ctx, credentials) }

		slow := begin(login)
		require.NoError(t, a.Logout(ctx))
		b.Clock().Advance(time.Millisecond)
		fresh := begin(login) // must not share the fate of the one from before the logout
		g := <-slow
		require.True(t, requireCode(t, herror.SessionMissing, g.err).Sent())
		g = <-fresh
		require.NoError(t, g.err)
		_, err = a.CurrentUser(ctx)
		require.NoError(t, err)

		slow = begin(login)
		require.NoError(t, a.Logout(ctx))
		requireCode(t, herror.SessionMissing, (<-slow).err)
		_, err = a.CurrentUser(ctx)
		requireCode(t, herror.SessionMissing, err)
	})
}

func TestALate401KeepsTheFreshSession(t *testing.T) {
	bubble(t, func(t *testing.T, b *baastest.Backend, client *baas.Client) {
		ctx, a := context.Background(), client.Auth("visitor")
		_, err := a.LoginWithKs(ctx, nil, auth.Code(b.Kuaishou("openid-a").Login()))
		require.NoError(t, err)
		b.Fail(readUsers, baastest.Fault{Status: 401, Delay: time.Second, Times: 1})
		late := begin(func() (*user.CurrentUser, error) { return a.CurrentUser(ctx) })
		_, err = a.LoginWithKs(ctx, nil, auth.Code(b.Kuaishou("openid-b").Login()))
		require.NoError(t, err)

		requireCode(t, herror.SessionMissing, (<-late).err)
		s, err := a.Session(ctx)
		require.NoError(t, err)
		require.Equal(t, "openid-b", s.OpenID)
		_, err = a.CurrentUser(ctx)
		require.NoError(t, err)
	})
}

// A read that began under A's session is not the answer for those who come after
// B has logged in.
func TestAReadIsNotSharedAcrossALogin(t *testing.T) {
	bubble(t, func(t *testing.T, b *baastest.Backend, client *baas.Client) {
		ctx, a := context.Background(), client.Auth("visitor")
		_, err := a.LoginWithKs(ctx, nil, auth.Code(b.Kuaishou("openid-a").Login()))
		require.NoError(t, err)
		b.Fail(readUsers, baastest.Fault{Delay: time.Second})
		read := func() (*user.CurrentUser, error) { return a.CurrentUser(ctx) }
		before, twin := begin(read), begin(read)
		_, err = a.LoginWithKs(ctx, nil, auth.Code(b.Kuaishou("openid-b").Login()))
		require.NoError(t, err)
		after := begin(read)
		require.Equal(t, "openid-a", (<-before).user.OpenID())
		require.Equal(t, "openid-a", (<-twin).user.OpenID())
		require.Equal(t, "openid-b", (<-after).user.OpenID())
		require.Equal(t, 2, b.CountRequests(readUsers))
	})
}

// Many callers who find no session, or whose token the backend does not know, make
// one login together, and each sends its own request again once.
func TestAutomaticLoginOnceForManyCallers(t *testing.T) {
	var b *baastest.Backend
	source := func(context.Context, string) (string, error) { return b.Kuaishou("openid-1").Login(), nil }
	bubble(t, func(t *testing.T, backend *baastest.Backend, client *baas.Client) {
		b = backend
		const callers, update = 20, "PUT /hserve/v2.5/user/info/"
		all := func() {
			var group sync.WaitGroup
			for i := range callers {
				group.Go(func() {
					_, err := client.Request(context.Background(), "visitor", auth.Request{
						Method: http.MethodPut, Path: "/hserve/v2.5/user/info/", Body: map[string]int{"n": i},
					})
					if err != nil {
						t.Error(err)
					}
				})
			}
			group.Wait()
		}
		b.Fail(everyHit, baastest.Fault{Delay: time.Second})
		all()
		require.Equal(t, 1, b.CountRequests(ksLogin))
		require.Equal(t, callers, b.CountRequests(update))

		account, _ := b.UserOf(b.Kuaishou("openid-1"))
		b.RevokeTokens(account.ID)
		b.ResetJournal()
		all()
		require.Equal(t, 1, b.CountRequests(ksLogin))
		require.Equal(t, 2*callers, b.CountRequests(update))
	}, baas.WithCodeSource(platform.Kuaishou{}, source))
}

// Under many interleavings of logins, reads and logouts, what one key does is seen
// under that key only.
func TestTwoKeysNeverSeeEachOthersSession(t *testing.T) {
	for seed := range 20 {
		bubble(t, func(t *testing.T, b *baastest.Backend, client *baas.Client) {
			for i := range 7 { // delays that change the order of things, differently each time
				b.Fail(everyHit, baastest.Fault{Delay: time.Duration((i*seed)%13) * time.Millisecond, Every: i + 2})
			}
			var group sync.WaitGroup
			for n := range 4 {
				openid := fmt.Sprintf("openid-%d", n)
				phone, a := b.Kuaishou(openid), client.Auth("key of "+openid)
				group.Go(func() {
					for round := range 5 {
						u, err := a.LoginWithKs(context.Background(), nil, auth.Code(phone.Login()))
						if err != nil || u.OpenID() != openid {
							t.Errorf("login of %s: %v, %v", openid, u, err)
						}
						time.Sleep(time.Duration((n*seed+round)%5) * time.Millisecond) // of the bubble's clock
						if u, err = a.CurrentUser(context.Background()); err != nil || u.OpenID() != openid {
							t.Errorf("read of %s: %v, %v", openid, u, err)
						}
						if round%2 == 1 {
							if err = a.Logout(context.Background()); err != nil {
								t.Error(err)
							}
						}
					}
				})
			}
			group.Wait()
		})
	}
}

// An empty code that was given keeps a login from being answered with the stored
// session, and so from sharing one that may be.
func TestAnEmptyCodeSharesWithNoLoginThatMayReuse(t *testing.T) {
	var b *baastest.Backend
	source := func(context.Context, string) (string, error) { return b.Kuaishou("openid-1").Login(), nil }
	bubble(t, func(t *testing.T, backend *baastest.Backend, client *baas.Client) {
		b = backend
		b.Fail(everyHit, baastest.Fault{Delay: time.Second})
		a := client.Auth("visitor")
		reusing := begin(func() (*user.CurrentUser, error) { return a.LoginWithKs(t.Context(), nil) })
		twin := begin(func() (*user.CurrentUser, error) { return a.LoginWithKs(t.Context(), nil) })
		empty := begin(func() (*user.CurrentUser, error) { return a.LoginWithKs(t.Context(), nil, auth.Code("")) })
		for _, done := range []<-chan got{reusing, twin, empty} {
			require.NoError(t, (<-done).err)
		}
		require.Equal(t, 2, b.CountRequests(ksLogin))
	}, baas.WithCodeSource(platform.Kuaishou{}, source))
}

// hookStore runs a hook after the first read.
type hookStore struct {
	session.Store
	hook func()
}

func (h *hookStore) Load(ctx context.Context, key session.Key) (session.Session, session.Revision, error) {
	s, rev, err := h.Store.Load(ctx, key)
	if hook := h.hook; hook != nil {
		h.hook = nil
		hook()
	}
	return s, rev, err
}

// A caller who saw no session, and comes to log in only when another one has done
// so, makes no second login: the session is read once more right before.
func TestAutomaticLoginThatComesSecondFindsTheFirst(t *testing.T) {
	store := &hookStore{Store: testkit.Memory(t)}
	var b *baastest.Backend
	b, client := newDouble(t, baas.WithSessionStore(store),
		baas.WithCodeSource(platform.Kuaishou{}, func(context.Context, string) (string, error) {
			return b.Kuaishou("openid-1").Login(), nil
		}))
	fast, err := b.Client(baas.WithSessionStore(store.Store)) // another replica
	require.NoError(t, err)
	logins := 0
	store.hook = func() {
		logins++
		_, err := fast.Auth("visitor").LoginWithKs(context.Background(), nil, auth.Code(b.Kuaishou("openid-1").Login()))
		require.NoError(t, err)
	}
	_, err = client.Auth("visitor").CurrentUser(context.Background())
	require.NoError(t, err)
	require.Equal(t, 1, b.CountRequests(ksLogin))
	require.Equal(t, 1, logins)
}
