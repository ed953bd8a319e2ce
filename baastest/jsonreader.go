package baastest

import (
	"bytes"
	"encoding"
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
	"strings"
	"time"
	"unicode/utf8"
)

// jsonReader reads a JSON text into a struct and remembers where each value is, so that
// an error can say so: also one that is found later. An unknown member and one that is
// given twice are errors, with the names that there are.
type jsonReader struct {
	text []byte
	dec  *json.Decoder
	at   map[string]int // the offset of each value, by path
}

// placedError is an error of a JSON text with its place.
type placedError struct {
	line, column int    // from 1, in characters
	path         string // "people[0].platform", "" for the whole text
	err          error
}

func (e *placedError) Error() string {
	text := fmt.Sprintf("line %d, column %d: ", e.line, e.column)
	if e.path != "" {
		text += e.path + ": "
	}
	return text + e.err.Error()
}

func (e *placedError) Unwrap() error { return e.err }

// readJSON reads the text into what v points to, a struct.
func readJSON(text []byte, v any) (*jsonReader, error) {
	text = bytes.TrimPrefix(text, []byte("\ufeff")) // as editors of Windows write it
	r := &jsonReader{text: text, at: make(map[string]int)}
	if len(bytes.TrimSpace(text)) == 0 {
		return r, r.errorAt(len(text), "", errEmptyJSON)
	}
	var whole json.RawMessage
	if err := json.Unmarshal(text, &whole); err != nil {
		var syntax *json.SyntaxError
		if errors.As(err, &syntax) {
			return r, r.errorAt(max(int(syntax.Offset)-1, 0), "", errors.New(syntax.Error()))
		}
		return r, r.errorAt(0, "", err)
	}
	r.dec = json.NewDecoder(bytes.NewReader(text))
	r.dec.UseNumber()
	return r, r.read("", reflect.ValueOf(v).Elem())
}

var errEmptyJSON = errors.New("the text is empty")

// read reads the next value of the text into v. The syntax has been checked.
func (r *jsonReader) read(path string, v reflect.Value) error {
	start := r.next()
	r.at[path] = start
	_, isText := v.Addr().Interface().(encoding.TextUnmarshaler)
	switch {
	case r.text[start] == 'n', isText:
		return r.leaf(path, v)
	case v.Kind() == reflect.Pointer:
		v.Set(reflect.New(v.Type().Elem()))
		return r.read(path, v.Elem())
	case v.Kind() == reflect.Struct:
		return r.object(path, v)
	case v.Kind() == reflect.Slice:
		return r.list(path, v)
	default:
		return r.leaf(path, v)
	}
}

// next is the offset of the next value or member name.
func (r *jsonReader) next() int {
	offset := int(r.dec.InputOffset())
	return offset + len(r.text[offset:]) - len(bytes.TrimLeft(r.text[offset:], " \t\r\n,:"))
}

func (r *jsonReader) object(path string, v reflect.Value) error {
	if r.text[r.next()] != '{' {
		return r.mistyped(path, v)
	}
	_, _ = r.dec.Token()
	seen := make(map[int]bool)
	for r.dec.More() {
		start := r.next()
		token, _ := r.dec.Token()
		name, _ := token.(string)
		i := memberNamed(v.Type(), name)
		switch {
		case i < 0:
			return r.errorAt(start, path, unknownName("member", name, memberNames(v.Type())))
		case seen[i]:
			return r.errorAt(start, path, fmt.Errorf("member %q is given twice", name))
		}
		seen[i] = true
		if err := r.read(strings.TrimPrefix(path+"."+name, "."), v.Field(i)); err != nil {
			return err
		}
	}
	_, _ = r.dec.Token()
	return nil
}

func (r *jsonReader) list(path string, v reflect.Value) error {
	if r.text[r.next()] != '[' {
		return r.mistyped(path, v)
	}
	_, _ = r.dec.Token()
	for i := 0; r.dec.More(); i++ {
		v.Set(reflect.Append(v, reflect.Zero(v.Type().Elem())))
		if err := r.read(fmt.Sprintf("%s[%d]", path, i), v.Index(i)); err != nil {
			return err
		}
	}
	_, _ = r.dec.Token()
	return nil
}

// leaf reads a value that has no members of its own.
func (r *jsonReader) leaf(path string, v reflect.Value) error {
	var raw json.RawMessage
	if err := r.dec.Decode(&raw); err != nil {
		return r.placed(path, err)
	}
	dec := json.NewDecoder(bytes.NewReader(raw))
	dec.UseNumber()
	if dec.Decode(v.Addr().Interface()) != nil {
		return r.mistyped(path, v) // the decoder's own text may have the value
	}
	return nil
}

// mistyped is the error for a value of another type. Its text has nothing of the value.
func (r *jsonReader) mistyped(path string, v reflect.Value) error {
	return r.placed(path, fmt.Errorf("want %s", wanted(v.Type())))
}

// wanted says what a value must be.
func wanted(t reflect.Type) string {
	if own, ok := reflect.New(t).Interface().(interface{ wanted() string }); ok {
		return own.wanted()
	}
	switch t.Kind() {
	case reflect.String:
		return "a text"
	case reflect.Bool:
		return "true or false"
	case reflect.Int, reflect.Int64:
		return "a whole number"
	case reflect.Slice:
		return "a list"
	case reflect.Pointer:
		return wanted(t.Elem())
	case reflect.Struct, reflect.Map:
		if t == timeType {
			return `a time, as "2024-05-06T07:08:09Z"`
		}
		return "an object"
	default:
		return "another value"
	}
}

// placed is an error at the place of a path, or of the part of it that is in the text.
func (r *jsonReader) placed(path string, err error) error {
	for known := path; ; known = known[:max(strings.LastIndexAny(known, ".["), 0)] {
		if offset, ok := r.at[known]; ok || known == "" {
			return r.errorAt(offset, path, err)
		}
	}
}

func (r *jsonReader) errorAt(offset int, path string, err error) error {
	before := r.text[:min(offset, len(r.text))]
	line := bytes.LastIndexByte(before, '\n') + 1
	return &placedError{
		line: 1 + bytes.Count(before, []byte("\n")), column: 1 + utf8.RuneCount(before[line:]), path: path, err: err,
	}
}

var timeType = reflect.TypeFor[time.Time]()

// memberNamed is the field of a struct for a member, or -1. Case does not count, as in
// encoding/json.
func memberNamed(t reflect.Type, name string) int {
	for i := range t.NumField() {
		if strings.EqualFold(memberName(t.Field(i)), name) {
			return i
		}
	}
	return -1
}

func memberNames(t reflect.Type) []string {
	var names []string
	for i := range t.NumField() {
		names = append(names, memberName(t.Field(i)))
	}
	return names
}

// memberName is the name in a field's tag, which every field has.
func memberName(f reflect.StructField) string {
	name, _, _ := strings.Cut(f.Tag.Get("json"), ",")
	return name
}
