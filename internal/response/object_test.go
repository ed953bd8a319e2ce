package response_test

import (
	"encoding/json"
	"math"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"github.com/tidwall/gjson"

	"github.com/hydrogen-go/baas/herror"
	"github.com/hydrogen-go/baas/internal/response"
)

func TestObject(t *testing.T) {
	const notJSON, notObject = "690: invalid response: thing is not JSON", "690: invalid response: thing is not an object"
	for _, tt := range []struct {
		name, text, want string
	}{
		{"object", `{"id":1}`, ""},
		{"empty object", `{}`, ""},
		{"space around", " \n{\"id\":1}\t\r\n", ""},
		{"a key twice", `{"id":1,"id":2}`, ""},
		{"nothing", ``, notJSON},
		{"space", ` `, notJSON},
		{"HTML", `<html>`, notJSON},
		{"cut", `{"id":`, notJSON},
		{"more after it", `{"id":1}{"id":2}`, notJSON},
		{"control character", "{\"id\":\"\n\"}", notJSON},
		{"leading zero", `{"id":01}`, notJSON},
		{"byte order mark", "\ufeff{}", notJSON},
		{"null", `null`, notObject},
		{"array", `[{"id":1}]`, notObject},
		{"string", `"{}"`, notObject},
		{"number", `5`, notObject},
	} {
		t.Run(tt.name, func(t *testing.T) {
			fields, err := response.Object(tt.text, "thing")
			if tt.want == "" {
				require.NoError(t, err)
				require.JSONEq(t, tt.text, string(fields))
				return
			}
			require.EqualError(t, err, tt.want)
			require.ErrorIs(t, err, herror.InvalidResponse)
			var h *herror.HError
			require.ErrorAs(t, err, &h)
			require.True(t, h.Sent())
			require.Empty(t, fields)
		})
	}
}

// Deeply nested JSON must not overflow the stack.
func TestDeepNesting(t *testing.T) {
	const depth = 4 << 20
	for name, text := range map[string]string{
		"arrays":                          strings.Repeat("[", depth),
		"objects":                         strings.Repeat(`{"a":`, depth/4),
		"balanced":                        strings.Repeat("[", depth) + strings.Repeat("]", depth),
		"inside an object":                `{"a":` + strings.Repeat("[", depth) + strings.Repeat("]", depth) + `}`,
		"deeper than encoding/json reads": `{"a":` + strings.Repeat("[", 20_000) + strings.Repeat("]", 20_000) + `}`,
		"closed and open":                 strings.Repeat("]", depth) + strings.Repeat("[", 2*depth),
	} {
		t.Run(name, func(t *testing.T) {
			require.False(t, response.Valid(text))
			_, err := response.Object(text, "thing")
			require.ErrorIs(t, err, herror.InvalidResponse)
			_, err = response.ParseLogin(text)
			require.ErrorIs(t, err, herror.InvalidResponse)
		})
	}
	within := `{"a":` + strings.Repeat("[", 2000) + strings.Repeat("]", 2000) + `,"id":7}`
	fields, err := response.Object(within, "thing")
	require.NoError(t, err)
	require.EqualValues(t, 7, response.Int(fields.Get("id")))
}

func object(t *testing.T, text string) response.Fields {
	t.Helper()
	fields, err := response.Object(text, "thing")
	require.NoError(t, err)
	return fields
}

func TestGet(t *testing.T) {
	fields := object(t, `{"a":1,"a.b":"dot","a":{"b":2},"*":"star","":"empty","\u0071":"escaped","nil":null,"#":[1]}`)
	for key, want := range map[string]string{
		"a": `{"b":2}`, "a.b": `"dot"`, "*": `"star"`, "": `"empty"`, "q": `"escaped"`, "nil": `null`, "#": `[1]`,
	} {
		got := fields.Get(key)
		require.True(t, got.Exists(), key)
		require.Equal(t, want, got.Raw, key)
	}
	for _, key := range []string{"b", "a|b", "@this", "?", "A"} {
		require.False(t, fields.Get(key).Exists(), key)
	}
	require.False(t, response.Fields("").Get("a").Exists())
}

func TestEachStops(t *testing.T) {
	var keys []string
	object(t, `{"a":1,"b":2,"c":3}`).Each(func(key string, _ gjson.Result) bool {
		keys = append(keys, key)
		return key != "b"
	})
	require.Equal(t, []string{"a", "b"}, keys)
}

func TestWithout(t *testing.T) {
	secret := func(key string) bool { return key == "token" }
	for text, want := range map[string]string{
		`{}`:                               `{}`,
		`{"id":1}`:                         `{"id":1}`,
		`{"token":"t"}`:                    `{}`,
		`{"token":"t","id":1,"token":2}`:   `{"id":1}`,
		`{"a":1, "token":"t" ,"b":[1, 2]}`: `{"a":1,"b":[1, 2]}`,
		`{"\u0074oken":"t","b":1}`:         `{"b":1}`,
		`{"a\"b":1,"token":"t"}`:           `{"a\"b":1}`,
		`{"data":{"token":"t"}}`:           `{"data":{"token":"t"}}`,
	} {
		require.Equal(t, want, string(object(t, text).Without(secret)), text)
	}
}

func TestMerge(t *testing.T) {
	same := response.SameName
	underscored := func(key string) string {
		if key == "username" {
			return "_username"
		}
		return key
	}
	for _, tt := range []struct {
		name, base, patch string
		rename            func(string) string
		want              string
	}{
		{"nothing", `{}`, `{}`, same, `{}`},
		{"new ones come last", `{"a":1}`, `{"c":3,"b":2}`, same, `{"a":1,"c":3,"b":2}`},
		{"changed ones keep their place", `{"a":1,"b":2}`, `{"a":9}`, same, `{"a":9,"b":2}`},
		{"null replaces", `{"a":1}`, `{"a":null}`, same, `{"a":null}`},
		{"objects are replaced whole", `{"a":{"x":1,"y":2}}`, `{"a":{"x":3}}`, same, `{"a":{"x":3}}`},
		{"the other spelling", `{"_username":"a"}`, `{"username":"b"}`, underscored, `{"_username":"b"}`},
		{"both spellings, the later counts", `{"_username":"a"}`, `{"username":"b","_username":"c"}`, underscored, `{"_username":"c"}`},
		{"a key twice in the patch", `{}`, `{"a":1,"a":2}`, same, `{"a":2}`},
		{"a key twice in the base", `{"a":1,"b":5,"a":2}`, `{"a":3}`, same, `{"a":3,"b":5}`},
		{"keys are escaped", `{"a\"\n":1}`, `{"\u0001":2}`, same, `{"a\"\n":1,"\u0001":2}`},
		{"large numbers keep their digits", `{}`, `{"id":9223372036854775807123}`, same, `{"id":9223372036854775807123}`},
	} {
		t.Run(tt.name, func(t *testing.T) {
			base, patch := object(t, tt.base), object(t, tt.patch)
			require.Equal(t, tt.want, string(base.Merge(patch, tt.rename)))
			require.Equal(t, tt.base, string(base))
		})
	}
}

func TestInt(t *testing.T) {
	for raw, want := range map[string]int64{
		`0`: 0, `5`: 5, `-5`: -5, `91464885772601`: 91464885772601, `9007199254740993`: 9007199254740993,
		`9223372036854775807`: math.MaxInt64, `-9223372036854775808`: math.MinInt64,
		`"36395395"`: 36395395, `" 7 "`: 7, `"9007199254740993"`: 9007199254740993,
		`5.0`: 5, `1e3`: 1000, `-2E2`: -200,
		`9223372036854775808`: 0, `1e30`: 0, `-1e30`: 0, `1e400`: 0, `1.5`: 0, `0.1`: 0,
		`"1.5"`: 0, `"0x10"`: 0, `"five"`: 0, `""`: 0, `"99999999999999999999"`: 0,
		`null`: 0, `true`: 0, `{}`: 0, `[5]`: 0,
	} {
		require.Equal(t, want, response.Int(gjson.Parse(raw)), raw)
	}
	require.Zero(t, response.Int(gjson.Result{}))
}

func TestStr(t *testing.T) {
	for raw, want := range map[string]string{
		`"a"`: "a", `"\u00fc\n"`: "ü\n", `""`: "", `5`: "5", `9007199254740993`: "9007199254740993", `1.50`: "1.50",
		`null`: "", `true`: "", `{}`: "", `["a"]`: "",
	} {
		require.Equal(t, want, response.Str(gjson.Parse(raw)), raw)
	}
}

func TestTime(t *testing.T) {
	at := time.Date(2019, 9, 20, 6, 15, 21, 0, time.UTC)
	for raw, want := range map[string]time.Time{
		`1568960121`:      at,
		`1568960121000`:   at,
		`1568960121042`:   at.Add(42 * time.Millisecond),
		`"1568960121"`:    at,
		`"1568960121000"`: at,
		`1568960121.75`:   at,
		`1.568960121e9`:   at,
		`1568960121042.5`: at.Add(42 * time.Millisecond),
		`1`:               time.Unix(1, 0).UTC(),
		`-1`:              time.Unix(-1, 0).UTC(),
		`99999999999`:     time.Date(5138, 11, 16, 9, 46, 39, 0, time.UTC),
		`253402300799999`: time.Date(9999, 12, 31, 23, 59, 59, 999e6, time.UTC),
		`253402300800000`: {}, `9223372036854775807`: {}, `-9223372036854775808`: {}, `1e300`: {}, `-1e300`: {},
		`0`: {}, `null`: {}, `"soon"`: {}, `""`: {}, `true`: {}, `{}`: {},
	} {
		got := response.Time(gjson.Parse(raw))
		require.Equal(t, want, got, raw)
		_, err := json.Marshal(got)
		require.NoError(t, err, raw)
	}
}

func FuzzObject(f *testing.F) {
	for _, seed := range []string{
		`{}`, `{"id":1,"id":"2"}`, `{"a\u0000":[{"b":null}]}`, " {\"\xff\":1e99}\n", `[1]`, `{"a":`, "{\"a\":\"\x7f\\ud800\"}", `{"":-0.0e+1}`,
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		valid := json.Valid([]byte(text))
		require.Equal(t, valid, response.Valid(text))
		fields, err := response.Object(text, "thing")
		if err != nil {
			require.ErrorIs(t, err, herror.InvalidResponse)
			return
		}
		require.True(t, valid)
		fields.Each(func(key string, value gjson.Result) bool {
			require.True(t, json.Valid([]byte(value.Raw)), value.Raw)
			require.True(t, fields.Get(key).Exists(), key)
			_, _, _ = response.Int(value), response.Str(value), response.Time(value)
			return true
		})
		checkObject(t, fields.Without(func(key string) bool { return key == "a" }))
	})
}

func FuzzMerge(f *testing.F) {
	f.Add(`{"a":1,"a":2}`, `{"a":3,"b":{"c":[]}}`)
	f.Add(`{"_username":"a"}`, `{"username":"b"}`)
	f.Add(`{"\u0061":1,"\"":2}`, `{"a":2,"\\":"\ud800"}`)
	f.Add("{\"\xff\":1}", "{\"\xfe\":2}")
	f.Fuzz(func(t *testing.T, one, other string) {
		base, err := response.Object(one, "base")
		if err != nil {
			return
		}
		patch, err := response.Object(other, "patch")
		if err != nil {
			return
		}
		merged := base.Merge(patch, response.SameName)
		checkObject(t, merged)
		patch.Each(func(key string, _ gjson.Result) bool {
			if strings.ToValidUTF8(key, "\ufffd") == key && json.Valid([]byte(`"`+key+`"`)) { // the key has only one spelling
				require.Equal(t, patch.Get(key).Raw, merged.Get(key).Raw, key)
			}
			return true
		})
	})
}

// checkObject asserts that fields is a JSON object.
func checkObject(t *testing.T, fields response.Fields) {
	t.Helper()
	var object map[string]json.RawMessage
	require.NoError(t, json.Unmarshal([]byte(fields), &object), string(fields))
}
