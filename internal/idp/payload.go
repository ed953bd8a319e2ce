package idp

import (
	"bytes"
	"encoding/json"
	"strconv"
	"strings"

	"github.com/tidwall/gjson"

	"github.com/hydrogen-go/baas/herror"
	"github.com/hydrogen-go/baas/internal/check"
	"github.com/hydrogen-go/baas/platform"
)

// payload writes the JSON object that a call sends.
type payload struct{ json strings.Builder }

func newPayload() *payload {
	w := new(payload)
	w.json.Grow(128) // a silent login fits
	return w
}

func (w *payload) name(name string) {
	if w.json.Len() == 0 {
		w.json.WriteByte('{')
	} else {
		w.json.WriteByte(',')
	}
	w.json.WriteByte('"')
	w.json.WriteString(name) // names need no escapes
	w.json.WriteString(`":`)
}

func (w *payload) text(name, value string) {
	var buf [128]byte // on the stack: most values fit
	w.name(name)
	w.json.Write(gjson.AppendJSONString(buf[:0], value))
}

func (w *payload) flag(name string, on bool) {
	w.name(name)
	w.json.WriteString(strconv.FormatBool(on))
}

// object writes a value that is JSON already.
func (w *payload) object(name string, value json.RawMessage) {
	w.name(name)
	var compact bytes.Buffer
	if json.Compact(&compact, value) == nil { // which has been checked
		w.json.Write(compact.Bytes())
	}
}

// end ends the object and returns it.
func (w *payload) end() string {
	w.json.WriteByte('}')
	return w.json.String()
}

// optional writes a text that is left out where it is empty.
func (w *payload) optional(name, value string) {
	if value != "" {
		w.text(name, value)
	}
}

// proof is how a platform proves user info.
type proof struct {
	// write writes what proves it. It fails where data does not have all of it.
	write func(*payload, *platform.AuthData) error
	// shared returns the user info that the backend sees with it, as JSON; nil where it
	// sees none, so that nothing unproved is ever kept as the user's.
	shared func(*platform.AuthData) []byte
}

// signed is the proof of the platforms that sign and encrypt user info: the raw data is
// what the signature signs.
var signed = proof{writeSigned, func(d *platform.AuthData) []byte { return []byte(d.RawData) }}

func nothing(*platform.AuthData) []byte { return nil }

func writeSigned(w *payload, d *platform.AuthData) error {
	if err := missing(d, "rawData", "signature", "encryptedData", "iv"); err != nil {
		return err
	}
	w.text("rawData", d.RawData)
	w.text("signature", d.Signature)
	w.text("encryptedData", d.EncryptedData)
	w.text("iv", d.IV)
	return nil
}

// encrypted writes a phone number, which only the platform can read.
func encrypted(w *payload, d *platform.AuthData) error {
	if err := requireData(d); err != nil {
		return err
	}
	if err := missing(d, "encryptedData", "iv"); err != nil {
		return err
	}
	w.text("encryptedData", d.EncryptedData)
	w.text("iv", d.IV)
	return nil
}

// The errors for data that is a phone number where there is no such call.
var (
	errNoPhoneLogin = herror.New(herror.UnsupportedFunction, "login with a phone number on this platform")
	errNoPhoneLink  = herror.New(herror.UnsupportedFunction, "link with a phone number: a link takes user info")
)

// requireUserInfo returns an error if d cannot be sent, or errNone if it has no user
// info.
func requireUserInfo(d *platform.AuthData, errNone error) error {
	if err := requireData(d); err != nil {
		return err
	}
	if !d.HasUserInfo() {
		return errNone
	}
	return nil
}

// dataField is the documented name of the argument with the event data.
const dataField = "data"

// requireData returns an error if d is nil or empty, or if a part of it cannot be sent.
func requireData(d *platform.AuthData) error {
	if d.Empty() {
		return check.InvalidField(dataField, "event data is missing")
	}
	if d.Error != 0 && !d.Refused() && !d.HasUserInfo() {
		return check.InvalidField(dataField, "the phone could not ask the user: error "+strconv.Itoa(d.Error))
	}
	for _, part := range [...]struct {
		name string
		size int
	}{
		{"userInfo", len(d.UserInfo)},
		{"rawData", len(d.RawData)},
		{"signature", len(d.Signature)},
		{"encryptedData", len(d.EncryptedData)},
		{"iv", len(d.IV)},
		{"errMsg", len(d.ErrMsg)},
	} {
		if part.size > check.MaxData {
			return check.InvalidField(dataField, part.name+" is too long")
		}
	}
	if len(d.UserInfo) > 0 && !isObject(d.UserInfo) {
		return check.InvalidField(dataField, "userInfo is not a JSON object")
	}
	return check.TextOf(dataField, "phone code", d.Code, check.MaxCode)
}

func isObject(b json.RawMessage) bool {
	b = bytes.TrimSpace(b)
	return len(b) > 0 && b[0] == '{' && json.Valid(b)
}

// missing returns an error that names the first of the fields that d does not have.
func missing(d *platform.AuthData, fields ...string) error {
	for _, field := range fields {
		has := false
		switch field {
		case "userInfo":
			has = len(d.UserInfo) > 0
		case "rawData":
			has = d.RawData != ""
		case "signature":
			has = d.Signature != ""
		case "encryptedData":
			has = d.EncryptedData != ""
		case "iv":
			has = d.IV != ""
		}
		if !has {
			return check.InvalidField(dataField, "event data without "+field)
		}
	}
	return nil
}
