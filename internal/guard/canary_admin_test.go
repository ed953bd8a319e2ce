package guard_test

import (
	"context"
	"iter"
	"maps"
	"net/http"
	"reflect"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/stretchr/testify/require"

	"github.com/hydrogen-go/baas/admin"
)

const canaryClientSecret = "canary client secret <&>"

// canaryAdminCall is a call with secrets in its arguments.
type canaryAdminCall func(context.Context, *admin.Client) (any, error)

// canaryAdminCalls returns all calls of an admin.Client with a context.
func canaryAdminCalls() map[string]canaryAdminCall {
	calls := make(map[string]canaryAdminCall)
	for name, call := range map[string]func(context.Context, *admin.Client) error{
		"DeleteGroup":       func(ctx context.Context, c *admin.Client) error { return c.DeleteGroup(ctx, 7) },
		"DeleteGroups":      func(ctx context.Context, c *admin.Client) error { return c.DeleteGroups(ctx, 7) },
		"DeleteSuperGroup":  func(ctx context.Context, c *admin.Client) error { return c.DeleteSuperGroup(ctx, 7) },
		"DeleteSuperGroups": func(ctx context.Context, c *admin.Client) error { return c.DeleteSuperGroups(ctx, 7) },
		"SendSmsCode":       func(ctx context.Context, c *admin.Client) error { return c.SendSmsCode(ctx, 7, "13800138000") },
		"UpdateMembership": func(ctx context.Context, c *admin.Client) error {
			return c.UpdateMembership(ctx, admin.AddMembers([]int64{7}, []int64{8}))
		},
		"VerifySmsCode": func(ctx context.Context, c *admin.Client) error {
			return c.VerifySmsCode(ctx, 7, "13800138000", canarySMS)
		},
	} {
		calls[name] = func(ctx context.Context, c *admin.Client) (any, error) { return nil, call(ctx, c) }
	}
	maps.Copy(calls, map[string]canaryAdminCall{
		"CountUsers":  func(ctx context.Context, c *admin.Client) (any, error) { return c.CountUsers(ctx) },
		"CreateGroup": func(ctx context.Context, c *admin.Client) (any, error) { return c.CreateGroup(ctx, "group") },
		"CreateSuperGroup": func(ctx context.Context, c *admin.Client) (any, error) {
			return c.CreateSuperGroup(ctx, "super group", nil)
		},
		"GetGroup":      func(ctx context.Context, c *admin.Client) (any, error) { return c.GetGroup(ctx, 7) },
		"GetSuperGroup": func(ctx context.Context, c *admin.Client) (any, error) { return c.GetSuperGroup(ctx, 7) },
		"GetUser":       func(ctx context.Context, c *admin.Client) (any, error) { return c.GetUser(ctx, 7) },
		"Groups":        func(ctx context.Context, c *admin.Client) (any, error) { return collect(c.Groups(ctx)) },
		"SuperGroups":   func(ctx context.Context, c *admin.Client) (any, error) { return collect(c.SuperGroups(ctx)) },
		"Token":         func(ctx context.Context, c *admin.Client) (any, error) { return c.Token(ctx) },
		"UpdateAccount": func(ctx context.Context, c *admin.Client) (any, error) {
			return c.UpdateAccount(ctx, 7, admin.Username("bob"), admin.NewPassword(canaryPassword))
		},
		"UpdateGroup": func(ctx context.Context, c *admin.Client) (any, error) { return c.UpdateGroup(ctx, 7, "group") },
		"UpdateSuperGroup": func(ctx context.Context, c *admin.Client) (any, error) {
			return c.UpdateSuperGroup(ctx, 7, "super group", nil)
		},
		"UpdateUser": func(ctx context.Context, c *admin.Client) (any, error) {
			return c.UpdateUser(ctx, 7, admin.Set("age", 1))
		},
		"UpdateUsers": func(ctx context.Context, c *admin.Client) (any, error) {
			return c.UpdateUsers(ctx, []admin.Change{admin.Set("age", 1)}, admin.AllUsers())
		},
		"Users": func(ctx context.Context, c *admin.Client) (any, error) { return collect(c.Users(ctx)) },
	})
	return calls
}

// collect returns what a loop gets until the first error.
func collect[T any](all iter.Seq2[T, error]) ([]T, error) {
	var found []T
	for v, err := range all {
		if err != nil {
			return found, err
		}
		found = append(found, v)
	}
	return found, nil
}

func TestCanaryKnowsEveryAdminCall(t *testing.T) {
	calls := canaryAdminCalls()
	of := reflect.TypeFor[*admin.Client]()
	var missing []string
	for i := range of.NumMethod() {
		m := of.Method(i)
		if m.Type.NumIn() > 1 && m.Type.In(1) == reflect.TypeFor[context.Context]() && calls[m.Name] == nil {
			missing = append(missing, m.Name)
		}
	}
	requireNone(t, missing, "calls that canaryAdminCalls lacks")
}

// canaryExchange responds to the requests that get an access token, and to others as
// respond says.
func canaryExchange(respond func(string) (int, string)) func(string) (int, string) {
	return func(request string) (int, string) {
		switch {
		case strings.Contains(request, "/authorize/"):
			return 200, asJSON(map[string]string{"code": canaryCode})
		case strings.Contains(request, "/access_token/"):
			return 200, asJSON(map[string]any{"access_token": canaryToken, "refresh_token": canaryFresh, "expires_in": 3600})
		}
		return respond(request)
	}
}

// Whatever the backend responds, to a call or to the requests that get an access token,
// no error, no returned value and no log shows a secret.
func TestNoSecretOfTheOpenAPIShows(t *testing.T) {
	ways := echoes()
	ways["200 lists"] = func(request string) (int, string) {
		if strings.Contains(request, `"age"`) {
			return 200, asJSON(map[string]any{"operation_result": []any{map[string]any{"success": map[string]any{"id": "7", "token": canaryFresh}}}})
		}
		return 200, `{"meta":{"next":null,"total_count":1},"objects":[` + canaryUser + `]}`
	}
	for way, respond := range ways {
		for what, backend := range map[string]func(string) (int, string){"call": canaryExchange(respond), "exchange": respond} {
			synctest.Test(t, func(t *testing.T) { // because reads are retried after a pause
				var log canaryLog
				echo := new(echo)
				echo.set(backend)
				for name, call := range canaryAdminCalls() {
					c, err := admin.New("client-1", canaryClientSecret,
						admin.WithHTTPClient(&http.Client{Transport: echo}), admin.WithLogger(log.logger(false)))
					require.NoError(t, err)
					value, err := call(t.Context(), c)
					requireNoSecretInError(t, err, way+" of the "+what+": "+name)
					if value != nil && !reflect.ValueOf(value).IsZero() {
						requireNoSecretInValue(t, value, way+" of the "+what+": "+name+" returns")
					}
				}
				require.NotEmpty(t, log.String())
				requireNoSecret(t, log.String(), "log")
			})
		}
	}
}
