package loginproxy

import (
	"encoding/json"

	"github.com/tidwall/gjson"

	"github.com/hydrogen-go/baas/auth"
	"github.com/hydrogen-go/baas/internal/check"
	"github.com/hydrogen-go/baas/internal/response"
	"github.com/hydrogen-go/baas/platform"
)

// errInput is the error for a body that is not the JSON expected.
var errInput = check.Invalid("the body is not the JSON expected")

// input is what a route's body is read into.
type input interface {
	// set takes over a field; it returns false for one that the route does not know
	// and for a value of a wrong type.
	set(name string, v gjson.Result) bool
}

// read reads the body, one JSON object with fields that in knows. An empty body
// stands for an empty object, and null for a field that is left out.
func (t *turn) read(in input) error {
	text, err := t.body()
	if err != nil || text == "" {
		return err
	}
	fields, err := response.Object(text, "")
	if err != nil {
		return errInput
	}
	ok := true
	fields.Each(func(name string, v gjson.Result) bool {
		ok = v.Type == gjson.Null || in.set(name, v)
		return ok
	})
	if !ok {
		return errInput
	}
	return nil
}

// empty is the body of a route that asks for nothing.
type empty struct{}

func (empty) set(string, gjson.Result) bool { return false }

// proof is what a phone sends for a login or a link on a platform. Of the optional
// fields, given are those that are there.
type proof struct {
	code  string
	data  *platform.AuthData
	given []option
}

// option is an option of logins and links alike.
type option interface {
	platform.LoginOption
	platform.LinkOption
}

func (p *proof) set(name string, v gjson.Result) bool {
	switch name {
	case "code":
		return text(v, &p.code)
	case "data":
		return event(v, &p.data)
	case "syncUserProfile":
		return p.sync(v)
	case "appName":
		return v.Type == gjson.String && p.give(auth.AppName(v.Str))
	case "withUnionID":
		return v.IsBool() && p.give(auth.WithUnionID(v.Bool()))
	}
	return false
}

// sync takes the documented syncUserProfile: "overwrite", "setnx" or false.
func (p *proof) sync(v gjson.Result) bool {
	switch v.Raw {
	case `"overwrite"`:
		return p.give(auth.SyncUserProfile(platform.Overwrite))
	case `"setnx"`:
		return p.give(auth.SyncUserProfile(platform.SetNX))
	case "false":
		return p.give(auth.SyncUserProfile(platform.NoSync))
	}
	return false
}

func (p *proof) give(o option) bool {
	p.given = append(p.given, o)
	return true
}

// loginProof is a proof for a login.
type loginProof struct {
	proof
	create []platform.LoginOption
}

func (p *loginProof) set(name string, v gjson.Result) bool {
	if name == "createUser" {
		p.create = append(p.create, auth.CreateUser(v.Bool()))
		return v.IsBool()
	}
	return p.proof.set(name, v)
}

// options returns what the phone asks for. The code is always given: an empty one
// is an error and never falls back to a session.
func (p *loginProof) options() []platform.LoginOption {
	opts := append(make([]platform.LoginOption, 0, 5), auth.Code(p.code))
	for _, o := range p.given {
		opts = append(opts, o)
	}
	return append(opts, p.create...)
}

// linkOptions is options for a link.
func (p *proof) linkOptions() []platform.LinkOption {
	opts := []platform.LinkOption{auth.Code(p.code)}
	for _, o := range p.given {
		opts = append(opts, o)
	}
	return opts
}

// credentials are those of an account.
type credentials struct{ auth.Credentials }

func (c *credentials) set(name string, v gjson.Result) bool {
	switch name {
	case "username":
		return text(v, &c.Username)
	case "email":
		return text(v, &c.Email)
	case "phone":
		return text(v, &c.Phone)
	case "password":
		return text(v, &c.Password)
	}
	return false
}

// smsLogin is a phone number with the code that was sent to it.
type smsLogin struct {
	phone, code string
	create      []platform.CreateOption
}

func (s *smsLogin) set(name string, v gjson.Result) bool {
	switch name {
	case "phone":
		return text(v, &s.phone)
	case "code":
		return text(v, &s.code)
	case "createUser":
		s.create = append(s.create, auth.CreateUser(v.Bool()))
		return v.IsBool()
	}
	return false
}

// smsOrder asks for a text message with a code.
type smsOrder struct {
	phone string
	opts  []auth.SMSOption
}

func (s *smsOrder) set(name string, v gjson.Result) bool {
	switch name {
	case "phone":
		return text(v, &s.phone)
	case "signatureID":
		s.opts = append(s.opts, auth.SignatureID(response.Int(v)))
		return v.Type == gjson.Number && response.Int(v) > 0
	}
	return false
}

// number is a phone number that a user shares.
type number struct {
	data *platform.AuthData
	opts []platform.PhoneOption
}

func (n *number) set(name string, v gjson.Result) bool {
	switch name {
	case "data":
		return event(v, &n.data)
	case "overwrite":
		n.opts = append(n.opts, auth.Overwrite(v.Bool()))
		return v.IsBool()
	}
	return false
}

// text takes a string.
func text(v gjson.Result, into *string) bool {
	*into = v.Str
	return v.Type == gjson.String
}

// event takes the data of a button event, or null.
func event(v gjson.Result, into **platform.AuthData) bool {
	return json.Unmarshal([]byte(v.Raw), into) == nil
}
