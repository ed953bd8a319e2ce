package live_test

import (
	"maps"
	"testing"

	"github.com/hydrogen-go/baas/herror"
)

// openID is the openid of the person in all scenarios.
const openID = "o-live-1"

// scenario is what a user does with a mini-program, call by call.
type scenario struct {
	name        string
	baseLibrary string
	steps       []step
}

// step is one documented call and its expected result with either client.
type step struct {
	name     string
	call     string
	args     func(*testing.T, *person) []any // called before the call; nil for none
	code     herror.Code                     // 0 for success
	requests []string                        // the expected requests, without /hserve/
	// reread is a further request of the vendor's client: it reads the user although
	// the response to the login has it.
	reread string
	// web marks a call without a platform. Ours then sends WEB as the platform, while the
	// vendor's always sends WECHAT.
	web bool
	// noValue marks a call for which ours returns only an error.
	noValue bool
	// textDropped marks an error from which the vendor's client removes the backend's
	// text.
	textDropped bool
}

var scenarios = []scenario{
	{name: "a person with a phone", baseLibrary: newBaseLibrary, steps: phoneSteps},
	{name: "an old phone", baseLibrary: oldBaseLibrary, steps: oldPhoneSteps},
	{name: "an account", baseLibrary: newBaseLibrary, steps: accountSteps},
}

var phoneSteps = []step{
	{
		name: "no account, and none wanted",
		call: "auth.loginWithWechat", args: with(nil, m{"createUser": false}),
		code:     herror.NotFound,
		requests: []string{"POST v2.5/idp/wechat/silent-login/ 404"},
	},
	{
		name:     "silent login",
		call:     "auth.loginWithWechat",
		requests: []string{"POST v2.5/idp/wechat/silent-login/ 201"},
	},
	{
		name: "refused login",
		call: "auth.loginWithWechat", args: event("refuse-phone-number", nil, nil),
		code: herror.Unauthorized,
	},
	{
		name: "set",
		call: "user.set", args: with("age", 30), noValue: true,
	},
	{
		name:     "update",
		call:     "user.update",
		requests: []string{"PUT v2.5/user/info/ 200"},
	},
	{
		name: "phone number",
		call: "auth.updatePhoneNumber", args: event("allow-phone-number", m{"number": "13800138000"}, nil),
		requests: []string{"PUT v2.7/idp/wechat/phone-verification/ 200"},
	},
	{
		name: "another phone number, not to overwrite",
		call: "auth.updatePhoneNumber", args: event("allow-phone-number", m{"number": "13900139000"}, m{"overwrite": false}),
		code: herror.BadRequest, textDropped: true,
		requests: []string{"PUT v2.7/idp/wechat/phone-verification/ 400"},
	},
	{
		name: "refused phone number",
		call: "auth.updatePhoneNumber", args: event("refuse-phone-number", nil, nil),
		code: herror.Unauthorized,
	},
	{
		name: "user info",
		call: "auth.updateUserInfo", args: eventWithCode("user-profile", nil, nil),
		requests: []string{"PUT v2.6/idp/wechat/user/info/ 200"},
	},
	{
		name:     "current user",
		call:     "auth.getCurrentUser",
		requests: []string{"GET v2.5/user/info/61736923/ 200"},
	},
	{
		name: "logout",
		call: "auth.logout", noValue: true,
		requests: []string{"POST v2.0/session/destroy/ 201"},
	},
	{
		name: "nobody is logged in",
		call: "auth.getCurrentUser",
		code: herror.SessionMissing,
	},
	{
		name: "login by phone number",
		call: "auth.loginWithWechat", args: eventWithCode("allow-phone-number", m{"number": "13800138000"}, nil),
		requests: []string{"POST v2.7/idp/wechat/phone-login/ 201"},
	},
	{
		name: "logout again",
		call: "auth.logout", noValue: true,
		requests: []string{"POST v2.0/session/destroy/ 201"},
	},
	{
		name: "documented login(false)",
		call: "login", args: with(false),
		requests: []string{"POST v2.5/idp/wechat/silent-login/ 201"},
	},
	{
		name: "logout once more",
		call: "auth.logout", noValue: true,
		requests: []string{"POST v2.0/session/destroy/ 201"},
	},
	{
		name: "login by union id",
		call: "auth.loginWithWechat", args: with(nil, m{"createUser": false, "withUnionID": true}),
		requests: []string{"POST v2.5/idp/wechat/silent-login/ 201"},
	},
}

var oldPhoneSteps = []step{
	{
		name: "login by phone number, no account, and none wanted",
		call: "auth.loginWithWechat", args: eventWithCode("allow-phone-number", m{"number": "13800138000", "old": true}, m{"createUser": false}),
		code:     herror.NotFound,
		requests: []string{"POST v2.5/idp/wechat/phone-login/ 404"},
	},
	{
		name: "login by phone number",
		call: "auth.loginWithWechat", args: eventWithCode("allow-phone-number", m{"number": "13800138000", "old": true}, nil),
		requests: []string{"POST v2.5/idp/wechat/phone-login/ 201"},
	},
	{
		name: "phone number",
		call: "auth.updatePhoneNumber", args: event("allow-phone-number", m{"number": "13900139000", "old": true}, nil),
		requests: []string{"PUT v2.5/idp/wechat/phone-verification/ 200"},
	},
	{
		name: "user info",
		call: "auth.updateUserInfo", args: event("user-profile", nil, nil),
		requests: []string{"PUT v2.5/idp/wechat/user/info/ 200"},
	},
	{
		name: "logout",
		call: "auth.logout", noValue: true,
		requests: []string{"POST v2.0/session/destroy/ 201"},
	},
}

var accountSteps = []step{
	{
		name: "no such account",
		call: "auth.login", args: with(larry), web: true,
		code:     herror.BadRequest,
		requests: []string{"POST v2.1/login/username/ 400"},
	},
	{
		name: "register",
		call: "auth.register", args: with(larry), web: true,
		requests: []string{"POST v2.1/register/username/ 201"}, reread: "GET v2.5/user/info/61736923/ 200",
	},
	{
		name: "logout",
		call: "auth.logout", noValue: true, web: true,
		requests: []string{"POST v2.0/session/destroy/ 201"},
	},
	{
		name: "name is taken",
		call: "auth.register", args: with(larry), web: true,
		code:     herror.BadRequest,
		requests: []string{"POST v2.1/register/username/ 400"},
	},
	{
		name: "login",
		call: "auth.login", args: with(larry), web: true,
		requests: []string{"POST v2.1/login/username/ 201"}, reread: "GET v2.5/user/info/61736923/ 200",
	},
	{
		name:     "link",
		call:     "user.linkWechat",
		requests: []string{"POST v2.4/idp/wechat/user-associate/ 200"},
	},
	{
		name:     "current user",
		call:     "auth.getCurrentUser",
		requests: []string{"GET v2.5/user/info/61736923/ 200"},
	},
	{
		name: "logout after the link",
		call: "auth.logout", noValue: true,
		requests: []string{"POST v2.0/session/destroy/ 201"},
	},
	{
		name: "silent login finds the account",
		call: "auth.loginWithWechat", args: with(nil, m{"createUser": false}),
		requests: []string{"POST v2.5/idp/wechat/silent-login/ 201"},
	},
	{
		name: "logout before another account",
		call: "auth.logout", noValue: true,
		requests: []string{"POST v2.0/session/destroy/ 201"},
	},
	{
		name: "register another account",
		call: "auth.register", args: with(moe), web: true,
		requests: []string{"POST v2.1/register/email/ 201"}, reread: "GET v2.5/user/info/61736924/ 200",
	},
	{
		name:     "link a person who has an account",
		call:     "user.linkWechat",
		code:     herror.BadRequest,
		requests: []string{"POST v2.4/idp/wechat/user-associate/ 400"},
	},
}

var (
	larry = m{"username": "Larry", "password": "live-password"}
	moe   = m{"email": "moe@example.com", "password": "live-password"}
)

// with returns fixed arguments.
func with(args ...any) func(*testing.T, *person) []any {
	return func(*testing.T, *person) []any { return args }
}

// event makes the person do something on the phone, and returns the event's data and
// the options, if there are any, as arguments.
func event(action string, body, options m) func(*testing.T, *person) []any {
	return func(t *testing.T, p *person) []any {
		args := []any{p.act(t, action, body)}
		if options != nil {
			args = append(args, options)
		}
		return args
	}
}

// eventWithCode gets a login code before the event, as a mini-program must, and adds it
// to the options.
func eventWithCode(action string, body, options m) func(*testing.T, *person) []any {
	return func(t *testing.T, p *person) []any {
		all := m{"code": p.login(t)}
		maps.Copy(all, options)
		return event(action, body, all)(t, p)
	}
}
