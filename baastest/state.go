package baastest

import (
	"crypto/rand"
	"strings"
	"time"
)

// codeLife is how long a login code, a WeChat phone code and a provider's token
// can be exchanged.
const codeLife = 5 * time.Minute

// state is everything a Reset forgets, guarded by Backend.mu.
type state struct {
	users      users
	people     map[personKey]*Phone
	codes      tickets[loginCode]
	phoneCodes tickets[phoneCode] // WeChat phone codes
	web        webLogins
	tokens     map[string]token

	sms  smsSender
	mail mailSender

	grants grants // of the Open API
	groups groups

	userInfoOff bool // WeChat's switch "update user info"
}

// personKey names a person on a platform.
type personKey struct{ platform, openid string }

// loginCode is what a platform knows about a code that login() gave.
type loginCode struct {
	phone *Phone
	key   string // the session key that the code yields
}

// phoneCode is what WeChat knows about the code of a phone number event.
type phoneCode struct {
	phone  *Phone
	number string
}

// token is a session at the backend.
type token struct {
	user    *user
	expires time.Time
}

func newState() *state {
	return &state{
		users:      newUsers(),
		people:     make(map[personKey]*Phone),
		codes:      newTickets[loginCode](),
		phoneCodes: newTickets[phoneCode](),
		web:        newWebLogins(),
		tokens:     make(map[string]token),
		sms:        newSMSSender(),
		mail:       newMailSender(),
		grants:     newGrants(),
		groups:     newGroups(),
	}
}

// secret returns a random text that cannot be guessed.
func secret() string { return strings.ToLower(rand.Text()) }

// tickets are single-use and short-lived.
type tickets[T any] struct {
	live  map[string]ticket[T]
	order []expiring // by expiry, so that expired tickets can be removed
}

type ticket[T any] struct {
	value   T
	expires time.Time
}

type expiring struct {
	id      string
	expires time.Time
}

func newTickets[T any]() tickets[T] { return tickets[T]{live: make(map[string]ticket[T])} }

// issue mints a ticket for value.
func (t *tickets[T]) issue(value T, now time.Time, life time.Duration) string {
	for len(t.order) > 0 && !now.Before(t.order[0].expires) {
		delete(t.live, t.order[0].id)
		t.order = t.order[1:]
	}
	id, expires := secret(), now.Add(life)
	t.live[id] = ticket[T]{value: value, expires: expires}
	t.order = append(t.order, expiring{id: id, expires: expires})
	return id
}

// peek returns what a ticket is for, if it is good, and leaves it good.
func (t *tickets[T]) peek(id string, now time.Time) (T, bool) {
	got, ok := t.live[id]
	if !ok || !now.Before(got.expires) {
		var none T
		return none, false
	}
	return got.value, true
}

// spend makes a ticket invalid.
func (t *tickets[T]) spend(id string) { delete(t.live, id) }
