package ratelimit

import (
	"context"
	"crypto/hkdf"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"time"

	"github.com/hydrogen-go/baas/loginproxy"
)

// Outcome is what a [Limiter] decided about a request.
type Outcome string

// The outcomes.
const (
	Allowed   Outcome = "allowed"
	Limited   Outcome = "limited"   // refused until later
	Failed    Outcome = "failed"    // refused because the store failed
	Unchecked Outcome = "unchecked" // allowed although the store failed
	Canceled  Outcome = "canceled"  // refused because the client has hung up
)

// Decision is what an observer learns of a request.
type Decision struct {
	Operation loginproxy.Operation
	Outcome   Outcome
	Err       error // of the store, or nil; its text has no account and no address of a client
}

// Limiter counts requests and refuses those over the limits. It is immutable, and safe
// for concurrent use.
type Limiter struct {
	rules   Rules
	store   store
	secret  []byte // may be empty
	observe func(context.Context, Decision)
}

// store counts the requests of subjects. Its methods do nothing without limits.
type store interface {
	// take counts a request for all limits, if all of them allow it, and for none
	// otherwise. It returns how long the subject has to wait, 0 if it is counted.
	take(ctx context.Context, subject string, limits Limits) (time.Duration, error)
	// peek returns what take returns, and counts nothing.
	peek(ctx context.Context, subject string, limits Limits) (time.Duration, error)
	// giveBack undoes one take.
	giveBack(ctx context.Context, subject string, limits Limits) error
}

// Option is an option of a Limiter. A nil Option is ignored.
type Option func(*Limiter) error

// minSecret is the least length of a secret, in bytes.
const minSecret = 16

// WithSecret sets the secret that accounts and addresses are hashed with. It is of at
// least 16 random bytes. All replicas need the same one: replicas with another one count
// apart. By default they are hashed without a secret.
func WithSecret(secret []byte) Option {
	return func(l *Limiter) error {
		if len(secret) < minSecret {
			return fmt.Errorf("the rate limiter's secret is shorter than %d bytes", minSecret)
		}
		key, err := hkdf.Key(sha256.New, secret, nil, "baas-loginproxy rate limit", sha256.Size)
		l.secret = key
		return err
	}
}

// WithObserver sets a function that is called after every decision, for metrics and
// logs. It must be safe for concurrent use.
func WithObserver(f func(context.Context, Decision)) Option {
	return func(l *Limiter) error {
		if f == nil {
			return errors.New("the rate limiter's observer is nil")
		}
		l.observe = f
		return nil
	}
}

func newLimiter(s store, rules Rules, opts []Option) (*Limiter, error) {
	if err := rules.check(); err != nil {
		return nil, err
	}
	l := &Limiter{rules: rules, store: s, observe: func(context.Context, Decision) {}}
	for _, opt := range opts {
		if opt == nil {
			continue
		}
		if err := opt(l); err != nil {
			return nil, err
		}
	}
	return l, nil
}

// Wait counts a request and returns 0, or returns how long the client has to wait. An
// error means that the store failed and that the request must be refused. It is for
// [loginproxy.WithRateLimiter].
func (l *Limiter) Wait(ctx context.Context, k loginproxy.RateKey) (time.Duration, error) {
	kind := l.rules.kindOf(k)
	wait, err := l.count(ctx, kind, k)
	d := Decision{Operation: k.Operation, Outcome: Allowed, Err: err}
	switch {
	case wait > 0:
		d.Outcome = Limited
	case errors.Is(err, context.Canceled):
		d.Outcome = Canceled
	case err != nil && kind.mayPass:
		d.Outcome, err = Unchecked, nil
	case err != nil:
		d.Outcome = Failed
	}
	l.observe(ctx, d)
	return wait, err
}

// count counts a request by its address and then by its account. If the account has to
// wait, the address gets its count back. With the other order, a client that has to wait
// could use up the count of an account that belongs to somebody else.
func (l *Limiter) count(ctx context.Context, kind kind, k loginproxy.RateKey) (time.Duration, error) {
	address := l.name(kind, "address", subjectOfAddress(k.Addr))
	account, byAccount := "", kind.Account
	if k.Account == "" {
		byAccount = nil
	} else {
		account = l.name(kind, "account", subjectOfAccount(k.Account))
	}
	wait, err := l.store.take(ctx, address, kind.Address)
	if err != nil {
		return 0, err
	}
	if wait > 0 {
		more, err := l.store.peek(ctx, account, byAccount)
		if err != nil {
			more = 0 // the wait of the address is known
		}
		return max(wait, more), nil
	}
	wait, err = l.store.take(ctx, account, byAccount)
	if wait > 0 || err != nil {
		l.giveBack(ctx, address, kind.Address)
	}
	return wait, err
}

// giveBackTimeout bounds the time to give a count back, which the client waits for.
const giveBackTimeout = time.Second

// giveBack is best effort: without it the address has one request less.
func (l *Limiter) giveBack(ctx context.Context, subject string, limits Limits) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), giveBackTimeout)
	defer cancel()
	_ = l.store.giveBack(ctx, subject, limits)
}

// nameBytes is the length of a subject's hash.
const nameBytes = 16

// name returns the hash of a subject.
func (l *Limiter) name(kind kind, what, subject string) string {
	sum := hmac.New(sha256.New, l.secret)
	_, _ = fmt.Fprintf(sum, "%s\n%s\n%s", kind.name, what, subject) // never fails
	return base64.RawURLEncoding.EncodeToString(sum.Sum(nil)[:nameBytes])
}
