package session_test

import (
	"bytes"
	"encoding/json"
	"math"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/hydrogen-go/baas/session"
)

func TestEncodingRoundTrip(t *testing.T) {
	at := time.Date(2026, 5, 6, 7, 8, 9, 123_000_000, time.UTC)
	for name, s := range map[string]session.Session{
		"zero":       {},
		"logged out": {LoggedOut: true},
		"sealed":     {Token: session.NewSecret("a"), Sealed: true, ExpiresAt: at},
		"anonymous":  {Token: session.NewSecret("a"), Anonymous: true, UserID: 1, ExpiresAt: at},
		"everything": {
			Token: session.NewSecret("token-ü-\x00"), UserID: 91464885772601, OpenID: "o", UnionID: "u", Platform: "wechat",
			Anonymous: true, LoggedOut: true, UserInfo: json.RawMessage(`{"nickName":"Larry"}`), LoggedInAt: at, SeenAt: at.Add(time.Minute), ExpiresAt: at.Add(time.Hour),
		},
		"values": {Token: session.NewSecret("a"), Values: `{"k":{"role":"admin"}}`, ExpiresAt: at},
		"values and everything": {
			Token: session.NewSecret("tok"), UserID: 5, OpenID: "o", UnionID: "u", Platform: "wechat", Anonymous: true, LoggedOut: true, Sealed: true,
			Values: `[]`, UserInfo: json.RawMessage(`{}`), LoggedInAt: at, SeenAt: at.Add(time.Minute), ExpiresAt: at.Add(time.Hour),
		},
		"extreme": {
			Token: session.NewSecret(strings.Repeat("t", 1<<16)), UserID: math.MinInt64,
			UserInfo: json.RawMessage(`[` + strings.Repeat(" ", 1<<20) + `]`), LoggedInAt: time.Unix(-1, 0).UTC(),
		},
	} {
		t.Run(name, func(t *testing.T) {
			b, err := s.MarshalBinary()
			require.NoError(t, err)
			var got session.Session
			require.NoError(t, got.UnmarshalBinary(b))
			require.Equal(t, s, got)

			appended, err := s.AppendBinary([]byte("head"))
			require.NoError(t, err)
			require.Equal(t, append([]byte("head"), b...), appended)
		})
	}
}

func TestEncodingKeepsMilliseconds(t *testing.T) {
	s := session.Session{ExpiresAt: time.Unix(1_700_000_000, 123_456_789).In(time.FixedZone("", 3600))}
	b, err := s.MarshalBinary()
	require.NoError(t, err)
	var got session.Session
	require.NoError(t, got.UnmarshalBinary(b))
	require.Equal(t, time.Unix(1_700_000_000, 123_000_000).UTC(), got.ExpiresAt)
}

// Every version must decode what earlier versions encoded.
func TestEncodingIsFixed(t *testing.T) {
	s := session.Session{
		Token: session.NewSecret("tok"), UserID: 5, OpenID: "op", UnionID: "u", Platform: "ks", Anonymous: true,
		UserInfo: json.RawMessage(`{}`), LoggedInAt: time.UnixMilli(1).UTC(), SeenAt: time.UnixMilli(2).UTC(), ExpiresAt: time.UnixMilli(64).UTC(),
	}
	b, err := s.MarshalBinary()
	require.NoError(t, err)
	require.Equal(t, []byte("\x01\x01\x0a\x02\x04\x80\x01\x03tok\x02op\x01u\x02ks{}"), b)

	s.Values = `{"k":1}`
	b, err = s.MarshalBinary()
	require.NoError(t, err)
	require.Equal(t, []byte("\x01\x81\x0a\x02\x04\x80\x01\x03tok\x02op\x01u\x02ks\x07{\"k\":1}{}"), b)
}

func TestDecodingRefusesWhatWasNotEncoded(t *testing.T) {
	valid, err := session.Session{
		Token: session.NewSecret("tok"), UserID: 5, OpenID: "op", UserInfo: json.RawMessage(`{"a":1}`), ExpiresAt: time.UnixMilli(99),
	}.MarshalBinary()
	require.NoError(t, err)
	inputs := map[string][]byte{
		"empty":             {},
		"another version":   append([]byte{2}, valid[1:]...),
		"version 0":         append([]byte{0}, valid[1:]...),
		"unknown flags":     append([]byte{1, 8}, valid[2:]...),
		"no values":         append([]byte{1, 0x80}, append(bytes.Clone(valid[2:len(valid)-7]), 0)...),
		"broken values":     append([]byte{1, 0x80}, append(bytes.Clone(valid[2:len(valid)-7]), 1, '{')...),
		"values cut":        append([]byte{1, 0x80}, append(bytes.Clone(valid[2:len(valid)-7]), 9, '{', '}')...),
		"JSON":              []byte(`{"token":"tok"}`),
		"broken user info":  valid[:len(valid)-1],
		"more after it":     append(bytes.Clone(valid), 'x'),
		"a length too long": []byte("\x01\x00\x00\x00\x00\x00\xff\xff\xff\xff\xff\xff\xff\xff\x7ftok"),
		"a number too long": append([]byte{1, 0}, bytes.Repeat([]byte{0xff}, 20)...),
	}
	for n := range valid[:len(valid)-len(`{"a":1}`)] {
		inputs["cut after "+string(rune('0'+n))] = valid[:n]
	}
	for name, input := range inputs {
		t.Run(name, func(t *testing.T) {
			before := session.Session{Token: session.NewSecret("before"), UserID: 1}
			got := before
			require.ErrorIs(t, got.UnmarshalBinary(input), session.ErrEncoding)
			require.Equal(t, before, got, "it is not changed")
		})
	}
}

func TestDecodedSessionIsItsOwn(t *testing.T) {
	s := session.Session{Token: session.NewSecret("tok"), UserInfo: json.RawMessage(`{"a":1}`)}
	b, err := s.MarshalBinary()
	require.NoError(t, err)
	var got session.Session
	require.NoError(t, got.UnmarshalBinary(b))
	clear(b)
	require.Equal(t, s, got)
}

func FuzzUnmarshalBinary(f *testing.F) {
	for _, s := range []session.Session{
		{},
		{LoggedOut: true},
		{
			Token: session.NewSecret("tok"), UserID: -5, OpenID: "o", UnionID: "u", Platform: "wechat", Anonymous: true,
			UserInfo: json.RawMessage(`{"a":[1]}`), LoggedInAt: time.Unix(1, 0), ExpiresAt: time.Unix(1e9, 0),
		},
		{Token: session.NewSecret("tok"), Values: `{"k":"v"}`, UserInfo: json.RawMessage(`[]`)},
	} {
		b, err := s.MarshalBinary()
		require.NoError(f, err)
		f.Add(b)
	}
	f.Add([]byte("\x01\x00\x00\x00\x00\x00\xff\xff\xff\xff\xff\xff\xff\xff\x7f"))
	f.Fuzz(func(t *testing.T, data []byte) {
		var s, again session.Session
		if err := s.UnmarshalBinary(data); err != nil {
			require.ErrorIs(t, err, session.ErrEncoding)
			require.Equal(t, session.Session{}, s)
			return
		}
		b, err := s.MarshalBinary()
		require.NoError(t, err)
		require.NoError(t, again.UnmarshalBinary(b))
		require.Equal(t, s, again)
	})
}
