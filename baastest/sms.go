package baastest

import (
	"crypto/rand"
	"fmt"
	"io"
	"log/slog"
	"math/big"
	"net/http"
	"slices"
	"strconv"
	"time"
)

const (
	smsLife      = 10 * time.Minute
	smsInterval  = time.Minute
	smsPerDay    = 10
	smsDay       = 24 * time.Hour
	messageLimit = 10000 // messages kept in a box
)

// SMS is a text message that the backend "sent". Printing, logging or marshalling
// it leaves the code out.
type SMS struct {
	Time  time.Time `json:"time"`
	Phone string    `json:"phone"`
	Code  string    `json:"-"`
}

// Format prints the number, and no code.
func (m SMS) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, "SMS to "+m.Phone) }

// LogValue returns what Format prints.
func (m SMS) LogValue() slog.Value { return slog.StringValue(fmt.Sprint(m)) }

// smsSender sends text messages and checks their codes.
type smsSender struct {
	box   []SMS
	codes map[string]ticket[string] // the valid code of a phone number
	sent  map[string][]time.Time    // within the last day, oldest first
}

func newSMSSender() smsSender {
	return smsSender{codes: make(map[string]ticket[string]), sent: make(map[string][]time.Time)}
}

func (o *smsSender) send(number string, now time.Time) error {
	recent := slices.DeleteFunc(o.sent[number], func(t time.Time) bool { return now.Sub(t) >= smsDay })
	o.sent[number] = recent
	if n := len(recent); n > 0 && now.Sub(recent[n-1]) < smsInterval {
		return refuse(http.StatusBadRequest, "rate limit: one message a minute")
	} else if n >= smsPerDay {
		return refuse(http.StatusBadRequest, "rate limit: %d messages a day", smsPerDay)
	}
	n, err := rand.Int(rand.Reader, big.NewInt(900_000))
	if err != nil {
		return err
	}
	code := strconv.FormatInt(100_000+n.Int64(), 10) // clients may read it as a number
	o.sent[number] = append(recent, now)
	o.codes[number] = ticket[string]{value: code, expires: now.Add(smsLife)}
	o.box = keep(append(o.box, SMS{Time: now, Phone: number, Code: code}))
	return nil
}

// keep removes the oldest messages of a full box.
func keep[T any](box []T) []T {
	if len(box) > messageLimit {
		return slices.Delete(box, 0, len(box)-messageLimit)
	}
	return box
}

// check tells whether code is the one last sent to number and still good.
func (o *smsSender) check(number, code string, now time.Time) error {
	got, ok := o.codes[number]
	if !ok || got.value != code || !now.Before(got.expires) {
		return errCode
	}
	return nil
}

func (o *smsSender) spend(number string) { delete(o.codes, number) }

// SMS returns the text messages sent so far, oldest first; the last 10,000 are kept.
func (b *Backend) SMS() []SMS {
	b.mu.Lock()
	defer b.mu.Unlock()
	return slices.Clone(b.state.sms.box)
}

// LastSMS returns the newest text message to a phone number.
func (b *Backend) LastSMS(number string) (SMS, bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, m := range slices.Backward(b.state.sms.box) {
		if m.Phone == number {
			return m, true
		}
	}
	return SMS{}, false
}

// smsStatus is the response to a code that was sent or verified.
func (op *operation) smsStatus() response {
	status := http.StatusOK
	if op.b.responses.SMSCreated {
		status = http.StatusCreated
	}
	return response{status: status, body: []byte(statusOK)}
}

// sendSMS sends a code to any phone number.
func (op *operation) sendSMS() (response, error) {
	if err := op.sms.send(op.body.text("phone"), op.now); err != nil {
		return response{}, err
	}
	return op.smsStatus(), nil
}

// verifySMS checks a code and spends it.
func (op *operation) verifySMS() (response, error) {
	if err := op.spendSMS(); err != nil {
		return response{}, err
	}
	return op.smsStatus(), nil
}

// spendSMS checks the code for a phone number and spends it.
func (op *operation) spendSMS() error {
	number := op.body.text("phone")
	if err := op.sms.check(number, op.body.text("code"), op.now); err != nil {
		return err
	}
	op.sms.spend(number)
	return nil
}

// smsLogin is a login with a phone number and the code sent to it.
func (op *operation) smsLogin() (response, error) {
	number := op.body.text("phone")
	if err := op.sms.check(number, op.body.text("code"), op.now); err != nil {
		return response{}, err
	}
	u := op.users.byPhone[number]
	if u == nil {
		var err error
		if u, err = op.newMember(); err != nil {
			return response{}, err
		}
		u.anonymous = false
		op.users.set(u, "phone", number)
	}
	op.sms.spend(number)
	u.phoneVerified = true
	return op.accountLoggedIn(u, "sms"), nil
}

// verifyPhone verifies the phone number of the token's user.
func (op *operation) verifyPhone() (response, error) {
	if op.user.phone == "" {
		return response{}, refuse(http.StatusBadRequest, "user has no phone number")
	}
	if err := op.sms.check(op.user.phone, op.body.text("code"), op.now); err != nil {
		return response{}, err
	}
	op.sms.spend(op.user.phone)
	op.user.phoneVerified = true
	op.touch(op.user)
	return response{status: http.StatusCreated, body: []byte(statusOK)}, nil
}
