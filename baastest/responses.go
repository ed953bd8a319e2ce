package baastest

import (
	"slices"
	"time"

	"github.com/hydrogen-go/baas/internal/check"
)

// Responses selects what a backend responds where the evidence contradicts itself.
// The zero value is the response with the strongest evidence; each field selects the
// other one. A program that works under both does not depend on the question.
type Responses struct {
	// ShortAccountLogin: registrations and logins with a password or an SMS code
	// give user_id, token and expires_in only. The default is the whole user beside
	// them, as recorded.
	ShortAccountLogin bool `json:"short_account_login"`
	// OwnOpenID: a read of the own user has the openid and unionid of the platform
	// that the request comes from, else of the user's first identity. The default is
	// WeChat's only, as documented.
	OwnOpenID bool `json:"own_openid"`
	// Unset is how openid, unionid, _username, _email and _phone appear where they
	// were never set. The default is [UnsetAbsent], as recorded.
	Unset Unset `json:"unset"`
	// UnionIDFromCode: a user of WeChat has the unionid from the first code on, as an
	// app on an open platform account could have it. The default is from when the user
	// shared user info, as documented, or logged in by unionid.
	UnionIDFromCode bool `json:"unionid_from_code"`
	// SMSCreated: sending and verifying an SMS code is 201. The default is 200, as
	// the page of the web API has it.
	SMSCreated bool `json:"sms_created"`
	// QueryAnyField: a query for users may name every field. The default is id and
	// nickname only.
	QueryAnyField bool `json:"query_any_field"`
	// ExactKeys: a read with keys gives these fields and not also id, which the
	// default does.
	ExactKeys bool `json:"exact_keys"`
	// ShortKuaishouKey: the key of _provider is "kuaishou". The default is
	// "kuaishou_miniapp". Both are guesses.
	ShortKuaishouKey bool `json:"short_kuaishou_key"`
	// NewestFirst: a list of users of the Open API without order_by begins with the
	// newest, as the page of tables has it. The default is the order of creation, as in
	// the example for users.
	NewestFirst bool `json:"newest_first"`
	// BulkLimit1000: a bulk update without limit changes up to 1000 users, as in its
	// example. The default is 20, as its parameters have it.
	BulkLimit1000 bool `json:"bulk_limit_1000"`
	// NumericBulkIDs: the results of a bulk update have numeric ids, as users have
	// everywhere else. The default is texts, as documented.
	NumericBulkIDs bool `json:"numeric_bulk_ids"`
	// RefusalWithError: a person who refuses a web login comes back to the callback URL
	// with error=access_denied, as OAuth has it. The default is the callback URL as it
	// was, without a token. Both are guesses.
	RefusalWithError bool `json:"refusal_with_error"`
}

// Unset is how a field that was never set appears in a user.
type Unset string

// The forms of unset fields.
const (
	UnsetAbsent Unset = ""      // the field is left out
	UnsetNull   Unset = "null"  // the field is null
	UnsetEmpty  Unset = "empty" // the field is an empty text
)

// WithResponses selects responses that the evidence leaves open.
func WithResponses(r Responses) Option {
	return func(c *config) error {
		if !slices.Contains([]Unset{UnsetAbsent, UnsetNull, UnsetEmpty}, r.Unset) {
			return check.Invalid("unknown form of unset fields")
		}
		c.responses = r
		return nil
	}
}

// Permission says who sees a field of a user.
type Permission int

const (
	// VisibleToAll shows the field to every user: the default of id, nickname,
	// avatar and of custom fields.
	VisibleToAll Permission = iota
	// VisibleToOwner shows it to the user itself only: the default of the other
	// built-in fields.
	VisibleToOwner
	// Invisible shows it to no client.
	Invisible
)

// WithFieldPermission sets who sees a field of a user, as the console of the real
// backend does. The field id is visible to all and cannot be set.
func WithFieldPermission(field string, p Permission) Option {
	return func(c *config) error {
		switch {
		case field == "" || field == "id":
			return check.Invalid("no permission can be set on this field")
		case p < VisibleToAll || p > Invisible:
			return check.Invalid("unknown permission")
		}
		if c.permissions == nil {
			c.permissions = make(map[string]Permission)
		}
		c.permissions[field] = p
		return nil
	}
}

// permission returns who sees a field.
func (c *config) permission(field string) Permission {
	if p, ok := c.permissions[field]; ok {
		return p
	}
	if field != "id" && field != "nickname" && field != "avatar" && isBuiltIn(field) {
		return VisibleToOwner
	}
	return VisibleToAll
}

// WithTimeZone sets the zone of the server time. The default is UTC+8.
func WithTimeZone(zone *time.Location) Option {
	return func(c *config) error {
		if zone == nil {
			return check.Invalid("time zone is nil")
		}
		c.zone = zone
		return nil
	}
}

// WithStrictFaults makes the test of [NewServer] fail at its end if a fault hit no
// request, as one with a mistake in its route. Without a test, see
// [Backend.UnusedFaults].
func WithStrictFaults() Option {
	return func(c *config) error {
		c.strictFaults = true
		return nil
	}
}
