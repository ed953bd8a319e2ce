package user

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"strconv"

	"github.com/hydrogen-go/baas/internal/response"
	"github.com/hydrogen-go/baas/internal/visitor"
	"github.com/hydrogen-go/baas/platform"
	"github.com/hydrogen-go/baas/session"
)

// LinkResult is the backend's response to a link. It is returned together with an error
// in one case: the link was made, and then the session store failed (691).
type LinkResult struct {
	Message string `json:"message"`
	// OpenID and UnionID name the user on the platform; not every platform has a UnionID.
	OpenID  string `json:"openid"`
	UnionID string `json:"unionid,omitempty"`
	Status  string `json:"status"`
	// UserID is the account that the platform's user is linked to.
	UserID int64 `json:"user_id"`
	// AlipayUserID names the user on Alipay.
	AlipayUserID string `json:"alipay_user_id,omitempty"`
	// StatusCode is the HTTP status of the response, 200.
	StatusCode int `json:"-"`

	fields response.Fields
}

// Get returns the field of the response with that key, documented or not.
func (r *LinkResult) Get(key string) Value { return Value{r.fields.Get(key)} }

// MarshalJSON returns the response as the backend sent it, without a token.
func (r LinkResult) MarshalJSON() ([]byte, error) {
	if r.fields == "" {
		type plain LinkResult // without this method
		return json.Marshal(plain(r))
	}
	return []byte(r.fields), nil
}

// Format prints the user's id, for every verb: the response may have any field.
func (r LinkResult) Format(f fmt.State, _ rune) {
	_, _ = fmt.Fprintf(f, "link{user:%d status:%d}", r.UserID, r.StatusCode)
}

// LogValue returns what Format prints.
func (r LinkResult) LogValue() slog.Value { return slog.StringValue(fmt.Sprint(r)) }

// LinkOn links the user of platform p to the account: what the Link… calls do, for
// programs that know the platform only when they run. Which options p takes, and what
// it sends where, is documented at its Link… call. Data is the event's user info, nil
// for a link without it. The code is the one given with auth.Code, or else, without
// encrypted data, the code source's.
//
// Fields that have been read stay as they are: read the user again to see the new
// _provider.
//
// Errors: 400 the platform's user or the account is linked already, 603 data is a
// refusal, 604 not logged in, 605 bad arguments, no code or a nil p, 612 an
// anonymous user.
func (m *Me) LinkOn(ctx context.Context, p platform.Platform, data *platform.AuthData, opts ...platform.LinkOption) (*LinkResult, error) {
	if err := m.notAnonymous(); err != nil {
		return nil, err
	}
	link, err := visitor.NewLink(m.conn, p, data, opts)
	if err != nil {
		return nil, err
	}
	if link.Refused() {
		return nil, m.conn.Refusal(ctx)
	}
	return m.dedupeLink(ctx, link.ID("link"), func(ctx context.Context, now visitor.Stored) (LinkResult, error) {
		return m.linkOn(ctx, link, now)
	})
}

func (m *Me) linkOn(ctx context.Context, link *visitor.Attempt, now visitor.Stored) (LinkResult, error) {
	if link.NeedsCode() {
		// Without a session no code is minted: it would not be used.
		live, err := m.conn.Revive(ctx, now)
		if err != nil {
			return LinkResult{}, err
		}
		now = live.Stored
	}
	call, err := link.CallWithCode(ctx)
	if err != nil {
		return LinkResult{}, err
	}
	conn := m.conn
	if link.Encrypted() {
		conn = conn.Manual()
	}
	result, now, err := m.sendLink(ctx, conn, now, call)
	if err == nil && now.Session.Platform == "" { // a later phone number comes from this platform
		err = visitor.Reached(m.conn.Update(ctx, now, func(s *session.Session) { s.Platform = link.Platform() }))
	}
	return result, err
}

// dedupeLink makes identical links under way once.
func (m *Me) dedupeLink(ctx context.Context, id visitor.WorkID, link func(context.Context, visitor.Stored) (LinkResult, error)) (*LinkResult, error) {
	id.Operation += " " + strconv.FormatInt(m.ID(), 10)
	result, err := visitor.Dedupe(ctx, m.conn, id, link)
	if result == (LinkResult{}) {
		return nil, err
	}
	return &result, err
}

// sendLink sends a link and reads the response.
func (m *Me) sendLink(ctx context.Context, conn *visitor.Conn, now visitor.Stored, call visitor.Call) (LinkResult, visitor.Stored, error) {
	res, now, err := conn.DoFrom(ctx, now, m.only(call))
	if err != nil {
		return LinkResult{}, now, err
	}
	fields, err := response.Object(res.Body, "link response")
	if err != nil {
		return LinkResult{}, now, err
	}
	return LinkResult{
		Message:      response.Str(fields.Get("message")),
		OpenID:       response.Str(fields.Get("openid")),
		UnionID:      response.Str(fields.Get("unionid")),
		Status:       response.Str(fields.Get("status")),
		UserID:       response.Int(fields.Get("user_id")),
		AlipayUserID: response.Str(fields.Get("alipay_user_id")),
		StatusCode:   res.Status,
		fields:       fields.Without(response.Secret),
	}, now, nil
}
