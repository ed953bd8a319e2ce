package main

import (
	"context"
	"encoding/csv"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/hydrogen-go/baas/baastest"
	"github.com/hydrogen-go/baas/herror"
)

func TestOutput(t *testing.T) {
	want, err := os.ReadFile("testdata/output.txt")
	require.NoError(t, err)

	var got, progress strings.Builder
	require.NoError(t, run(t.Context(), nil, &got, &progress))
	require.Equal(t, strings.ReplaceAll(string(want), "\r\n", "\n"), got.String())
	require.Contains(t, progress.String(), "(3002/3002)")
}

func TestDemoExportsToAFile(t *testing.T) {
	path := filepath.Join(t.TempDir(), "users.csv")
	require.NoError(t, run(t.Context(), []string{"-csv", path}, io.Discard, io.Discard))
	rows := readCSV(t, path)
	require.Len(t, rows, 1+demoUsers+2)
	require.Equal(t, []string{"61736926", "User 3", "", "", "13000000003", "2024-01-01T00:00:00Z", "3", ""}, rows[4])
}

func readCSV(t *testing.T, path string) [][]string {
	t.Helper()
	f, err := os.Open(path)
	require.NoError(t, err)
	defer f.Close()
	rows, err := csv.NewReader(f).ReadAll()
	require.NoError(t, err)
	return rows
}

const newPassword = "canary-new-password"

// account is a double on a port, as the program reaches a real account.
type account struct {
	t *testing.T
	*baastest.Backend
	url string
}

func newAccount(t *testing.T) account {
	t.Helper()
	backend, err := newBackend()
	require.NoError(t, err)
	server := httptest.NewServer(backend)
	t.Cleanup(server.Close)
	t.Setenv(secretVariable, backend.ClientSecret())
	t.Setenv(passwordVariable, newPassword)
	return account{t, backend, server.URL}
}

// run runs the program on the account, and returns what it wrote.
func (a account) run(args ...string) (string, error) {
	a.t.Helper()
	var out, progress strings.Builder
	err := run(a.t.Context(), append([]string{"-client-id", a.ClientID(), "-host", a.url}, args...), &out, &progress)
	for _, secret := range []string{a.ClientSecret(), newPassword} {
		require.NotContains(a.t, out.String()+progress.String(), secret)
		if err != nil {
			require.NotContains(a.t, err.Error(), secret)
		}
	}
	return out.String(), err
}

// writes returns how many requests of the journal change users.
func (a account) writes() int {
	n := 0
	for _, r := range a.Requests() {
		if r.Method == http.MethodPut {
			n++
		}
	}
	return n
}

// person returns Ann's two accounts.
func (a account) person() (kept, other baastest.User) {
	users := a.Users()
	return users[0], users[1]
}

// tasks are the flags of all tasks that write.
func (a account) tasks() []string {
	kept, _ := a.person()
	return []string{"-unionid", annUnionID, "-fields", "level,coupons", "-password-of", strconv.FormatInt(kept.ID, 10)}
}

// Without -write the program says what it would change, and changes nothing.
func TestReadOnly(t *testing.T) {
	a := newAccount(t)
	path := filepath.Join(t.TempDir(), "users.csv")
	before := a.Users()
	out, err := a.run(append(a.tasks(), "-csv", path)...)
	require.NoError(t, err)
	require.Contains(t, out, `with -write: set coupons of user 61736923 to "[\"tea\"]", as user 61736924 has it`)
	require.Contains(t, out, "with -write: set merged_into of user 61736924 to 61736923")
	require.Contains(t, out, `with -write: set the password of user 61736923 "Ann"`)
	require.Zero(t, a.writes())
	require.Equal(t, before, a.Users())
	require.Len(t, readCSV(t, path), 1+len(before))
}

func TestWrite(t *testing.T) {
	a := newAccount(t)
	_, err := a.run(append(a.tasks(), "-write")...)
	require.NoError(t, err)
	require.Equal(t, 3, a.writes())
	kept, other := a.person()
	require.Equal(t, []any{"tea"}, kept.Custom["coupons"])
	require.EqualValues(t, "4", kept.Custom["level"])
	require.EqualValues(t, strconv.FormatInt(kept.ID, 10), other.Custom[mergedInto])

	out, err := a.run("-unionid", annUnionID, "-fields", "level,coupons", "-write")
	require.NoError(t, err)
	require.Contains(t, out, "not merged yet: 1")
	require.Equal(t, 3, a.writes(), "a merge may be repeated")
}

// A merge whose last request failed is finished by the next run.
func TestMergeGoesOn(t *testing.T) {
	a := newAccount(t)
	_, other := a.person()
	route := "PUT /oserve/v2.6/miniapp/user_profile/" + strconv.FormatInt(other.ID, 10) + "/"
	a.Fail(route, baastest.Fault{Times: 1, Status: http.StatusForbidden})
	args := []string{"-unionid", annUnionID, "-fields", "coupons", "-write"}
	_, err := a.run(args...)
	require.ErrorIs(t, err, herror.Forbidden)
	_, err = a.run(args...)
	require.NoError(t, err)
	kept, other := a.person()
	require.Equal(t, []any{"tea"}, kept.Custom["coupons"])
	require.EqualValues(t, strconv.FormatInt(kept.ID, 10), other.Custom[mergedInto])
}

func TestUnknownPeople(t *testing.T) {
	a := newAccount(t)
	out, err := a.run("-unionid", "nobody", "-write")
	require.NoError(t, err)
	require.Contains(t, out, "no account has this unionid")
	_, err = a.run("-password-of", "1", "-write")
	require.ErrorIs(t, err, herror.NotFound)
	require.Zero(t, a.writes())
}

func TestSecretFile(t *testing.T) {
	a := newAccount(t)
	path := filepath.Join(t.TempDir(), "secret")
	require.NoError(t, os.WriteFile(path, []byte(a.ClientSecret()+"\n"), 0o600))
	t.Setenv(secretVariable, "")
	_, err := a.run("-secret-file", path)
	require.NoError(t, err)
	_, err = a.run()
	require.ErrorContains(t, err, "no client secret")
	_, err = a.run("-secret-file", path+".missing")
	require.ErrorIs(t, err, os.ErrNotExist)
}

// An export that fails leaves no file, and none replaces a file.
func TestExportFails(t *testing.T) {
	a := newAccount(t)
	path := filepath.Join(t.TempDir(), "users.csv")
	a.Fail("GET /oserve/v2.2/miniapp/user_profile/", baastest.Fault{Every: 6, Status: http.StatusForbidden})
	_, err := a.run("-csv", path)
	require.ErrorIs(t, err, herror.Forbidden)
	require.NoFileExists(t, path)

	a.ClearFaults()
	require.NoError(t, os.WriteFile(path, []byte("mine"), 0o600))
	_, err = a.run("-csv", path)
	require.ErrorIs(t, err, os.ErrExist)
	text, err := os.ReadFile(path)
	require.NoError(t, err)
	require.Equal(t, "mine", string(text))
}

func TestExportStopsWithTheContext(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	path := filepath.Join(t.TempDir(), "users.csv")
	require.ErrorIs(t, run(ctx, []string{"-csv", path}, io.Discard, io.Discard), context.Canceled)
	require.NoFileExists(t, path)
}

func TestFlags(t *testing.T) {
	t.Setenv(passwordVariable, "")
	for name, test := range map[string]struct {
		args []string
		want string
	}{
		"an argument":           {[]string{"x"}, "unexpected argument"},
		"an unknown flag":       {[]string{"-secret", "s"}, "not defined"},
		"no client id":          {[]string{"-write"}, "-write needs -client-id"},
		"no password":           {[]string{"-client-id", "c", "-password-of", "7"}, passwordVariable},
		"an empty custom field": {[]string{"-client-id", "c", "-fields", "a,"}, "a name is empty"},
	} {
		t.Run(name, func(t *testing.T) {
			require.ErrorContains(t, run(t.Context(), test.args, io.Discard, io.Discard), test.want)
		})
	}
	var usage strings.Builder
	require.NoError(t, run(t.Context(), []string{"-h"}, io.Discard, &usage))
	require.Contains(t, usage.String(), "-secret-file")
}
