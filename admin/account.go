package admin

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"net/http"

	"github.com/tidwall/gjson"

	"github.com/hydrogen-go/baas/internal/check"
	"github.com/hydrogen-go/baas/internal/response"
	"github.com/hydrogen-go/baas/session"
)

// AccountChange is a change of what a user logs in with. Make one with [Username],
// [Email], [Phone], [NewPassword], [ClearUsername], [ClearEmail] or [ClearPhone].
// Printing it shows the field and no value.
type AccountChange struct {
	field string
	value session.Secret // no value clears the field
	err   error
}

// Username sets the name that the user logs in with: the documented username. The
// backend does not distinguish upper and lower case.
func Username(name string) AccountChange { return accountChange("username", name, check.MaxIdentifier) }

// Email sets the user's email address: the documented email. The backend does not
// distinguish upper and lower case.
func Email(address string) AccountChange { return accountChange("email", address, check.MaxIdentifier) }

// Phone sets the user's phone number, which is then not verified: the documented phone.
func Phone(number string) AccountChange { return accountChange("phone", number, check.MaxIdentifier) }

// NewPassword sets the user's password: the documented new_password. The old one is not
// needed.
func NewPassword(password string) AccountChange {
	return accountChange("new_password", password, check.MaxPassword)
}

// ClearUsername removes the name that the user logs in with: the documented username of
// null.
func ClearUsername() AccountChange { return AccountChange{field: "username"} }

// ClearEmail removes the user's email address: the documented email of null.
func ClearEmail() AccountChange { return AccountChange{field: "email"} }

// ClearPhone removes the user's phone number: the documented phone of null.
func ClearPhone() AccountChange { return AccountChange{field: "phone"} }

func accountChange(field, text string, longest int) AccountChange {
	return AccountChange{field: field, value: session.NewSecret(text), err: check.Required(field, text, longest)}
}

// Format prints the field, for every verb.
func (c AccountChange) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, c.summary()) }

// LogValue returns what Format prints.
func (c AccountChange) LogValue() slog.Value { return slog.StringValue(c.summary()) }

func (c AccountChange) summary() string { return fmt.Sprintf("account change{%q}", c.field) }

// Account is what a user logs in with, as the backend has it after a change. What the
// user does not have is empty.
type Account struct {
	Username      string
	Email         string
	EmailVerified bool
	Phone         string
	PhoneVerified bool
}

// UpdateAccount changes what the user with that id logs in with: PUT
// /oserve/v2.1/miniapp/user/account/{id}/. The user's sessions stay as they are: to end
// them after a new password, use RevokeUser of baas.Client.
//
// Errors: 400 a name is taken or malformed, 404 no such user, 605 an id that is not over
// 0, no change, two changes of one field, an empty or over-long text.
func (c *Client) UpdateAccount(ctx context.Context, id int64, changes ...AccountChange) (Account, error) {
	if err := checkID("user", id); err != nil {
		return Account{}, err
	}
	body, secrets, err := accountBody(changes)
	if err != nil {
		return Account{}, err
	}
	res, err := c.write(ctx, http.MethodPut, pathOf("/oserve/v2.1/miniapp/user/account/", id), body, secrets...)
	if err != nil {
		return Account{}, err
	}
	return parseAccount(res.Body)
}

// accountBody returns the body that makes the changes, and the secrets in it.
func accountBody(changes []AccountChange) (map[string]*string, []string, error) {
	if len(changes) == 0 {
		return nil, nil, check.Invalid("no change")
	}
	body := make(map[string]*string)
	var secrets []string
	for _, c := range changes {
		if c.field == "" {
			return nil, nil, check.Invalid("an empty change")
		}
		if c.err != nil {
			return nil, nil, c.err
		}
		if _, twice := body[c.field]; twice {
			return nil, nil, check.Invalid("two changes of " + c.field)
		}
		body[c.field] = nil
		if !c.value.IsZero() {
			text := c.value.Reveal()
			body[c.field] = &text
		}
		if c.field == "new_password" {
			secrets = append(secrets, c.value.Reveal())
		}
	}
	return body, secrets, nil
}

func parseAccount(body string) (Account, error) {
	fields, err := response.Object(body, "account")
	if err != nil {
		return Account{}, err
	}
	var a Account
	fields.Each(func(key string, v gjson.Result) bool {
		switch key {
		case "username":
			a.Username = response.Str(v)
		case "email":
			a.Email = response.Str(v)
		case "email_verified":
			a.EmailVerified = v.Bool()
		case "phone":
			a.Phone = response.Str(v)
		case "phone_verified":
			a.PhoneVerified = v.Bool()
		}
		return true
	})
	return a, nil
}
