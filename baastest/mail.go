package baastest

import (
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"slices"
	"time"
)

const mailLife = 24 * time.Hour

// The paths of the links in mails; their query is the secret token.
const (
	verifyMailPath = "/mail/verify-email/"
	resetMailPath  = "/mail/reset-password/"
)

// The kinds of [Mail].
const (
	VerifyMail = "verify-email"
	ResetMail  = "reset-password"
)

// Mail is a mail that the backend "sent". Printing, logging or marshalling it
// leaves the link out.
type Mail struct {
	Time time.Time `json:"time"`
	To   string    `json:"to"`
	Kind string    `json:"kind"` // VerifyMail or ResetMail
	// Link is the link in the mail, from the path on, good once, for a day. GET opens the
	// one of a VerifyMail; POST of {"password": …} that of a ResetMail.
	Link string `json:"-"`
}

// Format prints the kind and the address, and no link.
func (m Mail) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, m.Kind+" mail to "+m.To) }

// LogValue returns what Format prints.
func (m Mail) LogValue() slog.Value { return slog.StringValue(fmt.Sprint(m)) }

// mailSender sends mails and knows their links.
type mailSender struct {
	box   []Mail
	links tickets[mailLink]
}

// mailLink is what a link does when it is opened.
type mailLink struct {
	kind  string
	user  *user
	email string // the link is invalid once the user's address changes
}

func newMailSender() mailSender { return mailSender{links: newTickets[mailLink]()} }

func (o *mailSender) send(u *user, kind, path string, now time.Time) {
	id := o.links.issue(mailLink{kind: kind, user: u, email: u.email}, now, mailLife)
	o.box = keep(append(o.box, Mail{Time: now, To: u.email, Kind: kind, Link: path + "?token=" + id}))
}

// open spends the link of a mail and returns its user.
func (o *mailSender) open(id, kind string, now time.Time) (*user, error) {
	got, ok := o.links.peek(id, now)
	if !ok || got.kind != kind || got.user.email != got.email {
		return nil, refuse(http.StatusBadRequest, "invalid link")
	}
	o.links.spend(id)
	return got.user, nil
}

// Mails returns the mails sent so far, oldest first; the last 10,000 are kept.
func (b *Backend) Mails() []Mail {
	b.mu.Lock()
	defer b.mu.Unlock()
	return slices.Clone(b.state.mail.box)
}

// LastMail returns the newest mail to an address.
func (b *Backend) LastMail(to string) (Mail, bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, m := range slices.Backward(b.state.mail.box) {
		if m.To == emailKey(to) {
			return m, true
		}
	}
	return Mail{}, false
}

// sendVerifyMail sends the token's user a mail to verify the address with.
func (op *operation) sendVerifyMail() (response, error) {
	if op.user.email == "" {
		return response{}, refuse(http.StatusBadRequest, "user has no email address")
	}
	op.mail.send(op.user, VerifyMail, verifyMailPath, op.now)
	return response{status: http.StatusCreated, body: []byte(statusOK)}, nil
}

// sendResetMail sends a mail to set a new password with, to verified addresses only.
func (op *operation) sendResetMail() (response, error) {
	u := op.users.find("email", op.body.text("email"))
	if u == nil {
		return response{}, errUserNotFound
	}
	if !u.emailVerified {
		return response{}, refuse(http.StatusBadRequest, "email address is not verified")
	}
	op.mail.send(u, ResetMail, resetMailPath, op.now)
	return response{status: http.StatusCreated, body: []byte(statusOK)}, nil
}

// openVerifyMail opens the link of a verification mail.
func (op *operation) openVerifyMail() (response, error) {
	u, err := op.mail.open(op.query.Get("token"), VerifyMail, op.now)
	if err != nil {
		return response{}, err
	}
	u.emailVerified = true
	op.touch(u)
	return response{status: http.StatusOK, body: []byte(statusOK)}, nil
}

// openResetMail sets the new password for the link of a reset mail.
func (op *operation) openResetMail() (response, error) {
	u, err := op.mail.open(op.query.Get("token"), ResetMail, op.now)
	if err != nil {
		return response{}, err
	}
	u.password = newPassword(op.body.text("password"))
	op.touch(u)
	return response{status: http.StatusOK, body: []byte(statusOK)}, nil
}
