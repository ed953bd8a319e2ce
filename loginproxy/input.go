package loginproxy

import (
	"encoding/json"
	"slices"

	"github.com/tidwall/gjson"

	"github.com/hydrogen-go/baas/auth"
	"github.com/hydrogen-go/baas/internal/check"
	"github.com/hydrogen-go/baas/internal/response"
	"github.com/hydrogen-go/baas/platform"
)

// errInput is the error for a body that is not the JSON expected.
var errInput = check.Invalid("the body is not the JSON expected")

// input is the body of a route. The package documentation lists the fields of each.
type input interface {
	// set stores a field. It returns false for a field that the route does not have
	// and for a value of a wrong type.
	set(name string, v gjson.Result) bool
}

// maxFields is more than the number of fields of any route.
const maxFields = 8

// read reads the body, one JSON object with the fields of in. An empty body means an
// empty object, and null means that the field is left out. No field is given twice.
func (x *exchange) read(in input) error {
	text, err := x.body()
	if err != nil || text == "" {
		return err
	}
	fields, err := response.Object(text, "")
	if err != nil {
		return errInput
	}
	var names [maxFields]string
	n, ok := 0, true
	fields.Each(func(name string, v gjson.Result) bool {
		if ok = n < maxFields && !slices.Contains(names[:n], name); !ok {
			return false
		}
		names[n], n = name, n+1
		ok = v.Type == gjson.Null || in.set(name, v)
		return ok
	})
	if !ok {
		return errInput
	}
	return nil
}

// emptyInput is the body of a route without fields.
type emptyInput struct{}

func (*emptyInput) set(string, gjson.Result) bool { return false }

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

// smsLoginInput is the body of a login with the code of a text message.
type smsLoginInput struct {
	phone, code   string
	createOptions []platform.CreateOption
}

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

// smsInput is the body of a request for a text message.
type smsInput struct {
	phone   string
	options []auth.SMSOption
}

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

// phoneInput is the body of a request that sets the phone number.
type phoneInput struct {
	data     *platform.AuthData
	platform platform.Platform // nil: that of the session
	options  []platform.PhoneOption
}

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

// setText takes a string.
func setText(v gjson.Result, into *string) bool {
	*into = v.Str
	return v.Type == gjson.String
}

// setEvent takes the data of a button event.
func setEvent(v gjson.Result, into **platform.AuthData) bool {
	return json.Unmarshal([]byte(v.Raw), into) == nil
}
