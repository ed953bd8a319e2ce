package baastest

import (
	"crypto/rand"
	"fmt"
	"io"
	"log/slog"
	"math/big"
	"net/http"
	"slices"
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

// Format prints to whom, and no code.
func (m SMS) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, "SMS to "+m.Phone) }

// LogValue is what Format prints.
func (m SMS) LogValue() slog.Value { return slog.StringValue(fmt.Sprint(m)) }

// smsOffice sends text messages and checks their codes.
type smsOffice struct {
	box   []SMS
	codes map[string]ticket[string] // the valid code of a phone number
	sent  map[string][]time.Time    // within the last day, oldest first
}

func newSMSOffice() smsOffice {
	return smsOffice{codes: make(map[string]ticket[string]), sent: make(map[string][]time.Time)}
}

func (o *smsOffice) send(phone string, now time.Time) error {
	recent := slices.DeleteFunc(o.sent[phone], func(t time.Time) bool { return now.Sub(t) >= smsDay })
	o.sent[phone] = recent
	if n := len(recent); n > 0 && now.Sub(recent[n-1]) < smsInterval {
		return refuse(http.StatusBadRequest, "rate limit: one message a minute")
	} else if n >= smsPerDay {
		return refuse(http.StatusBadRequest, "rate limit: %d messages a day", smsPerDay)
	}
	n, err := rand.Int(rand.Reader, big.NewInt(1_000_000))
	if err != nil {
		return err
	}
	code := fmt.Sprintf("%06d", n)
	o.sent[phone] = append(recent, now)
	o.codes[phone] = ticket[string]{value: code, expires: now.Add(smsLife)}
	o.box = keep(append(o.box, SMS{Time: now, Phone: phone, Code: code}))
	return nil
}

// keep drops the oldest messages of a full box.
func keep[T any](box []T) []T {
	if len(box) > messageLimit {
		return slices.Delete(box, 0, len(box)-messageLimit)
	}
	return box
}

// check tells whether code is the one last sent to phone and still good.
func (o *smsOffice) check(phone, code string, now time.Time) error {
	got, ok := o.codes[phone]
	if !ok || got.value != code || !now.Before(got.expires) {
		return errCode
	}
	return nil
}

func (o *smsOffice) spend(phone string) { delete(o.codes, phone) }

// SMS returns the text messages sent so far, oldest first; the last 10,000 are kept.
func (b *Backend) SMS() []SMS {
	b.mu.Lock()
	defer b.mu.Unlock()
	return slices.Clone(b.state.sms.box)
}

// LastSMS returns the newest text message to a phone number.
func (b *Backend) LastSMS(phone string) (SMS, bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, m := range slices.Backward(b.state.sms.box) {
		if m.Phone == phone {
			return m, true
		}
	}
	return SMS{}, false
}

// sendSMS sends a code to any phone number.
func (c *call) sendSMS() (answer, error) {
	if err := c.sms.send(c.body.text("phone"), c.now); err != nil {
		return answer{}, err
	}
	return answer{status: http.StatusCreated, body: []byte(statusOK)}, nil
}

// verifySMS checks a code and spends it.
func (c *call) verifySMS() (answer, error) {
	phone := c.body.text("phone")
	if err := c.sms.check(phone, c.body.text("code"), c.now); err != nil {
		return answer{}, err
	}
	c.sms.spend(phone)
	return answer{status: http.StatusCreated, body: []byte(statusOK)}, nil
}

// smsLogin is a login with a phone number and the code sent to it.
func (c *call) smsLogin() (answer, error) {
	phone := c.body.text("phone")
	if err := c.sms.check(phone, c.body.text("code"), c.now); err != nil {
		return answer{}, err
	}
	u := c.users.byPhone[phone]
	if u == nil {
		if !c.body.flag("create_user") {
			return answer{}, errUserNotFound
		}
		u = c.newMember()
		u.anonymous = false
		c.users.set(u, "phone", phone)
	}
	c.sms.spend(phone)
	u.phoneVerified = true
	return c.accountLoggedIn(u), nil
}

// verifyPhone verifies the phone number of the token's user.
func (c *call) verifyPhone() (answer, error) {
	if c.user.phone == "" {
		return answer{}, refuse(http.StatusBadRequest, "user has no phone number")
	}
	if err := c.sms.check(c.user.phone, c.body.text("code"), c.now); err != nil {
		return answer{}, err
	}
	c.sms.spend(c.user.phone)
	c.user.phoneVerified = true
	c.touch(c.user)
	return answer{status: http.StatusCreated, body: []byte(statusOK)}, nil
}
