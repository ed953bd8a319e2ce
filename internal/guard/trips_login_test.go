package guard_test

import (
	"errors"
	"fmt"
	"net/http"

	"github.com/stretchr/testify/require"

	"github.com/hydrogen-go/baas/auth"
	"github.com/hydrogen-go/baas/baastest"
	"github.com/hydrogen-go/baas/herror"
	"github.com/hydrogen-go/baas/internal/testkit"
	"github.com/hydrogen-go/baas/platform"
)

// platformLogins are the logins on a platform. They are those of LoginOn.
var platformLogins = append(platformLoginNames(), "LoginOn")

const platformTitle = "`LoginWithKs` and the other logins on a platform"

func platformLoginNames() []string {
	var names []string
	for _, on := range testkit.Platforms {
		names = append(names, on.LoginName())
	}
	return names
}

var loginTrips = []trip{
	{
		calls: platformLogins, title: platformTitle, state: "nobody logged in, silent login",
		ours: cost{1, 2}, least: cost{1, 2}, index: 1,
		vendor: "1", from: "recorded: `*__silent_login_default`",
		run: func(w *tripWorld) calls { return w.silentLogins() },
	}, {
		calls: platformLogins, title: platformTitle, state: "nobody logged in, user info",
		ours: cost{1, 2}, least: cost{1, 2}, index: 1,
		vendor: "1", from: "recorded: `*__forced_login_sync_absent`",
		run: func(w *tripWorld) calls {
			return w.eachPlatform(func(a *auth.Auth, phone *baastest.Phone) func(testkit.Calls) error {
				code := phone.Login()
				return func(on testkit.Calls) error {
					return second(on.Login(a, w.Context(), phone.AllowUserInfo(), auth.Code(code)))
				}
			})
		},
	}, {
		calls: []string{"LoginWithWechat"}, state: "nobody logged in, phone number",
		ours: cost{1, 2}, least: cost{1, 2}, index: 1,
		vendor: "1", from: "recorded: `wechat__phone_login`",
		run: func(w *tripWorld) calls {
			phone := w.WeChat("openid-1")
			code := phone.Login()
			return calls{func() error {
				return second(w.a().LoginWithWechat(w.Context(), phone.AllowPhoneNumber("13800138000"), auth.Code(code)))
			}}
		},
	}, {
		calls: platformLogins, title: platformTitle, state: "live session, silent login with a code",
		ours: cost{1, 2}, least: cost{1, 2}, index: 1,
		vendor: "1", from: "recorded: `*__forced_login_then_silent`",
		run: func(w *tripWorld) calls {
			w.eachLogin()
			return w.silentLogins()
		},
	}, {
		calls: platformLogins, title: platformTitle, state: "live session, silent login without a code",
		ours: cost{1, 1}, least: cost{1, 1},
		vendor: "1", from: "recorded: `*__forced_login_then_silent`",
		run: func(w *tripWorld) calls {
			w.eachLogin()
			return w.eachPlatform(func(a *auth.Auth, _ *baastest.Phone) func(testkit.Calls) error {
				return func(on testkit.Calls) error { return second(on.Login(a, w.Context(), nil)) }
			})
		},
	}, {
		calls: []string{"LoginWithKs"}, state: "nobody logged in, silent login without a code, code source",
		ours: cost{1, 3}, least: cost{1, 2}, index: 1,
		vendor: "1", from: "recorded: `*__silent_login_default`",
		why:  secondLoad,
		with: setting{source: true},
		run: func(w *tripWorld) calls {
			return calls{func() error { return second(w.a().LoginWithKs(w.Context(), nil)) }}
		},
	}, {
		calls: platformLogins, title: platformTitle, state: "expired session, silent login",
		ours: cost{1, 2}, least: cost{1, 2}, index: 1,
		vendor: "1", from: "read: `sdk-file/src/wechat/auth.js`",
		run: func(w *tripWorld) calls {
			w.eachLogin()
			w.expire()
			return w.silentLogins()
		},
	}, {
		calls: platformLogins, title: platformTitle, state: "live session whose token the backend no longer knows",
		ours: cost{1, 2}, least: cost{1, 2},
		vendor: "1", from: "read: `sdk-file/src/wechat/auth.js`",
		run: func(w *tripWorld) calls {
			w.eachLogin()
			w.Fail("", baastest.Fault{Status: http.StatusUnauthorized})
			var all calls
			for _, call := range w.silentLogins() {
				all = append(all, func() error { return want(herror.NotAuthenticated, call()) })
			}
			return all
		},
	}, {
		calls: platformLogins, title: platformTitle, state: "nobody logged in, code refused",
		ours: cost{1, 1}, least: cost{1, 1},
		vendor: "1", from: "run: `WeChat: login with a spent code`",
		run: func(w *tripWorld) calls {
			return w.eachPlatform(func(a *auth.Auth, _ *baastest.Phone) func(testkit.Calls) error {
				return func(on testkit.Calls) error {
					return want(herror.BadRequest, second(on.Login(a, w.Context(), nil, auth.Code("spent"))))
				}
			})
		},
	}, {
		calls: []string{"LoginWithKs"}, state: "nobody logged in, user info refused",
		ours: cost{1, 2}, least: cost{1, 2}, index: 1,
		vendor: "0", from: "recorded: `kuaishou__forced_login_denied_logged_out`",
		run: func(w *tripWorld) calls {
			phone := w.Kuaishou("openid-1")
			code := phone.Login()
			return calls{func() error {
				return want(herror.UserRefused, second(w.a().LoginWithKs(w.Context(), phone.RefuseUserInfo(), auth.Code(code))))
			}}
		},
	}, {
		calls: []string{"LoginWithKs"}, state: "live session, user info refused, without a code",
		ours: cost{0, 1}, least: cost{0, 1},
		vendor: "0", from: "recorded: `kuaishou__forced_login_denied_logged_in`",
		run: func(w *tripWorld) calls {
			w.login()
			return calls{func() error {
				return want(herror.UserRefused, second(w.a().LoginWithKs(w.Context(), w.Kuaishou("openid-1").RefuseUserInfo())))
			}}
		},
	}, {
		calls: []string{"SilentLogin"}, state: "nobody logged in",
		ours: cost{1, 2}, least: cost{1, 2}, index: 1,
		vendor: "1", from: "recorded: `wechat__legacy_login_false`",
		run: func(w *tripWorld) calls {
			code := w.WeChat("openid-1").Login()
			return calls{func() error { return second(w.a().SilentLogin(w.Context(), auth.Code(code))) }}
		},
	}, {
		calls: []string{"SilentLogin"}, state: "live session, without a code",
		ours: cost{0, 1}, least: cost{0, 1},
		vendor: "0", from: "run: `WeChat: silent login while logged in`",
		run: func(w *tripWorld) calls {
			_, err := w.a().SilentLogin(w.Context(), auth.Code(w.WeChat("openid-1").Login()))
			require.NoError(w, err)
			return calls{func() error { return second(w.a().SilentLogin(w.Context())) }}
		},
	}, {
		calls: []string{"HandleUserInfo"}, state: "nobody logged in, phone number",
		ours: cost{1, 2}, least: cost{1, 2}, index: 1,
		vendor: "2", from: "recorded: `wechat__legacy_handle_user_info_lib_old`",
		run: func(w *tripWorld) calls {
			phone := w.WeChat("openid-1")
			code := phone.Login()
			return calls{func() error {
				return second(w.a().HandleUserInfo(w.Context(), phone.AllowPhoneNumberOld("13800138000"), auth.Code(code)))
			}}
		},
	}, {
		calls: []string{"Login"}, state: "nobody logged in",
		ours: cost{1, 2}, least: cost{1, 2}, index: 1,
		vendor: "2", from: "recorded: `*__account_login_username`",
		run: func(w *tripWorld) calls { w.account(); return w.accountLogin() },
	}, {
		calls: []string{"Login"}, state: "nobody logged in, the response only names the user",
		ours: cost{2, 2}, least: cost{2, 2}, index: 1,
		vendor: "2", from: "recorded: `*__account_login_username`",
		with: setting{short: true},
		run:  func(w *tripWorld) calls { w.account(); return w.accountLogin() },
	}, {
		calls: []string{"Login"}, state: "live session",
		ours: cost{1, 2}, least: cost{1, 2}, index: 1,
		vendor: "2", from: "recorded: `*__account_login_when_logged_in`",
		run: func(w *tripWorld) calls { w.member(); return w.accountLogin() },
	}, {
		calls: []string{"Login"}, state: "expired session",
		ours: cost{1, 2}, least: cost{1, 2}, index: 1,
		vendor: "2", from: "read: `core/auth.js`",
		run: func(w *tripWorld) calls { w.member(); w.expire(); return w.accountLogin() },
	}, {
		calls: []string{"Login"}, state: "nobody logged in, wrong password",
		ours: cost{1, 1}, least: cost{1, 1},
		vendor: "1", from: "recorded: `*__error_400_message`",
		run: func(w *tripWorld) calls {
			return calls{func() error { return want(herror.BadRequest, second(w.a().Login(w.Context(), ann))) }}
		},
	}, {
		calls: []string{"Register"}, state: "nobody logged in",
		ours: cost{1, 2}, least: cost{1, 2}, index: 1,
		vendor: "2", from: "recorded: `*__register_username`",
		run: func(w *tripWorld) calls { return w.register() },
	}, {
		calls: []string{"Register"}, state: "nobody logged in, the response only names the user",
		ours: cost{2, 2}, least: cost{2, 2}, index: 1,
		vendor: "2", from: "recorded: `*__register_username`",
		with: setting{short: true},
		run:  func(w *tripWorld) calls { return w.register() },
	}, {
		calls: []string{"Register"}, state: "anonymous user",
		ours: cost{1, 2}, least: cost{1, 2}, index: 1,
		vendor: "2", from: "recorded: `*__anonymous_then_register`",
		run: func(w *tripWorld) calls {
			_, err := w.a().AnonymousLogin(w.Context())
			require.NoError(w, err)
			return w.register()
		},
	}, {
		calls: []string{"AnonymousLogin"}, state: "nobody logged in",
		ours: cost{2, 2}, least: cost{2, 2}, index: 1,
		vendor: "2", from: "recorded: `*__anonymous_login`",
		run: func(w *tripWorld) calls {
			return calls{func() error { return second(w.a().AnonymousLogin(w.Context())) }}
		},
	}, {
		calls: []string{"LoginWithSmsVerificationCode"}, state: "nobody logged in",
		ours: cost{1, 2}, least: cost{1, 2}, index: 1,
		vendor: "2", from: "recorded: `*__sms_login`",
		run: func(w *tripWorld) calls {
			code := w.smsCode()
			return calls{func() error { return second(w.a().LoginWithSmsVerificationCode(w.Context(), aNumber, code)) }}
		},
	}, {
		calls: []string{"LoginWithThirdPartyAuthData"}, state: "nobody logged in",
		ours: cost{2, 2}, least: cost{2, 2}, index: 1,
		vendor: "2", from: "read: `sdk-file/src/react-native/auth.js`",
		run: func(w *tripWorld) calls {
			data := w.oauth()
			return calls{func() error { return second(w.a().LoginWithThirdPartyAuthData(w.Context(), data)) }}
		},
	}, {
		calls: []string{"ThirdPartyAuth"}, state: "nobody logged in, or a live session",
		ours: cost{1, 1}, least: cost{1, 1},
		vendor: "1", from: "read: `sdk-file/src/web/auth.js`",
		run: func(w *tripWorld) calls {
			return w.nobodyToo(func(a *auth.Auth) error {
				return second(a.ThirdPartyAuth(w.Context(), platform.Weibo, "https://app.example/back"))
			})
		},
	}, {
		calls: []string{"LoginWithThirdParty"}, state: "nobody logged in",
		ours: cost{2, 2}, least: cost{2, 2}, index: 1,
		vendor: "2", from: "read: `sdk-file/src/web/auth.js`",
		run: func(w *tripWorld) calls {
			token := w.Weibo("openid-1").Login()
			return calls{func() error { return second(w.a().LoginWithThirdParty(w.Context(), platform.Weibo, token)) }}
		},
	}, {
		calls: []string{"LoginWithThirdParty"}, state: "nobody logged in, silent login",
		ours: cost{1, 2}, least: cost{1, 2}, index: 1,
		vendor: "2", from: "read: `sdk-file/src/web/auth.js`",
		run: func(w *tripWorld) calls {
			token := w.WeChatMP("openid-1").Login()
			return calls{func() error {
				return second(w.a().LoginWithThirdParty(w.Context(), platform.WeChatMP, token, auth.Silent(true)))
			}}
		},
	}, {
		calls: []string{"LoginWithThirdParty"}, state: "nobody logged in, token refused",
		ours: cost{1, 1}, least: cost{1, 1},
		vendor: "1", from: "read: `sdk-file/src/web/auth.js`",
		run: func(w *tripWorld) calls {
			return calls{func() error {
				if err := second(w.a().LoginWithThirdParty(w.Context(), platform.Weibo, "spent")); !errors.Is(err, herror.BadRequest) {
					return fmt.Errorf("not refused: %w", err)
				}
				return nil
			}}
		},
	},
}

// aNumber is the number of ann's phone.
const aNumber = "13800138000"

// silentLogins are silent logins with a code.
func (w *tripWorld) silentLogins() calls {
	return w.eachPlatform(func(a *auth.Auth, phone *baastest.Phone) func(testkit.Calls) error {
		code := phone.Login()
		return func(on testkit.Calls) error { return second(on.Login(a, w.Context(), nil, auth.Code(code))) }
	})
}

// eachLogin logs the visitors of eachPlatform in.
func (w *tripWorld) eachLogin() {
	for _, call := range w.silentLogins() {
		require.NoError(w, call())
	}
}

// account makes an account that nobody is logged in with.
func (w *tripWorld) account() {
	w.member()
	require.NoError(w, w.a().Logout(w.Context()))
}

func (w *tripWorld) accountLogin() calls {
	return calls{func() error { return second(w.a().Login(w.Context(), ann)) }}
}

func (w *tripWorld) register() calls {
	return calls{func() error { return second(w.a().Register(w.Context(), ann)) }}
}

// smsCode returns the code of a text message to aNumber.
func (w *tripWorld) smsCode() string {
	require.NoError(w, w.client.Auth("somebody").SendSmsCode(w.Context(), aNumber))
	sms, ok := w.LastSMS(aNumber)
	require.True(w, ok)
	return sms.Code
}

// oauth is the token of a provider.
func (w *tripWorld) oauth() platform.OAuthData {
	phone, err := w.Phone(baastest.Apple, "openid-1")
	require.NoError(w, err)
	return platform.OAuthData{Provider: platform.Apple, Token: phone.Login()}
}
