package auth

import (
	"context"
	"net/http"

	"github.com/hydrogen-go/baas/internal/check"
	"github.com/hydrogen-go/baas/internal/idp"
	"github.com/hydrogen-go/baas/internal/transport"
	"github.com/hydrogen-go/baas/platform"
	"github.com/hydrogen-go/baas/user"
)

// LoginWithSmsVerificationCode logs in with a phone number and the code that
// [Auth.SendSmsCode] sent to it: the documented auth.loginWithSmsVerificationCode, POST
// v2.1/login/sms/. Option: [CreateUser].
//
// Errors: 400 the code is wrong or spent, 404 no account and createUser is false,
// 605 an empty or over-long number or code.
func (a *Auth) LoginWithSmsVerificationCode(ctx context.Context, phone, code string, opts ...platform.CreateOption) (*user.CurrentUser, error) {
	params, err := idp.Given(opts)
	if err != nil {
		return nil, err
	}
	if err := checkSMS(phone, code); err != nil {
		return nil, err
	}
	req, err := transport.NewRequest(http.MethodPost, "/hserve/v2.1/login/sms/", struct {
		Phone      string `json:"phone"`
		Code       string `json:"code"`
		CreateUser bool   `json:"create_user"`
	}{phone, code, params.CreateUser}, code)
	if err != nil {
		return nil, err
	}
	return a.accountLogin(ctx, req, false)
}

// SendSmsCode has the backend send a text message with a code: the documented
// sendSmsCode, POST v2.2/sms-verification-code/. Nobody need be logged in.
//
// Errors: 400 more than one a minute or ten a day for the number, 605 an empty or
// over-long number.
func (a *Auth) SendSmsCode(ctx context.Context, phone string, opts ...SMSOption) error {
	body := sms{Phone: phone}
	for _, opt := range opts {
		if opt == nil {
			continue
		}
		if err := opt(&body); err != nil {
			return err
		}
	}
	if err := check.Required("phone", phone, check.MaxIdentifier); err != nil {
		return err
	}
	return a.post(ctx, "/hserve/v2.2/sms-verification-code/", body)
}

// SMSOption is an option of SendSmsCode. A nil SMSOption changes nothing.
type SMSOption func(*sms) error

type sms struct {
	Phone       string `json:"phone"`
	SignatureID int64  `json:"signature_id,omitempty"`
}

// SignatureID chooses the signature of the text message by its id in the
// backend's console: the documented signatureID. The default is the app's own. An id
// that is not over 0 is 605.
func SignatureID(id int64) SMSOption {
	return func(s *sms) error {
		if id <= 0 {
			return check.InvalidField("signatureID", "a signature id is over 0")
		}
		s.SignatureID = id
		return nil
	}
}

// VerifySmsCode checks the code of a text message, which is then spent: the documented
// verifySmsCode, POST v1.8/sms-verification-code/verify/. Nobody need be logged in.
//
// Errors: 400 the code is wrong or spent, 605 an empty or over-long number or code.
func (a *Auth) VerifySmsCode(ctx context.Context, phone, code string) error {
	if err := checkSMS(phone, code); err != nil {
		return err
	}
	return a.post(ctx, "/hserve/v1.8/sms-verification-code/verify/", struct {
		Phone string `json:"phone"`
		Code  string `json:"code"`
	}{phone, code}, code)
}

// RequestPasswordReset has the backend mail a link to set a new password with: the
// documented requestPasswordReset, POST v2.0/user/password/reset/. Nobody need be
// logged in.
//
// Errors: 400 the address is not verified, 404 no account has it, 605 an empty or over-long address.
func (a *Auth) RequestPasswordReset(ctx context.Context, email string) error {
	if err := check.Required("email", email, check.MaxIdentifier); err != nil {
		return err
	}
	return a.post(ctx, "/hserve/v2.0/user/password/reset/", struct {
		Email string `json:"email"`
	}{email})
}

// post sends a request for which nobody need be logged in.
func (a *Auth) post(ctx context.Context, path string, body any, secrets ...string) error {
	req, err := transport.NewRequest(http.MethodPost, path, body, secrets...)
	if err != nil {
		return err
	}
	_, err = a.conn.DoPublic(ctx, a.conn.Plain(req))
	return err
}

func checkSMS(phone, code string) error {
	if err := check.Required("phone", phone, check.MaxIdentifier); err != nil {
		return err
	}
	return check.Required("code", code, check.MaxCode)
}
