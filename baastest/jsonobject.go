package baastest

import (
	"encoding/json"
	"strconv"
)

// jsonObject writes one JSON object with its members in the order of the calls. The user object is in nearly every response, so it is not built
// by reflection.
type jsonObject struct{ buf []byte }

func (o *jsonObject) name(name string) {
	if len(o.buf) == 0 {
		o.buf = append(o.buf, '{')
	} else {
		o.buf = append(o.buf, ',')
	}
	o.quote(name)
	o.buf = append(o.buf, ':')
}

func (o *jsonObject) text(name, value string) {
	o.name(name)
	o.quote(value)
}

// maybeText writes a member unless it is empty.
func (o *jsonObject) maybeText(name, value string) {
	if value != "" {
		o.text(name, value)
	}
}

// textOr writes an empty text in the form of a field that was never set.
func (o *jsonObject) textOr(unset Unset, name, value string) {
	switch {
	case value != "" || unset == UnsetEmpty:
		o.text(name, value)
	case unset == UnsetNull:
		o.raw(name, []byte("null"))
	}
}

// textOrNull writes null for an empty text.
func (o *jsonObject) textOrNull(name, value string) {
	if value == "" {
		o.raw(name, []byte("null"))
		return
	}
	o.text(name, value)
}

func (o *jsonObject) whole(name string, value int64) {
	o.name(name)
	o.buf = strconv.AppendInt(o.buf, value, 10)
}

func (o *jsonObject) flag(name string, value bool) {
	o.name(name)
	o.buf = strconv.AppendBool(o.buf, value)
}

func (o *jsonObject) raw(name string, value []byte) {
	o.name(name)
	o.buf = append(o.buf, value...)
}

// value writes anything that came out of JSON.
func (o *jsonObject) value(name string, value any) {
	if s, ok := value.(string); ok {
		o.text(name, s)
		return
	}
	text, err := json.Marshal(value)
	if err != nil {
		text = []byte("null")
	}
	o.raw(name, text)
}

func (o *jsonObject) bytes() []byte {
	if len(o.buf) == 0 {
		return []byte("{}")
	}
	return append(o.buf, '}')
}

func (o *jsonObject) quote(s string) {
	for i := range len(s) {
		if c := s[i]; c < ' ' || c == '"' || c == '\\' || c >= 0x7f {
			text, _ := json.Marshal(s) // a string always marshals
			o.buf = append(o.buf, text...)
			return
		}
	}
	o.buf = append(o.buf, '"')
	o.buf = append(o.buf, s...)
	o.buf = append(o.buf, '"')
}
