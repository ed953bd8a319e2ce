package guard_test

import (
	"context"
	"iter"
	"net/http"
	"reflect"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/stretchr/testify/require"

	"github.com/hydrogen-go/baas/admin"
)

const canaryClientSecret = "canary client secret <&>"

// canaryAdminCalls returns all calls of an admin.Client with a context, with secrets in
// their arguments.
func canaryAdminCalls() map[string]func(context.Context, *admin.Client) (any, error) {
	return map[string]func(context.Context, *admin.Client) (any, error){
		"CountUsers": func(ctx context.Context, c *admin.Client) (any, error) { return c.CountUsers(ctx) },
		"GetUser":    func(ctx context.Context, c *admin.Client) (any, error) { return c.GetUser(ctx, 7) },
		"Token":      func(ctx context.Context, c *admin.Client) (any, error) { return c.Token(ctx) },
		"UpdateAccount": func(ctx context.Context, c *admin.Client) (any, error) {
			return c.UpdateAccount(ctx, 7, admin.Username("bob"), admin.NewPassword(canaryPassword))
		},
		"UpdateUser": func(ctx context.Context, c *admin.Client) (any, error) {
			return c.UpdateUser(ctx, 7, admin.Set("age", 1))
		},
		"UpdateUsers": func(ctx context.Context, c *admin.Client) (any, error) {
			return c.UpdateUsers(ctx, []admin.Change{admin.Set("age", 1)}, admin.AllUsers())
		},
		"Users": func(ctx context.Context, c *admin.Client) (any, error) { return collect(c.Users(ctx)) },
	}
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
	for way, respond := range echoes() {
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
