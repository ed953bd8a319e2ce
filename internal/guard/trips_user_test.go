package guard_test

import (
	"context"
	"fmt"

	"github.com/stretchr/testify/require"

	"github.com/hydrogen-go/baas/auth"
	"github.com/hydrogen-go/baas/baastest"
	"github.com/hydrogen-go/baas/herror"
	"github.com/hydrogen-go/baas/internal/testkit"
	"github.com/hydrogen-go/baas/platform"
	"github.com/hydrogen-go/baas/user"
)

// linkGroup are the links of a platform. They are those of LinkOn.
var linkGroup = append(linkNames(), "LinkOn")

const linkTitle = "`LinkKs` and the other links of a platform"

func linkNames() []string {
	var names []string
	for _, on := range testkit.Platforms {
		names = append(names, on.LinkName())
	}
	return names
}

var userTrips = append(accountTrips(), []trip{
	{
		calls: []string{"SetEmail"}, state: "live session, with SendVerificationEmail",
		ours: cost{2, 2}, least: cost{2, 1},
		vendor: "2", from: "run: `account: email address and mail`",
		why: "Two calls: after a logout between them the second request is not sent.",
		run: func(w *tripWorld) calls {
			u := w.member()
			return calls{func() error {
				return u.SetEmail(w.Context(), "ann@example.com", user.SendVerificationEmail(true))
			}}
		},
	}, {
		calls: accountCallNames(), title: "`Update`, `SetUsername` … `UpdatePassword`", state: "after a logout",
		ours: cost{0, 1}, least: cost{0, 1},
		vendor: "1", from: "run: `nobody is logged in: update`",
		run: func(w *tripWorld) calls {
			u := w.member()
			require.NoError(w, w.a().Logout(w.Context()))
			var all calls
			for _, c := range accountCalls {
				all = append(all, func() error { return want(herror.SessionMissing, c.call(w.Context(), u)) })
			}
			return all
		},
	}, {
		calls: anonymousCallNames(), title: "`SetUsername` … `UpdatePassword`, " + linkTitle, state: "anonymous user",
		ours: cost{0, 0}, least: cost{0, 0},
		vendor: "0", from: "recorded: `*__anonymous_612`",
		run: func(w *tripWorld) calls {
			u, err := w.a().AnonymousLogin(w.Context())
			require.NoError(w, err)
			var all calls
			for _, c := range accountCalls {
				if c.name != "Update" {
					all = append(all, func() error { return want(herror.AnonymousNotAllowed, c.call(w.Context(), u)) })
				}
			}
			for _, on := range testkit.Platforms {
				all = append(all, func() error {
					return want(herror.AnonymousNotAllowed, second(on.Link(&u.Me, w.Context(), nil, auth.Code("code"))))
				})
			}
			return all
		},
	}, {
		calls: linkGroup, title: linkTitle, state: "session of a login on a platform",
		ours: cost{1, 1}, least: cost{1, 1},
		vendor: "1", from: "recorded: `*__link_idp_session`",
		run: func(w *tripWorld) calls {
			return w.links(func(a *auth.Auth, phone *baastest.Phone) (*user.CurrentUser, error) {
				if phone.Platform() == baastest.Kuaishou {
					return a.LoginWithWechat(w.Context(), nil, auth.Code(w.WeChat("openid-1").Login()))
				}
				return a.LoginWithKs(w.Context(), nil, auth.Code(w.Kuaishou("openid-"+phone.Platform()).Login()))
			})
		},
	}, {
		calls: linkGroup, title: linkTitle, state: "session of a login with an account, the first link",
		ours: cost{1, 2}, least: cost{1, 2},
		vendor: "1", from: "recorded: `*__link_silent`",
		run: func(w *tripWorld) calls {
			return w.links(func(a *auth.Auth, phone *baastest.Phone) (*user.CurrentUser, error) {
				return a.Register(w.Context(), auth.Credentials{Username: fmt.Sprint("user ", len(w.Users())), Password: ann.Password})
			})
		},
	}, {
		calls: []string{"LinkKs"}, state: "live session, code of the code source",
		ours: cost{1, 1}, least: cost{1, 1},
		vendor: "1", from: "recorded: `kuaishou__link_idp_session`",
		with: setting{source: true},
		run: func(w *tripWorld) calls {
			u, err := w.a().LoginWithWechat(w.Context(), nil, auth.Code(w.WeChat("openid-1").Login()))
			require.NoError(w, err)
			return calls{func() error { return second(u.LinkKs(w.Context(), nil)) }}
		},
	}, {
		calls: []string{"LinkThirdPartyWithAuthData"}, state: "live session",
		ours: cost{1, 1}, least: cost{1, 1},
		vendor: "1", from: "read: `sdk-file/src/react-native/auth.js`",
		run: func(w *tripWorld) calls {
			u, data := w.login(), w.oauth()
			return calls{func() error { return second(u.LinkThirdPartyWithAuthData(w.Context(), data)) }}
		},
	}, {
		calls: []string{"LinkThirdParty"}, state: "live session",
		ours: cost{1, 1}, least: cost{1, 1},
		vendor: "1", from: "read: `sdk-file/src/web/auth.js`",
		run: func(w *tripWorld) calls {
			u, token := w.login(), w.Weibo("openid-1").Login()
			return calls{func() error { return second(u.LinkThirdParty(w.Context(), platform.Weibo, token)) }}
		},
	}, {
		calls: []string{"UpdatePhoneNumber"}, state: "live session",
		ours: cost{1, 1}, least: cost{1, 1},
		vendor: "1", from: "recorded: `*__update_phone_default` call 2",
		run: func(w *tripWorld) calls {
			w.login()
			data := w.Kuaishou("openid-1").AllowPhoneNumber(aNumber)
			return calls{func() error { return second(w.a().UpdatePhoneNumber(w.Context(), data)) }}
		},
	}, {
		calls: []string{"UpdatePhoneNumber"}, state: "nobody logged in",
		ours: cost{0, 1}, least: cost{0, 1},
		vendor: "1", from: "recorded: `*__update_phone_not_logged_in_401`",
		run: func(w *tripWorld) calls {
			data := w.Kuaishou("openid-1").AllowPhoneNumber(aNumber)
			return calls{func() error {
				return want(herror.SessionMissing, second(w.a().UpdatePhoneNumber(w.Context(), data)))
			}}
		},
	}, {
		calls: []string{"UpdatePhoneNumber"}, state: "live session, refused",
		ours: cost{0, 1}, least: cost{0, 1},
		vendor: "0", from: "recorded: `*__update_phone_denied_logged_in`",
		run: func(w *tripWorld) calls {
			w.login()
			data := w.Kuaishou("openid-1").RefusePhoneNumber()
			return calls{func() error {
				return want(herror.UserRefused, second(w.a().UpdatePhoneNumber(w.Context(), data)))
			}}
		},
	}, {
		calls: []string{"UpdateUserInfo"}, state: "live session",
		ours: cost{1, 2}, least: cost{1, 2},
		vendor: "1", from: "recorded: `wechat__update_user_info`",
		run: func(w *tripWorld) calls {
			phone := w.WeChat("openid-1")
			_, err := w.a().LoginWithWechat(w.Context(), nil, auth.Code(phone.Login()))
			require.NoError(w, err)
			code := phone.Login()
			return calls{func() error {
				return second(w.a().UpdateUserInfo(w.Context(), phone.UserProfile(), auth.Code(code)))
			}}
		},
	}, {
		calls: []string{"UpdateUserInfo"}, state: "nobody logged in",
		ours: cost{0, 1}, least: cost{0, 1},
		vendor: "1", from: "run: `WeChat: user info of nobody`",
		run: func(w *tripWorld) calls {
			phone := w.WeChat("openid-1")
			code := phone.Login()
			return calls{func() error {
				return want(herror.SessionMissing, second(w.a().UpdateUserInfo(w.Context(), phone.UserProfile(), auth.Code(code))))
			}}
		},
	},
}...)

// accountCall is a call of the user that sends one request.
type accountCall struct {
	name, from string
	call       func(context.Context, *user.CurrentUser) error
}

var accountCalls = []accountCall{
	{"Update", "recorded: `*__user_set_update`", func(ctx context.Context, u *user.CurrentUser) error { return u.Set("age", 30).Update(ctx) }},
	{"SetUsername", "recorded: `*__set_username`", func(ctx context.Context, u *user.CurrentUser) error { return u.SetUsername(ctx, "bob") }},
	{"SetEmail", "recorded: `*__set_email`", func(ctx context.Context, u *user.CurrentUser) error { return u.SetEmail(ctx, "ann@example.com") }},
	{"RequestEmailVerification", "run: `account: verification mail`", func(ctx context.Context, u *user.CurrentUser) error {
		return u.RequestEmailVerification(ctx)
	}},
	{"SetMobilePhone", "recorded: `*__set_mobile_phone`", func(ctx context.Context, u *user.CurrentUser) error { return u.SetMobilePhone(ctx, aNumber) }},
	{"VerifyMobilePhone", "recorded: `*__verify_mobile_phone`", func(ctx context.Context, u *user.CurrentUser) error {
		return u.VerifyMobilePhone(ctx, "000000")
	}},
	{"SetAccount", "recorded: `*__set_account_password_first`", func(ctx context.Context, u *user.CurrentUser) error {
		return u.SetAccount(ctx, user.Account{Username: "ann"})
	}},
	{"UpdatePassword", "recorded: `*__update_password`", func(ctx context.Context, u *user.CurrentUser) error {
		return u.UpdatePassword(ctx, ann.Password, ann.Password)
	}},
	{"ClearMobilePhone", "run: `account: reset the number`", func(ctx context.Context, u *user.CurrentUser) error { return u.ClearMobilePhone(ctx) }},
	{"ClearEmail", "run: `account: reset the email address`", func(ctx context.Context, u *user.CurrentUser) error { return u.ClearEmail(ctx) }},
	{"ClearUsername", "run: `account: reset the username`", func(ctx context.Context, u *user.CurrentUser) error { return u.ClearUsername(ctx) }},
}

// accountTrips are the accountCalls of a user who is logged in.
func accountTrips() []trip {
	var trips []trip
	for _, c := range accountCalls {
		trips = append(trips, trip{
			calls: []string{c.name}, state: "live session",
			ours: cost{1, 1}, least: cost{1, 1},
			vendor: "1", from: c.from,
			run: func(w *tripWorld) calls {
				u := w.member()
				require.NoError(w, u.SetEmail(w.Context(), "ann@example.com"))
				require.NoError(w, u.SetMobilePhone(w.Context(), aNumber))
				return calls{func() error {
					err := c.call(w.Context(), u)
					if c.name == "VerifyMobilePhone" {
						err = want(herror.BadRequest, err)
					}
					return err
				}}
			},
		})
	}
	return trips
}

func accountCallNames() []string {
	var names []string
	for _, c := range accountCalls {
		names = append(names, c.name)
	}
	return names
}

// anonymousCallNames are the calls that an anonymous user may not make.
func anonymousCallNames() []string { return append(accountCallNames()[1:], linkNames()...) }

// links are links to every platform, each by a user that enter logs in.
func (w *tripWorld) links(enter func(*auth.Auth, *baastest.Phone) (*user.CurrentUser, error)) calls {
	return w.eachPlatform(func(a *auth.Auth, phone *baastest.Phone) func(testkit.Calls) error {
		u, err := enter(a, phone)
		require.NoError(w, err)
		code := phone.Login()
		return func(on testkit.Calls) error { return second(on.Link(&u.Me, w.Context(), nil, auth.Code(code))) }
	})
}
