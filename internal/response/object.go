// Package response reads the JSON of the backend's responses. An object is validated
// once, as a whole, and kept as text. Its fields are parsed when they are read.
package response

import (
	"math"
	"strconv"
	"strings"
	"time"

	"github.com/tidwall/gjson"

	"github.com/hydrogen-go/baas/herror"
)

// Valid reports whether text is JSON, as json.Valid does.
func Valid(text string) bool {
	s := scanner{text: text}
	return s.document(func() { s.value() })
}

// Object validates text as a JSON object and returns its fields. For anything else
// the error is 690; what says in it what the text is.
func Object(text, what string) (Fields, error) {
	return object(text, what, func(s *scanner) { s.value() })
}

// object is Object for a caller who reads the object in the same pass.
func object(text, what string, read func(*scanner)) (Fields, error) {
	s := scanner{text: text}
	isObject, from, to := false, 0, 0
	ok := s.document(func() {
		isObject, from = s.next() == '{', s.at
		if isObject {
			read(&s)
		} else {
			s.value()
		}
		to = s.at
	})
	switch {
	case !ok:
		return "", herror.New(herror.InvalidResponse, what+" is not JSON").WithSent(true)
	case !isObject:
		return "", herror.New(herror.InvalidResponse, what+" is not an object").WithSent(true)
	}
	return Fields(text[from:to]), nil
}

// Fields is the text of a validated JSON object.
type Fields string

// Each calls f with each field until f returns false. The key is unescaped.
func (o Fields) Each(f func(key string, value gjson.Result) bool) {
	gjson.Parse(string(o)).ForEach(func(k, v gjson.Result) bool { return f(k.Str, v) })
}

// Get returns the last field with that key. If there is none, Exists of the result is
// false. The key is not a gjson path: no character in it is special.
func (o Fields) Get(key string) (found gjson.Result) {
	o.Each(func(k string, v gjson.Result) bool {
		if k == key {
			found = v
		}
		return true
	})
	return found
}

// Without returns the object without the fields for which drop returns true.
func (o Fields) Without(drop func(key string) bool) Fields {
	found := false
	o.Each(func(k string, _ gjson.Result) bool {
		found = drop(k)
		return !found
	})
	if !found {
		return o // the usual case
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

// Merge returns the object with the fields of patch added or replaced, after rename
// was applied to their keys. The fields keep their order; new ones come last.
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
		} else if !written[k] { // o may have the key twice
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

// SameName is the rename of [Fields.Merge] that changes nothing.
func SameName(key string) string { return key }

// builder builds a JSON object.
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

// maxExact is the largest number up to which a float64 represents every integer.
const maxExact = 1 << 53

// Int returns the integer that v is, as a number or as a string, and 0 for anything
// else.
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

// Str returns a string, or a number as it is written in the JSON, and "" for
// anything else.
func Str(v gjson.Result) string {
	switch v.Type {
	case gjson.String:
		return v.Str
	case gjson.Number:
		return v.Raw
	}
	return ""
}

// minMillis is the smallest number that is taken as milliseconds since 1970, not as
// seconds. As seconds it is in the year 5138.
const minMillis = 100_000_000_000

// maxMillis is the end of the year 9999. encoding/json cannot encode later times.
const maxMillis = 253_402_300_799_999

// Time returns a Unix time in seconds or in milliseconds. The size of the number
// decides which. It returns the zero time for anything else.
func Time(v gjson.Result) time.Time {
	if v.Type == gjson.Number && strings.ContainsAny(v.Raw, ".eE") && math.Abs(v.Num) <= maxExact {
		return fromUnix(int64(v.Num))
	}
	return fromUnix(Int(v))
}

func fromUnix(n int64) time.Time {
	switch {
	case n == 0, n > maxMillis, n < -minMillis: // missing, or out of range
		return time.Time{}
	case n >= minMillis:
		return time.UnixMilli(n).UTC()
	}
	return time.Unix(n, 0).UTC()
}
