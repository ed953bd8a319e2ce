package conformance_test

import (
	"context"
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/hydrogen-go/baas/session"
)

// TestConformance makes the calls of every recording through our API, with the
// recorded responses, and compares every request and every outcome. Deliberate
// differences are listed in differences_test.go.
func TestConformance(t *testing.T) {
	recordings := loadRecordings(t)
	differing := applyDifferences(t, recordings)

	t.Logf("%d scenarios: %d played as recorded, %d played with listed differences",
		len(recordings), len(recordings)-len(differing), len(differing))
	for _, rec := range recordings {
		t.Run(rec.name, func(t *testing.T) {
			t.Parallel()
			playRecording(t, rec)
		})
	}
}

// applyDifferences edits the recordings into what we expect of our client, and returns
// those to which a difference with named scenarios applies. An entry that changes
// nothing, or not every scenario that it names, fails the test. An entry that changes
// something is needed, because everything is compared.
func applyDifferences(t *testing.T, recordings []*recording) map[*recording]bool {
	t.Helper()
	differing := make(map[*recording]bool)
	for _, d := range differences {
		used := false
		matched := make(map[string]bool)
		for _, rec := range recordings {
			if !d.concerns(rec, matched) {
				continue
			}
			before := rec.text(t)
			d.edit(rec)
			changed := rec.text(t) != before
			used = used || changed
			if len(d.scenarios) > 0 {
				assert.True(t, changed, "%s does not differ in this: %s", rec.name, d.differs)
				differing[rec] = true
			}
		}
		assert.True(t, used, "no longer a difference: %s", d.differs)
		for _, pattern := range d.scenarios {
			assert.True(t, matched[pattern], "no scenario is called %q: %s", pattern, d.differs)
		}
	}
	return differing
}

// concerns reports whether the difference applies to the recording, and adds the
// patterns that match to matched.
func (d difference) concerns(rec *recording, matched map[string]bool) bool {
	concerned := len(d.scenarios) == 0
	for _, pattern := range d.scenarios {
		if rec.matches(pattern) {
			matched[pattern], concerned = true, true
		}
	}
	return concerned
}

// playRecording makes the recorded calls and compares requests, outcomes and sessions.
func playRecording(t *testing.T, rec *recording) {
	p := newPlayer(t, rec)
	for i, c := range rec.Calls {
		got := p.play(c)
		if strings.HasPrefix(c.Call, "$") {
			continue // an instruction to the recorder, without an outcome
		}
		require.Equal(t, c.wanted(t), p.server.requests(), "requests of call %d, %s", i, c.Call)
		require.Equal(t, outcomeText(t, c.Outcome), outcomeText(t, got), "outcome of call %d, %s", i, c.Call)
		if c.Storage != nil && p.auth != nil {
			require.Equal(t, canonical(t, storedSession(c.Storage)), canonical(t, p.session()), "session after call %d, %s", i, c.Call)
		}
	}
	require.Empty(t, rec.Exchanges, "requests that no call made")
}

// outcomeText returns an outcome as text. In an error, an empty id and a missing one
// are equal.
func outcomeText(t *testing.T, o outcome) string {
	t.Helper()
	var clone outcome
	require.NoError(t, decodeNumbers([]byte(canonical(t, o)), &clone))
	for _, id := range []string{"id", "openid", "unionid"} {
		if clone.Error[id] == "" {
			delete(clone.Error, id)
		}
	}
	return canonical(t, clone)
}

// storedSession returns the non-empty fields of the session that the vendor's client
// has stored.
func storedSession(storage object) object {
	stored := make(object)
	for _, name := range []string{"auth_token", "uid", "openid", "unionid", "session_expires_at", "is_anonymous_user"} {
		value := storage["ifx_baas_"+name]
		if value != nil && value != "" && value != json.Number("0") {
			stored[name] = value
		}
	}
	// The vendor's client for Alipay stores the user's id under another name.
	if id := storage["ifx_baas_alipay_user_id"]; id != nil && id != "" {
		stored["openid"] = id
	}
	return stored
}

// session returns our stored session in the form of storedSession.
func (p *player) session() object {
	s, err := p.auth.Session(context.Background())
	require.NoError(p.t, err)
	return sessionObject(s)
}

func sessionObject(s session.Session) object {
	stored := make(object)
	for name, value := range map[string]string{"auth_token": s.Token.Reveal(), "openid": s.OpenID, "unionid": s.UnionID} {
		if value != "" {
			stored[name] = value
		}
	}
	if s.UserID != 0 {
		stored["uid"] = s.UserID
	}
	if s.Anonymous {
		stored["is_anonymous_user"] = 1
	}
	if !s.ExpiresAt.IsZero() {
		stored["session_expires_at"] = s.ExpiresAt.Unix()
	}
	return stored
}

// endsWhenStalled is a context whose deadline passes when the server receives a
// request that it does not respond to. So no test depends on a clock.
type endsWhenStalled struct {
	context.Context
	done chan struct{}
}

func (c endsWhenStalled) Done() <-chan struct{} { return c.done }

func (c endsWhenStalled) Deadline() (time.Time, bool) { return time.Time{}, false }

func (c endsWhenStalled) Err() error {
	select {
	case <-c.done:
		return context.DeadlineExceeded
	default:
		return nil
	}
}
