package user

import (
	"context"
	"strconv"

	"github.com/hydrogen-go/baas/internal/answer"
	"github.com/hydrogen-go/baas/internal/call"
	"github.com/hydrogen-go/baas/internal/enduser"
	"github.com/hydrogen-go/baas/platform"
	"github.com/hydrogen-go/baas/session"
)

// LinkResult is the backend's answer to a link. It comes together with an error only
// where the link was made and the session store failed after it (691).
type LinkResult struct {
	Message string `json:"message"`
	// OpenID and UnionID name the user on the platform; not every platform has a UnionID.
	OpenID  string `json:"openid"`
	UnionID string `json:"unionid,omitempty"`
	Status  string `json:"status"`
	// UserID is the account that the platform's user is linked to.
	UserID int64 `json:"user_id"`
	// StatusCode is the HTTP status of the answer, 200.
	StatusCode int `json:"-"`
}

// link links the user of platform p to the account. The fields of u stay as they
// are; read the user again to see the new _provider.
func (u *CurrentUser) link(ctx context.Context, p platform.Platform, data *platform.AuthData, opts []platform.LinkOption) (*LinkResult, error) {
	params := call.Defaults()
	for _, opt := range opts {
		if opt != nil {
			opt.ApplyToLink(&params)
		}
	}
	if err := u.notAnonymous(); err != nil {
		return nil, err
	}
	refused := data != nil && data.Refused()
	proof := data
	if refused {
		proof = nil // so that the options are checked all the same
	}
	req, err := p.Link(proof, &params)
	if err != nil {
		return nil, err
	}
	if refused && !p.SilentOnRefusal() {
		return nil, u.conn.Refusal(ctx)
	}
	return u.flyLink(ctx, req, func(ctx context.Context, now enduser.Stored) (LinkResult, error) {
		return u.linkPlatform(ctx, now.Session, p, proof, params)
	})
}

// flyLink shares the link among identical calls under way.
func (u *CurrentUser) flyLink(ctx context.Context, req call.Request, fn func(context.Context, enduser.Stored) (LinkResult, error)) (*LinkResult, error) {
	result, err := enduser.Flight(ctx, u.conn, "link "+strconv.FormatInt(u.ID(), 10)+req.Path+string(req.Body), fn)
	if result == (LinkResult{}) {
		return nil, err
	}
	return &result, err
}

func (u *CurrentUser) linkPlatform(ctx context.Context, now session.Session, p platform.Platform, data *platform.AuthData, params call.Params) (LinkResult, error) {
	if params.Code == "" {
		// A missing session is found out before a code is minted that nobody would use.
		var err error
		if now, err = u.conn.Live(ctx); err != nil {
			return LinkResult{}, err
		}
		if err := u.conn.FillCode(ctx, p.Name(), &params); err != nil {
			return LinkResult{}, err
		}
	}
	req, err := p.Link(data, &params)
	if err != nil {
		return LinkResult{}, err
	}
	result, s, err := u.sendLink(ctx, now, req, p.Client())
	if err == nil && s.Platform == "" { // from here on the session can tell which platform a phone number comes from
		err = enduser.Reached(u.conn.Update(ctx, s.Token, func(s *session.Session) { s.Platform = p.Name() }))
	}
	return result, err
}

// sendLink sends a link and reads the answer.
func (u *CurrentUser) sendLink(ctx context.Context, now session.Session, req call.Request, client string) (LinkResult, session.Session, error) {
	res, s, err := u.conn.DoFrom(ctx, now, u.ask(req, client))
	if err != nil {
		return LinkResult{}, s, err
	}
	fields, err := answer.Object(res.Body, "link answer")
	if err != nil {
		return LinkResult{}, s, err
	}
	return LinkResult{
		Message:    answer.Str(fields.Get("message")),
		OpenID:     answer.Str(fields.Get("openid")),
		UnionID:    answer.Str(fields.Get("unionid")),
		Status:     answer.Str(fields.Get("status")),
		UserID:     answer.Int(fields.Get("user_id")),
		StatusCode: res.Status,
	}, s, nil
}
