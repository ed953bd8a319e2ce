// Package response reads the backend's JSON. An object is checked once, as a whole,
// and kept as text; its fields are read when they are asked for.
package response

import (
	"encoding/json"
	"math"
	"strconv"
	"strings"
	"time"

	"github.com/tidwall/gjson"

	"github.com/hydrogen-go/baas/herror"
)

// Valid reports whether text is JSON.
func Valid(text string) bool {
	if len(text) > shallow {
		return json.Valid([]byte(text)) // which bounds the depth of nesting; gjson's recursion does not
	}
	return gjson.Valid(text)
}

// shallow is a length, in bytes, at which no nesting is deep enough to matter.
const shallow = 64 << 10

// Object returns the fields of the JSON object text, checked; anything else is
// an error that names what.
func Object(text, what string) (Fields, error) {
	if !Valid(text) {
		return "", herror.New(herror.InvalidResponse, what+" is not JSON").WithSent(true)
	}
	text = strings.TrimSpace(text)
	if text[0] != '{' {
		return "", herror.New(herror.InvalidResponse, what+" is not an object").WithSent(true)
	}
	return Fields(text), nil
}

// Fields is the text of a JSON object that has been checked.
type Fields string

// Each calls f with each field until it returns false. The key is unescaped, the value is not.
func (o Fields) Each(f func(key string, value gjson.Result) bool) {
	gjson.Parse(string(o)).ForEach(func(k, v gjson.Result) bool { return f(k.Str, v) })
}

// Get returns the last field with that key; its Exists is false where there is none.
// Unlike a gjson path, the key stands for itself whatever characters it has.
func (o Fields) Get(key string) (found gjson.Result) {
	o.Each(func(k string, v gjson.Result) bool {
		if k == key {
			found = v
		}
		return true
	})
	return found
}

// Without returns the object without the fields that drop names.
func (o Fields) Without(drop func(key string) bool) Fields {
	found := false
	o.Each(func(k string, _ gjson.Result) bool {
		found = drop(k)
		return !found
	})
	if !found {
		return o // as nearly always
	}
	var b builder
	o.Each(func(k string, v gjson.Result) bool {
		if !drop(k) {
			b.add(k, v.Raw)
		}
		return true
	})
	return b.object()
}

// Merge returns the object with the fields of patch added or replaced, under the
// name that rename gives them. The fields keep their order, the new ones come last.
func (o Fields) Merge(patch Fields, rename func(string) string) Fields {
	values := make(map[string]string)
	written := make(map[string]bool)
	var order []string
	patch.Each(func(k string, v gjson.Result) bool {
		k = rename(k)
		if _, ok := values[k]; !ok {
			order = append(order, k)
		}
		values[k] = v.Raw
		return true
	})
	var b builder
	o.Each(func(k string, v gjson.Result) bool {
		if raw, ok := values[k]; !ok {
			b.add(k, v.Raw)
		} else if !written[k] { // o may have it twice
			b.add(k, raw)
			written[k] = true
		}
		return true
	})
	for _, k := range order {
		if !written[k] {
			b.add(k, values[k])
		}
	}
	return b.object()
}

// builder writes an object.
type builder struct{ b strings.Builder }

func (w *builder) add(key, raw string) {
	if w.b.Len() == 0 {
		w.b.WriteByte('{')
	} else {
		w.b.WriteByte(',')
	}
	w.b.Write(gjson.AppendJSONString(nil, key))
	w.b.WriteByte(':')
	w.b.WriteString(raw)
}

func (w *builder) object() Fields {
	if w.b.Len() == 0 {
		return "{}"
	}
	return Fields(w.b.String() + "}")
}

// maxExact is the largest number up to which a float64 holds every whole number.
const maxExact = 1 << 53

// Int returns a whole number given as a number or as a string, 0 for anything else.
func Int(v gjson.Result) int64 {
	switch v.Type {
	case gjson.Number:
		if n, err := strconv.ParseInt(v.Raw, 10, 64); err == nil {
			return n
		}
		if math.Abs(v.Num) <= maxExact && v.Num == math.Trunc(v.Num) { // 1e3, 5.0
			return int64(v.Num)
		}
	case gjson.String:
		if n, err := strconv.ParseInt(strings.TrimSpace(v.Str), 10, 64); err == nil {
			return n
		}
	}
	return 0
}

// Str returns a string, or a number as it is spelled, and nothing for anything else.
func Str(v gjson.Result) string {
	switch v.Type {
	case gjson.String:
		return v.Str
	case gjson.Number:
		return v.Raw
	}
	return ""
}

// milliseconds is where unix times stop being seconds: in seconds, the year 5138.
const milliseconds = 100_000_000_000

// latest is the end of the year 9999, after which times have no text form in JSON.
const latest = 253_402_300_799_999

// Time returns a unix time in seconds or in milliseconds, which its size tells
// apart; the zero time for anything else.
func Time(v gjson.Result) time.Time {
	if v.Type == gjson.Number && strings.ContainsAny(v.Raw, ".eE") && math.Abs(v.Num) <= maxExact {
		return fromUnix(int64(v.Num))
	}
	return fromUnix(Int(v))
}

func fromUnix(n int64) time.Time {
	switch {
	case n == 0, n > latest, n < -milliseconds: // no time, or no time of ours
		return time.Time{}
	case n >= milliseconds:
		return time.UnixMilli(n).UTC()
	}
	return time.Unix(n, 0).UTC()
}
