package guard_test

import (
	"context"
	"encoding/json"
	"fmt"
	"go/ast"
	"log/slog"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/hydrogen-go/baas"
	"github.com/hydrogen-go/baas/admin"
	"github.com/hydrogen-go/baas/auth"
	"github.com/hydrogen-go/baas/baastest"
	"github.com/hydrogen-go/baas/herror"
	"github.com/hydrogen-go/baas/internal/testkit"
	"github.com/hydrogen-go/baas/platform"
	"github.com/hydrogen-go/baas/session"
	"github.com/hydrogen-go/baas/user"
)

// canaryValues returns values with secrets, of every exported type that can contain
// one, by package and type.
func canaryValues(t *testing.T) map[string]any {
	t.Helper()
	ctx := t.Context()
	s := session.Session{
		Token: session.NewSecret(canaryToken), UserID: 7, OpenID: "o-1", Platform: "wechat",
		UserInfo: json.RawMessage(`{"x":"canary"}`), LoggedInAt: time.Now(), ExpiresAt: time.Now().Add(time.Hour),
	}
	store := testkit.Memory(t)
	_, err := store.Swap(ctx, session.KeyOf(canaryVisitor), 0, s)
	require.NoError(t, err)
	sealed, err := session.NewSealed(store, []byte("canary-sealing-key-of-32-bytes!!"))
	require.NoError(t, err)
	backend := new(echo)
	backend.set(canarySuccess)
	client, err := baas.New(baastest.DefaultClientID,
		baas.WithHTTPClient(&http.Client{Transport: backend}), baas.WithSessionStore(store),
		baas.WithCodeSource(platform.WeChat{}, func(context.Context, string) (string, error) { return canaryCode, nil }))
	require.NoError(t, err)
	a := client.Resume(s)
	u, err := a.CurrentUser(ctx)
	require.NoError(t, err)
	me, err := a.Me(ctx)
	require.NoError(t, err)
	other, err := a.GetUser(ctx, 7)
	require.NoError(t, err)
	srv := baastest.NewServer(t)
	_, err = srv.AddUser(baastest.User{Username: "ann", Password: canaryPassword})
	require.NoError(t, err)

	u.Set("note", canaryToken)
	openAPI := new(echo)
	openAPI.set(canaryExchange(canarySuccess))
	adminClient, err := admin.New("client-1", canaryClientSecret, admin.WithHTTPClient(&http.Client{Transport: openAPI}))
	require.NoError(t, err)
	_, err = adminClient.Token(ctx)
	require.NoError(t, err)

	values := map[string]any{
		"admin.Account":          admin.Account{Username: "ann"},
		"admin.AccountChange":    admin.NewPassword(canaryPassword),
		"admin.Change":           admin.Set("note", canaryToken),
		"admin.Client":           adminClient,
		"admin.Group":            admin.Group{ID: 7},
		"admin.GroupRef":         admin.GroupRef{ID: 7},
		"admin.MembershipChange": admin.AddMembers([]int64{7}, []int64{8}),
		"admin.Operation":        admin.Operation{ID: "7"},
		"admin.Progress":         admin.Progress{Found: 7},
		"admin.SuperGroup":       admin.SuperGroup{ID: 7},
		"admin.UpdateResult":     admin.UpdateResult{Found: 7},
		"baas.Client":            client,
		"baas.SessionInfo":       baas.SessionInfo{Platform: "wechat"},
		"auth.Auth":              a,
		"auth.Credentials":       auth.Credentials{Username: "ann", Password: canaryPassword},
		"auth.LoginInfo":         auth.LoginInfo{ID: 7, OpenID: "o-1"},
		"auth.Request": auth.Request{
			Method: "POST", Path: "/hserve/?token=" + canaryToken, Query: url.Values{"code": {canaryCode}},
			Header: http.Header{"X-Key": {canaryKey}}, Body: map[string]string{"password": canaryPassword},
		},
		"auth.Response":            auth.Response{StatusCode: 201, Header: http.Header{"X-Token": {canaryFresh}}, Body: []byte(canaryResponse)},
		"auth.UserInfo":            auth.UserInfo{NickName: "Larry"},
		"user.Account":             user.Account{Username: "ann", Password: canaryPassword},
		"user.CurrentUser":         u,
		"user.Condition":           user.Field("nickname").Equal("n"),
		"user.Provider":            user.Provider{Key: "wechat", OpenID: "o-1", Fields: u.Get("_provider")},
		"user.Me":                  me.Set("note", canaryToken),
		"user.LinkResult":          user.LinkResult{OpenID: "o-1"},
		"user.User":                other,
		"user.Value":               u.Get("nickname"),
		"platform.AuthData":        *canaryData(true),
		"platform.OAuthData":       platform.OAuthData{Provider: platform.Apple, Token: canaryOAuth},
		"platform.CodeOption":      auth.Code(canaryCode),
		"platform.SyncOption":      auth.SyncUserProfile(platform.SetNX),
		"platform.CreateOption":    auth.CreateUser(true),
		"platform.AppNameOption":   auth.AppName("douyin"),
		"platform.UnionIDOption":   auth.WithUnionID(true),
		"platform.OverwriteOption": auth.Overwrite(true),
		"platform.PlatformOption":  auth.OnPlatform(platform.QQ{}),
		"platform.SilentOption":    auth.Silent(true),
		"session.Key":              session.KeyOf(canaryVisitor),
		"session.Memory":           store,
		"session.Owner":            session.Owner{1},
		"session.Sealed":           sealed,
		"session.Secret":           session.NewSecret(canaryToken),
		"session.Session":          s,
		"herror.HError":            herror.New(herror.UserRefused, ""),
		"baastest.Backend":         srv.Backend,
		"baastest.Clock":           srv.Clock(),
		"baastest.Fault":           baastest.Fault{Status: 500},
		"baastest.Group":           baastest.Group{ID: 1, Name: "Editors", Members: []int64{7}},
		"baastest.SuperGroup":      baastest.SuperGroup{ID: 2, Name: "Staff"},
		"baastest.Identity":        baastest.Identity{Platform: "wechat", OpenID: "o-1"},
		"baastest.Mail":            baastest.Mail{To: "ann@example.com", Kind: baastest.ResetMail, Link: canaryToken},
		"baastest.Phone":           srv.WeChat("o-1"),
		"baastest.Profile":         baastest.Profile{NickName: "Larry"},
		"baastest.Responses":       baastest.Responses{ShortAccountLogin: true},
		"baastest.Request": baastest.Request{
			Method: "POST", Path: "/", Query: "token=" + canaryToken,
			Header: http.Header{"Authorization": {canaryToken}}, Body: []byte(canaryPassword),
		},
		"baastest.SMS": baastest.SMS{Phone: "13800138000", Code: canarySMS},
		"baastest.SeedError": srv.LoadSeed(strings.NewReader(
			`{"users":[{"password":"` + canaryPassword + `"},{"password":"` + canaryPassword + `","password":"` + canaryToken + `"}]}`)),
		"baastest.Server": srv,
		"baastest.User":   baastest.User{ID: 7, Password: canaryPassword},
	}
	for _, p := range platform.All() {
		values[fmt.Sprintf("%T", p)] = p
	}
	return values
}

// canaryElsewhere are types that the tests of their own packages check.
var canaryElsewhere = []string{
	"loginproxy.Event", "loginproxy.Proxy", "loginproxy.RateKey", "loginproxy.Refusal", "loginproxy.Value", "loginproxy.Visitor", "redisstore.Store",
}

// sendsSecrets are the types whose JSON contains secrets on purpose, because they are
// sent or received. Printing and logging them must not show a secret.
var sendsSecrets = []string{"platform.AuthData", "auth.Request", "auth.Response"}

// Every exported type is checked, unless it is a number, a string, a func or an
// interface.
func TestCanaryKnowsEveryType(t *testing.T) {
	known := slices.Concat(slices.Collect(maps.Keys(canaryValues(t))), canaryElsewhere)
	var missing []string
	for _, dir := range apiPackages(t) {
		p := parsePackage(t, dir)
		p.types(func(spec *ast.TypeSpec) {
			switch spec.Type.(type) {
			case *ast.Ident, *ast.FuncType, *ast.InterfaceType:
				return
			}
			if name := p.name + "." + spec.Name.Name; spec.Name.IsExported() && !slices.Contains(known, name) {
				missing = append(missing, name)
			}
		})
	}
	requireNone(t, missing, "types that canaryValues lacks")
}

func TestNoValueShowsItsSecrets(t *testing.T) {
	for name, value := range canaryValues(t) {
		t.Run(name, func(t *testing.T) {
			if name != "user.Value" {
				requireNoSecretInValue(t, value, name)
			}
			if slices.Contains(sendsSecrets, name) {
				requireNoSecret(t, fmt.Sprintf("%v %+v %#v", []any{value}, []any{value}, []any{value}), "%s in a list", name)
				return // the JSON log handler marshals the list
			}
			requireNoSecretInValue(t, []any{value}, name+" in a list")
			requireNoSecretInValue(t, map[string]any{"key": value}, name+" in a map")
			requireNoSecretInValue(t, struct{ Field any }{value}, name+" in a struct")
			if text, err := json.Marshal(value); err == nil {
				requireNoSecret(t, string(text), "%s as JSON", name)
			}
		})
	}
}

// A secret, and the token of a session, is not shown in unexported fields either,
// where fmt cannot call methods.
func TestNestedSecretsAreNotShown(t *testing.T) {
	secret := session.NewSecret(canaryToken)
	s := session.Session{Token: secret, UserID: 7, ExpiresAt: time.Now().Add(time.Hour)}
	type inner struct {
		secret  session.Secret
		session session.Session
	}
	for name, value := range map[string]any{
		"secret":            struct{ secret session.Secret }{secret},
		"pointer to secret": struct{ secret *session.Secret }{&secret},
		"secrets":           struct{ secrets []session.Secret }{[]session.Secret{secret}},
		"secrets by name":   struct{ secrets map[string]session.Secret }{map[string]session.Secret{"x": secret}},
		"session":           struct{ session session.Session }{s},
		"pointer":           struct{ session *session.Session }{&s},
		"deep":              struct{ inner inner }{inner{secret, s}},
		"any":               struct{ any any }{inner{secret, s}},
		"exported":          struct{ Session session.Session }{s},
	} {
		requireNoSecretInValue(t, value, name)
		if text, err := json.Marshal(value); err == nil {
			requireNoSecret(t, string(text), "%s as JSON", name)
		}
	}
	require.Equal(t, slog.StringValue("[redacted]"), secret.LogValue())
	_, err := json.Marshal(s)
	require.Error(t, err, "a session cannot be marshalled as JSON")
}
