package live_test

import (
	"encoding/json"
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/hydrogen-go/baas/herror"
	"github.com/hydrogen-go/baas/loginproxy"
)

// idle is the idle timeout of the proxy in the tests of this file.
const idle = 10 * time.Minute

// visit is the vendor's client, an emulator and maybe a proxy between them, whose clocks
// all show the same time.
type visit struct {
	t       *testing.T
	backend *emulator
	proxy   *proxyServer // or nil
	client  *vendor
	person  *person
}

// newVisit starts a build of the vendor's client on a proxy with the idle timeout.
func newVisit(t *testing.T, kind build) *visit {
	t.Helper()
	driver := installMinapp(t)
	v := &visit{t: t, backend: startEmulator(t, buildEmulator(t))}
	v.proxy = startProxy(t, v.backend, loginproxy.WithIdleTimeout(idle))
	v.person = v.proxy.newPerson(t, openID)
	if kind == web {
		v.client = newWebVendor(t, driver, v.person)
	} else {
		v.client = newVendor(t, driver, v.person, newBaseLibrary)
	}
	return v
}

// newDirectVisit starts the vendor's WeChat client on the emulator.
func newDirectVisit(t *testing.T) *visit {
	t.Helper()
	driver := installMinapp(t)
	v := &visit{t: t, backend: startEmulator(t, buildEmulator(t))}
	v.person = v.backend.newPerson(t, openID)
	v.client = newVendor(t, driver, v.person, newBaseLibrary)
	return v
}

// in returns the visit for a subtest.
func (v *visit) in(t *testing.T) *visit {
	inside := *v
	inside.t = t
	return &inside
}

// forget makes the client forget its session.
func (v *visit) forget() {
	v.t.Helper()
	require.Nil(v.t, v.client.call(v.t, "clearSession").Error)
}

// wait moves all clocks.
func (v *visit) wait(d time.Duration) {
	v.t.Helper()
	v.client.advance(v.t, d)
	v.waitOnServers(d)
}

// waitOnServers moves the clocks of the backend and the proxy. The phone's is slow then.
func (v *visit) waitOnServers(d time.Duration) {
	v.t.Helper()
	v.backend.ask(v.t, http.MethodPost, "clock", m{"advance": d.String()}, new(m))
	if v.proxy != nil {
		v.proxy.ahead.Add(int64(d))
	}
}

// do makes a call that succeeds, and returns its value.
func (v *visit) do(name string, args ...any) m {
	v.t.Helper()
	o := v.client.call(v.t, name, args...)
	require.Nil(v.t, o.Error, name)
	var value m
	require.NoError(v.t, json.Unmarshal(o.Value, &value))
	return value
}

// fail makes a call that fails with this code.
func (v *visit) fail(code herror.Code, name string, args ...any) {
	v.t.Helper()
	o := v.client.call(v.t, name, args...)
	require.Equal(v.t, code, o.code(), "%s: %s %+v", name, o.Value, o.Error)
}

// sent asserts that the calls since the last time sent these requests to the emulator.
func (v *visit) sent(requests ...string) {
	v.t.Helper()
	var lines []string
	for _, x := range v.backend.takeJournal(v.t) {
		lines = append(lines, x.line())
	}
	require.Equal(v.t, requests, lines)
}

const (
	silentLogin = "POST v2.5/idp/wechat/silent-login/ 201"
	readUser    = "GET v2.5/user/info/61736923/ 200"
)

// After a session has ended by idling, the vendor's client behaves as after the end of
// any session: it logs in again, and nothing that a user can do fails until the token
// expires in the backend.
func TestIdleSession(t *testing.T) {
	type then struct {
		name string
		do   func(*visit)
	}
	common := []then{
		{"current user", func(v *visit) {
			v.fail(herror.SessionMissing, "auth.getCurrentUser")
			v.sent() // the client knows the session's end
		}},
		{"logout", func(v *visit) {
			v.do("auth.logout")
			v.fail(herror.SessionMissing, "auth.getCurrentUser")
			v.sent() // the proxy knows the session's end
		}},
		{"query", func(v *visit) {
			v.fail(herror.NotAuthenticated, "users.find")
			v.do("auth.logout")
			v.sent()
		}},
		{"text message", func(v *visit) {
			v.do("sendSmsCode", m{"phone": aNumber})
			v.do("auth.loginWithSmsVerificationCode", smsCode(aNumber, textCode())(v.t, v.person)...)
		}},
		{"password reset", func(v *visit) { v.fail(herror.NotFound, "auth.requestPasswordReset", m{"email": anAddress}) }},
		{"account", func(v *visit) {
			v.do("auth.register", larry)
			require.Equal(v.t, "Larry", v.do("auth.getCurrentUser")["_username"])
		}},
		{"anonymous login", func(v *visit) { require.Equal(v.t, true, v.do("auth.anonymousLogin")["_anonymous"]) }},
	}
	onWeChat := []then{
		{"login", func(v *visit) {
			require.EqualValues(v.t, firstUser, v.do("auth.loginWithWechat")["id"])
			v.sent(silentLogin)
			require.EqualValues(v.t, firstUser, v.do("auth.getCurrentUser")["id"])
			v.sent(readUser)
		}},
		{"documented login(false)", func(v *visit) {
			require.EqualValues(v.t, firstUser, v.do("login", false)["id"])
			v.sent(silentLogin)
		}},
		{"login by phone number", func(v *visit) {
			args := eventWithCode("allow-phone-number", m{"number": aNumber}, nil)(v.t, v.person)
			require.EqualValues(v.t, firstUser, v.do("auth.loginWithWechat", args...)["id"])
		}},
		{"phone number", func(v *visit) {
			data := v.person.act(v.t, "allow-phone-number", m{"number": aNumber})
			v.fail(herror.SessionMissing, "auth.updatePhoneNumber", data)
			v.sent()
		}},
	}
	for _, tt := range []struct {
		build build
		login func(*visit)
		then  []then
	}{
		{wechat, func(v *visit) { v.do("auth.loginWithWechat") }, append(onWeChat, common...)},
		{web, func(v *visit) { v.do("auth.login", moe) }, common},
	} {
		t.Run(string(tt.build), func(t *testing.T) {
			v := newVisit(t, tt.build)
			if tt.build == web {
				v.do("auth.register", moe)
			}
			for _, then := range tt.then {
				t.Run(then.name, func(t *testing.T) {
					v := v.in(t)
					v.forget()
					tt.login(v)
					v.do("auth.getCurrentUser")
					v.wait(idle)
					v.backend.takeJournal(t)
					then.do(v)

					tt.login(v) // nobody is locked out
					v.do("auth.getCurrentUser")
				})
			}
		})
	}
}

// With autoLogin, the client repairs the session by itself.
func TestIdleSessionWithAutoLogin(t *testing.T) {
	v := newVisit(t, wechat)
	v.client.call(t, "init", hosted(clientID, m{"autoLogin": true})(t, v.person)...)
	v.do("users.get", firstUser)
	v.sent(silentLogin, readUser)

	v.wait(idle)
	v.do("users.get", firstUser)
	v.sent(silentLogin, readUser)
	v.do("auth.logout")
	v.sent("POST v2.0/session/destroy/ 201")

	v.do("users.get", firstUser)
	v.backend.takeJournal(t)
	v.waitOnServers(idle) // the phone's clock is slow: it learns of the end by a 401
	v.do("updateUser", m{"data": m{"age": 30}})
	v.sent(silentLogin, "PUT v2.5/user/info/ 200")
}

// An active session outlives the time that the client was told. The client then logs in
// again by itself, and the proxy ends the older session.
func TestActiveSessionOutlivesTheClientsView(t *testing.T) {
	v := newVisit(t, wechat)
	v.do("auth.loginWithWechat")
	v.do("auth.getCurrentUser")
	id := v.proxy.lastID(t)
	v.wait(idle / 2)
	v.do("auth.getCurrentUser")
	v.wait(idle / 2)
	v.proxy.askJSON(t, http.StatusOK, http.MethodGet, "me", id, nil)
	v.backend.takeJournal(t)
	v.fail(herror.SessionMissing, "auth.getCurrentUser")
	v.sent()
	require.EqualValues(t, firstUser, v.do("auth.loginWithWechat")["id"])
	v.sent(silentLogin, "POST v2.0/session/destroy/ 201")
	v.proxy.askJSON(t, http.StatusUnauthorized, http.MethodGet, "me", id, nil)
}

// A session can end before the time that the client was told: because the phone's clock
// is slow, or because the session was ended on the server. Directly, the client is then
// locked out until that time. Through the proxy, a logout always gets it out.
func TestSessionThatEndsEarly(t *testing.T) {
	lockedOut := func(v *visit) {
		v.t.Helper()
		v.fail(herror.NotAuthenticated, "auth.getCurrentUser")
		v.fail(herror.NotAuthenticated, "auth.loginWithWechat") // the client takes its token for live, and mints no code
	}
	t.Run("directly", func(t *testing.T) {
		v := newDirectVisit(t)
		v.do("auth.loginWithWechat")
		revoked()(t, v.person)
		lockedOut(v)
		v.fail(herror.NotAuthenticated, "auth.logout")
		lockedOut(v)
		v.wait(30 * 24 * time.Hour)
		v.do("auth.loginWithWechat")
	})
	v := newVisit(t, wechat)
	for name, end := range map[string]func(*visit){
		"slow clock of the phone": func(v *visit) { v.waitOnServers(idle) },
		"ended on the proxy": func(v *visit) {
			v.proxy.askJSON(v.t, http.StatusOK, http.MethodPost, "logout", v.proxy.lastID(v.t), m{})
		},
		"revoked in the backend": func(v *visit) { revoked()(v.t, v.person) },
	} {
		t.Run(name, func(t *testing.T) {
			v := v.in(t)
			v.forget()
			v.do("auth.loginWithWechat")
			v.do("auth.getCurrentUser")
			end(v)
			lockedOut(v)
			v.do("auth.logout")
			require.EqualValues(t, firstUser, v.do("auth.loginWithWechat")["id"])
			v.do("auth.getCurrentUser")
		})
	}
}
