package admin

import (
	"context"
	"net/http"

	"github.com/hydrogen-go/baas/internal/check"
)

// SMSOption is an option of [Client.SendSmsCode]. A nil SMSOption changes nothing.
type SMSOption func(*sms) error

type sms struct {
	Phone       string `json:"phone"`
	UserID      int64  `json:"user_id"`
	SignatureID int64  `json:"signature_id,omitempty"`
}

// SignatureID chooses the signature of the text message by its id in the backend's
// console: the documented signature_id. The default is the signature that was approved
// last. An id that is not over 0 is 605.
func SignatureID(id int64) SMSOption {
	return func(s *sms) error {
		s.SignatureID = id
		return checkID("signature", id)
	}
}

// SendSmsCode has the backend send a text message with a code to a phone number, for the
// user with that id: POST /oserve/v2.1/sms-verification-code/.
//
// Errors: 400 too many messages or no approved signature, 402 the app is in arrears, 605
// an id that is not over 0, an empty or over-long number.
func (c *Client) SendSmsCode(ctx context.Context, userID int64, phone string, opts ...SMSOption) error {
	body := sms{Phone: phone, UserID: userID}
	for _, opt := range opts {
		if opt == nil {
			continue
		}
		if err := opt(&body); err != nil {
			return err
		}
	}
	if err := checkSMS(userID, phone); err != nil {
		return err
	}
	_, err := c.write(ctx, http.MethodPost, "/oserve/v2.1/sms-verification-code/", body)
	return err
}

// VerifySmsCode checks the code of a text message that was sent to a phone number for the
// user with that id: POST /oserve/v1.8/sms-verification-code/verify/.
//
// Errors: 400 the code is wrong, 605 an id that is not over 0, an empty or over-long
// number or code.
func (c *Client) VerifySmsCode(ctx context.Context, userID int64, phone, code string) error {
	if err := checkSMS(userID, phone); err != nil {
		return err
	}
	if err := check.Required("code", code, check.MaxCode); err != nil {
		return err
	}
	_, err := c.write(ctx, http.MethodPost, "/oserve/v1.8/sms-verification-code/verify/", struct {
		Phone  string `json:"phone"`
		UserID int64  `json:"user_id"`
		Code   string `json:"code"`
	}{phone, userID, code}, code)
	return err
}

func checkSMS(userID int64, phone string) error {
	if err := checkID("user", userID); err != nil {
		return err
	}
	return check.Required("phone", phone, check.MaxIdentifier)
}
