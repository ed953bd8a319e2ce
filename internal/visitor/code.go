package visitor

import (
	"context"
	"errors"

	"github.com/hydrogen-go/baas/herror"
	"github.com/hydrogen-go/baas/internal/check"
	"github.com/hydrogen-go/baas/internal/idp"
	"github.com/hydrogen-go/baas/internal/transport"
)

// FillCode gets a login code from the code source where the caller gave none. An
// *HError of the source is passed on; any other error is the cause of a 605.
func (c *Conn) FillCode(ctx context.Context, platform string, p *idp.Params) error {
	if p.Code != "" {
		return nil
	}
	if c.CodeSource == nil || c.CodePlatform != platform {
		return check.InvalidField("code", "no login code, and no code source for platform "+platform)
	}
	code, err := c.CodeSource(ctx, c.visitorKey)
	switch {
	case err == nil && code == "":
		return check.Invalid("the code source gave no login code")
	case err == nil:
		return p.SetCode(code)
	case ctx.Err() != nil:
		return transport.Ended(ctx.Err(), false)
	}
	var typed *herror.HError
	if errors.As(err, &typed) && typed != nil {
		return typed // without what was wrapped around it, whose text may hold a secret
	}
	return check.Invalid("the code source failed").WithCause(err)
}
