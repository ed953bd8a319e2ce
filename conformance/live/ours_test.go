package live_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/hydrogen-go/baas"
	"github.com/hydrogen-go/baas/auth"
	"github.com/hydrogen-go/baas/herror"
	"github.com/hydrogen-go/baas/platform"
	"github.com/hydrogen-go/baas/user"
)

// ours is this SDK with the names of the vendor's calls. Like a server, it gets the
// codes and events from one person's phone.
type ours struct {
	auth  *auth.Auth
	phone *person
	user  *user.CurrentUser // of the last call
}

func newOurs(t *testing.T, p *person) *ours {
	t.Helper()
	client, err := baas.New(clientID, baas.WithHost(p.on.url))
	require.NoError(t, err)
	t.Cleanup(client.CloseIdleConnections)
	return &ours{auth: client.Auth("the only visitor"), phone: p}
}

func (o *ours) call(t *testing.T, name string, args ...any) outcome {
	t.Helper()
	call, ok := calls[name]
	require.True(t, ok, "no call %q", name)
	value, err := call(o, t, arguments{t, args})
	var h *herror.HError
	switch {
	case errors.As(err, &h):
		return outcome{Error: &failure{h.Code, h.Error(), h.ID, h.OpenID, h.UnionID}}
	case err != nil:
		require.NoError(t, err)
	}
	text, err := json.Marshal(value)
	require.NoError(t, err)
	return outcome{Value: text}
}

// calls has this SDK's call for each of the vendor's.
var calls = map[string]func(*ours, *testing.T, arguments) (any, error){
	"login":                (*ours).silentLogin,
	"auth.loginWithWechat": (*ours).loginWithWechat,
	"auth.login":           (*ours).login,
	"auth.register":        (*ours).register,
	"auth.getCurrentUser":  (*ours).getCurrentUser,
	"auth.logout": func(o *ours, t *testing.T, _ arguments) (any, error) {
		return nil, o.auth.Logout(t.Context())
	},
	"auth.updatePhoneNumber": (*ours).updatePhoneNumber,
	"auth.updateUserInfo":    (*ours).updateUserInfo,
	"user.set": func(o *ours, _ *testing.T, a arguments) (any, error) {
		o.user.Set(a.text(0), a.list[1])
		return nil, nil
	},
	"user.update": func(o *ours, t *testing.T, _ arguments) (any, error) {
		return o.user, o.user.Update(t.Context())
	},
	"user.linkWechat": (*ours).linkWechat,
}

func (o *ours) silentLogin(t *testing.T, _ arguments) (any, error) {
	return o.auth.SilentLogin(t.Context(), auth.Code(o.phone.login(t)))
}

func (o *ours) loginWithWechat(t *testing.T, a arguments) (any, error) {
	data, options := a.event(0), a.options(1)
	if data == nil {
		options["code"] = o.phone.login(t) // the vendor's client asks the phone for it
	}
	var opts []platform.LoginOption
	for name, value := range options {
		switch name {
		case "code":
			opts = append(opts, auth.Code(value.(string)))
		case "createUser":
			opts = append(opts, auth.CreateUser(value.(bool)))
		case "withUnionID":
			opts = append(opts, auth.WithUnionID(value.(bool)))
		default:
			require.Fail(t, "no option "+name)
		}
	}
	return o.store(o.auth.LoginWithWechat(t.Context(), data, opts...))
}

func (o *ours) login(t *testing.T, a arguments) (any, error) {
	return o.store(o.auth.Login(t.Context(), a.credentials()))
}

func (o *ours) register(t *testing.T, a arguments) (any, error) {
	return o.store(o.auth.Register(t.Context(), a.credentials()))
}

func (o *ours) getCurrentUser(t *testing.T, _ arguments) (any, error) {
	return o.store(o.auth.CurrentUser(t.Context()))
}

func (o *ours) updatePhoneNumber(t *testing.T, a arguments) (any, error) {
	var opts []platform.PhoneOption
	if overwrite, ok := a.options(1)["overwrite"]; ok {
		opts = append(opts, auth.Overwrite(overwrite.(bool)))
	}
	return o.store(o.auth.UpdatePhoneNumber(t.Context(), a.event(0), opts...))
}

func (o *ours) updateUserInfo(t *testing.T, a arguments) (any, error) {
	var opts []platform.ProfileOption
	for name, value := range a.options(1) {
		switch name {
		case "code":
			opts = append(opts, auth.Code(value.(string)))
		case "syncUserProfile":
			opts = append(opts, auth.SyncUserProfile(platform.SyncMode(value.(string))))
		default:
			require.Fail(t, "no option "+name)
		}
	}
	return o.store(o.auth.UpdateUserInfo(t.Context(), a.event(0), opts...))
}

func (o *ours) linkWechat(t *testing.T, _ arguments) (any, error) {
	return o.user.LinkWechat(t.Context(), nil, auth.Code(o.phone.login(t)))
}

// store stores the current user for later calls on it.
func (o *ours) store(u *user.CurrentUser, err error) (any, error) {
	if err == nil {
		o.user = u
	}
	return u, err
}

// arguments are the documented arguments of a call.
type arguments struct {
	t    *testing.T
	list []any
}

func (a arguments) text(i int) string {
	text, ok := a.list[i].(string)
	require.True(a.t, ok, "argument %d", i)
	return text
}

// event returns the data of an event, or nil if there is none.
func (a arguments) event(i int) *platform.AuthData {
	if i >= len(a.list) || a.list[i] == nil {
		return nil
	}
	data := new(platform.AuthData)
	require.NoError(a.t, json.Unmarshal(a.list[i].(json.RawMessage), data))
	return data
}

// options returns a copy of the options.
func (a arguments) options(i int) m {
	out := m{}
	if i < len(a.list) {
		maps.Copy(out, a.list[i].(m))
	}
	return out
}

func (a arguments) credentials() auth.Credentials {
	var c auth.Credentials
	for name, value := range a.options(0) {
		switch text := fmt.Sprint(value); name {
		case "username":
			c.Username = text
		case "email":
			c.Email = text
		case "password":
			c.Password = text
		default:
			require.Fail(a.t, "no credential "+name)
		}
	}
	return c
}
