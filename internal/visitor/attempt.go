package visitor

import (
	"context"

	"github.com/hydrogen-go/baas/internal/check"
	"github.com/hydrogen-go/baas/internal/idp"
	"github.com/hydrogen-go/baas/platform"
)

// Attempt is a login or a link on a platform, with what the phone sent for it: its
// arguments are checked, and nothing has been sent yet.
type Attempt struct {
	conn     *Conn
	strategy idp.Strategy
	data     *platform.AuthData // nil: without user info
	params   idp.Params
	refused  bool
	build    builder
	call     *idp.Call // with the code that the caller gave, if any
}

// builder makes the call of an attempt; data is nil for one without user info.
type builder func(idp.Strategy, *platform.AuthData, *idp.Params) (*idp.Call, error)

// init makes the attempt and checks it.
func (a *Attempt) init(c *Conn, p platform.Platform, data *platform.AuthData, params idp.Params, build builder) error {
	if c == nil {
		return c.broken()
	}
	strategy, err := c.IDPs.Of(p)
	if err != nil {
		return err
	}
	*a = Attempt{conn: c, strategy: strategy, data: data, params: params, build: build}
	if a.refused = data.Refused(); a.refused {
		a.data, a.params.Refused = nil, true // the options are checked all the same
	}
	if a.call, err = build(strategy, a.data, &a.params); err != nil {
		return err
	}
	if a.Encrypted() && a.NeedsCode() {
		return check.InvalidField("code", "no login code: the encrypted data opens only with the code that the phone got before it")
	}
	return nil
}

// Encrypted reports whether the attempt carries encrypted data. It must not log in by
// itself: a new code replaces the platform's session key, and the data no longer opens.
func (a *Attempt) Encrypted() bool { return a.data != nil && a.data.EncryptedData != "" }

// Refused reports whether the user refused, on a platform where that is an error.
func (a *Attempt) Refused() bool { return a.refused && !a.strategy.SilentOnRefusal() }

// ID returns the id of the attempt's work, see [Dedupe].
func (a *Attempt) ID(operation string) WorkID { return IDOf(operation, a.call) }

// Platform is the platform's name.
func (a *Attempt) Platform() string { return a.strategy.Platform().Name() }

// NeedsCode reports whether the caller gave no code, so that one must be minted.
func (a *Attempt) NeedsCode() bool { return a.params.Code == "" }

// CallWithCode returns the call, with a code of the code source where the caller
// gave none.
func (a *Attempt) CallWithCode(ctx context.Context) (*idp.Call, error) {
	if !a.NeedsCode() {
		return a.call, nil
	}
	params := a.params // a copy: other goroutines may still read those of a
	if err := a.conn.FillCode(ctx, a.Platform(), &params); err != nil {
		return nil, err
	}
	return a.build(a.strategy, a.data, &params)
}

// NewLink checks the arguments of a link.
func NewLink(c *Conn, p platform.Platform, data *platform.AuthData, opts []platform.LinkOption) (*Attempt, error) {
	params, err := idp.Given(opts)
	if err != nil {
		return nil, err
	}
	a := new(Attempt)
	return a, a.init(c, p, data, params, idp.Strategy.Link)
}
