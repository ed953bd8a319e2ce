package loginproxy

import (
	"context"
	"encoding/json"
	"io"
	"net/http"
	"strconv"
	"strings"

	"github.com/tidwall/gjson"

	"github.com/hydrogen-go/baas/herror"
	"github.com/hydrogen-go/baas/internal/response"
	"github.com/hydrogen-go/baas/internal/transport"
	"github.com/hydrogen-go/baas/internal/visitor"
	"github.com/hydrogen-go/baas/session"
)

// Backend returns a handler that stands in for the backend: the vendor's own
// client, unmodified, works through it when its host is this server. Mount it so
// that it sees the paths that begin with /hserve/, all of which it forwards.
//
// The backend's tokens stay here: those in the answers to logins and registers, of
// accounts, platforms and the first clients' session paths, which is where the
// backend gives them out. A phone gets a session id in the place of its token, and
// sends it as it would the token; the id is good for the same time, as bounded by
// the timeouts. It is also one for the JSON routes and for [Proxy.Middleware].
//
// Answers are the backend's, with its status and text. The proxy's own have the
// backend's shape, {"status":"error","error_msg":…}: 400 for another client id or
// environment than the client's, or a body that is not JSON; 401 for a session
// that is unknown or over, except at logins, which take it for none; 404, 405, 413
// and 415; 429 of the rate limiter; 502, 503 and 504 as on the JSON routes. A
// logout succeeds once the session is forgotten here.
func (p *Proxy) Backend() http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		t := p.begin(w, r, OpUnknown)
		defer t.cancel()
		defer t.observe()
		if err := t.forward(); err != nil {
			t.failAsBackend(err)
		}
		t.tidy()
	})
}

// forward takes the request to the backend, and the answer back.
func (t *turn) forward() error {
	req, err := t.outgoing()
	if err != nil {
		return err
	}
	body, err := t.body()
	if err != nil {
		return err
	}
	if body != "" {
		if err := t.checkBody(body); err != nil {
			return err
		}
		req.Body = []byte(body)
	}
	ctx := t.ctx
	if t.event.Operation == OpLogout { // a phone that hangs up is logged out all the same
		var cancel context.CancelFunc
		ctx, cancel = late(ctx)
		defer cancel()
	}
	if t.entering() || t.event.Operation == OpSMS || t.event.Operation == OpPasswordReset {
		if err := t.limit(ctx, t.accountIn(body)); err != nil {
			return err
		}
	}
	v, err := t.sender(ctx)
	if err != nil {
		return err
	}
	if v != nil && t.event.Operation == OpLogout {
		return t.forwardLogout(ctx, v, req)
	}
	return t.exchange(ctx, v, req)
}

// checkBody checks what a forwarded request has as its body.
func (t *turn) checkBody(body string) error {
	if !isJSON(t.r.Header) {
		return errMediaType
	}
	if !response.Valid(body) {
		return errInput
	}
	return nil
}

// accountIn returns the account that the body names, in the one field that the
// path asks for: whatever stands beside it, the backend does not mind.
func (t *turn) accountIn(body string) string {
	if t.accountField == "" || !gjson.Parse(body).IsObject() {
		return ""
	}
	return response.Str(response.Fields(body).Get(t.accountField))
}

// sender returns whose session the request comes with, nil where it comes with
// none or where a login does not mind.
func (t *turn) sender(ctx context.Context) (*Visitor, error) {
	id, ok := bearer(t.r, backendScheme)
	if !ok {
		return nil, nil
	}
	v, err := t.p.find(ctx, id)
	if err == nil && v == nil && !t.entering() {
		err = herror.New(herror.SessionMissing, "")
	}
	return v, err
}

// exchange sends the request in the visitor's name and answers with what comes.
func (t *turn) exchange(ctx context.Context, v *Visitor, req *transport.Request) error {
	s := v.of()
	began := t.p.backend.Now()
	res, err := t.p.backend.Send(ctx, t.p.backend.Plain(req), s)
	if err != nil {
		return err
	}
	body := res.Body
	switch {
	case v != nil && res.Status == http.StatusUnauthorized && !t.byPassword():
		err = connOf(v.auth).Discard(ctx, s.Token)
	case res.Status/100 != 2:
	case t.mints && hasToken(body):
		body, err = t.entered(ctx, v, body, began)
	case t.event.Operation == OpLink && v != nil && s.Platform == "" && t.event.Platform != "":
		err = connOf(v.auth).Update(ctx, s.Token, func(s *session.Session) { s.Platform = t.event.Platform })
	}
	if err != nil {
		return visitor.Reached(err)
	}
	t.pass(res, t.withoutToken(s, body))
	return nil
}

// pass answers with the backend's status and the body.
func (t *turn) pass(res *transport.Response, body string) {
	h := t.w.Header()
	for _, name := range [...]string{"Content-Type", "Retry-After"} {
		if values := res.Header[name]; len(values) > 0 {
			h[name] = values
		}
	}
	h["Cache-Control"] = noStoreValue
	h["X-Content-Type-Options"] = noSniffValue
	if res.Status/100 != 2 {
		t.event.Code = herror.Code(res.Status)
	}
	t.answered(res.Status)
	if res.Status != http.StatusNoContent && res.Status != http.StatusNotModified {
		h["Content-Length"] = []string{strconv.Itoa(len(body))}
	}
	t.w.WriteHeader(res.Status)
	_, _ = io.WriteString(t.w, body) // the phone has gone: nobody is left to tell
}

// destroyed is what the backend answers to a logout.
const destroyed = `{"message":"Destroy succeed.","status":"ok"}`

// forwardLogout forgets the session here and then in the backend. It succeeds
// whatever the backend says to it.
func (t *turn) forwardLogout(ctx context.Context, v *Visitor, req *transport.Request) error {
	if err := t.forget(ctx, v); err != nil {
		return err
	}
	res, err := t.p.backend.Send(ctx, t.p.backend.Plain(req), v.session)
	switch {
	case err != nil:
		t.event.Code = herror.CodeOf(err)
	case res.Status/100 == 2:
		t.pass(res, t.withoutToken(v.session, res.Body))
		return nil
	case res.Status != http.StatusUnauthorized: // which knows the token no more than we do
		t.event.Code = herror.Code(res.Status)
	}
	t.write(http.StatusCreated, []byte(destroyed))
	return nil
}

// withoutToken returns a body with what the phone sent in the place of the
// session's token, in whatever field it is.
func (t *turn) withoutToken(s session.Session, body string) string {
	if s.IsZero() {
		return body
	}
	id, _ := bearer(t.r, backendScheme)
	return strings.ReplaceAll(body, s.Token.Reveal(), id)
}

// failAsBackend answers err in the shape of the backend's errors.
func (t *turn) failAsBackend(err error) {
	f := failureOf(err)
	body, _ := json.Marshal(struct { // texts always marshal
		Status  string `json:"status"`
		Message string `json:"error_msg"`
	}{"error", strings.ReplaceAll(f.Name, "_", " ")})
	t.refuse(f, err, body)
}
