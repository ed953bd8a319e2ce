package loginproxy

import (
	"cmp"
	"encoding/json"
	"errors"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/tidwall/gjson"

	"github.com/hydrogen-go/baas/auth"
	"github.com/hydrogen-go/baas/herror"
	"github.com/hydrogen-go/baas/internal/check"
	"github.com/hydrogen-go/baas/internal/response"
	"github.com/hydrogen-go/baas/platform"
)

// reason says what is wrong with a request that is refused with 605. It is a part of the
// response, so its values never change.
type reason string

const (
	brokenBody     reason = "incomplete_body"
	notUTF8        reason = "not_utf8"
	notJSON        reason = "not_json"
	notObject      reason = "not_object"
	unknownField   reason = "unknown_field"
	duplicateField reason = "duplicate_field"
	wrongType      reason = "wrong_type"
	missingField   reason = "missing_field"
	invalidValue   reason = "invalid_value"
	queryGiven     reason = "query_not_allowed"
)

// inputError is an error with code 605 and its reason.
type inputError struct {
	*herror.HError
	reason reason
}

// Error returns the text with the field.
func (e *inputError) Error() string { return withField(e.HError) }

// Unwrap returns the error with code 605.
func (e *inputError) Unwrap() error { return e.HError }

// badInput returns the error for a request that is refused before anything is sent. Field
// is a name of this package, or empty. Neither it nor detail has text of the request.
func badInput(why reason, field, detail string) error {
	return &inputError{check.InvalidField(field, detail), why}
}

var (
	errBrokenBody = badInput(brokenBody, "", "the body is incomplete")
	errNotUTF8    = badInput(notUTF8, "", "the body is not UTF-8")
	errNotJSON    = badInput(notJSON, "", "the body is not JSON")
	errQuery      = badInput(queryGiven, "", "the path has a query")
	errNotObject  = badInput(notObject, "", "the body is not a JSON object")
)

// need returns the error for a needed field that is missing, unless it is given. A null and
// an empty text count as missing. Field is empty where one of several fields is needed.
func need(field string, given bool) error {
	if given {
		return nil
	}
	return badInput(missingField, field, "a needed field is missing")
}

// reasonOf returns the reason of an error with code 605.
func reasonOf(err error) reason {
	var e *inputError
	if errors.As(err, &e) {
		return e.reason
	}
	return invalidValue
}

// input is the body of a route. The package documentation lists the fields of each.
type input interface {
	// fields returns the names of the fields.
	fields() []string
	// set stores a field. It returns false for a field that the route does not have
	// and for a value of a wrong type.
	set(name string, v gjson.Result) bool
	// complete returns an error if a needed field is missing.
	complete() error
}

// maxFields is more than the number of fields of any route.
const maxFields = 8

// read reads the body into in, and checks that no needed field is missing.
func (x *exchange) read(in input) error {
	if err := x.readFields(in); err != nil {
		return err
	}
	return in.complete()
}

// readFields reads the body, one JSON object with the fields of in. An empty body means an
// empty object, and null means that the field is left out. No field is given twice.
func (x *exchange) readFields(in input) error {
	text, err := x.body()
	if err != nil || text == "" {
		return err
	}
	if !utf8.ValidString(text) {
		return errNotUTF8
	}
	if !response.Valid(text) {
		return errNotJSON
	}
	if text[0] != '{' { // the body is trimmed
		return errNotObject
	}
	var names [maxFields]string
	n := 0
	response.Fields(text).Each(func(name string, v gjson.Result) bool {
		if err = checkField(in, names[:n], name, v); err == nil {
			names[n], n = name, n+1
		}
		return err == nil
	})
	return err
}

// checkField sets a field of in, unless there is something wrong with it. Given are the
// fields before it.
func checkField(in input, given []string, name string, v gjson.Result) error {
	switch taken := slices.Contains(in.fields(), name); {
	case slices.Contains(given, name):
		return badInput(duplicateField, safeName(name), "a field is given twice")
	case v.Type == gjson.Null && taken:
		return nil
	case !taken:
		return badInput(unknownField, safeName(name), "the route has no such field")
	case in.set(name, v):
		return nil
	case v.Type == gjson.String && (name == "platform" || name == "syncUserProfile"):
		return badInput(invalidValue, name, "it is none of the documented values")
	}
	return badInput(wrongType, name, "the value is of a wrong type or form")
}

// The fields of each body, in the order of the package documentation.
var (
	linkFields          = []string{"code", "data", "syncUserProfile", "appName", "withUnionID"}
	platformLoginFields = []string{"code", "data", "createUser", "syncUserProfile", "appName", "withUnionID"}
	accountFields       = []string{"username", "email", "phone", "password"}
	smsLoginFields      = []string{"phone", "code", "createUser"}
	smsFields           = []string{"phone", "signatureID"}
	phoneFields         = []string{"data", "overwrite", "platform"}

	// knownFields are the fields of all bodies.
	knownFields = slices.Concat(platformLoginFields, accountFields, smsFields, phoneFields)
)

// safeName returns the name of a field that came from outside if it is one of this package,
// in any case and with any separators, as in create_user. Any other name is not repeated:
// it may be a token that was put into the wrong place.
func safeName(name string) string {
	const separators = 8 // more than any of the names has
	for _, known := range knownFields {
		if len(name) <= len(known)+separators && strings.EqualFold(strings.NewReplacer("_", "", "-", "").Replace(name), known) {
			return name
		}
	}
	return ""
}

// emptyInput is the body of a route without fields.
type emptyInput struct{}

func (*emptyInput) fields() []string { return nil }

func (*emptyInput) set(string, gjson.Result) bool { return false }

func (*emptyInput) complete() error { return nil }

// linkInput is the body of a link.
type linkInput struct {
	code    string
	data    *platform.AuthData
	options []option // of the fields that are given
}

// option is an option of both logins and links.
type option interface {
	platform.LoginOption
	platform.LinkOption
}

func (*linkInput) fields() []string { return linkFields }

func (in *linkInput) set(name string, v gjson.Result) bool {
	switch name {
	case "code":
		return setText(v, &in.code)
	case "data":
		return setEvent(v, &in.data)
	case "syncUserProfile":
		return in.setSync(v)
	case "appName":
		return v.Type == gjson.String && in.add(auth.AppName(v.Str))
	case "withUnionID":
		return v.IsBool() && in.add(auth.WithUnionID(v.Bool()))
	}
	return false
}

func (in *linkInput) complete() error { return need("code", in.code != "") }

// setSync takes the documented values of syncUserProfile: "overwrite", "setnx" or false.
func (in *linkInput) setSync(v gjson.Result) bool {
	switch v.Raw {
	case `"overwrite"`:
		return in.add(auth.SyncUserProfile(platform.Overwrite))
	case `"setnx"`:
		return in.add(auth.SyncUserProfile(platform.SetNX))
	case "false":
		return in.add(auth.SyncUserProfile(platform.NoSync))
	}
	return false
}

func (in *linkInput) add(o option) bool {
	in.options = append(in.options, o)
	return true
}

// linkOptions returns the options of the link. The code is always one of them.
func (in *linkInput) linkOptions() []platform.LinkOption {
	opts := []platform.LinkOption{auth.Code(in.code)}
	for _, o := range in.options {
		opts = append(opts, o)
	}
	return opts
}

// platformLoginInput is the body of a login on a platform.
type platformLoginInput struct {
	linkInput
	createOptions []platform.LoginOption
}

func (*platformLoginInput) fields() []string { return platformLoginFields }

func (in *platformLoginInput) set(name string, v gjson.Result) bool {
	if name == "createUser" {
		in.createOptions = append(in.createOptions, auth.CreateUser(v.Bool()))
		return v.IsBool()
	}
	return in.linkInput.set(name, v)
}

// loginOptions returns the options of the login. The code is always one of them,
// because an empty code must be an error and not the stored session.
func (in *platformLoginInput) loginOptions() []platform.LoginOption {
	opts := append(make([]platform.LoginOption, 0, 5), auth.Code(in.code))
	for _, o := range in.options {
		opts = append(opts, o)
	}
	return append(opts, in.createOptions...)
}

// accountInput is the body of a login with an account, and of a register.
type accountInput struct{ auth.Credentials }

func (*accountInput) fields() []string { return accountFields }

func (in *accountInput) set(name string, v gjson.Result) bool {
	switch name {
	case "username":
		return setText(v, &in.Username)
	case "email":
		return setText(v, &in.Email)
	case "phone":
		return setText(v, &in.Phone)
	case "password":
		return setText(v, &in.Password)
	}
	return false
}

func (in *accountInput) complete() error {
	return cmp.Or(need("", in.Username+in.Email+in.Phone != ""), need("password", in.Password != ""))
}

// smsLoginInput is the body of a login with the code of a text message.
type smsLoginInput struct {
	phone, code   string
	createOptions []platform.CreateOption
}

func (*smsLoginInput) fields() []string { return smsLoginFields }

func (in *smsLoginInput) set(name string, v gjson.Result) bool {
	switch name {
	case "phone":
		return setText(v, &in.phone)
	case "code":
		return setText(v, &in.code)
	case "createUser":
		in.createOptions = append(in.createOptions, auth.CreateUser(v.Bool()))
		return v.IsBool()
	}
	return false
}

func (in *smsLoginInput) complete() error {
	return cmp.Or(need("phone", in.phone != ""), need("code", in.code != ""))
}

// smsInput is the body of a request for a text message.
type smsInput struct {
	phone   string
	options []auth.SMSOption
}

func (*smsInput) fields() []string { return smsFields }

func (in *smsInput) set(name string, v gjson.Result) bool {
	switch name {
	case "phone":
		return setText(v, &in.phone)
	case "signatureID":
		in.options = append(in.options, auth.SignatureID(response.Int(v)))
		return v.Type == gjson.Number && response.Int(v) > 0
	}
	return false
}

func (in *smsInput) complete() error { return need("phone", in.phone != "") }

// phoneInput is the body of a request that sets the phone number.
type phoneInput struct {
	data     *platform.AuthData
	platform platform.Platform // nil: that of the session
	options  []platform.PhoneOption
}

func (*phoneInput) fields() []string { return phoneFields }

func (in *phoneInput) set(name string, v gjson.Result) bool {
	switch name {
	case "data":
		return setEvent(v, &in.data)
	case "platform":
		var ok bool
		if in.platform, ok = platform.ByName(v.Str); !ok {
			return false
		}
		in.options = append(in.options, auth.OnPlatform(in.platform))
		return true
	case "overwrite":
		in.options = append(in.options, auth.Overwrite(v.Bool()))
		return v.IsBool()
	}
	return false
}

func (in *phoneInput) complete() error { return need("data", in.data != nil) }

// setText takes a string.
func setText(v gjson.Result, into *string) bool {
	*into = v.Str
	return v.Type == gjson.String
}

// setEvent takes the data of a button event.
func setEvent(v gjson.Result, into **platform.AuthData) bool {
	return json.Unmarshal([]byte(v.Raw), into) == nil
}
