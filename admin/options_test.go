package admin

import (
	"fmt"
	"log/slog"
	"net/http"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/hydrogen-go/baas/herror"
	"github.com/hydrogen-go/baas/internal/testkit"
	"github.com/hydrogen-go/baas/session"
)

func TestNewErrors(t *testing.T) {
	const id, secret = "995140f59511a222c937", "canary-secret"
	for name, tt := range map[string]struct {
		id, secret string
		opts       []Option
		code       herror.Code
	}{
		"no client id":              {"", secret, nil, herror.Uninitialized},
		"client id with a slash":    {"a/b", secret, nil, herror.InvalidParameter},
		"no client secret":          {id, "", nil, herror.InvalidParameter},
		"secret with a line break":  {id, "canary\n", nil, herror.InvalidParameter},
		"secret over-long":          {id, strings.Repeat("canary", 1000), nil, herror.InvalidParameter},
		"plain http":                {id, secret, []Option{WithHost("http://cloud.example.com")}, herror.InvalidParameter},
		"host without a scheme":     {id, secret, []Option{WithHost("cloud.example.com")}, herror.InvalidParameter},
		"env empty":                 {id, secret, []Option{WithEnv("")}, herror.InvalidParameter},
		"nil HTTP client":           {id, secret, []Option{WithHTTPClient(nil)}, herror.InvalidParameter},
		"no connections":            {id, secret, []Option{WithMaxConnsPerHost(0)}, herror.InvalidParameter},
		"timeout zero":              {id, secret, []Option{WithTimeout(0)}, herror.InvalidParameter},
		"timeout too long":          {id, secret, []Option{WithTimeout(session.Grace)}, herror.InvalidParameter},
		"nil logger":                {id, secret, []Option{WithLogger(nil)}, herror.InvalidParameter},
		"nil token store":           {id, secret, []Option{WithTokenStore(nil)}, herror.InvalidParameter},
		"nil clock":                 {id, secret, []Option{WithClock(nil)}, herror.InvalidParameter},
		"a bad option after a good": {id, secret, []Option{WithEnv("a"), WithEnv("a b")}, herror.InvalidParameter},
	} {
		t.Run(name, func(t *testing.T) {
			c, err := New(tt.id, tt.secret, tt.opts...)
			require.Nil(t, c)
			require.Equal(t, tt.code, herror.CodeOf(err))
			require.NotContains(t, err.Error(), "canary")
		})
	}
}

// Each option, alone, changes its own field and no other.
func TestEachOptionChangesItsOwnFieldOnly(t *testing.T) {
	fields := slices.DeleteFunc(reflect.VisibleFields(reflect.TypeFor[config]()), func(f reflect.StructField) bool { return f.Anonymous })
	covered := make(map[string]bool)
	for want, opt := range map[string]Option{
		"Host":         WithHost("https://cloud.example.com"),
		"InsecureHTTP": WithInsecureHTTP(),
		"Env":          WithEnv("test"),
		"HTTPClient":   WithHTTPClient(new(http.Client)),
		"MaxConns":     WithMaxConnsPerHost(7),
		"Timeout":      WithTimeout(time.Second),
		"Logger":       WithLogger(slog.New(slog.DiscardHandler)),
		"Now":          WithClock(time.Now),
		"store":        WithTokenStore(testkit.Memory(t)),
	} {
		var cfg config
		require.NoError(t, opt(&cfg), want)
		var changed []string
		for _, field := range fields {
			if !reflect.ValueOf(cfg).FieldByIndex(field.Index).IsZero() {
				changed = append(changed, field.Name)
			}
		}
		require.Equal(t, []string{want}, changed)
		covered[want] = true
	}
	require.Len(t, covered, len(fields), "a field that no option sets")
}

func TestDefaults(t *testing.T) {
	c, err := New("id", "secret", nil)
	require.NoError(t, err)
	require.Equal(t, "https://cloud.minapp.com", c.host)
	require.Equal(t, "admin client of https://cloud.minapp.com", c.String())
	require.Equal(t, c.String(), fmt.Sprintf("%v", c))
	require.Nil(t, c.header)
	for _, good := range []string{"http://127.0.0.1:8080", "http://localhost", "https://cloud.example.com/"} {
		_, err = New("id", "secret", WithHost(good))
		require.NoError(t, err, good)
	}
	_, err = New("id", "secret", WithHost("http://cloud.example.com"), WithInsecureHTTP())
	require.NoError(t, err)
}
