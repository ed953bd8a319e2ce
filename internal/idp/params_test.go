package idp

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/hydrogen-go/baas/herror"
	"github.com/hydrogen-go/baas/internal/check"
	"github.com/hydrogen-go/baas/platform"
	"github.com/hydrogen-go/baas/session"
)

func codeOf(text string) platform.CodeOption {
	return platform.CodeOption{Code: session.NewSecret(text)}
}

func mode(m platform.SyncMode) platform.SyncOption { return platform.SyncOption{Mode: m} }

// Each option, alone, changes exactly its own field.
func TestOptions(t *testing.T) {
	for _, tt := range []struct {
		name   string
		option any
		want   func(*Params)
		given  option
	}{
		{"none", nil, func(*Params) {}, 0},
		{"Code", codeOf("c"), func(p *Params) { p.Code = "c" }, optCode},
		{"Code of nothing", codeOf(""), func(*Params) {}, optCode},
		{"CreateUser(false)", platform.CreateOption{On: false}, func(p *Params) { p.CreateUser = false }, optCreateUser},
		{"CreateUser(true)", platform.CreateOption{On: true}, func(*Params) {}, optCreateUser},
		{"SyncUserProfile(Overwrite)", mode(platform.Overwrite), func(p *Params) { p.SyncUserProfile = "overwrite" }, optSyncUserProfile},
		{"SyncUserProfile(NoSync)", mode(platform.NoSync), func(p *Params) { p.SyncUserProfile = "false" }, optSyncUserProfile},
		{"SyncUserProfile(SetNX)", mode(platform.SetNX), func(*Params) {}, optSyncUserProfile},
		{"AppName", platform.AppNameOption{Name: "Douyin_Lite"}, func(p *Params) { p.AppName = "douyin_lite" }, optAppName},
		{"WithUnionID", platform.UnionIDOption{On: true}, func(p *Params) { p.UnionID = true }, optUnionID},
		{"OnPlatform", platform.PlatformOption{Platform: platform.QQ{}}, func(p *Params) { p.Platform = platform.QQ{} }, optPlatform},
		{"Silent", platform.SilentOption{On: true}, func(p *Params) { p.Silent = true }, optSilent},
		{"Overwrite(false)", platform.OverwriteOption{On: false}, func(p *Params) { p.Overwrite = false }, optOverwrite},
	} {
		t.Run(tt.name, func(t *testing.T) {
			got, err := Given([]any{tt.option})
			require.NoError(t, err)
			want := Defaults()
			tt.want(&want)
			want.given = tt.given
			require.Equal(t, want, got)
		})
	}
}

// Every option has a name, for the error that refuses it.
func TestEveryOptionHasAName(t *testing.T) {
	count := 0
	for o := option(1); o < optEnd; o <<= 1 {
		require.NotEmpty(t, optionNames[o])
		count++
	}
	require.Len(t, optionNames, count)
}

// An option that nobody has taught Params to read is refused, not dropped.
func TestUnknownOptionIsRefused(t *testing.T) {
	_, err := Given([]any{struct{}{}})
	require.ErrorIs(t, err, herror.InvalidParameter)
}

// What nobody said that a call takes is refused.
func TestOnlyWhatIsTaken(t *testing.T) {
	for o, name := range optionNames {
		p := Params{given: o}
		require.NoError(t, p.only(o, "x"))
		require.NoError(t, p.only(^option(0), "x"))
		for _, taken := range []option{0, ^o} {
			err := p.only(taken, "platform qq")
			require.ErrorIs(t, err, herror.InvalidParameter)
			require.EqualError(t, err, "605: incorrect parameter type: option "+name+" has no meaning on platform qq")
		}
	}
}

func TestParamsThatCannotBeSent(t *testing.T) {
	for name, tt := range map[string]struct {
		option any
		ok     bool
	}{
		"overwrite":          {mode("overwrite"), true},
		"false":              {mode("false"), true},
		"a code":             {codeOf(strings.Repeat("c", check.MaxCode)), true},
		"no sync":            {mode(""), false},
		"another sync":       {mode("true"), false},
		"a sync with canary": {mode("canary"), false},
		"sync in capitals":   {mode("SetNX"), false},
		"over-long code":     {codeOf(strings.Repeat("c", check.MaxCode+1)), false},
		"code not UTF-8":     {codeOf("canary\xff"), false},
		"code of two lines":  {codeOf("canary\n"), false},
		"over-long app":      {platform.AppNameOption{Name: strings.Repeat("a", check.MaxIdentifier+1)}, false},
	} {
		_, err := Given([]any{tt.option})
		if tt.ok {
			require.NoError(t, err, name)
			continue
		}
		require.ErrorIs(t, err, herror.InvalidParameter, name)
		require.NotContains(t, err.Error(), "canary", name)
	}
}
