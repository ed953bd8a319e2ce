package conformance_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/hydrogen-go/baas"
	"github.com/hydrogen-go/baas/auth"
	"github.com/hydrogen-go/baas/herror"
	"github.com/hydrogen-go/baas/platform"
	"github.com/hydrogen-go/baas/user"
)

// goCall makes the Go call for a recorded JavaScript call.
type goCall func(ctx context.Context, p *player, c *recordedCall) (any, error)

// goCalls has the Go call for each JavaScript call.
var goCalls = map[string]goCall{
	"$advanceClock": advanceClock,

	"auth.login":                        withCredentials((*auth.Auth).Login),
	"auth.register":                     withCredentials((*auth.Auth).Register),
	"auth.anonymousLogin":               anonymousLogin,
	"auth.loginWithSmsVerificationCode": loginWithSMSCode,
	"auth.requestPasswordReset":         requestPasswordReset,
	"auth.logout":                       logout,
	"auth.getCurrentUser":               getCurrentUser,
	"auth.loginWithKs":                  loginWith((*auth.Auth).LoginWithKs),
	"auth.loginWithTt":                  loginWith((*auth.Auth).LoginWithTt),
	"auth.loginWithWechat":              loginWith((*auth.Auth).LoginWithWechat),
	"auth.loginWithQQ":                  loginWith((*auth.Auth).LoginWithQQ),
	"auth.loginWithBaidu":               loginWith((*auth.Auth).LoginWithBaidu),
	"auth.loginWithAlipay":              loginWith((*auth.Auth).LoginWithAlipay),
	"auth.loginWithJd":                  loginWith((*auth.Auth).LoginWithJd),
	"auth.updatePhoneNumber":            updatePhoneNumber,
	"auth.updateUserInfo":               updateUserInfo,

	"login":          silentLogin,
	"logout":         logout,
	"handleUserInfo": handleUserInfo,

	"user.linkKs":                     link((*user.CurrentUser).LinkKs),
	"user.linkTt":                     link((*user.CurrentUser).LinkTt),
	"user.linkWechat":                 link((*user.CurrentUser).LinkWechat),
	"user.linkQQ":                     link((*user.CurrentUser).LinkQQ),
	"user.linkBaidu":                  link((*user.CurrentUser).LinkBaidu),
	"user.linkAlipay":                 link((*user.CurrentUser).LinkAlipay),
	"user.linkJd":                     link((*user.CurrentUser).LinkJd),
	"user.linkThirdParty":             linkThirdParty,
	"user.linkThirdPartyWithAuthData": linkWithAuthData,

	"user.setUsername":              onUser((*user.CurrentUser).SetUsername),
	"user.setMobilePhone":           onUser((*user.CurrentUser).SetMobilePhone),
	"user.verifyMobilePhone":        onUser((*user.CurrentUser).VerifyMobilePhone),
	"user.setAccount":               setAccount,
	"user.updatePassword":           updatePassword,
	"user.requestEmailVerification": requestEmailVerification,
	"user.setEmail":                 setEmail,
	"user.set":                      set,
	"user.incrementBy":              incrementBy,
	"user.append":                   appendTo,
	"user.update":                   update,

	"sendSmsCode":    sendSMSCode,
	"verifySmsCode":  verifySMSCode,
	"new User().get": getUser,
	"getServerDate":  getServerDate,
	"request":        request,
}

// player makes the calls of one recording, as one end user of one client.
type player struct {
	t      *testing.T
	rec    *recording
	server *replay
	client *baas.Client
	err    error // of baas.New
	auth   *auth.Auth
	user   *user.CurrentUser
	clock  atomic.Int64
	codes  atomic.Int32
	mints  bool // the client has a code source
}

const visitor = "visitor-1"

func newPlayer(t *testing.T, rec *recording) *player {
	p := &player{t: t, rec: rec, server: newReplay(t)}
	p.clock.Store(rec.ClockMS)
	clientID, opts := p.init()
	if p.client, p.err = baas.New(clientID, opts...); p.err == nil {
		p.auth = p.client.Auth(visitor)
		t.Cleanup(p.client.CloseIdleConnections)
	}
	return p
}

// init returns the arguments of baas.New for those of the recorded BaaS.init.
func (p *player) init() (clientID string, opts []baas.Option) {
	if len(p.rec.Init) == 0 {
		return "", nil
	}
	require.NoError(p.t, json.Unmarshal(p.rec.Init[0], &clientID))
	var js struct {
		Host, Env string
		AutoLogin bool
	}
	p.strict(p.rec.Init[1], &js)
	const server = "<host>"
	if rest, ok := strings.CutPrefix(js.Host, server); ok {
		js.Host = p.server.URL + rest
	}
	opts = []baas.Option{baas.WithHost(js.Host), baas.WithClock(func() time.Time { return time.UnixMilli(p.clock.Load()) })}
	if js.Env != "" {
		opts = append(opts, baas.WithEnv(js.Env))
	}
	if js.AutoLogin {
		on, ok := platform.ByName(p.rec.Platform)
		require.True(p.t, ok, "no platform %s", p.rec.Platform)
		p.mints = true
		opts = append(opts, baas.WithCodeSource(on, p.mint))
	}
	return clientID, opts
}

// mint returns the same login codes as the recorded phone.
func (p *player) mint(context.Context, string) (string, error) {
	return fmt.Sprintf("%s-code-%d", p.rec.Platform, p.codes.Add(1)), nil
}

// play makes one call.
func (p *player) play(c *recordedCall) outcome {
	call, ok := goCalls[c.Call]
	require.True(p.t, ok, "no Go call is known for %s", c.Call)
	ctx := endsWhenStalled{context.Background(), make(chan struct{})}
	responses := make([]wireResponse, len(c.exchanges))
	for i, e := range c.exchanges {
		responses[i] = e.Response
	}
	p.server.expect(func() { close(ctx.done) }, responses...)
	if p.err != nil {
		return p.failed(p.err)
	}
	value, err := call(ctx, p, c)
	if err != nil {
		return p.failed(err)
	}
	return outcome{OK: true, Value: p.value(value)}
}

func (p *player) failed(err error) outcome {
	var failed *herror.HError
	require.True(p.t, errors.As(err, &failed), "%T is not an HError: %v", err, err)
	var o outcome
	require.NoError(p.t, decodeNumbers([]byte(canonical(p.t, failed)), &o.Error))
	o.Error["message"] = failed.Error()   // the vendor's client puts the code before the text
	delete(o.Error, "session_expires_at") // documented, but the vendor's client does not have it
	return o
}

// value returns what a call returned in the form of the recordings.
func (p *player) value(v any) any {
	switch v := v.(type) {
	case *user.CurrentUser:
		props := object{"user_id": v.ID()}
		if end := v.SessionExpiresAt(); !end.IsZero() {
			props["session_expires_at"] = end.Unix()
		}
		return object{"$type": "CurrentUser", "json": v, "props": props}
	case *user.LinkResult:
		return object{"$type": "Response", "statusCode": v.StatusCode, "data": v}
	case *auth.Response:
		return object{"$type": "Response", "statusCode": v.StatusCode, "data": json.RawMessage(v.Body)}
	}
	return v
}

// current stores the user for later calls on it.
func (p *player) current(u *user.CurrentUser, err error) (any, error) {
	if err != nil {
		return nil, err
	}
	p.user = u
	return u, nil
}

// this asserts that a call returned the user that it was made on.
func (p *player) this(u *user.Me) (any, error) {
	require.Same(p.t, &p.user.Me, u)
	return object{"$type": "this"}, nil
}

// strict decodes JSON and fails the test if into lacks a member.
func (p *player) strict(text []byte, into any) {
	p.t.Helper()
	p.decode(text, into, true)
}

func advanceClock(_ context.Context, p *player, c *recordedCall) (any, error) {
	var seconds int64
	p.arg(c, 0, &seconds)
	p.clock.Add(seconds * 1000)
	return nil, nil
}

func logout(ctx context.Context, p *player, _ *recordedCall) (any, error) {
	return nil, p.auth.Logout(ctx)
}

func getCurrentUser(ctx context.Context, p *player, _ *recordedCall) (any, error) {
	return p.current(p.auth.CurrentUser(ctx))
}

func loginWith(call func(*auth.Auth, context.Context, *platform.AuthData, ...platform.LoginOption) (*user.CurrentUser, error)) goCall {
	return func(ctx context.Context, p *player, c *recordedCall) (any, error) {
		args := p.arguments(c)
		return p.current(call(p.auth, ctx, args.data, args.loginOptions()...))
	}
}

func silentLogin(ctx context.Context, p *player, c *recordedCall) (any, error) {
	var withUserInfo bool
	p.arg(c, 0, &withUserInfo)
	require.False(p.t, withUserInfo)
	return p.auth.SilentLogin(ctx, p.arguments(c).loginOptions()...)
}

func handleUserInfo(ctx context.Context, p *player, c *recordedCall) (any, error) {
	args := p.arguments(c)
	return p.auth.HandleUserInfo(ctx, args.data, args.loginOptions()...)
}

func updatePhoneNumber(ctx context.Context, p *player, c *recordedCall) (any, error) {
	args := p.arguments(c)
	return p.current(p.auth.UpdatePhoneNumber(ctx, args.data, args.phoneOptions()...))
}

func updateUserInfo(ctx context.Context, p *player, c *recordedCall) (any, error) {
	args := p.arguments(c)
	return p.current(p.auth.UpdateUserInfo(ctx, args.data, args.profileOptions()...))
}

func link(call func(*user.CurrentUser, context.Context, *platform.AuthData, ...platform.LinkOption) (*user.LinkResult, error)) goCall {
	return func(ctx context.Context, p *player, c *recordedCall) (any, error) {
		args := p.arguments(c)
		return call(p.user, ctx, args.data, args.linkOptions()...)
	}
}

// set takes a key and a value, or an object of them.
func set(_ context.Context, p *player, c *recordedCall) (any, error) {
	if len(c.Args) == 2 {
		var key string
		p.arg(c, 0, &key)
		return p.this(p.user.Set(key, c.Args[1]))
	}
	var fields map[string]json.RawMessage
	p.arg(c, 0, &fields)
	u := &p.user.Me
	for _, key := range slices.Sorted(maps.Keys(fields)) {
		u = u.Set(key, fields[key])
	}
	return p.this(u)
}

func incrementBy(_ context.Context, p *player, c *recordedCall) (any, error) {
	var (
		key string
		n   float64
	)
	p.arg(c, 0, &key)
	p.arg(c, 1, &n)
	return p.this(p.user.IncrementBy(key, n))
}

func appendTo(_ context.Context, p *player, c *recordedCall) (any, error) {
	var key string
	p.arg(c, 0, &key)
	return p.this(p.user.Append(key, c.Args[1]))
}

func update(ctx context.Context, p *player, _ *recordedCall) (any, error) {
	return p.user, p.user.Update(ctx)
}

func getServerDate(ctx context.Context, p *player, _ *recordedCall) (any, error) {
	return p.auth.Request(ctx, auth.Request{Path: "/hserve/v2.2/server/time/"})
}

func request(ctx context.Context, p *player, c *recordedCall) (any, error) {
	var js struct {
		URL    string
		Header map[string]string
	}
	p.strict(c.Args[0], &js)
	header := make(http.Header)
	for name, value := range js.Header {
		header.Set(name, value)
	}
	return p.client.Request(ctx, visitor, auth.Request{Path: js.URL, Header: header})
}
