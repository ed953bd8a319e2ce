package baastest

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"mime"
	"net/http"
	"slices"
	"strconv"
)

// kind is the type a body field must have.
type kind int

const (
	text       kind = iota
	flag            // a boolean
	whole           // an integer
	textNumber      // a string or an integer, as smsCode
	object
	nullText // a string or null
	syncMode // overwrite, setnx or false, as a string
	ids      // a list of integers
)

var kindNames = map[kind]string{
	text:       "a string",
	flag:       "a boolean",
	whole:      "an integer",
	textNumber: "a string or an integer",
	object:     "an object",
	nullText:   "a string or null",
	syncMode:   "one of overwrite, setnx, false",
	ids:        "a list of integers",
}

// field is a body field that an endpoint takes. A required text is not empty.
type field struct {
	name     string
	kind     kind
	optional bool
}

// maybe returns the fields as optional ones.
func maybe(fields ...field) []field {
	fields = slices.Clone(fields)
	for i := range fields {
		fields[i].optional = true
	}
	return fields
}

// body is a request body after it was checked.
type body map[string]any

// parseBody reads a body as one JSON object; an empty one counts as {}.
func parseBody(raw []byte) (body, error) {
	if len(bytes.TrimSpace(raw)) == 0 {
		return body{}, nil
	}
	dec := json.NewDecoder(bytes.NewReader(raw))
	dec.UseNumber()
	var b body
	if err := dec.Decode(&b); err != nil || b == nil {
		return nil, refuse(http.StatusBadRequest, "body is not a JSON object")
	}
	if _, err := dec.Token(); err != io.EOF {
		return nil, refuse(http.StatusBadRequest, "body has more than one JSON value")
	}
	return b, nil
}

// parseItems reads a body as a list of JSON objects with the fields of an endpoint.
func parseItems(raw []byte, fields []field) ([]body, error) {
	var items []body
	if err := decodeStrict(bytes.NewReader(raw), &items); err != nil || len(items) == 0 {
		return nil, refuse(http.StatusBadRequest, "body is not a list of JSON objects")
	}
	for _, item := range items {
		if err := item.check(fields); err != nil {
			return nil, err
		}
	}
	return items, nil
}

const formType = "multipart/form-data"

func isForm(req request) bool {
	kind, _, err := mime.ParseMediaType(req.header.Get("Content-Type"))
	return err == nil && kind == formType
}

// parseForm reads a form of texts.
func parseForm(req request) (body, error) {
	r := http.Request{Method: http.MethodPost, Header: req.header, Body: io.NopCloser(bytes.NewReader(req.body))}
	if err := r.ParseMultipartForm(maxBody); err != nil {
		return nil, refuse(http.StatusBadRequest, "body is not a form")
	}
	b := body{}
	for name, values := range r.MultipartForm.Value {
		b[name] = values[0]
	}
	return b, nil
}

// check compares a body with the fields of an endpoint. Its errors name the
// field, never its value.
func (b body) check(fields []field) error {
	found := 0
	for _, f := range fields {
		value, ok := b[f.name]
		if !ok {
			if f.optional {
				continue
			}
			return refuse(http.StatusBadRequest, "missing field: %s", f.name)
		}
		found++
		if !f.kind.holds(value) {
			return refuse(http.StatusBadRequest, "field %s must be %s", f.name, kindNames[f.kind])
		}
		if value == "" && !f.optional {
			return refuse(http.StatusBadRequest, "field %s must not be empty", f.name)
		}
	}
	if found == len(b) {
		return nil
	}
	return b.unknown(fields)
}

// unknown names the first field, by its name, that the endpoint does not take.
func (b body) unknown(fields []field) error {
	var names []string
	for name := range b {
		if !slices.ContainsFunc(fields, func(f field) bool { return f.name == name }) {
			names = append(names, name)
		}
	}
	return refuse(http.StatusBadRequest, "unknown field: %s", slices.Min(names))
}

func (k kind) holds(value any) bool {
	switch k {
	case text:
		_, ok := value.(string)
		return ok
	case flag:
		_, ok := value.(bool)
		return ok
	case whole:
		return isWhole(value)
	case textNumber:
		_, ok := value.(string)
		return ok || isWhole(value)
	case nullText:
		_, ok := value.(string)
		return ok || value == nil
	case object:
		_, ok := value.(map[string]any)
		return ok
	case syncMode:
		return value == syncOverwrite || value == syncSetNX || value == syncNever
	case ids:
		items, ok := value.([]any)
		return ok && !slices.ContainsFunc(items, func(item any) bool { return !isWhole(item) })
	default:
		return false
	}
}

func isWhole(value any) bool {
	n, ok := value.(json.Number)
	if !ok {
		return false
	}
	_, err := n.Int64()
	return err == nil
}

func (b body) has(name string) bool { _, ok := b[name]; return ok }

// text returns a text field, or the digits of a textNumber; "" where it is absent.
func (b body) text(name string) string {
	switch v := b[name].(type) {
	case string:
		return v
	case json.Number:
		return v.String()
	default:
		return ""
	}
}

// whole returns an integer, also where it is the digits of a text; 0 where it is absent.
func (b body) whole(name string) int64 {
	n, _ := strconv.ParseInt(b.text(name), 10, 64)
	return n
}

// ids returns a list of integers.
func (b body) ids(name string) []int64 {
	items, _ := b[name].([]any)
	out := make([]int64, len(items))
	for i, item := range items {
		number, _ := item.(json.Number)
		out[i], _ = number.Int64()
	}
	return out
}

func (b body) flag(name string) bool { v, _ := b[name].(bool); return v }

// together checks that either all or none of the fields are there, and reports
// which.
func (b body) together(fields []field) (bool, error) {
	present := slices.ContainsFunc(fields, func(f field) bool { return b.has(f.name) })
	if !present {
		return false, nil
	}
	for _, f := range fields {
		if !f.optional && b[f.name] == nil {
			return false, refuse(http.StatusBadRequest, "missing field: %s", f.name)
		}
		if !f.optional && b[f.name] == "" {
			return false, refuse(http.StatusBadRequest, "field %s must not be empty", f.name)
		}
	}
	return true, nil
}

// decodeStrict reads one JSON value whose members v knows, and nothing after it. An
// empty text is io.EOF.
func decodeStrict(r io.Reader, v any) error {
	dec := json.NewDecoder(r)
	dec.DisallowUnknownFields()
	dec.UseNumber()
	if err := dec.Decode(v); err != nil {
		return err
	}
	if _, err := dec.Token(); err != io.EOF {
		return errors.New("more than one JSON value")
	}
	return nil
}
