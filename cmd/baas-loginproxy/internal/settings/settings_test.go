package settings

import (
	"bytes"
	"errors"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// values are those of the table of these tests.
type values struct {
	url, secret, form string
	on, mode          bool
	n                 int
	life              time.Duration
	list              []string
	addr              string
}

func (v *values) table() Table {
	v.form, v.life = "text", 7*24*time.Hour
	return Table{Prefix: "APP_", Settings: []Setting{
		{Name: "url", Group: "One", Help: "Where.", Value: Text(&v.url, "URL"), RefuseFlag: func(text string) error {
			if strings.Contains(text, "@") {
				return errors.New("not on the command line")
			}
			return nil
		}},
		{Name: "the-secret", Group: "One", Help: "What.", Secret: true, Value: Text(&v.secret, "")},
		{Name: "on", Group: "One", Help: "Whether.", Value: Switch(&v.on)},
		{Name: "n", Group: "Two", Help: "How many.", Value: Number(&v.n, 2)},
		{Name: "life", Group: "Two", Help: "How long.", Value: Duration(&v.life, time.Second)},
		{Name: "list", Group: "Two", Help: "Which.", Value: List(&v.list, "X", nil)},
		{Name: "form", Group: "Two", Help: "Which form.", Value: OneOf(&v.form, "text", "json")},
		{Name: "addr", Group: "Two", Help: "Where else.", Value: Address(&v.addr)},
		{Name: "mode", Group: "Two", Help: "Do it.", Mode: true, Value: Switch(&v.mode)},
	}}
}

// file makes a file with that text.
func file(t *testing.T, text string) string {
	t.Helper()
	name := filepath.Join(t.TempDir(), "secret")
	require.NoError(t, os.WriteFile(name, []byte(text), 0o600))
	return name
}

func TestRead(t *testing.T) {
	t.Parallel()
	with := func(change func(*values)) values {
		v := values{form: "text", life: 7 * 24 * time.Hour}
		change(&v)
		return v
	}
	secret := file(t, " two words \r\n")
	for name, tt := range map[string]struct {
		args, environ []string
		want          values
		given         Given
	}{
		"nothing":                               {want: with(func(*values) {}), given: Given{}},
		"a flag":                                {args: []string{"-url", "a"}, want: with(func(v *values) { v.url = "a" }), given: Given{"url": "-url"}},
		"a variable":                            {environ: []string{"APP_URL=a=b"}, want: with(func(v *values) { v.url = "a=b" }), given: Given{"url": "APP_URL"}},
		"the flag wins":                         {args: []string{"-url=a"}, environ: []string{"APP_URL=b"}, want: with(func(v *values) { v.url = "a" }), given: Given{"url": "-url"}},
		"an empty variable":                     {environ: []string{"APP_URL=", "APP_N=", "APP_UNKNOWN="}, want: with(func(*values) {}), given: Given{}},
		"other variables":                       {environ: []string{"OTHER_URL=x", "PATH=/bin", "APPLE=1"}, want: with(func(*values) {}), given: Given{}},
		"a secret":                              {environ: []string{"APP_THE_SECRET=s"}, want: with(func(v *values) { v.secret = "s" }), given: Given{"the-secret": "APP_THE_SECRET"}},
		"a secret's file":                       {environ: []string{"APP_THE_SECRET_FILE=" + secret}, want: with(func(v *values) { v.secret = " two words " }), given: Given{"the-secret": secret}},
		"a secret's flag":                       {args: []string{"-the-secret-file", secret}, want: with(func(v *values) { v.secret = " two words " }), given: Given{"the-secret": secret}},
		"the file's flag wins":                  {args: []string{"-the-secret-file", secret}, environ: []string{"APP_THE_SECRET_FILE=/nowhere"}, want: with(func(v *values) { v.secret = " two words " }), given: Given{"the-secret": secret}},
		"a URL with a password in the variable": {environ: []string{"APP_URL=a:b@c"}, want: with(func(v *values) { v.url = "a:b@c" }), given: Given{"url": "APP_URL"}},
		"a switch":                              {args: []string{"-on"}, want: with(func(v *values) { v.on = true }), given: Given{"on": "-on"}},
		"a switch, off":                         {args: []string{"-on=false"}, environ: []string{"APP_ON=true"}, want: with(func(*values) {}), given: Given{"on": "-on"}},
		"a switch's variable":                   {environ: []string{"APP_ON=1"}, want: with(func(v *values) { v.on = true }), given: Given{"on": "APP_ON"}},
		"a mode":                                {args: []string{"-mode"}, want: with(func(v *values) { v.mode = true }), given: Given{"mode": "-mode"}},
		"all kinds": {
			environ: []string{"APP_N=2", "APP_LIFE=1d12h", "APP_LIST= a , b", "APP_FORM=json", "APP_ADDR=:0"},
			want: with(func(v *values) {
				v.n, v.life, v.list, v.form, v.addr = 2, 36*time.Hour, []string{"a", "b"}, "json", ":0"
			}),
			given: Given{"n": "APP_N", "life": "APP_LIFE", "list": "APP_LIST", "form": "APP_FORM", "addr": "APP_ADDR"},
		},
		"Kubernetes' variables": {environ: []string{
			"APP_SERVICE_HOST=10.0.0.1", "APP_SERVICE_PORT=80", "APP_LOGIN_SERVICE_PORT_HTTP=80", "APP_PORT=tcp://10.0.0.1:80",
			"APP_PORT_80_TCP=tcp://10.0.0.1:80", "APP_PORT_80_TCP_PROTO=tcp", "APP_PORT_80_TCP_PORT=80", "APP_PORT_80_TCP_ADDR=10.0.0.1",
		}, want: with(func(*values) {}), given: Given{}},
	} {
		var v values
		given, err := v.table().Read(tt.args, tt.environ)
		require.NoError(t, err, name)
		require.Equal(t, tt.want, v, name)
		require.Equal(t, tt.given, given, name)
	}
}

func TestReadRefuses(t *testing.T) {
	t.Parallel()
	const canary = "canary"
	secret := file(t, canary)
	for name, tt := range map[string]struct {
		args, environ []string
		want          string
	}{
		"unknown flag":            {args: []string{"-nope"}, want: "unknown flag -nope"},
		"a flag misspelt":         {args: []string{"-lief=1d"}, want: "unknown flag -lief; did you mean -life?"},
		"a variable misspelt":     {environ: []string{"APP_LIEF=1d"}, want: "unknown environment variable APP_LIEF; did you mean APP_LIFE?"},
		"a secret on the line":    {args: []string{"-the-secret", canary}, want: "-the-secret: a secret is not taken from the command line: use APP_THE_SECRET or -the-secret-file"},
		"the same with =":         {args: []string{"-the-secret=" + canary}, want: "not taken from the command line"},
		"a secret of two words":   {args: []string{"-the-secret", "two", canary}, want: "not taken from the command line"},
		"a secret, then a flag":   {args: []string{"-the-secret", canary, "-nope"}, want: "not taken from the command line"},
		"an argument":             {args: []string{"-on", "extra"}, want: `unexpected argument "extra"`},
		"a flag twice":            {args: []string{"-url", "a", "-url", "a"}, want: "-url is given twice"},
		"no value":                {args: []string{"-url"}, want: "-url"},
		"unknown variable":        {environ: []string{"APP_URI=" + canary}, want: "unknown environment variable APP_URI"},
		"a port that is no link":  {environ: []string{"APP_PORT=8080"}, want: "unknown environment variable APP_PORT"},
		"a variable for a mode":   {environ: []string{"APP_MODE=true"}, want: "unknown environment variable APP_MODE"},
		"a file for no secret":    {environ: []string{"APP_URL_FILE=x"}, want: "unknown environment variable APP_URL_FILE"},
		"secret twice":            {environ: []string{"APP_THE_SECRET=" + canary, "APP_THE_SECRET_FILE=" + secret}, want: "APP_THE_SECRET (or a file: -the-secret-file, APP_THE_SECRET_FILE): given both as a variable and as a file"},
		"secret twice, by a flag": {args: []string{"-the-secret-file", secret}, environ: []string{"APP_THE_SECRET=" + canary}, want: "given both"},
		"no file":                 {environ: []string{"APP_THE_SECRET_FILE=/nowhere"}, want: "open /nowhere"},
		"a directory":             {environ: []string{"APP_THE_SECRET_FILE=/"}, want: "is a directory"},
		"an empty file":           {environ: []string{"APP_THE_SECRET_FILE=" + file(t, "\n")}, want: "is empty"},
		"an empty name":           {args: []string{"-the-secret-file", ""}, want: "the name of the file is empty"},
		"a huge file":             {environ: []string{"APP_THE_SECRET_FILE=" + file(t, strings.Repeat("x", maxFile+1))}, want: "more than"},
		"a password in a flag":    {args: []string{"-url", "a:canary@b"}, want: "-url (APP_URL): not on the command line"},
		"no switch":               {args: []string{"-on=perhaps"}, want: `-on (APP_ON): "perhaps" is not true or false`},
		"no number":               {environ: []string{"APP_N=many"}, want: `-n (APP_N): "many" is not a whole number of 2 or more`},
		"a small number":          {environ: []string{"APP_N=1"}, want: "2 or more"},
		"no duration":             {environ: []string{"APP_LIFE=7"}, want: "-life (APP_LIFE)"},
		"a short duration":        {environ: []string{"APP_LIFE=1ms"}, want: "shorter than 1s"},
		"an empty element":        {environ: []string{"APP_LIST=a,,b"}, want: "-list (APP_LIST)"},
		"an element twice":        {environ: []string{"APP_LIST=a,a"}, want: `"a" is in the list twice`},
		"another word":            {environ: []string{"APP_FORM=xml"}, want: `"xml" is not one of text, json`},
		"no port":                 {environ: []string{"APP_ADDR=host"}, want: "-addr (APP_ADDR)"},
		"a bad port":              {environ: []string{"APP_ADDR=host:http"}, want: "-addr (APP_ADDR)"},
	} {
		var v values
		_, err := v.table().Read(tt.args, tt.environ)
		require.ErrorContains(t, err, tt.want, name)
		require.NotContains(t, err.Error(), canary, name)
	}
}

// Everything that is wrong is told at once.
func TestReadTellsAll(t *testing.T) {
	t.Parallel()
	var v values
	_, err := v.table().Read([]string{"-n", "x"}, []string{"APP_LIFE=x", "APP_NOPE=x"})
	for _, want := range []string{"APP_N", "APP_LIFE", "APP_NOPE"} {
		require.ErrorContains(t, err, want)
	}
	_, err = v.table().Read([]string{"-h"}, nil)
	require.ErrorIs(t, err, flag.ErrHelp)
}

func TestHelpAndMarkdown(t *testing.T) {
	t.Parallel()
	var v values
	table := v.table()
	var help, markdown bytes.Buffer
	table.WriteHelp(&help)
	table.WriteMarkdown(&markdown)
	require.Contains(t, help.String(), "\nOne:\n  -url URL ")
	require.Contains(t, help.String(), "-the-secret-file FILE")
	require.Contains(t, help.String(), "APP_THE_SECRET, APP_THE_SECRET_FILE\n      What.\n")
	require.Contains(t, help.String(), "How long. (default 7d)")
	require.Contains(t, markdown.String(), "| `-form text\\|json` | `APP_FORM` | `text` | Which form. |\n")
	require.Contains(t, markdown.String(), "| `-mode` |  | `false` | Do it. |\n")
	require.Equal(t, []string{"One", "Two"}, table.Groups())
	require.Panics(t, func() { table.Names("nope") })
	require.Equal(t, "-mode", table.Names("mode"))
}
