package user

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net/http"

	"github.com/hydrogen-go/baas/herror"
	"github.com/hydrogen-go/baas/internal/check"
	"github.com/hydrogen-go/baas/internal/response"
	"github.com/hydrogen-go/baas/internal/transport"
)

// Account is what [Me.SetAccount] sets; empty fields stay as they are.
// Printing, logging or marshalling it never shows the password.
type Account struct {
	Username string
	Email    string
	Phone    string
	// Password is the new password, for an account that has none yet. To replace
	// one, use [Me.UpdatePassword].
	Password string
}

// SetUsername sets the name the user logs in with: the documented setUsername,
// PUT v2.2/user/account/.
//
// Errors: 400 the name is taken, 604 not logged in, 605 an empty or over-long
// name, 612 an anonymous user.
func (m *Me) SetUsername(ctx context.Context, username string) error {
	return m.setOne(ctx, "username", username)
}

// SetEmail sets the user's email address: the documented setEmail, PUT
// v2.2/user/account/. With [SendVerificationEmail] it then has the backend mail a
// link to that address. When only the mail fails, the error is that of the mail, and
// the address is set.
//
// Errors: 400 the address is taken or malformed, 604 not logged in, 605 an empty
// or over-long address, 612 an anonymous user.
func (m *Me) SetEmail(ctx context.Context, email string, opts ...EmailOption) error {
	var o emailOptions
	for _, opt := range opts {
		if opt == nil {
			continue
		}
		if err := opt(&o); err != nil {
			return err
		}
	}
	if err := m.setOne(ctx, "email", email); err != nil || !o.verify {
		return err
	}
	return m.RequestEmailVerification(ctx)
}

// EmailOption is an option of SetEmail. A nil EmailOption changes nothing.
type EmailOption func(*emailOptions) error

type emailOptions struct{ verify bool }

// SendVerificationEmail has SetEmail send the verification mail too: the
// documented sendVerificationEmail. The default is false.
func SendVerificationEmail(on bool) EmailOption {
	return func(o *emailOptions) error {
		o.verify = on
		return nil
	}
}

// SetMobilePhone sets the user's phone number, which is then not verified: the documented
// setMobilePhone, PUT v2.2/user/account/.
//
// Errors: 400 the number is taken or malformed, 604 not logged in, 605 an empty
// or over-long number, 612 an anonymous user.
func (m *Me) SetMobilePhone(ctx context.Context, phone string) error {
	return m.setOne(ctx, "phone", phone)
}

// SetAccount sets several of the account's names at once, and the password of an
// account that has none: the documented setAccount, PUT v2.2/user/account/.
//
// Errors: 400 a name is taken or there is a password already, 604 not logged in,
// 605 nothing to set or an over-long text, 612 an anonymous user.
func (m *Me) SetAccount(ctx context.Context, a Account) error {
	return m.setAccount(ctx, []accountText{
		{"username", a.Username},
		{"email", a.Email},
		{"phone", a.Phone},
		{"new_password", a.Password},
	})
}

// ClearUsername removes the name the user logs in with: the documented setUsername
// with null, PUT v2.2/user/account/.
//
// Errors: 400 the backend refuses, 604 not logged in, 612 an anonymous user.
func (m *Me) ClearUsername(ctx context.Context) error { return m.clear(ctx, "username") }

// ClearEmail removes the user's email address: the documented setEmail with null,
// PUT v2.2/user/account/.
//
// Errors: 400 the backend refuses, 604 not logged in, 612 an anonymous user.
func (m *Me) ClearEmail(ctx context.Context) error { return m.clear(ctx, "email") }

// ClearMobilePhone removes the user's phone number: the documented setMobilePhone
// with null, PUT v2.2/user/account/.
//
// Errors: 400 the backend refuses, 604 not logged in, 612 an anonymous user.
func (m *Me) ClearMobilePhone(ctx context.Context) error { return m.clear(ctx, "phone") }

func (m *Me) clear(ctx context.Context, field string) error {
	if err := m.notAnonymous(); err != nil {
		return err
	}
	return m.put(ctx, accountPath, map[string]*string{field: nil}, accountField)
}

const accountPath = "/hserve/v2.2/user/account/"

// UpdatePassword replaces the password: the documented updatePassword, PUT
// v2.2/user/account/. The old one is empty for a user who has none yet. With
// [RevokeOtherSessions] it then ends the user's other sessions. When only that fails,
// the error says so, and the password is changed.
//
// Errors: 400 the old password is wrong, 604 not logged in, 605 the new one is empty
// or one of the two is over-long, 611 the session store cannot revoke sessions and
// nothing was sent, 612 an anonymous user.
func (m *Me) UpdatePassword(ctx context.Context, old, replacement string, opts ...PasswordOption) error {
	var o passwordOptions
	for _, opt := range opts {
		if opt == nil {
			continue
		}
		if err := opt(&o); err != nil {
			return err
		}
	}
	if err := check.Text("password", old, check.MaxPassword); err != nil {
		return err
	}
	if err := check.Required("new password", replacement, check.MaxPassword); err != nil {
		return err
	}
	if err := m.notAnonymous(); err != nil {
		return err
	}
	if o.revoke && m.conn != nil {
		if err := m.conn.CanRevoke(ctx, m.ID()); err != nil {
			return err
		}
	}
	body := struct {
		Old         string `json:"password"`
		Replacement string `json:"new_password"`
	}{old, replacement}
	req, err := transport.NewRequest(http.MethodPut, accountPath, body, old, replacement)
	if err != nil {
		return err
	}
	res, err := m.do(ctx, req)
	if err != nil {
		return err
	}
	err = m.merge(res.Body, accountField)
	if o.revoke {
		if failed := m.conn.RevokeOthers(ctx, m.ID()); failed != nil {
			const detail = "the password is changed, but the user's other sessions are not all revoked"
			return herror.New(herror.CodeOf(failed), detail).WithCause(failed).WithSent(true)
		}
	}
	return err
}

// PasswordOption is an option of UpdatePassword. A nil PasswordOption changes nothing.
type PasswordOption func(*passwordOptions) error

type passwordOptions struct{ revoke bool }

// RevokeOtherSessions has UpdatePassword end all other sessions of the user, as
// RevokeUser of baas.Client does: only the session of this visitor stays. A login with
// the old password that was sent before fails. The session store must be able to find
// the sessions of a user: session.Memory can, a redisstore needs its option
// WithUserIndex. The default is to end none.
func RevokeOtherSessions() PasswordOption {
	return func(o *passwordOptions) error {
		o.revoke = true
		return nil
	}
}

// RequestEmailVerification has the backend mail a link to the user's address that
// verifies it: the documented requestEmailVerification, POST v2.0/user/email-verify/.
//
// Errors: 400 there is no address or it is verified, 604 not logged in, 612 an
// anonymous user.
func (m *Me) RequestEmailVerification(ctx context.Context) error {
	return m.post(ctx, "/hserve/v2.0/user/email-verify/", struct{}{})
}

// VerifyMobilePhone verifies the user's phone number with the code of the text
// message that SendSmsCode of package auth had sent to it: the documented
// verifyMobilePhone, POST v2.1/sms-phone-verification/.
//
// Errors: 400 the code is wrong or spent, 604 not logged in, 605 an empty or
// over-long code, 612 an anonymous user.
func (m *Me) VerifyMobilePhone(ctx context.Context, code string) error {
	if err := check.Required("code", code, check.MaxCode); err != nil {
		return err
	}
	body := struct {
		Code string `json:"code"`
	}{code}
	if err := m.post(ctx, "/hserve/v2.1/sms-phone-verification/", body, code); err != nil {
		return err
	}
	return m.merge(`{"_phone_verified":true}`, response.SameName)
}

// accountText is a field of an account request.
type accountText struct{ field, text string }

func (m *Me) setOne(ctx context.Context, field, text string) error {
	if text == "" {
		return check.Invalid(field + " is empty")
	}
	return m.setAccount(ctx, []accountText{{field, text}})
}

// setAccount sends those of the texts that are not empty.
func (m *Me) setAccount(ctx context.Context, texts []accountText) error {
	body := make(map[string]string)
	var secrets []string
	for _, t := range texts {
		longest := check.MaxIdentifier
		if t.field == "new_password" {
			longest = check.MaxPassword
			secrets = append(secrets, t.text)
		}
		if err := check.Text(t.field, t.text, longest); err != nil {
			return err
		}
		if t.text != "" {
			body[t.field] = t.text
		}
	}
	if len(body) == 0 {
		return check.Invalid("nothing to set")
	}
	if err := m.notAnonymous(); err != nil {
		return err
	}
	return m.put(ctx, accountPath, body, accountField, secrets...)
}

// put sends a change of the user and merges the response. Rename gives the fields of
// the response the name that they have in the user.
func (m *Me) put(ctx context.Context, path string, body any, rename func(string) string, secrets ...string) error {
	req, err := transport.NewRequest(http.MethodPut, path, body, secrets...)
	if err != nil {
		return err
	}
	res, err := m.do(ctx, req)
	if err != nil {
		return err
	}
	return m.merge(res.Body, rename)
}

// post sends a request of the account whose response does not describe the user.
func (m *Me) post(ctx context.Context, path string, body any, secrets ...string) error {
	if err := m.notAnonymous(); err != nil {
		return err
	}
	req, err := transport.NewRequest(http.MethodPost, path, body, secrets...)
	if err != nil {
		return err
	}
	_, err = m.do(ctx, req)
	return err
}

// Format prints the names, for every verb.
func (a Account) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, a.summary()) }

// LogValue returns the names.
func (a Account) LogValue() slog.Value { return slog.StringValue(a.summary()) }

// MarshalJSON returns the names, without the password.
func (a Account) MarshalJSON() ([]byte, error) {
	return json.Marshal(struct {
		Username string `json:"username,omitempty"`
		Email    string `json:"email,omitempty"`
		Phone    string `json:"phone,omitempty"`
	}{a.Username, a.Email, a.Phone})
}

func (a Account) summary() string {
	return fmt.Sprintf("account{username:%q email:%q phone:%q}", a.Username, a.Email, a.Phone)
}
