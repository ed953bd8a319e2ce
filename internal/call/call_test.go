package call_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/hydrogen-go/baas/herror"
	"github.com/hydrogen-go/baas/internal/call"
)

func TestDefaults(t *testing.T) {
	p := call.Defaults()
	require.Equal(t, call.Params{CreateUser: true, SyncUserProfile: "setnx", Overwrite: true}, p)
	require.NoError(t, p.Check())
	for option := call.Code; option <= call.Overwrite; option <<= 1 {
		require.False(t, p.Has(option))
	}
}

func TestRefuse(t *testing.T) {
	all := map[call.Given]string{
		call.Code: "Code", call.CreateUser: "CreateUser", call.SyncUserProfile: "SyncUserProfile",
		call.AppName: "AppName", call.UnionID: "WithUnionID", call.Overwrite: "Overwrite",
	}
	for option, name := range all {
		p := call.Params{Given: option}
		require.True(t, p.Has(option))
		require.NoError(t, p.Refuse("qq", 0))
		require.NoError(t, p.Refuse("qq", ^option))
		for _, refused := range []call.Given{option, ^call.Given(0)} {
			err := p.Refuse("qq", refused)
			require.ErrorIs(t, err, herror.InvalidParameter)
			require.EqualError(t, err, "605: incorrect parameter type: option "+name+" has no meaning on platform qq")
		}
	}
}

func TestCheck(t *testing.T) {
	for name, tt := range map[string]struct {
		change func(*call.Params)
		ok     bool
	}{
		"overwrite":         {func(p *call.Params) { p.SyncUserProfile = "overwrite" }, true},
		"false":             {func(p *call.Params) { p.SyncUserProfile = "false" }, true},
		"a code":            {func(p *call.Params) { p.Code = strings.Repeat("c", call.MaxCode) }, true},
		"no sync":           {func(p *call.Params) { p.SyncUserProfile = "" }, false},
		"another sync":      {func(p *call.Params) { p.SyncUserProfile = "true" }, false},
		"sync in capitals":  {func(p *call.Params) { p.SyncUserProfile = "SetNX" }, false},
		"over-long code":    {func(p *call.Params) { p.Code = strings.Repeat("c", call.MaxCode+1) }, false},
		"code not UTF-8":    {func(p *call.Params) { p.Code = "canary\xff" }, false},
		"code of two lines": {func(p *call.Params) { p.Code = "canary\n" }, false},
		"over-long app":     {func(p *call.Params) { p.AppName = strings.Repeat("a", call.MaxIdentifier+1) }, false},
	} {
		p := call.Defaults()
		tt.change(&p)
		err := p.Check()
		if tt.ok {
			require.NoError(t, err, name)
			continue
		}
		require.ErrorIs(t, err, herror.InvalidParameter, name)
		require.NotContains(t, err.Error(), "canary", name)
	}
}

func TestIdentifier(t *testing.T) {
	for text, want := range map[string]string{
		"":             "",
		"12345678":     "",
		"用户":           "",
		"a b":          "",
		"123456789":    "name is longer than 8 bytes",
		"用户用":          "name is longer than 8 bytes",
		"a\x00":        "name has control characters",
		"a\nb":         "name has control characters",
		"\x7f":         "name has control characters",
		"\xff":         "name is not UTF-8",
		"\xed\xa0\x80": "name is not UTF-8",
	} {
		err := call.Identifier("name", text, 8)
		if want == "" {
			require.NoError(t, err, text)
			continue
		}
		require.EqualError(t, err, "605: incorrect parameter type: "+want)
	}
}

func TestNew(t *testing.T) {
	r, err := call.New("POST", "/hserve/", map[string]int{"a": 1}, "secret")
	require.NoError(t, err)
	require.Equal(t, call.Request{Method: "POST", Path: "/hserve/", Body: []byte(`{"a":1}`), Secrets: []string{"secret"}}, r)

	r, err = call.New("POST", "/hserve/", map[string]any{"a": func() {}}, "secret")
	require.ErrorIs(t, err, herror.InvalidParameter)
	require.Equal(t, call.Request{}, r)
}
