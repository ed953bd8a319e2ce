package main

import (
	"encoding/json"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/hydrogen-go/baas/user"
)

func TestGuard(t *testing.T) {
	for text, want := range map[string]string{
		"":                "",
		"Ann":             "Ann",
		"a=b":             "a=b",
		"=1+1":            "'=1+1",
		"+8613800138000":  "'+8613800138000",
		"-1+1":            "'-1+1",
		"@SUM(A1)":        "'@SUM(A1)",
		"＝1+1":            "'＝1+1",
		" =1+1":           "' =1+1",
		"\u00a0=1":        "'\u00a0=1",
		"\ufeff=1":        "'\ufeff=1",
		"\tAnn":           "'\tAnn",
		"\rAnn":           "'\rAnn",
		"\nAnn":           "'\nAnn",
		"\x00=1":          "'\x00=1",
		"安":               "安",
		" ":               " ",
		"=HYPERLINK(\"\")": "'=HYPERLINK(\"\")",
	} {
		require.Equal(t, want, guard(text), "%q", text)
	}
}

func TestCell(t *testing.T) {
	var u user.User
	_ = u
	require.True(t, json.Valid([]byte("1")))
}
