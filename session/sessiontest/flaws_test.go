package sessiontest

import (
	"context"
	"os"
	"os/exec"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/hydrogen-go/baas/session"
)

// flaws are ways to break the contract, each with the clauses that must fail.
var flaws = map[string][]string{
	"none":                                 nil,
	"checks no revision":                   {"an unknown key holds nothing", "a swap from an older revision changes nothing", "a swap from a revision of another key changes nothing", "exactly one of several concurrent swaps succeeds"},
	"loses a time":                         {"a session that was swapped in can be loaded"},
	"loses the values":                     {"a session that was swapped in can be loaded"},
	"shares bytes":                         {"a loaded session is a copy"},
	"has one key":                          {"keys are independent"},
	"counts from 1 again":                  {"no revision is used twice"},
	"expires no session":                   {"a session expires", "a session without an expiry is expired"},
	"forgets at the expiry":                {"an expired session keeps its revision for the grace period"},
	"forgets logouts":                      {"a logout is kept for the grace period", "a logout is not undone by a slow login"},
	"keeps revisions forever":              {"a forgotten key can be used again"},
	"keeps nothing after the grace period": {"a long session is kept until it expires"},
	"loses a write":                        {"no concurrent change is lost"},
	"ignores the context":                  {"an ended context stops a call", "an ended context stops a call for an owner"},
	"finds nothing":                        {"the sessions of an owner are found"},
	"finds the sessions of all":            {"the sessions of an owner are found"},
	"finds a key twice":                    {"the sessions of an owner are found"},
	"loses the owner at a change":          {"a session that has changed is found"},
	"keeps the first owner":                {"a session that has replaced another owner's is found"},
	"compares no revision for an owner":    {"a swap for an owner compares the revision"},
	"refuses no login":                     {"a login from before a revocation is refused", "no login outlasts a revocation"},
	"refuses all owners":                   {"a login from before a revocation is refused"},
	"refuses the same millisecond":         {"a login from before a revocation is refused"},
	"takes the newest call":                {"the latest revocation counts"},
	"forgets revocations":                  {"a revocation is kept for the grace period"},
	"refuses at the zero time":             {"the zero time refuses no login"},
}

const inner = "SESSIONTEST_FLAWS"

// TestFlaws is run by TestSuiteFindsFlaws. It is expected to fail.
func TestFlaws(t *testing.T) {
	if os.Getenv(inner) == "" {
		t.Skip("run by TestSuiteFindsFlaws")
	}
	for flaw := range flaws {
		t.Run(flaw, func(t *testing.T) {
			Run(t, func(_ *testing.T, clock func() time.Time) session.Store {
				return &flawed{flaw: flaw, now: clock, entries: map[session.Key]entry{}, refused: map[session.Owner]time.Time{}}
			})
		})
	}
}

// Each flaw fails its clauses, and each clause fails for at least one flaw.
func TestSuiteFindsFlaws(t *testing.T) {
	program, err := os.Executable()
	require.NoError(t, err)
	command := exec.CommandContext(t.Context(), program, "-test.run=^TestFlaws$")
	command.Env = append(os.Environ(), inner+"=1")
	output, err := command.Output()
	require.Error(t, err, "the flaws are not found")

	failed := map[string]map[string]bool{}
	for _, found := range regexp.MustCompile(`--- FAIL: TestFlaws/([^/\s]+)/([^/\s]+) `).FindAllStringSubmatch(string(output), -1) {
		flaw, clause := strings.ReplaceAll(found[1], "_", " "), strings.ReplaceAll(found[2], "_", " ")
		if failed[flaw] == nil {
			failed[flaw] = map[string]bool{}
		}
		failed[flaw][clause] = true
	}
	require.Empty(t, failed["none"], "a store without a flaw passes")
	caught := map[string]bool{}
	for flaw, names := range flaws {
		for _, name := range names {
			require.True(t, failed[flaw][name], "a store that %s passes %q", flaw, name)
			caught[name] = true
		}
	}
	for _, clause := range slices.Concat(clauses, ownerClauses) {
		require.True(t, caught[clause.name], "no flaw fails %q", clause.name)
	}
}

// flawed is a store with one flaw.
type flawed struct {
	flaw    string
	now     func() time.Time
	mu      sync.Mutex
	last    session.Revision
	swaps   int
	entries map[session.Key]entry
	refused map[session.Owner]time.Time
}

type entry struct {
	session  session.Session
	revision session.Revision
	until    time.Time // when it may be removed
	owner    session.Owner
}

func (f *flawed) Load(ctx context.Context, key session.Key) (session.Session, session.Revision, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if err := f.ended(ctx); err != nil {
		return session.Session{}, 0, err
	}
	e := f.get(key)
	s := e.session
	switch {
	case f.flaw == "expires no session":
	case !s.Live(f.now()):
		s = s.Ended()
	case f.flaw == "loses a time":
		s.SeenAt = time.Time{}
	case f.flaw == "loses the values":
		s.Values = ""
	}
	if f.flaw != "shares bytes" {
		s.UserInfo = append([]byte(nil), s.UserInfo...)
	}
	return s, e.revision, nil
}

func (f *flawed) Swap(ctx context.Context, key session.Key, old session.Revision, next session.Session) (bool, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.swap(ctx, key, old, next)
}

func (f *flawed) swap(ctx context.Context, key session.Key, old session.Revision, next session.Session) (bool, error) {
	if err := f.ended(ctx); err != nil {
		return false, err
	}
	current := f.get(key)
	if f.flaw == "keeps revisions forever" {
		current = f.entries[key]
	}
	if current.revision != old && f.flaw != "checks no revision" {
		return false, nil
	}
	if f.swaps++; f.flaw == "loses a write" && f.swaps%10 == 0 {
		return true, nil
	}
	f.put(key, current, next)
	return true, nil
}

func (f *flawed) put(key session.Key, current entry, next session.Session) {
	f.last++
	e := entry{session: next, revision: f.last, until: f.now().Add(session.Grace), owner: current.owner}
	if f.flaw == "loses the owner at a change" {
		e.owner = session.Owner{}
	}
	e.session.UserInfo = append([]byte(nil), next.UserInfo...)
	if next.ExpiresAt.After(e.until) && f.flaw != "keeps nothing after the grace period" {
		e.until = next.ExpiresAt
	}
	switch f.flaw {
	case "counts from 1 again":
		if e.revision = current.revision + 1; current.session.IsZero() {
			e.revision = 1
		}
	case "forgets at the expiry":
		e.until = next.ExpiresAt
	case "forgets logouts":
		if next.IsZero() {
			e = entry{}
		}
	}
	f.entries[f.key(key)] = e
}

func (f *flawed) get(key session.Key) entry {
	e := f.entries[f.key(key)]
	if f.flaw != "expires no session" && !f.now().Before(e.until) {
		return entry{}
	}
	return e
}

func (f *flawed) key(key session.Key) session.Key {
	if f.flaw == "has one key" {
		return session.Key{}
	}
	return key
}

func (f *flawed) ended(ctx context.Context) error {
	if f.flaw == "ignores the context" {
		return nil
	}
	return ctx.Err()
}

func (f *flawed) SwapOwned(ctx context.Context, key session.Key, old session.Revision, next session.Session, owner session.Owner) (bool, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if err := f.ended(ctx); err != nil {
		return false, err
	}
	before := f.refused[owner]
	if f.flaw == "refuses all owners" {
		for _, t := range f.refused {
			before = t
		}
	}
	if f.flaw == "refuses the same millisecond" {
		before = before.Add(session.Precision)
	}
	if next.LoggedInAt.Before(before) && f.flaw != "refuses no login" {
		return false, session.ErrRevoked
	}
	if f.flaw == "compares no revision for an owner" {
		old = f.get(key).revision
	}
	done, err := f.swap(ctx, key, old, next)
	if e, ok := f.entries[f.key(key)]; ok && done && (f.flaw != "keeps the first owner" || e.owner == session.Owner{}) {
		e.owner = owner
		f.entries[f.key(key)] = e
	}
	return done, err
}

func (f *flawed) Owned(ctx context.Context, owner session.Owner) ([]session.Key, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if err := f.ended(ctx); err != nil || f.flaw == "finds nothing" {
		return nil, err
	}
	var keys []session.Key
	for key, e := range f.entries {
		if e.owner != owner && f.flaw != "finds the sessions of all" {
			continue
		}
		keys = append(keys, key)
		if f.flaw == "finds a key twice" {
			keys = append(keys, key)
		}
	}
	return keys, nil
}

func (f *flawed) RefuseLogins(ctx context.Context, owner session.Owner, before time.Time) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	if err := f.ended(ctx); err != nil {
		return err
	}
	switch {
	case f.flaw == "forgets revocations":
		clear(f.refused)
	case f.flaw == "refuses at the zero time" && before.IsZero():
		before = f.now()
	}
	if before.After(f.refused[owner]) || f.flaw == "takes the newest call" {
		f.refused[owner] = before
	}
	return nil
}
