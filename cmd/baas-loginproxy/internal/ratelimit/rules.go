package ratelimit

import (
	"errors"
	"fmt"

	"github.com/hydrogen-go/baas/loginproxy"
)

// Rule has the limits of one kind of request.
type Rule struct {
	Account Limits // for each account, from all addresses together
	Address Limits // for each address, for all accounts together
}

// Rules has the limits of all requests. The zero Rules limit nothing.
type Rules struct {
	Login          Rule   // with a password
	SMSLogin       Rule   // with the code of a text message
	Register       Rule   // of an account
	SMS            Rule   // sends a text message
	SMSCheck       Rule   // checks the code of a text message
	PasswordReset  Rule   // sends a mail
	PlatformLogin  Limits // for each address
	AnonymousLogin Limits // for each address
}

// Defaults returns limits for an app of any size. In the networks of phones, hundreds of
// users share one IPv4 address. So the limits by address are far above what one user
// needs, and those by account are near to it.
func Defaults() Rules {
	return Rules{
		// NIST SP 800-63B allows 100 failed passwords in a row for one account.
		Login: Rule{Account: must("10/1m,100/24h"), Address: must("60/1m")},
		// A code has few digits and is valid for minutes. Nobody needs more than a few tries.
		SMSLogin: Rule{Account: must("5/1m,30/24h"), Address: must("60/1m")},
		SMSCheck: Rule{Account: must("5/1m,30/24h"), Address: must("60/1m")},
		// An account is registered once. A hall of visitors registers at the same time.
		Register: Rule{Account: must("5/1m,20/24h"), Address: must("30/1m,300/24h")},
		// A text message costs money, and fraudsters may get a part of it. Nobody needs more
		// than one a minute, or ten a day.
		SMS: Rule{Account: must("1/1m,5/1h,10/24h"), Address: must("10/1m,100/24h")},
		// A mail costs little, but fills the mailbox of somebody else.
		PasswordReset: Rule{Account: must("1/1m,5/1h"), Address: must("10/1m,100/24h")},
		// A code cannot be guessed. The limit only keeps load away from the backend.
		PlatformLogin: must("600/1m"),
		// Each makes an account in the backend, which nothing else limits.
		AnonymousLogin: must("60/1m,1000/24h"),
	}
}

// must parses limits of this package.
func must(text string) Limits {
	limits, err := Parse(text)
	if err != nil {
		panic(err)
	}
	return limits
}

// check returns an error for each limit that is invalid.
func (r Rules) check() error {
	var errs []error
	add := func(name string, limits Limits) {
		if err := limits.check(); err != nil {
			errs = append(errs, fmt.Errorf("%s: %w", name, err))
		}
	}
	for _, rule := range []struct {
		name string
		Rule
	}{
		{"login", r.Login}, {"SMS login", r.SMSLogin}, {"register", r.Register}, {"SMS", r.SMS}, {"SMS check", r.SMSCheck}, {"password reset", r.PasswordReset},
	} {
		add(rule.name+" by account", rule.Account)
		add(rule.name+" by address", rule.Address)
	}
	add("platform login", r.PlatformLogin)
	add("anonymous login", r.AnonymousLogin)
	return errors.Join(errs...)
}

// kind is a kind of request with its own counts.
type kind struct {
	name string
	Rule
	// mayPass tells that a request passes when the store fails.
	mayPass bool
}

// kindOf returns the kind of a request. An operation that this package does not know is
// counted as a login, because the login server asks only about requests that are to be
// limited.
func (r Rules) kindOf(k loginproxy.RateKey) kind {
	switch k.Operation {
	case loginproxy.OpLoginAnonymous:
		return kind{name: "anonymous", Rule: Rule{Address: r.AnonymousLogin}}
	case loginproxy.OpLoginSMS:
		return kind{name: "sms_login", Rule: r.SMSLogin}
	case loginproxy.OpRegister:
		return kind{name: "register", Rule: r.Register}
	case loginproxy.OpSMS:
		return kind{name: "sms", Rule: r.SMS}
	case loginproxy.OpSMSCheck:
		return kind{name: "sms_check", Rule: r.SMSCheck}
	case loginproxy.OpPasswordReset:
		return kind{name: "password_reset", Rule: r.PasswordReset}
	}
	if k.Operation == loginproxy.OpLogin && k.Platform != "" && k.Account == "" {
		return kind{name: "platform", Rule: Rule{Address: r.PlatformLogin}, mayPass: true}
	}
	return kind{name: "login", Rule: r.Login}
}
