package conformance_test

import (
	"bytes"
	"encoding/json"
	"strings"

	"github.com/stretchr/testify/require"

	"github.com/hydrogen-go/baas/auth"
	"github.com/hydrogen-go/baas/platform"
)

// arguments are the arguments of a recorded call: the event's data and the options.
type arguments struct {
	data    *platform.AuthData
	options jsOptions
	appName string
}

type jsOptions struct {
	Code            *string
	CreateUser      *bool
	SyncUserProfile *string
	WithUnionID     *bool
	Overwrite       *bool
	ForceLogin      bool
}

// arguments separates the arguments of a call into data and options. The data is the
// argument that has a detail, or that is one. What the vendor's client asks the phone
// for is taken from the recorded requests.
func (p *player) arguments(c *recordedCall) arguments {
	g := arguments{appName: p.rec.Phone.SystemInfo.AppName}
	var event object
	for _, arg := range c.Args {
		if !bytes.HasPrefix(arg, []byte("{")) {
			continue
		}
		var members object
		require.NoError(p.t, decodeNumbers(arg, &members))
		switch {
		case members["detail"] != nil:
			event = object{"detail": members["detail"]}
			delete(members, "detail")
			delete(members, "type")
		case members["errMsg"] != nil:
			event, members = members, object{}
		}
		p.strict([]byte(canonical(p.t, members)), &g.options)
	}
	if g.options.ForceLogin {
		event = p.rec.Phone.asked(p.rec.Platform)
	}
	wire := c.identityBody()
	if event != nil {
		g.data = p.authData(event, wire)
	}
	if code, ok := wire["code"].(string); ok && g.options.Code == nil && !p.mints {
		g.options.Code = &code
	}
	return g
}

// authData returns the data of an event as a server would receive it.
func (p *player) authData(event, wire object) *platform.AuthData {
	detail, ok := event["detail"].(object)
	if !ok {
		detail = event
	}
	if errMsg, _ := detail["errMsg"].(string); strings.HasSuffix(errMsg, ":ok") {
		for _, key := range []string{"rawData", "signature", "encryptedData", "iv"} {
			if value, ok := wire[key]; ok {
				detail[key] = value
			}
		}
		if wire["userInfo"] != nil { // JD's event has no encrypted data
			delete(detail, "encryptedData")
			delete(detail, "iv")
		}
		if wire["encryptedData"] != nil { // older phones send no phone code
			delete(detail, "code")
			if code, ok := wire["phone_code"]; ok {
				detail["code"] = code
			}
		}
	}
	data := new(platform.AuthData)
	require.NoError(p.t, json.Unmarshal([]byte(canonical(p.t, event)), data))
	return data
}

// anyOption is an option of logins and of links.
type anyOption interface {
	platform.LoginOption
	platform.LinkOption
}

// common returns the options that both logins and links have.
func (g arguments) common() (opts []anyOption) {
	if g.options.Code != nil {
		opts = append(opts, auth.Code(*g.options.Code))
	}
	if g.options.SyncUserProfile != nil {
		opts = append(opts, auth.SyncUserProfile(platform.SyncMode(*g.options.SyncUserProfile)))
	}
	if g.options.WithUnionID != nil {
		opts = append(opts, auth.WithUnionID(*g.options.WithUnionID))
	}
	if g.appName != "" {
		opts = append(opts, auth.AppName(g.appName))
	}
	return opts
}

func (g arguments) loginOptions() (opts []platform.LoginOption) {
	for _, opt := range g.common() {
		opts = append(opts, opt)
	}
	if g.options.CreateUser != nil {
		opts = append(opts, auth.CreateUser(*g.options.CreateUser))
	}
	return opts
}

func (g arguments) linkOptions() (opts []platform.LinkOption) {
	for _, opt := range g.common() {
		opts = append(opts, opt)
	}
	return opts
}

func (g arguments) phoneOptions() (opts []platform.PhoneOption) {
	if g.options.Overwrite != nil {
		opts = append(opts, auth.Overwrite(*g.options.Overwrite))
	}
	return opts
}

func (g arguments) profileOptions() (opts []platform.ProfileOption) {
	if g.options.Code != nil {
		opts = append(opts, auth.Code(*g.options.Code))
	}
	if g.options.SyncUserProfile != nil {
		opts = append(opts, auth.SyncUserProfile(platform.SyncMode(*g.options.SyncUserProfile)))
	}
	return opts
}

// arg decodes the i-th argument of a call.
func (p *player) arg(c *recordedCall, i int, into any) {
	p.t.Helper()
	require.Greater(p.t, len(c.Args), i, "%s has no argument %d", c.Call, i)
	p.decode(c.Args[i], into, false)
}

func (p *player) decode(text []byte, into any, strict bool) {
	p.t.Helper()
	d := json.NewDecoder(bytes.NewReader(text))
	if strict {
		d.DisallowUnknownFields()
	}
	require.NoError(p.t, d.Decode(into))
}
