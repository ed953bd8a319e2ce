package ratelimit

import (
	"testing"

	"github.com/stretchr/testify/require"
)

func TestSubjectOfAddress(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"192.0.2.7":                      "192.0.2.7",
		"::ffff:192.0.2.7":               "192.0.2.7",
		"64:ff9b::c000:207":              "192.0.2.7",
		"2001:db8:1:2:3:4:5:6":           "2001:db8:1:2::/64",
		"2001:db8:1:2:ffff:ffff:ffff:ff": "2001:db8:1:2::/64",
		"2001:db8:1:3::":                 "2001:db8:1:3::/64",
		"fe80::1%eth0":                   "fe80::/64",
		"::1":                            "::/64",
		"":                               "",
		"unknown":                        "unknown",
	} {
		require.Equal(t, want, subjectOfAddress(text), text)
	}
}

func TestSubjectOfAccount(t *testing.T) {
	t.Parallel()
	for account, want := range map[string]string{
		"13800138000":             "13800138000",
		"+8613800138000":          "13800138000",
		"86 138-0013-8000":        "13800138000",
		"008613800138000":         "13800138000",
		"(+86) 138.0013.8000":     "13800138000",
		"+86\u00a013800138000":    "13800138000",
		"+1 202 555 0100":         "12025550100",
		"8612345":                 "8612345",
		"86138001380001":          "86138001380001",
		"ann@example.com":         "ann@example.com",
		"ann-1":                   "ann-1",
		"+00 202 555 0100":        "2025550100",
		"00085291234567":          "85291234567",
		"＋８６":                     "＋８６",
		"１３８００１３８０００":             "13800138000",
		"138‑0013–8000":           "13800138000",
		"138\u3000001\u200b38000": "13800138000",
		"138_0013/8000":           "13800138000",
		"+":                       "+",
	} {
		require.Equal(t, want, subjectOfAccount(account), account)
	}
}
