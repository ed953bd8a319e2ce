package guard_test

import (
	"context"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/url"
	"reflect"
	"strconv"
	"strings"
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
	"github.com/hydrogen-go/baas/platform"
	"github.com/hydrogen-go/baas/session"
	"github.com/hydrogen-go/baas/user"
)

// canary is a part of every secret in these tests, and of nothing else. No text of the
// SDK may contain it. Some secrets have characters that JSON and URLs escape.
const canary = "canary"

const (
	canaryToken    = "canary-token"
	canaryFresh    = "canary-fresh-token"
	canaryCode     = "canary-code"
	canaryPhone    = "canary-phone-code"
	canarySMS      = "canary-8361"
	canaryPassword = `canary "pass" <&> \ é`
	canaryKey      = "canary-session-key"
	canaryOAuth    = "canary.oauth.token+/="
	canaryVisitor  = "canary-visitor"
	canaryBack     = "https://app.example/back?state=canary-state%2B/&a=b"
)

// canarySpellings are the forms in which the canary could be shown: as text, in
// hexadecimal, as a list of bytes, and in base64 at each of the three offsets.
var canarySpellings = func() []string {
	numbers := strings.Trim(fmt.Sprint([]byte(canary)), "[]")
	return []string{
		canary, "Canary", "CANARY", hex.EncodeToString([]byte(canary)), strings.ToUpper(hex.EncodeToString([]byte(canary))),
		numbers, strings.ReplaceAll(numbers, " ", ", "), "Y2FuYXJ5", "NhbmFye", "jYW5hcn",
	}
}()

// requireNoSecret fails if text contains a secret.
func requireNoSecret(t *testing.T, text, what string, args ...any) {
	t.Helper()
	for _, spelling := range canarySpellings {
		if strings.Contains(text, spelling) {
			require.Fail(t, "a secret is shown", "%s: %s", fmt.Sprintf(what, args...), text)
		}
	}
}

// requireNoSecretInError checks what an error, and every error that it wraps, prints.
func requireNoSecretInError(t *testing.T, err error, what string) {
	t.Helper()
	if err == nil {
		return
	}
	requireNoSecretInValue(t, err, what)
	requireNoSecret(t, err.Error(), "%s", what)
	if text, jsonErr := json.Marshal(err); jsonErr == nil {
		requireNoSecret(t, string(text), "%s as JSON", what)
	}
	switch wrapped := err.(type) {
	case interface{ Unwrap() error }:
		requireNoSecretInError(t, wrapped.Unwrap(), what+", unwrapped")
	case interface{ Unwrap() []error }:
		for _, inner := range wrapped.Unwrap() {
			requireNoSecretInError(t, inner, what+", unwrapped")
		}
	}
}

// requireNoSecretInValue checks what a value prints and logs.
func requireNoSecretInValue(t *testing.T, value any, what string) {
	t.Helper()
	var text strings.Builder
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%X", "%d"} {
		_, _ = fmt.Fprintf(&text, verb+"\n", value)
	}
	for _, handler := range []slog.Handler{slog.NewTextHandler(&text, nil), slog.NewJSONHandler(&text, nil)} {
		slog.New(handler).Info("message", "value", value, slog.Group("group", "value", value))
	}
	requireNoSecret(t, text.String(), "%s, printed and logged", what)
}

// canaryData is the data of an event: a phone number, or user info.
func canaryData(phone bool) *platform.AuthData {
	data := &platform.AuthData{EncryptedData: "canaryENC+/==", IV: "canaryIV+/=="}
	if phone {
		data.Code = canaryPhone
		return data
	}
	data.UserInfo = json.RawMessage(`{"nickName":"Larry"}`)
	data.RawData, data.Signature = `{"nickName":"Larry","note":"canary <raw>"}`, "canary-signature"
	return data
}

// canaryCall is a call with secrets in its arguments.
type canaryCall func(context.Context, *baas.Client, *auth.Auth, *user.CurrentUser) (any, error)

// canaryCalls returns all exported calls with a context, by type and method.
func canaryCalls() map[string]canaryCall {
	credentials := auth.Credentials{Username: "ann", Password: canaryPassword}
	code := auth.Code(canaryCode)
	calls := map[string]canaryCall{
		"Client.Request": func(ctx context.Context, c *baas.Client, _ *auth.Auth, _ *user.CurrentUser) (any, error) {
			return c.Request(ctx, canaryVisitor, auth.Request{
				Method: http.MethodPost, Path: "/hserve/?access_token=" + canaryToken,
				Query: map[string][]string{"code": {canaryCode + "&="}},
				Body:  map[string]any{"deep": []any{map[string]string{"password": canaryPassword, "session_key": canaryKey}}},
			})
		},
		"Client.Sessions": func(ctx context.Context, c *baas.Client, _ *auth.Auth, u *user.CurrentUser) (any, error) {
			return c.Sessions(ctx, u.ID())
		},
		"Client.RevokeUser": func(ctx context.Context, c *baas.Client, _ *auth.Auth, u *user.CurrentUser) (any, error) {
			return c.RevokeUser(ctx, u.ID())
		},
		"Auth.Request": func(ctx context.Context, _ *baas.Client, a *auth.Auth, _ *user.CurrentUser) (any, error) {
			return a.Request(ctx, auth.Request{Path: "/hserve/v2.2/server/time/"})
		},
	}
	onAuth := func(name string, call func(context.Context, *auth.Auth) (any, error)) {
		calls["Auth."+name] = func(ctx context.Context, _ *baas.Client, a *auth.Auth, _ *user.CurrentUser) (any, error) {
			return call(ctx, a)
		}
	}
	onUser := func(name string, call func(context.Context, *user.CurrentUser) (any, error)) {
		calls["CurrentUser."+name] = func(ctx context.Context, _ *baas.Client, _ *auth.Auth, u *user.CurrentUser) (any, error) {
			return call(ctx, u)
		}
	}
	for _, on := range testkit.Platforms {
		shares := map[string]*platform.AuthData{
			"": nil, " with user info": canaryData(false), " with a phone": canaryData(true),
			" refused": {ErrMsg: "getUserInfo:fail auth deny", Code: canaryPhone},
		}
		for suffix, data := range shares {
			onAuth(on.LoginName()+suffix, func(ctx context.Context, a *auth.Auth) (any, error) { return on.Login(a, ctx, data, code) })
			onUser(on.LinkName()+suffix, func(ctx context.Context, u *user.CurrentUser) (any, error) { return on.Link(&u.Me, ctx, data, code) })
		}
	}
	onAuth("AnonymousLogin", func(ctx context.Context, a *auth.Auth) (any, error) { return a.AnonymousLogin(ctx) })
	onAuth("CurrentUser", func(ctx context.Context, a *auth.Auth) (any, error) { return a.CurrentUser(ctx) })
	onAuth("GetUser", func(ctx context.Context, a *auth.Auth) (any, error) { return a.GetUser(ctx, 7) })
	onAuth("HandleUserInfo", func(ctx context.Context, a *auth.Auth) (any, error) {
		return a.HandleUserInfo(ctx, canaryData(false), code)
	})
	onAuth("Login", func(ctx context.Context, a *auth.Auth) (any, error) { return a.Login(ctx, credentials) })
	onAuth("ThirdPartyAuth", func(ctx context.Context, a *auth.Auth) (any, error) {
		return a.ThirdPartyAuth(ctx, platform.WeChatMP, canaryBack, auth.Silent(true))
	})
	onAuth("LoginWithThirdParty", func(ctx context.Context, a *auth.Auth) (any, error) {
		return a.LoginWithThirdParty(ctx, platform.WeChatWeb, canaryOAuth)
	})
	onAuth("LoginWithThirdParty silent", func(ctx context.Context, a *auth.Auth) (any, error) {
		return a.LoginWithThirdParty(ctx, platform.WeChatMP, canaryOAuth, auth.Silent(true))
	})
	onAuth("LoginWithThirdPartyAuthData", func(ctx context.Context, a *auth.Auth) (any, error) {
		return a.LoginWithThirdPartyAuthData(ctx, platform.OAuthData{Provider: platform.Apple, Token: canaryOAuth})
	})
	onAuth("LoginWithSmsVerificationCode", func(ctx context.Context, a *auth.Auth) (any, error) {
		return a.LoginWithSmsVerificationCode(ctx, "13800138000", canarySMS)
	})
	onAuth("LoginOn", func(ctx context.Context, a *auth.Auth) (any, error) {
		return a.LoginOn(ctx, platform.QQ{}, canaryData(false), code)
	})
	onAuth("CountUsers", func(ctx context.Context, a *auth.Auth) (any, error) { return a.CountUsers(ctx) })
	onAuth("FindUsers", func(ctx context.Context, a *auth.Auth) (any, error) { return collect(a.FindUsers(ctx)) })
	onAuth("GetServerDate", func(ctx context.Context, a *auth.Auth) (any, error) { return a.GetServerDate(ctx) })
	onAuth("Me", func(ctx context.Context, a *auth.Auth) (any, error) { return a.Me(ctx) })
	onAuth("Logout", func(ctx context.Context, a *auth.Auth) (any, error) { return nil, a.Logout(ctx) })
	onAuth("Register", func(ctx context.Context, a *auth.Auth) (any, error) { return a.Register(ctx, credentials) })
	onAuth("RequestPasswordReset", func(ctx context.Context, a *auth.Auth) (any, error) {
		return nil, a.RequestPasswordReset(ctx, "ann@example.com")
	})
	onAuth("SendSmsCode", func(ctx context.Context, a *auth.Auth) (any, error) { return nil, a.SendSmsCode(ctx, "13800138000") })
	onAuth("Session", func(ctx context.Context, a *auth.Auth) (any, error) { return a.Session(ctx) })
	onAuth("SilentLogin", func(ctx context.Context, a *auth.Auth) (any, error) { return a.SilentLogin(ctx, code) })
	onAuth("UpdatePhoneNumber", func(ctx context.Context, a *auth.Auth) (any, error) {
		return a.UpdatePhoneNumber(ctx, canaryData(true))
	})
	onAuth("UpdateUserInfo", func(ctx context.Context, a *auth.Auth) (any, error) {
		return a.UpdateUserInfo(ctx, canaryData(false), code)
	})
	onAuth("UserInfo", func(ctx context.Context, a *auth.Auth) (any, error) { return a.UserInfo(ctx) })
	onAuth("VerifySmsCode", func(ctx context.Context, a *auth.Auth) (any, error) {
		return nil, a.VerifySmsCode(ctx, "13800138000", canarySMS)
	})
	onUser("LinkThirdParty", func(ctx context.Context, u *user.CurrentUser) (any, error) {
		return u.LinkThirdParty(ctx, platform.Weibo, canaryOAuth)
	})
	onUser("LinkThirdPartyWithAuthData", func(ctx context.Context, u *user.CurrentUser) (any, error) {
		return u.LinkThirdPartyWithAuthData(ctx, platform.OAuthData{Provider: platform.Apple, Token: canaryOAuth})
	})
	onUser("ClearUsername", func(ctx context.Context, u *user.CurrentUser) (any, error) { return nil, u.ClearUsername(ctx) })
	onUser("ClearEmail", func(ctx context.Context, u *user.CurrentUser) (any, error) { return nil, u.ClearEmail(ctx) })
	onUser("ClearMobilePhone", func(ctx context.Context, u *user.CurrentUser) (any, error) { return nil, u.ClearMobilePhone(ctx) })
	onUser("LinkOn", func(ctx context.Context, u *user.CurrentUser) (any, error) {
		return u.LinkOn(ctx, platform.QQ{}, canaryData(false), code)
	})
	onUser("User", func(ctx context.Context, u *user.CurrentUser) (any, error) { return u.User(ctx) })
	onUser("RequestEmailVerification", func(ctx context.Context, u *user.CurrentUser) (any, error) {
		return nil, u.RequestEmailVerification(ctx)
	})
	onUser("SetAccount", func(ctx context.Context, u *user.CurrentUser) (any, error) {
		return nil, u.SetAccount(ctx, user.Account{Username: "bob", Password: canaryPassword})
	})
	onUser("SetEmail", func(ctx context.Context, u *user.CurrentUser) (any, error) {
		return nil, u.SetEmail(ctx, "ann@example.com", user.SendVerificationEmail(true))
	})
	onUser("SetMobilePhone", func(ctx context.Context, u *user.CurrentUser) (any, error) {
		return nil, u.SetMobilePhone(ctx, "13800138000")
	})
	onUser("SetUsername", func(ctx context.Context, u *user.CurrentUser) (any, error) { return nil, u.SetUsername(ctx, "bob") })
	onUser("Update", func(ctx context.Context, u *user.CurrentUser) (any, error) { return nil, u.Set("age", 1).Update(ctx) })
	onUser("UpdatePassword", func(ctx context.Context, u *user.CurrentUser) (any, error) {
		return nil, u.UpdatePassword(ctx, canaryPassword, canaryPassword+"2")
	})
	onUser("UpdatePassword and revoke", func(ctx context.Context, u *user.CurrentUser) (any, error) {
		return nil, u.UpdatePassword(ctx, canaryPassword, canaryPassword+"2", user.RevokeOtherSessions())
	})
	onUser("VerifyMobilePhone", func(ctx context.Context, u *user.CurrentUser) (any, error) {
		return nil, u.VerifyMobilePhone(ctx, canarySMS)
	})
	return calls
}

// canaryCalls has every exported call with a context.
func TestCanaryKnowsEveryCall(t *testing.T) {
	calls := canaryCalls()
	ctxType := reflect.TypeFor[context.Context]()
	var missing []string
	for _, of := range []reflect.Type{reflect.TypeFor[*baas.Client](), reflect.TypeFor[*auth.Auth](), reflect.TypeFor[*user.CurrentUser]()} {
		for i := range of.NumMethod() {
			m := of.Method(i)
			if m.Type.NumIn() > 1 && m.Type.In(1) == ctxType && calls[of.Elem().Name()+"."+m.Name] == nil {
				missing = append(missing, of.Elem().String()+"."+m.Name)
			}
		}
	}
	requireNone(t, missing, "calls that canaryCalls lacks")
}

// echo is a backend whose responses repeat the request.
type echo struct {
	mu      sync.Mutex
	respond func(request string) (status int, body string)
}

func (e *echo) set(respond func(string) (int, string)) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.respond = respond
}

func (e *echo) RoundTrip(r *http.Request) (*http.Response, error) {
	var body []byte
	if r.Body != nil {
		body, _ = io.ReadAll(r.Body)
		_ = r.Body.Close()
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	status, text := e.respond(r.Header.Get("Authorization") + " " + r.URL.String() + " " + string(body))
	return &http.Response{
		StatusCode: status, Header: make(http.Header), Body: io.NopCloser(strings.NewReader(text)), ContentLength: int64(len(text)), Request: r,
	}, nil
}

func asJSON(value any) string {
	text, _ := json.Marshal(value)
	return string(text)
}

// canaryResponse is a valid response to all calls except those that read a user;
// canaryUser is one to those. Both contain secrets.
var (
	canaryResponse = asJSON(map[string]any{
		"id": 7, "user_id": 7, "token": canaryFresh, "expires_in": 3600, "session_key": canaryKey, "status": "ok",
		"user_info": map[string]any{"id": 7, "openid": "o-1", "nickname": "Larry", "token": canaryFresh, "session_key": canaryKey},
	})
	canaryUser = asJSON(map[string]any{
		"id": 7, "nickname": "Larry", "token": canaryFresh, "expires_in": 3600, "session_key": canaryKey,
		"_session": map[string]string{"token": canaryFresh},
	})
)

// canarySuccess responds to every request with success.
func canarySuccess(request string) (int, string) {
	if strings.Contains(request, "/redirect/") {
		return 200, asJSON(map[string]string{"status": "ok", "redirect_url": "https://provider.example/?state=s", "token": canaryFresh})
	}
	if strings.Contains(request, "/login") || strings.Contains(request, "/register/") || strings.Contains(request, "-login/") ||
		strings.Contains(request, "/authenticate/") || strings.Contains(request, "-associat") {
		return 201, canaryResponse
	}
	return 200, canaryUser
}

// echoes returns the ways in which the backend may respond.
func echoes() map[string]func(string) (int, string) {
	ways := map[string]func(string) (int, string){
		"success":          canarySuccess,
		"200 HTML":         func(request string) (int, string) { return 200, "<html>" + request },
		"200 cut short":    func(string) (int, string) { return 200, canaryResponse[:len(canaryResponse)-9] },
		"200 list":         func(request string) (int, string) { return 200, asJSON([]string{request, canaryToken}) },
		"200 text":         func(request string) (int, string) { return 200, asJSON(request) },
		"200 without user": func(string) (int, string) { return 200, asJSON(map[string]string{"token": canaryFresh}) },
		"200 of another":   func(string) (int, string) { return 200, strings.ReplaceAll(canaryResponse, "7", "8") },
		"200 empty":        func(string) (int, string) { return 200, "" },
	}
	for _, status := range []int{302, 400, 401, 403, 404, 409, 429, 500, 503} {
		say := func(kind string, body func(string) string) {
			ways[strconv.Itoa(status)+" "+kind] = func(request string) (int, string) { return status, body(request) }
		}
		say("error_msg", func(request string) string { return asJSON(map[string]string{"error_msg": "what is " + request}) })
		say("message", func(request string) string {
			return asJSON(map[string]string{"message": request, "token": canaryFresh})
		})
		say("JSON in JSON", func(request string) string {
			return asJSON(map[string]string{"error_msg": asJSON(map[string]string{"body": request})})
		})
		say("HTML", func(request string) string { return "<html>" + request })
	}
	return ways
}

// canaryLog is a log at debug level, as text and as JSON.
type canaryLog struct{ strings.Builder }

func (l *canaryLog) logger(json bool) *slog.Logger {
	options := &slog.HandlerOptions{Level: slog.LevelDebug, AddSource: true}
	if json {
		return slog.New(slog.NewJSONHandler(l, options))
	}
	return slog.New(slog.NewTextHandler(l, options))
}

func (l *canaryLog) client(t *testing.T, rt http.RoundTripper, json bool, opts ...baas.Option) *baas.Client {
	t.Helper()
	client, err := baas.New(baastest.DefaultClientID, append([]baas.Option{
		baas.WithHTTPClient(&http.Client{Transport: rt}), baas.WithLogger(l.logger(json)),
	}, opts...)...)
	require.NoError(t, err)
	return client
}

// Whatever the backend responds, even if it repeats the whole request, no error, no
// returned value and no log shows a secret.
func TestNoSecretShowsWhateverTheBackendSays(t *testing.T) {
	calls := canaryCalls()
	for way, respond := range echoes() {
		synctest.Test(t, func(t *testing.T) { // because reads are retried after a pause
			var log canaryLog
			backend := new(echo)
			for _, source := range []bool{false, true} {
				if source && !strings.HasPrefix(way, "401") {
					continue // a code source makes no difference
				}
				var opts []baas.Option
				if source {
					opts = append(opts, baas.WithCodeSource(platform.WeChat{}, func(context.Context, string) (string, error) { return canaryCode, nil }))
				}
				client := log.client(t, backend, source, opts...)
				for name, call := range calls {
					a := client.Resume(session.Session{
						Token: session.NewSecret(canaryToken), UserID: 7, OpenID: "o-1", Platform: "wechat",
						LoggedInAt: time.Now(), ExpiresAt: time.Now().Add(time.Hour),
					})
					backend.set(canarySuccess)
					u, err := a.CurrentUser(t.Context())
					require.NoError(t, err)
					backend.set(respond)
					value, err := call(t.Context(), client, a, u)
					requireNoSecretInError(t, err, way+": "+name)
					if value != nil && !reflect.ValueOf(value).IsZero() {
						requireNoSecretInValue(t, value, way+": "+name+" returns")
					}
				}
			}
			require.NotEmpty(t, log.String())
			requireNoSecret(t, log.String(), "log")
		})
	}
}

// The same with the double: its own errors, and every fault that it can inject.
func TestNoSecretShowsWhateverGoesWrong(t *testing.T) {
	faults := map[string]baastest.Fault{
		"nothing": {}, "refused": {Cut: baastest.CutDial}, "cut before": {Cut: baastest.CutBeforeRead},
		"cut after": {Cut: baastest.CutAfterRead}, "cut in response": {Cut: baastest.CutInResponse},
		"too slow": {Delay: time.Hour}, "slow response": {Hold: time.Hour}, "204": {Status: 204}, "304": {Status: 304},
		"truncated": {Status: 201, Body: canaryResponse[:40]}, "HTML": {Status: 200, Body: "<html>" + canaryToken, ContentType: "text/html"},
	}
	for _, status := range []int{400, 401, 403, 404, 409, 429, 500, 502, 503, 504} {
		faults[strconv.Itoa(status)] = baastest.Fault{Status: status}
	}
	calls := canaryCalls()
	for fault, with := range faults {
		synctest.Test(t, func(t *testing.T) {
			var log canaryLog
			for _, kept := range []bool{false, true} { // with and without a session
				for name, call := range calls {
					b, err := baastest.New()
					require.NoError(t, err)
					client := log.client(t, b.Transport(), kept)
					a := client.Auth(canaryVisitor)
					u, err := a.LoginWithWechat(t.Context(), nil, auth.Code(b.WeChat("o-1").Login()))
					require.NoError(t, err)
					s, err := a.Session(t.Context())
					require.NoError(t, err)
					if !kept {
						require.NoError(t, a.Logout(t.Context()))
					}
					b.Fail("", with)
					_, err = call(t.Context(), client, a, u)
					requireNoSecretInError(t, err, fault+": "+name)
					for inner := err; inner != nil; inner = errors.Unwrap(inner) {
						require.NotContains(t, inner.Error(), s.Token.Reveal())
					}
					require.NotContains(t, log.String(), s.Token.Reveal())
				}
			}
			requireNoSecret(t, log.String(), "log")
		})
	}
}

// An error names a bad argument and does not repeat its value.
func TestNoSecretShowsWhenArgumentsAreBad(t *testing.T) {
	bad := []string{"canary\x00", "canary\xff", strings.Repeat(canary, 1<<15)}
	client, err := baas.New("client-1")
	require.NoError(t, err)
	a := client.Auth("visitor")
	for _, text := range bad {
		data := canaryData(false)
		data.EncryptedData, data.RawData, data.Signature, data.IV, data.Code, data.ErrMsg = text, text, text, text, text, text
		data.UserInfo = json.RawMessage(text)
		errs := []error{
			second(a.LoginWithKs(t.Context(), data, auth.Code(text))),
			second(a.LoginWithKs(t.Context(), data, auth.Code("code-1"))),
			second(a.LoginWithTt(t.Context(), nil, auth.Code("code-1"), auth.AppName(text))),
			second(a.LoginWithKs(t.Context(), nil, auth.Code("code-1"), auth.SyncUserProfile(platform.SyncMode(text)))),
			second(a.UpdatePhoneNumber(t.Context(), data)),
			second(a.Login(t.Context(), auth.Credentials{Username: text, Password: text})),
			second(a.Login(t.Context(), auth.Credentials{Username: "ann", Password: text})),
			second(a.LoginWithSmsVerificationCode(t.Context(), text, text)),
			second(a.LoginWithThirdPartyAuthData(t.Context(), platform.OAuthData{Provider: platform.Apple, Token: text})),
			second(a.LoginWithThirdParty(t.Context(), platform.Weibo, text)),
			second(a.LoginWithThirdParty(t.Context(), platform.WebProvider(text), "t")),
			second(a.ThirdPartyAuth(t.Context(), platform.Weibo, "https://app.example/?state="+text)),
			second(a.ThirdPartyAuth(t.Context(), platform.Weibo, text)),
			second(auth.CallbackToken(url.Values{"token": {text}})),
			second(auth.CallbackToken(url.Values{"token": {text, text}})),
			second(auth.CallbackToken(url.Values{"error": {text}})),
			second(a.LoginWithThirdPartyAuthData(t.Context(), platform.OAuthData{Provider: platform.OAuthProvider(text), Token: text})),
			second(a.Request(t.Context(), auth.Request{Path: text})),
			second(a.Request(t.Context(), auth.Request{Path: "/", Header: http.Header{"X-A": {text + "\n"}, text: {text}}})),
			second(a.Request(t.Context(), auth.Request{Path: "/", Method: text})),
			second(a.Request(t.Context(), auth.Request{Path: "/", Method: "POST", Body: json.RawMessage(text)})),
			second(client.Auth(text).CurrentUser(t.Context())),
			second(baas.New(text)),
			second(baas.New("id", baas.WithEnv(text+"!"))),
			second(baas.New("id", baas.WithHost("https://user:"+text+"@example.com"))),
			json.Unmarshal([]byte(text), new(platform.AuthData)),
			json.Unmarshal([]byte(`{"detail":{"iv":["canary"]}}`), new(platform.AuthData)),
			json.Unmarshal([]byte(`{"password":["canary"]}`), new(auth.Credentials)),
			new(session.Session).UnmarshalBinary([]byte(text)),
			(&auth.Response{Body: []byte(`{"token":"canary"}`)}).Decode(new(struct{ Token int })),
		}
		for i, err := range errs {
			require.Error(t, err, i)
			requireNoSecretInError(t, err, strconv.Itoa(i))
		}
	}
	require.NotEqual(t, herror.Code(0), herror.CodeOf(second(baas.New(canary+"!"))))
}

func second[T any](_ T, err error) error { return err }
