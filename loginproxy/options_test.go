package loginproxy

import (
	"context"
	"go/ast"
	"net/http"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/hydrogen-go/baas/baastest"
)

// fieldsByOption has a value of every option, and the fields that it sets.
var fieldsByOption = map[string]struct {
	opt    Option
	fields []string
}{
	"WithIdleTimeout":     {WithIdleTimeout(time.Minute), []string{"idle", "idleSet"}},
	"WithAbsoluteTimeout": {WithAbsoluteTimeout(DefaultIdleTimeout), []string{"absolute"}},
	"WithMaxBody":         {WithMaxBody(1), []string{"maxBody"}},
	"WithCookie":          {WithCookie("__Host-a"), []string{"cookie", "crossOrigin"}},
	"WithOnLogin":         {WithOnLogin(func(context.Context, *Visitor) {}), []string{"onLogin"}},
	"WithOnLogout":        {WithOnLogout(func(context.Context, *Visitor) {}), []string{"onLogout"}},
	"WithObserver":        {WithObserver(func(context.Context, Event) {}), []string{"observer"}},
	"WithLoginCheck":      {WithLoginCheck(func(context.Context, *Visitor) error { return nil }), []string{"loginCheck"}},
	"WithRateLimiter": {WithRateLimiter(func(context.Context, RateKey) (time.Duration, error) {
		return 0, nil
	}), []string{"limiter"}},
	"WithClientAddr": {WithClientAddr(func(*http.Request) string { return "" }), []string{"clientAddr"}},
	"WithUserFields": {WithUserFields("id"), []string{"userFields"}},
}

// Each option alone changes its own fields and no other.
func TestOptionsChangeTheirOwnFields(t *testing.T) {
	backend, err := baastest.New()
	require.NoError(t, err)
	client, err := backend.Client()
	require.NoError(t, err)
	plain, err := New(client)
	require.NoError(t, err)
	set := map[string]bool{}
	for name, tt := range fieldsByOption {
		p, err := New(client, tt.opt)
		require.NoError(t, err)
		require.Equal(t, tt.fields, changed(plain.config, p.config), name)
		for _, field := range tt.fields {
			set[field] = true
		}
	}
	for _, field := range reflect.VisibleFields(reflect.TypeFor[config]()) {
		require.True(t, set[field.Name], "no option sets %s", field.Name)
	}
}

// A proxy that exists stays as it is when its options are used again with others.
func TestOptionsLeaveOtherProxiesAlone(t *testing.T) {
	backend, err := baastest.New()
	require.NoError(t, err)
	client, err := backend.Client()
	require.NoError(t, err)
	plain, err := New(client)
	require.NoError(t, err)
	before := plain.config
	var opts []Option
	for _, tt := range fieldsByOption {
		opts = append(opts, tt.opt)
	}
	one, err := New(client, opts...)
	require.NoError(t, err)
	first := one.config
	two, err := New(client, append(opts, WithMaxBody(2), WithCookie("__Host-b", "https://app.example.com"))...)
	require.NoError(t, err)
	require.Empty(t, changed(before, plain.config))
	require.Empty(t, changed(first, one.config))
	require.Equal(t, []string{"maxBody", "cookie", "crossOrigin"}, changed(one.config, two.config))
}

// TestEveryOptionIsTested compares the list of options above with the code.
func TestEveryOptionIsTested(t *testing.T) {
	eachFile(t, func(file *ast.File) {
		for _, decl := range file.Decls {
			if f, ok := decl.(*ast.FuncDecl); ok && f.Recv == nil && strings.HasPrefix(f.Name.Name, "With") {
				require.Contains(t, fieldsByOption, f.Name.Name)
			}
		}
	})
}

// changed returns the names of the fields that differ. Functions, pointers and slices differ
// if they are not the same one.
func changed(a, b config) (names []string) {
	one, two := reflect.ValueOf(a), reflect.ValueOf(b)
	for i := range one.NumField() {
		x, y := one.Field(i), two.Field(i)
		same := false
		switch x.Kind() {
		case reflect.Func, reflect.Pointer, reflect.Slice:
			same = x.Pointer() == y.Pointer()
		default:
			same = x.Equal(y)
		}
		if !same {
			names = append(names, one.Type().Field(i).Name)
		}
	}
	return names
}

// The default of the idle timeout is no longer than the absolute timeout that is given.
func TestIdleTimeoutByDefault(t *testing.T) {
	backend, err := baastest.New()
	require.NoError(t, err)
	client, err := backend.Client()
	require.NoError(t, err)
	for absolute, want := range map[time.Duration]time.Duration{
		time.Hour: time.Hour, DefaultIdleTimeout - 1: DefaultIdleTimeout - 1, DefaultIdleTimeout: DefaultIdleTimeout, 90 * 24 * time.Hour: DefaultIdleTimeout,
	} {
		p, err := New(client, WithAbsoluteTimeout(absolute))
		require.NoError(t, err)
		require.Equal(t, want, p.idle)
		require.Equal(t, absolute, p.absolute)
	}
}
