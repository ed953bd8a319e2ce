package loginproxy

import (
	"net/http"
	"strings"
)

// Refusal is an error with which a program refuses a login, see [WithLoginCheck]. The
// phone gets its status and its name:
//
//	{"code":403,"error":"banned","code_spent":true}
//
// code_spent is false for a login without a login code, as with a password.
// It is also an error for [WriteError].
type Refusal struct {
	// Status is the HTTP status: 400 to 499, or 503.
	Status int
	// Name is what the phone is told: 1 to 64 letters from a to z and _.
	Name string
}

// Error returns the name.
func (r *Refusal) Error() string {
	if r == nil {
		return "no refusal"
	}
	return r.Name
}

// maxRefusalName limits the length of a name.
const maxRefusalName = 64

// valid reports whether r can be sent.
func (r *Refusal) valid() bool {
	if r == nil || r.Status/100 != 4 && r.Status != http.StatusServiceUnavailable {
		return false
	}
	other := func(c rune) bool { return c != '_' && (c < 'a' || c > 'z') }
	return r.Name != "" && len(r.Name) <= maxRefusalName && !strings.ContainsFunc(r.Name, other)
}

// own returns what the client is told.
func (r *Refusal) own() *refusal {
	return &refusal{status: r.Status, name: r.Name, class: ClassRefused}
}
