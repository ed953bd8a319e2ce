package session

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestTextsArePacked(t *testing.T) {
	for _, tt := range []struct {
		name, text string
		want       int // bytes
	}{
		{"empty", "", 1},
		{"a token", "v4pdxqwi45962eucg4q6yc91qq6hoxn1", 1 + 22},
		{"an OpenID of WeChat", "ofo380BgVHDSf3gz0QK1DYPGnLxx", 1 + 21},
		{"an OpenID of Alipay", "2088102104794936", 1 + 8},
		{"hexadecimal", "00fedcba98765432", 1 + 8},
		{"an odd number of digits", "fedcba987", 1 + 5},
		{"upper-case hexadecimal", "FEDCBA9876543210", 1 + 12},
		{"both cases", "fedcbaFEDCBA", 1 + 9},
		{"one letter", "0", 1 + 1},
		{"base 36, one left over", "xyz" + "z", 1 + 3},
		{"base 36, two left over", "xyz" + "zz", 1 + 4},
		{"base 64, one left over", "_-Zz" + "Z", 1 + 4},
		{"base 64, three left over", "_-Zz" + "Z0a", 1 + 6},
		{"padded base 64", "QUJDREVGRw==", 1 + 12},
		{"base 64 of the other alphabet", "ab+/", 1 + 4},
		{"a dot", "eyJ9.eyJ9.c2ln", 1 + 14},
		{"a line break", "abcdefg\n", 1 + 8},
		{"not ASCII", "知晓云", 1 + 9},
		{"not UTF-8", "\xff\x00\x80abc", 1 + 6},
		{"the longest of one length byte", strings.Repeat("Z", 62), 1 + 45 + 2},
		{"of two length bytes", strings.Repeat("Z", 63), 2 + 45 + 3},
		{"huge", strings.Repeat("f", 1<<20), 4 + 1<<19},
	} {
		t.Run(tt.name, func(t *testing.T) {
			stored := appendText(nil, tt.text)
			require.Len(t, stored, tt.want)
			d := decoder{rest: append(stored, "next"...)}
			require.Equal(t, "before"+tt.text, string(d.appendText([]byte("before"))))
			require.Equal(t, "next", string(d.rest))
		})
	}
}

// Every letter has a digit of its own, and no other byte has one.
func TestLettersAreTheirDigits(t *testing.T) {
	for c := range 256 {
		text := strings.Repeat(string([]byte{byte(c)}), 12)
		i := strings.IndexByte(letters, byte(c))
		want := map[bool]packing{i < 16: base16, i >= 16 && i < 36: base36, i >= 36: base64, i < 0: plain}[true]
		require.Equal(t, want, packingOf(text), "%q", text)
		d := decoder{rest: appendText(nil, text)}
		require.Equal(t, text, string(d.appendText(nil)))
	}
}
