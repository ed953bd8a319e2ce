package main

import (
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/hydrogen-go/baas/baastest"
)

func TestGuard(t *testing.T) {
	for text, want := range map[string]string{
		"":                 "",
		"Ann":              "Ann",
		"a=b":              "a=b",
		"=1+1":             "'=1+1",
		"+8613800138000":   "'+8613800138000",
		"-1+1":             "'-1+1",
		"@SUM(A1)":         "'@SUM(A1)",
		"＝1+1":             "'＝1+1",
		" =1+1":            "' =1+1",
		"\u00a0=1":         "'\u00a0=1",
		"\ufeff=1":         "'\ufeff=1",
		"\tAnn":            "'\tAnn",
		"\rAnn":            "'\rAnn",
		"\nAnn":            "'\nAnn",
		"\x00=1":           "'\x00=1",
		"安":                "安",
		" ":                " ",
		"=HYPERLINK(\"\")": "'=HYPERLINK(\"\")",
	} {
		require.Equal(t, want, guard(text), "%q", text)
	}
}

// Custom fields are exported by type: numbers as they are, texts guarded.
func TestExportedFields(t *testing.T) {
	a := newAccount(t)
	_, err := a.AddUser(baastest.User{Custom: map[string]any{"score": -3, "note": "=1", "tags": []string{"a"}, "vip": true}})
	require.NoError(t, err)
	path := filepath.Join(t.TempDir(), "users.csv")
	_, err = a.run("-csv", path, "-fields", "score,note,tags,vip,=field")
	require.NoError(t, err)
	rows := readCSV(t, path)
	require.Equal(t, []string{"score", "note", "tags", "vip", "'=field"}, rows[0][6:])
	require.Equal(t, []string{"-3", "'=1", `["a"]`, "true", ""}, rows[len(rows)-1][6:])
}
