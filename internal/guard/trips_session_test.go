package guard_test

import (
	"net/http"

	"github.com/stretchr/testify/require"

	"github.com/hydrogen-go/baas/auth"
	"github.com/hydrogen-go/baas/herror"
)

var sessionTrips = []trip{
	{
		calls: []string{"CurrentUser"}, state: "nobody logged in",
		ours: cost{0, 1}, least: cost{0, 1},
		vendor: "0", from: "recorded: `*__get_current_user_no_session`",
		run: func(w *tripWorld) calls { return w.noCurrentUser() },
	}, {
		calls: []string{"CurrentUser"}, state: "live session",
		ours: cost{1, 1}, least: cost{1, 1},
		vendor: "1", from: "recorded: `*__get_current_user`",
		run: func(w *tripWorld) calls { w.login(); return w.currentUser() },
	}, {
		calls: []string{"CurrentUser"}, state: "expired session",
		ours: cost{0, 1}, least: cost{0, 1},
		vendor: "0", from: "recorded: `*__get_current_user_expired`",
		run: func(w *tripWorld) calls { w.login(); w.expire(); return w.noCurrentUser() },
	}, {
		calls: []string{"CurrentUser"}, state: "live session whose token the backend no longer knows",
		ours: cost{1, 2}, least: cost{1, 2},
		vendor: "1", from: "run: `session ended in the backend: current user`",
		run: func(w *tripWorld) calls { w.login(); w.forget(); return w.noCurrentUser() },
	}, {
		calls: []string{"CurrentUser"}, state: "nobody logged in, code source",
		ours: cost{1, 3}, least: cost{1, 2}, index: 1,
		vendor: none,
		why:    secondLoad,
		with:   setting{source: true},
		run:    func(w *tripWorld) calls { return w.currentUser() },
	}, {
		calls: []string{"CurrentUser"}, state: "live session whose token the backend no longer knows, code source",
		ours: cost{2, 5}, least: cost{2, 2}, index: 1,
		vendor: "3", from: "run: `automatic login: current user after the session has ended`",
		why:  "The old session is dropped at once, so that no other call sends its token. " + secondLoad,
		with: setting{source: true},
		run:  func(w *tripWorld) calls { w.login(); w.forget(); return w.currentUser() },
	}, {
		calls: []string{"Me"}, state: "live session",
		ours: cost{0, 1}, least: cost{0, 1},
		vendor: none,
		run: func(w *tripWorld) calls {
			w.login()
			return calls{func() error { return second(w.a().Me(w.Context())) }}
		},
	}, {
		calls: []string{"User"}, state: "of what `Me` has returned, live session",
		ours: cost{1, 1}, least: cost{1, 1},
		vendor: "1", from: "recorded: `*__get_current_user`",
		run: func(w *tripWorld) calls {
			w.login()
			me, err := w.a().Me(w.Context())
			require.NoError(w, err)
			return calls{func() error { return second(me.User(w.Context())) }}
		},
	}, {
		calls: []string{"Session"}, state: "live session",
		ours: cost{0, 1}, least: cost{0, 1},
		vendor: none,
		run: func(w *tripWorld) calls {
			w.login()
			return calls{func() error { return second(w.a().Session(w.Context())) }}
		},
	}, {
		calls: []string{"UserInfo"}, state: "live session",
		ours: cost{0, 1}, least: cost{0, 1},
		vendor: none,
		run: func(w *tripWorld) calls {
			phone := w.WeChat("openid-1")
			code := phone.Login()
			_, err := w.a().HandleUserInfo(w.Context(), phone.AllowUserInfo(), auth.Code(code))
			require.NoError(w, err)
			return calls{func() error { return second(w.a().UserInfo(w.Context())) }}
		},
	}, {
		calls: []string{"Logout"}, state: "live session",
		ours: cost{1, 2}, least: cost{1, 2},
		vendor: "1", from: "recorded: `*__logout`",
		run: func(w *tripWorld) calls { w.login(); return w.logout() },
	}, {
		calls: []string{"Logout"}, state: "nobody logged in",
		ours: cost{0, 2}, least: cost{0, 2},
		vendor: "1", from: "recorded: `*__logout_twice`",
		run: func(w *tripWorld) calls { return w.logout() },
	}, {
		calls: []string{"Logout"}, state: "expired session",
		ours: cost{0, 2}, least: cost{0, 2},
		vendor: "1", from: "read: `core/auth.js`",
		run: func(w *tripWorld) calls { w.login(); w.expire(); return w.logout() },
	},
}

var publicTrips = []trip{
	{
		calls: []string{"SendSmsCode"}, state: "nobody logged in, or a live session",
		ours: cost{1, 1}, least: cost{1, 1},
		vendor: "1", from: "recorded: `*__send_sms_code_signature`",
		run: func(w *tripWorld) calls {
			w.login()
			return w.nobodyToo(func(a *auth.Auth) error {
				w.Clock().Advance(60e9)
				return a.SendSmsCode(w.Context(), aNumber)
			})
		},
	}, {
		calls: []string{"VerifySmsCode"}, state: "nobody logged in, or a live session",
		ours: cost{1, 1}, least: cost{1, 1},
		vendor: "1", from: "recorded: `*__verify_sms_code_string`",
		run: func(w *tripWorld) calls {
			w.login()
			return w.nobodyToo(func(a *auth.Auth) error {
				return want(herror.BadRequest, a.VerifySmsCode(w.Context(), aNumber, "000000"))
			})
		},
	}, {
		calls: []string{"RequestPasswordReset"}, state: "nobody logged in, or a live session",
		ours: cost{1, 1}, least: cost{1, 1},
		vendor: "1", from: "recorded: `*__request_password_reset`",
		run: func(w *tripWorld) calls {
			w.login()
			return w.nobodyToo(func(a *auth.Auth) error {
				return want(herror.NotFound, a.RequestPasswordReset(w.Context(), "ann@example.com"))
			})
		},
	}, {
		calls: []string{"GetServerDate"}, state: "nobody logged in, or a live session",
		ours: cost{1, 1}, least: cost{1, 1},
		vendor: "1", from: "run: `nobody is logged in: server time`",
		run: func(w *tripWorld) calls { w.login(); return w.nobodyToo(w.serverDate) },
	}, {
		calls: []string{"GetServerDate"}, state: "live session whose token the backend no longer knows",
		ours: cost{2, 2}, least: cost{2, 2},
		vendor: "1", from: "run: `session ended in the backend: server time`",
		run: func(w *tripWorld) calls {
			w.login()
			w.forget()
			return calls{func() error { return w.serverDate(w.a()) }}
		},
	}, {
		calls: []string{"GetServerDate"}, state: "nobody logged in, code source",
		ours: cost{1, 1}, least: cost{1, 1},
		vendor: "2", from: "recorded: `wechat__auto_login_logged_out` call 1",
		with: setting{source: true},
		run:  func(w *tripWorld) calls { return calls{func() error { return w.serverDate(w.a()) }} },
	}, {
		calls: []string{"GetUser"}, state: "nobody logged in, or a live session",
		ours: cost{1, 1}, least: cost{1, 1},
		vendor: "1", from: "recorded: `*__user_detail_by_id`",
		run: func(w *tripWorld) calls {
			id := w.login().ID()
			return calls{
				func() error { return second(w.a().GetUser(w.Context(), id)) },
				func() error {
					return want(herror.NotAuthenticated, second(w.client.Auth("somebody").GetUser(w.Context(), id)))
				},
			}
		},
	}, {
		calls: []string{"FindUsers"}, state: "live session, each page",
		ours: cost{1, 1}, least: cost{1, 1},
		vendor: "1", from: "run: `queries: find all`",
		run: func(w *tripWorld) calls {
			w.login()
			return calls{func() error {
				for _, err := range w.a().FindUsers(w.Context()) {
					if err != nil {
						return err
					}
				}
				return nil
			}}
		},
	}, {
		calls: []string{"CountUsers"}, state: "live session",
		ours: cost{1, 1}, least: cost{1, 1},
		vendor: "1", from: "run: `queries: count all`",
		run: func(w *tripWorld) calls {
			w.login()
			return calls{func() error { return second(w.a().CountUsers(w.Context())) }}
		},
	}, {
		calls: []string{"Request"}, state: "nobody logged in, or a live session",
		ours: cost{1, 1}, least: cost{1, 1},
		vendor: "1", from: "run: `own requests: own header`",
		run: func(w *tripWorld) calls { w.login(); return w.nobodyToo(w.request) },
	}, {
		calls: []string{"Request"}, state: "nobody logged in, code source",
		ours: cost{2, 3}, least: cost{2, 2}, index: 1,
		vendor: "2", from: "run: `automatic login: read`",
		why:  secondLoad,
		with: setting{source: true},
		run:  func(w *tripWorld) calls { return calls{func() error { return w.request(w.a()) }} },
	},
}

// secondLoad is why a login with a code of the code source loads the session twice.
const secondLoad = "The session is loaded once more right before the login, because another call or replica may have logged in. A load takes less time than a login."

func (w *tripWorld) currentUser() calls {
	return calls{func() error { return second(w.a().CurrentUser(w.Context())) }}
}

func (w *tripWorld) noCurrentUser() calls {
	return calls{func() error { return want(herror.SessionMissing, second(w.a().CurrentUser(w.Context()))) }}
}

func (w *tripWorld) logout() calls {
	return calls{func() error { return w.a().Logout(w.Context()) }}
}

func (w *tripWorld) serverDate(a *auth.Auth) error { return second(a.GetServerDate(w.Context())) }

func (w *tripWorld) request(a *auth.Auth) error {
	return second(a.Request(w.Context(), auth.Request{Method: http.MethodGet, Path: "/hserve/v2.2/server/time/"}))
}

// nobodyToo is a call of the visitor, and of somebody who is not logged in.
func (w *tripWorld) nobodyToo(call func(*auth.Auth) error) calls {
	return calls{
		func() error { return call(w.a()) },
		func() error { return call(w.client.Auth("somebody")) },
	}
}

// forget makes the backend forget all tokens.
func (w *tripWorld) forget() {
	for _, u := range w.Users() {
		w.RevokeTokens(u.ID)
	}
}
