package baastest

import (
	"slices"
	"strings"
	"time"

	"github.com/hydrogen-go/baas/internal/check"
)

// The defaults of a [Backend].
const (
	// DefaultClientID is the client id that requests must carry.
	DefaultClientID = "test-client"
	// DefaultTokenLife is how long a user's token lives: 30 days, as on the real backend.
	DefaultTokenLife = 2592000 * time.Second
	// DefaultClientSecret is the client secret that a request for a token of the Open
	// API must carry.
	DefaultClientSecret = "test-client-secret"
	// DefaultOpenAPITokenLife is how long an access token of the Open API lives: a year,
	// as on the real backend.
	DefaultOpenAPITokenLife = 31536000 * time.Second
	// DefaultJournalLimit is how many requests the journal keeps.
	DefaultJournalLimit = 10000
	// DefaultAuthTokenLife is how long the auth_token of a web login can be used: a guess.
	DefaultAuthTokenLife = 5 * time.Minute
)

// Option changes a new [Backend]. A nil Option changes nothing. A bad value is an
// error with code 605.
type Option func(*config) error

// config is what the options of one backend add up to.
type config struct {
	clientID     string
	clientSecret string
	clock        *Clock
	tokenLife    time.Duration
	openAPILife  time.Duration // of an access token of the Open API
	authLife     time.Duration // of the auth_token of a web login
	webURL       string        // of the pages of web logins; empty: where the request went
	safeDomains  []string      // origins of callback URLs; nil: any
	journalLimit int
	responses    Responses
	permissions  map[string]Permission // by field; nil for the defaults
	zone         *time.Location
	strictFaults bool
	loginsOff    map[string]bool // by field of the account
	controlHosts map[string]bool // by canonical spelling
	controlToken string          // empty for none
}

func newConfig(opts []Option) (config, error) {
	c := config{
		clientID:     DefaultClientID,
		clientSecret: DefaultClientSecret,
		clock:        new(Clock),
		tokenLife:    DefaultTokenLife,
		openAPILife:  DefaultOpenAPITokenLife,
		authLife:     DefaultAuthTokenLife,
		journalLimit: DefaultJournalLimit,
		zone:         time.FixedZone("", 8*60*60),
	}
	for _, opt := range opts {
		if opt == nil {
			continue
		}
		if err := opt(&c); err != nil {
			return c, err
		}
	}
	return c, nil
}

// WithClientID sets the client id that requests must carry. The default is
// [DefaultClientID]. It must not be empty.
func WithClientID(id string) Option {
	return func(c *config) error {
		c.clientID = id
		return check.Required("client id", id, check.MaxIdentifier)
	}
}

// WithClientSecret sets the client secret that a request for a token of the Open API must
// carry. The default is [DefaultClientSecret]. It is made of letters, digits and -._~, and
// not empty. No log line, printed value or [Request] contains it.
func WithClientSecret(secret string) Option {
	return func(c *config) error {
		if strings.ContainsFunc(secret, notInSecret) {
			return check.Invalid("client secret has other characters than letters, digits and -._~")
		}
		c.clientSecret = secret
		return check.Required("client secret", secret, check.MaxIdentifier)
	}
}

// notInSecret is false for the characters that JSON, forms and URLs have as they are.
func notInSecret(r rune) bool { return notInName(r) && r != '~' }

// WithClock sets the clock. The default is one that runs with the real time.
func WithClock(clock *Clock) Option {
	return func(c *config) error {
		if clock == nil {
			return check.Invalid("clock is nil")
		}
		c.clock = clock
		return nil
	}
}

// WithTokenLife sets how long the tokens of users live. Login responses carry it as expires_in,
// in whole seconds. The default is [DefaultTokenLife]. It must be at least a second.
func WithTokenLife(d time.Duration) Option {
	return func(c *config) error {
		c.tokenLife = d
		return checkLife(d)
	}
}

// WithOpenAPITokenLife sets how long access tokens of the Open API live. The response with
// a token carries it as expires_in, in whole seconds. The default is
// [DefaultOpenAPITokenLife]. It must be at least a second.
func WithOpenAPITokenLife(d time.Duration) Option {
	return func(c *config) error {
		c.openAPILife = d
		return checkLife(d)
	}
}

func checkLife(d time.Duration) error {
	if d < time.Second {
		return check.Invalid("token life is under a second")
	}
	return nil
}

// WithJournalLimit sets how many requests the journal keeps. In a full journal a
// new request replaces the oldest. The default is [DefaultJournalLimit]; 0 switches
// the journal off. It must not be negative.
func WithJournalLimit(n int) Option {
	return func(c *config) error {
		if n < 0 {
			return check.Invalid("journal limit is negative")
		}
		c.journalLimit = n
		return nil
	}
}

// WithoutLogins switches registrations and logins by "username", "email" or "phone"
// with a password off, as the console of the real backend does: they are 405.
func WithoutLogins(kinds ...string) Option {
	return func(c *config) error {
		for _, kind := range kinds {
			if !slices.Contains(accountNames, kind) {
				return check.Invalid("unknown kind of login")
			}
			if c.loginsOff == nil {
				c.loginsOff = make(map[string]bool)
			}
			c.loginsOff[kind] = true
		}
		return nil
	}
}
