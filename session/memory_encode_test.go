package session

import (
	"encoding/json"
	"math"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// stored returns what a record with that end has of s.
func stored(s Session, end int64) (Session, record) {
	key := KeyOf("k")
	b := s.appendBody(make([]byte, recordHead), end)
	if s.Sealed {
		b = append(b, key[len(recordID{}):]...)
	}
	r := record(b)
	r.setHead(idOf(key), 1, end, 2)
	return r.session(), r
}

func TestARecordIsSmall(t *testing.T) {
	login := time.UnixMilli(1_700_000_000_123).UTC()
	expires := login.Add(30*24*time.Hour - 30*time.Second)
	s := Session{
		Token: NewSecret("v4pdxqwi45962eucg4q6yc91qq6hoxn1"), UserID: 91464885772601, OpenID: "ofo380BgVHDSf3gz0QK1DYPGnLxx",
		Platform: "kuaishou", LoggedInAt: login, ExpiresAt: expires,
	}
	const small = recordHead + 2 + 7 + 5 + 23 + 22
	for _, tt := range []struct {
		name   string
		change func(*Session)
		more   int // bytes
	}{
		{"as it is", func(*Session) {}, 0},
		{"with a UnionID", func(s *Session) { s.UnionID = s.OpenID }, 22},
		{"without a platform", func(s *Session) { s.OpenID, s.Platform = "", "" }, -21},
		{"on an unknown platform", func(s *Session) { s.Platform = "new" }, 3},
		{"with values", func(s *Session) { s.Values = `{"k":1}` }, 1 + 7},
		{"seen", func(s *Session) { s.SeenAt = login.Add(time.Hour) }, 4},
		{"expires before the record", func(s *Session) { s.ExpiresAt = expires.Add(-1) }, 6},
		{"a logout", func(s *Session) { *s = Session{LoggedOut: true, LoggedInAt: login} }, 2 + 1 + 1 + 6 + 1 + 1 - (small - recordHead)},
	} {
		t.Run(tt.name, func(t *testing.T) {
			s := s
			tt.change(&s)
			got, r := stored(s, expires.UnixMilli())
			require.Len(t, r, small+tt.more)
			s.ExpiresAt = fromMillis(millis(s.ExpiresAt))
			require.Equal(t, s, got)
		})
	}
}

// FuzzRecord stores any session, and loads exactly the same one.
func FuzzRecord(f *testing.F) {
	for _, text := range []string{
		"", "tok", "v4pdxqwi45962eucg4q6yc91qq6hoxn1", "ofo380BgVHDSf3gz0QK1DYPGnLxx", "2088102104794936",
		"0", "abc", "0123456789abcdef", "0123456789ABCDEF", "aBcDeF", "YWJj", "YWI=", "YQ==", "a-_b", "a+/b", "eyJ9.eyJ9.sig",
		"kuaishou", "知晓云", "\xff\xfe\x00", "line\nbreak", strings.Repeat("f", 62), strings.Repeat("z", 63), strings.Repeat("Z", 5000),
	} {
		f.Add(text, text, text, text, []byte(`{"nickName":"`+text+`"}`), byte(0), int64(1), int64(1_700_000_000_000), int64(0), int64(1_702_591_970_000), int64(1_702_591_970_000))
	}
	for _, info := range []string{
		"", "null", "{}", `{"nickName":"Larry","gender":1,"city":""}`, `{ "nickName": "Larry" , "city":1}`, `{"nickName":"","avatarUrl":"https:"}`,
		`{"nickName":"\"","gender":`, `{"nickName":"`, `{"nickName":"","avatarUrl":"http`, "\x10\x1f\"city\":\x00\xff",
		`{"nickName":"","gender":0,"language":"","city":"","province":"","country":"","avatarUrl":"http`,
		`{"nickName":"` + strings.Repeat("n", 63) + `","gender":2}`, `{"x":"` + strings.Repeat("y", 300) + `"}`,
	} {
		f.Add("t", "o", "u", "qq", []byte(info), byte(7), int64(math.MinInt64), int64(-1), int64(math.MaxInt64), int64(0), int64(0))
	}
	f.Add("t", "", "", "jd", []byte(nil), byte(1), int64(math.MaxInt64), int64(math.MinInt64), int64(math.MinInt64), int64(math.MaxInt64), int64(max48))
	f.Add("t", "o", `{"k":{"role":"admin"}}`, "qq", []byte(`{"nickName":"x","gender":1}`), byte(flagValues), int64(1), int64(1_700_000_000_000), int64(0), int64(1_702_591_970_000), int64(1_702_591_970_000))
	f.Add("t", "o", strings.Repeat("v", 1<<10), "new", []byte(nil), byte(flagValues|flagSealed), int64(1), int64(0), int64(0), int64(0), int64(0))
	f.Fuzz(func(t *testing.T, token, openID, unionID, platform string, info []byte, flags byte, userID, login, seen, expires, end int64) {
		s := sessionOf(flags)
		s.Token, s.UserID, s.OpenID, s.UnionID, s.Platform = NewSecret(token), userID, openID, unionID, platform
		s.LoggedInAt, s.SeenAt, s.ExpiresAt = atMillis(login), atMillis(seen), atMillis(expires)
		if flags&flagValues != 0 {
			s.Values = unionID
		}
		if len(info) > 0 {
			s.UserInfo = json.RawMessage(info)
		}
		got, r := stored(s, min(max(end, 0), max48))
		require.Equal(t, s, got)
		require.Equal(t, s.Sealed, r.sealed())
		if s.Sealed {
			require.Equal(t, KeyOf("k"), r.key())
		}
	})
}

// atMillis returns a time that a store keeps: it is in whole milliseconds, and can be
// counted in them.
func atMillis(ms int64) time.Time { return fromMillis(millis(fromMillis(ms))) }

func TestMemoryKeepsSessionsOfEverySize(t *testing.T) {
	m := newMemory(t)
	key := crowdedKeys(m, 1)[0]
	for size := range 3 * minChunk {
		want := sized(1, size/3+1, size, time.UnixMilli(1<<42).UTC())
		store(t, m, key, want)
		got, _, err := m.Load(t.Context(), key)
		require.NoError(t, err)
		require.Equal(t, want, got)
	}
	checkShape(t, m)
}
