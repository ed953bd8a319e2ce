package admin_test

import (
	"context"
	"iter"
	"maps"
	"os"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/hydrogen-go/baas/admin"
)

// everyCall has all calls of a client that send a request of the Open API, by name.
var everyCall = map[string]func(context.Context, *admin.Client) error{
	"Users":      func(ctx context.Context, c *admin.Client) error { return first(c.Users(ctx)) },
	"CountUsers": func(ctx context.Context, c *admin.Client) error { return second(c.CountUsers(ctx)) },
	"GetUser":    func(ctx context.Context, c *admin.Client) error { return second(c.GetUser(ctx, 7)) },
	"UpdateUser": func(ctx context.Context, c *admin.Client) error {
		return second(c.UpdateUser(ctx, 7, admin.Set("a", 1)))
	},
	"UpdateUsers": updateAll,
	"UpdateAccount": func(ctx context.Context, c *admin.Client) error {
		return second(c.UpdateAccount(ctx, 7, admin.ClearPhone()))
	},
	"Groups":            func(ctx context.Context, c *admin.Client) error { return first(c.Groups(ctx)) },
	"GetGroup":          func(ctx context.Context, c *admin.Client) error { return second(c.GetGroup(ctx, 7)) },
	"CreateGroup":       func(ctx context.Context, c *admin.Client) error { return second(c.CreateGroup(ctx, "a")) },
	"UpdateGroup":       func(ctx context.Context, c *admin.Client) error { return second(c.UpdateGroup(ctx, 7, "a")) },
	"DeleteGroup":       func(ctx context.Context, c *admin.Client) error { return c.DeleteGroup(ctx, 7) },
	"DeleteGroups":      func(ctx context.Context, c *admin.Client) error { return c.DeleteGroups(ctx, 7) },
	"UpdateMembership":  changeMembers,
	"SuperGroups":       func(ctx context.Context, c *admin.Client) error { return first(c.SuperGroups(ctx)) },
	"GetSuperGroup":     func(ctx context.Context, c *admin.Client) error { return second(c.GetSuperGroup(ctx, 7)) },
	"CreateSuperGroup":  func(ctx context.Context, c *admin.Client) error { return second(c.CreateSuperGroup(ctx, "a", nil)) },
	"UpdateSuperGroup":  func(ctx context.Context, c *admin.Client) error { return second(c.UpdateSuperGroup(ctx, 7, "a", nil)) },
	"DeleteSuperGroup":  func(ctx context.Context, c *admin.Client) error { return c.DeleteSuperGroup(ctx, 7) },
	"DeleteSuperGroups": func(ctx context.Context, c *admin.Client) error { return c.DeleteSuperGroups(ctx, 7) },
	"SendSmsCode":       func(ctx context.Context, c *admin.Client) error { return c.SendSmsCode(ctx, 7, "13800138000") },
	"VerifySmsCode":     func(ctx context.Context, c *admin.Client) error { return c.VerifySmsCode(ctx, 7, "13800138000", "1") },
}

func updateAll(ctx context.Context, c *admin.Client) error {
	return second(c.UpdateUsers(ctx, []admin.Change{admin.Set("a", 1)}, admin.AllUsers()))
}

func changeMembers(ctx context.Context, c *admin.Client) error {
	return c.UpdateMembership(ctx, admin.AddMembers([]int64{7}, []int64{8}))
}

// first returns the error with which a loop begins.
func first[T any](all iter.Seq2[T, error]) error {
	for _, err := range all {
		return err
	}
	return nil
}

// openAPIPage returns docs/open-api.md.
func openAPIPage(t *testing.T) string {
	t.Helper()
	text, err := os.ReadFile("../docs/open-api.md")
	require.NoError(t, err)
	return strings.ReplaceAll(string(text), "\r\n", "\n")
}

// Each row of the table has the endpoints that its calls send their last request to, and
// each call has a row.
func TestTableOfEndpoints(t *testing.T) {
	want := map[string][]string{} // calls by endpoint
	for _, m := range regexp.MustCompile("(?m)^\\| `([A-Z]+ /oserve/[^`]+)` \\| (.*) \\|$").FindAllStringSubmatch(openAPIPage(t), -1) {
		for _, call := range regexp.MustCompile(`\bc\.(\w+)\(`).FindAllStringSubmatch(m[2], -1) {
			want[m[1]] = append(want[m[1]], call[1])
		}
	}
	got := map[string][]string{}
	for name, call := range everyCall {
		a := newAPI().answers(`{"id":7,"meta":{"next":null,"total_count":1},"objects":[{"id":7}],"operation_result":[]}`)
		require.NoError(t, call(t.Context(), a.client(t)), name)
		endpoint := strings.Join(strings.Fields(a.asked[len(a.asked)-1])[:2], " ")
		endpoint = strings.Replace(endpoint, "/7/", "/:id/", 1)
		if path, ids, _ := strings.Cut(endpoint, "?"); strings.HasPrefix(ids, "id__in=") {
			endpoint = path + "?id__in="
		} else {
			endpoint = path
		}
		got[endpoint] = append(got[endpoint], name)
	}
	for _, calls := range []map[string][]string{want, got} {
		for endpoint := range calls {
			slices.Sort(calls[endpoint])
		}
	}
	require.Equal(t, want, got)
}

// everyCall has every call, except Token, which is no endpoint of its own.
func TestEveryCallHasAnEndpoint(t *testing.T) {
	of := reflect.TypeFor[*admin.Client]()
	var names []string
	for i := range of.NumMethod() {
		if m := of.Method(i); m.Type.NumIn() > 1 && m.Type.In(1) == reflect.TypeFor[context.Context]() && m.Name != "Token" {
			names = append(names, m.Name)
		}
	}
	require.Equal(t, slices.Sorted(maps.Keys(everyCall)), names)
}
