package response

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"github.com/tidwall/gjson"
)

// texts are JSON and what only looks like it.
var texts = []string{
	``, ` `, `{}`, ` [ ] `, `{"a":1}`, `{"a":{"b":[1,{"c":null}]}}`, `{"a":1,}`, `{"a"}`, `{"a":}`, `{,}`, `[1,]`, `[,1]`, `[1 2]`, `{"a":1 "b":2}`,
	`{"a":1}}`, `[[]`, `{]`, `[}`, `{a:1}`, `{1:1}`, `nul`, `null`, `nulll`, `true false`, `tru`, `"a`, `"a\"`, `"\x"`, `"\u12"`, `"\u12g4"`, `"\u12F4"`,
	`"\\\/\b\f\n\r\t\""`, "\"\t\"", "\"\x7f\"", "\"\xff\"", "\"a\x00\"", `0`, `-0`, `00`, `01`, `-`, `-a`, `1.`, `.1`, `1.0`, `1e`, `1e+`, `1E-5`, `1e5.5`, `+1`, `1-`, `Infinity`,
	"\ufeff{}", "\v{}", `{"a" : 1 , "b" : [ ] }`, `{"":""}`, `{"a\u0041":1}`, `/**/{}`, `{"a":1}x`, "\x00", `{"a":"` + "\n" + `"}`, `"\ud800"`,
}

func FuzzScanner(f *testing.F) {
	for _, text := range texts {
		f.Add(text)
	}
	f.Fuzz(checkScanner)
}

func TestScanner(t *testing.T) {
	for _, text := range texts {
		checkScanner(t, text)
	}
	for _, n := range []int{1, 31, 32, 33, maxDepth - 1, maxDepth, maxDepth + 1, 3 * maxDepth} {
		checkScanner(t, strings.Repeat("[", n)+strings.Repeat("]", n))
		checkScanner(t, strings.Repeat("[", n))
		checkScanner(t, strings.Repeat(`{"a":`, n)+"1"+strings.Repeat("}", n))
	}
	recorded, err := filepath.Glob("testdata/*.json")
	require.NoError(t, err)
	for _, name := range recorded {
		text, err := os.ReadFile(name)
		require.NoError(t, err)
		checkScanner(t, string(text))
	}
}

// checkScanner compares the scanner with encoding/json, which says what is JSON, and
// with gjson, which finds the fields in what is.
func checkScanner(t *testing.T, text string) {
	t.Helper()
	valid := json.Valid([]byte(text))
	require.Equal(t, valid, Valid(text), "%.100q", text)
	s := scanner{text: text}
	var got []member
	isObject := false
	require.Equal(t, valid, s.document(func() {
		if isObject = s.next() == '{'; isObject {
			s.object(func(key string) { got = append(got, member{key, s.value()}) })
		} else {
			s.value()
		}
	}), "%.100q", text)
	if !valid || !isObject {
		return
	}
	var want []member
	gjson.Parse(text).ForEach(func(k, v gjson.Result) bool {
		want = append(want, member{k.Str, v.Raw})
		return true
	})
	require.Equal(t, want, got, "%.100q", text)
}

// member is a field with the text of its value.
type member struct{ key, value string }
