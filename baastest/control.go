package baastest

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"time"
)

// ControlPath is where [Control] serves.
const ControlPath = "/_emulator/"

// Control returns a handler that steers a backend over HTTP, as a test in another
// language or a demo page needs it. Mount it at [ControlPath]. It gives out login
// codes, and requests with their passwords and tokens: do not expose it.
//
// It responds with 403 to requests that a browser makes for a page of another origin,
// and to those whose Host header is neither localhost, a loopback address, the address
// that the connection was made to, nor a host of [WithControlHosts]: a page of another
// site can reach it under a name of that site (DNS rebinding). With [WithControlToken]
// it responds with 401 to requests without the token, except for health.
//
// Bodies and responses are JSON; paths follow ControlPath. An error is {"error": …}.
//
//	POST   people/{platform}/{openid}/login                → {"code"}
//	POST   people/{platform}/{openid}/allow-user-info      → the event
//	POST   people/{platform}/{openid}/refuse-user-info     {"form": 1} → the event, in one of the forms of [Phone.RefusalsJSON]
//	POST   people/{platform}/{openid}/user-profile         → the result of getUserProfile
//	POST   people/{platform}/{openid}/allow-phone-number   {"number", "old"} → the event
//	POST   people/{platform}/{openid}/refuse-phone-number  → the event
//	POST   people/{platform}/{openid}/allow-web-login      {"redirect_url"} → {"callback_url"}
//	POST   people/{platform}/{openid}/refuse-web-login     {"redirect_url"} → {"callback_url"}
//	GET    people/{platform}/{openid}                      → the person and the linked user
//	PUT    people/{platform}/{openid}                      {"unionid", "profile"}
//	DELETE people/{platform}/{openid}/link                 unlinks the person
//	GET    codes                                           → the login codes that can be exchanged
//	GET    users                                           → the users
//	POST   users                                           a [User] → the user
//	GET    users/{id}                                      → the user
//	DELETE users/{id}/tokens                               revokes the user's tokens
//	GET    groups                                          → the groups
//	POST   groups                                          a [Group] → the group
//	GET    super-groups                                    → the super groups
//	POST   super-groups                                    a [SuperGroup] → the super group
//	GET    clock                                           → {"now"}
//	POST   clock                                           {"advance": "31s"} or {"set": "2024-05-06T07:08:09Z"} → {"now"}
//	GET    faults                                          → [{"id", "route", "hits", "active"}]
//	POST   faults                                          {"route", …}, see below → {"id"}
//	GET    faults/{id}                                     → {"id", "route", "hits", "active"}
//	DELETE faults/{id}                                     ends the fault
//	DELETE faults                                          forgets all faults
//	GET    journal                                         → the requests, with header and body
//	DELETE journal
//	GET    sms                                             → the text messages, with their codes
//	GET    mail                                            → the mails, with their links
//	PUT    settings                                        {"user_info_updates": false}
//	POST   reset
//	GET    health                                          → {"status": "ok"}
//
// A fault has the members route (as for [Backend.Fail]), times, every, status, body,
// no_body, content_type, act, delay and hold (durations as "250ms"), and cut: "dial",
// "before-read", "after-read" or "in-response". A fault whose hits stay 0 did
// nothing: a script can fail on it.
func Control(b *Backend) http.Handler {
	mux := http.NewServeMux()
	handle := func(method, path string, h controlFunc) {
		mux.HandleFunc(method+" "+ControlPath+path, h.serve)
	}
	c := control{b}
	handle("POST", "people/{platform}/{openid}/{action}", c.act)
	handle("GET", "people/{platform}/{openid}", c.person)
	handle("PUT", "people/{platform}/{openid}", c.describe)
	handle("DELETE", "people/{platform}/{openid}/link", c.unlink)
	handle("GET", "codes", c.codes)
	handle("GET", "users", listed(b.Users))
	handle("POST", "users", added(b.AddUser))
	handle("GET", "users/{id}", c.user)
	handle("DELETE", "users/{id}/tokens", c.revoke)
	handle("GET", "groups", listed(b.Groups))
	handle("POST", "groups", added(b.AddGroup))
	handle("GET", "super-groups", listed(b.SuperGroups))
	handle("POST", "super-groups", added(b.AddSuperGroup))
	handle("GET", "clock", c.now)
	handle("POST", "clock", c.setClock)
	handle("GET", "faults", c.faults)
	handle("POST", "faults", c.fail)
	handle("GET", "faults/{id}", c.fault)
	handle("DELETE", "faults/{id}", c.endFault)
	handle("DELETE", "faults", done(b.ClearFaults))
	handle("GET", "journal", c.journal)
	handle("DELETE", "journal", done(b.ResetJournal))
	handle("GET", "sms", c.sms)
	handle("GET", "mail", c.mail)
	handle("PUT", "settings", c.settings)
	handle("POST", "reset", done(b.Reset))
	handle("GET", healthPath, healthy)
	mux.HandleFunc(ControlPath, failing(errNoPath).serve)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if err := b.admit(r); err != nil {
			failing(err).serve(w, r)
			return
		}
		mux.ServeHTTP(w, r)
	})
}

// healthPath is the path for which no token is required.
const healthPath = "health"

// control is the backend as the control API sees it.
type control struct{ b *Backend }

// controlFunc returns a value that becomes JSON; nil becomes {}.
type controlFunc func(*http.Request) (any, error)

func done(do func()) controlFunc {
	return func(*http.Request) (any, error) { do(); return nil, nil }
}

func failing(err error) controlFunc {
	return func(*http.Request) (any, error) { return nil, err }
}

var (
	errNoPath   = errors.New("unknown path or method")
	errNoPerson = errors.New("unknown platform or action")
	errNoUser   = errors.New("unknown user")
	errNoFault  = errors.New("unknown fault")
)

func (h controlFunc) serve(w http.ResponseWriter, r *http.Request) {
	value, err := h(r)
	status := controlStatus(err)
	if err != nil {
		value = map[string]string{"error": err.Error()}
	} else if value == nil {
		value = struct{}{}
	}
	w.Header().Set("Content-Type", jsonType)
	w.Header().Set("Cache-Control", "no-store")
	if status == http.StatusUnauthorized {
		w.Header().Set("WWW-Authenticate", "Bearer")
	}
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(value) // the client may be gone
}

func controlStatus(err error) int {
	switch {
	case err == nil:
		return http.StatusOK
	case errors.Is(err, errNoPath), errors.Is(err, errNoPerson), errors.Is(err, errNoUser), errors.Is(err, errNoFault):
		return http.StatusNotFound
	case errors.Is(err, errOtherSite), errors.Is(err, errOtherHost):
		return http.StatusForbidden
	case errors.Is(err, errNoToken):
		return http.StatusUnauthorized
	default:
		return http.StatusBadRequest
	}
}

// readControl reads a body as T and knows no other members.
func readControl[T any](r *http.Request) (T, error) {
	var v T
	if err := decodeStrict(io.LimitReader(r.Body, maxBody), &v); err != nil && !errors.Is(err, io.EOF) {
		return v, fmt.Errorf("body: %w", err)
	}
	return v, nil
}

func (c control) phone(r *http.Request) (*Phone, error) {
	p, err := c.b.Phone(r.PathValue("platform"), r.PathValue("openid"))
	if err != nil {
		return nil, errNoPerson
	}
	return p, nil
}

// act is what a person does with the phone.
func (c control) act(r *http.Request) (any, error) {
	p, err := c.phone(r)
	if err != nil {
		return nil, err
	}
	switch r.PathValue("action") {
	case "login":
		return map[string]string{"code": p.Login()}, nil
	case "allow-user-info":
		return json.RawMessage(p.AllowUserInfoJSON()), nil
	case "refuse-user-info":
		return refuseUserInfo(p, r)
	case "user-profile":
		return json.RawMessage(p.UserProfileJSON()), nil
	case "allow-phone-number":
		return allowPhoneNumber(p, r)
	case "refuse-phone-number":
		return json.RawMessage(p.RefusePhoneNumberJSON()), nil
	case "allow-web-login":
		return answerWebLogin(r, p.AllowWebLogin)
	case "refuse-web-login":
		return answerWebLogin(r, p.RefuseWebLogin)
	default:
		return nil, errNoPerson
	}
}

// refuseUserInfo is a refusal in the form with that number, from 1.
func refuseUserInfo(p *Phone, r *http.Request) (any, error) {
	in, err := readControl[struct {
		Form *int `json:"form"`
	}](r)
	if err != nil {
		return nil, err
	}
	forms, form := p.RefusalsJSON(), 1
	if in.Form != nil {
		form = *in.Form
	}
	if form < 1 || form > len(forms) {
		return nil, fmt.Errorf("form must be 1 to %d", len(forms))
	}
	return json.RawMessage(forms[form-1]), nil
}

func allowPhoneNumber(p *Phone, r *http.Request) (any, error) {
	in, err := readControl[struct {
		Number string `json:"number"`
		Old    bool   `json:"old"`
	}](r)
	switch {
	case err != nil:
		return nil, err
	case in.Number == "":
		return nil, errors.New("number is missing")
	case in.Old:
		return json.RawMessage(p.AllowPhoneNumberOldJSON(in.Number)), nil
	default:
		return json.RawMessage(p.AllowPhoneNumberJSON(in.Number)), nil
	}
}

// controlPerson is a person as the control API shows it.
type controlPerson struct {
	Platform string  `json:"platform"`
	OpenID   string  `json:"openid"`
	UnionID  string  `json:"unionid"`
	Profile  Profile `json:"profile"`
	User     *User   `json:"user"` // null while the person has no account
}

func (c control) person(r *http.Request) (any, error) {
	p, err := c.phone(r)
	if err != nil {
		return nil, err
	}
	out := controlPerson{Platform: p.Platform(), OpenID: p.OpenID(), UnionID: p.UnionID(), Profile: p.Profile()}
	if u, ok := c.b.UserOf(p); ok {
		out.User = &u
	}
	return out, nil
}

func (c control) describe(r *http.Request) (any, error) {
	p, err := c.phone(r)
	if err != nil {
		return nil, err
	}
	in, err := readControl[struct {
		UnionID *string  `json:"unionid"`
		Profile *Profile `json:"profile"`
	}](r)
	if err != nil {
		return nil, err
	}
	if in.UnionID != nil {
		p.SetUnionID(*in.UnionID)
	}
	if in.Profile != nil {
		p.SetProfile(*in.Profile)
	}
	return c.person(r)
}

func (c control) unlink(r *http.Request) (any, error) {
	p, err := c.phone(r)
	if err != nil {
		return nil, err
	}
	return map[string]bool{"unlinked": c.b.Unlink(p)}, nil
}

// controlCode is a login code that can be exchanged.
type controlCode struct {
	Platform string    `json:"platform"`
	OpenID   string    `json:"openid"`
	Code     string    `json:"code"`
	Expires  time.Time `json:"expires"`
}

func (c control) codes(*http.Request) (any, error) {
	c.b.mu.Lock()
	defer c.b.mu.Unlock()
	codes, now := &c.b.state.codes, c.b.clock.Now()
	out := []controlCode{}
	for _, t := range codes.order {
		if got, ok := codes.peek(t.id, now); ok {
			out = append(out, controlCode{got.phone.on.name, got.phone.openid, t.id, t.expires})
		}
	}
	return out, nil
}

// listed is a list, also where it is nil.
func listed[T any](read func() []T) controlFunc {
	return func(*http.Request) (any, error) { return append([]T{}, read()...), nil }
}

// added seeds a record and returns it as it was stored.
func added[T any](add func(T) (T, error)) controlFunc {
	return func(r *http.Request) (any, error) {
		seed, err := readControl[T](r)
		if err != nil {
			return nil, err
		}
		return add(seed)
	}
}

func (c control) user(r *http.Request) (any, error) {
	id, err := strconv.ParseInt(r.PathValue("id"), 10, 64)
	if err != nil {
		return nil, errNoUser
	}
	u, ok := c.b.User(id)
	if !ok {
		return nil, errNoUser
	}
	return u, nil
}

func (c control) revoke(r *http.Request) (any, error) {
	id, err := strconv.ParseInt(r.PathValue("id"), 10, 64)
	if err != nil {
		return nil, errNoUser
	}
	c.b.RevokeTokens(id)
	return nil, nil
}

func (c control) now(*http.Request) (any, error) {
	return map[string]time.Time{"now": c.b.Clock().Now()}, nil
}

// setClock sets the clock, or advances it.
func (c control) setClock(r *http.Request) (any, error) {
	in, err := readControl[struct {
		Advance controlDuration `json:"advance"`
		Set     time.Time       `json:"set"`
	}](r)
	switch {
	case err != nil:
		return nil, err
	case (in.Advance == 0) == in.Set.IsZero():
		return nil, errors.New("give advance or set")
	case in.Advance != 0:
		c.b.Clock().Advance(time.Duration(in.Advance))
	default:
		c.b.Clock().Set(in.Set)
	}
	return c.now(r)
}

func healthy(*http.Request) (any, error) { return map[string]string{"status": "ok"}, nil }

// controlRequest is a journal entry with what was sent.
type controlRequest struct {
	Request
	Query  string      `json:"query,omitempty"`
	Header http.Header `json:"header"`
	Body   string      `json:"body"`
}

func (c control) journal(*http.Request) (any, error) {
	out := []controlRequest{}
	for _, r := range c.b.Requests() {
		out = append(out, controlRequest{Request: r, Query: r.Query, Header: r.Header, Body: string(r.Body)})
	}
	return out, nil
}

// controlSMS and controlMail are messages with their secrets.
type controlSMS struct {
	SMS
	Code string `json:"code"`
}

type controlMail struct {
	Mail
	Link string `json:"link"`
}

func (c control) sms(*http.Request) (any, error) {
	out := []controlSMS{}
	for _, m := range c.b.SMS() {
		out = append(out, controlSMS{m, m.Code})
	}
	return out, nil
}

func (c control) mail(*http.Request) (any, error) {
	out := []controlMail{}
	for _, m := range c.b.Mails() {
		out = append(out, controlMail{m, m.Link})
	}
	return out, nil
}

func (c control) settings(r *http.Request) (any, error) {
	in, err := readControl[struct {
		UserInfoUpdates *bool `json:"user_info_updates"`
	}](r)
	if err == nil && in.UserInfoUpdates != nil {
		c.b.SetUserInfoUpdates(*in.UserInfoUpdates)
	}
	return nil, err
}

// controlFault is a [Fault] in JSON.
type controlFault struct {
	Route       string          `json:"route"`
	Times       int             `json:"times"`
	Every       int             `json:"every"`
	Delay       controlDuration `json:"delay"`
	Hold        controlDuration `json:"hold"`
	Status      int             `json:"status"`
	Body        string          `json:"body"`
	NoBody      bool            `json:"no_body"`
	ContentType string          `json:"content_type"`
	Act         bool            `json:"act"`
	Cut         string          `json:"cut"`
}

var cuts = map[string]Cut{
	"": CutNever, "dial": CutDial, "before-read": CutBeforeRead,
	"after-read": CutAfterRead, "in-response": CutInResponse,
}

func (c control) fail(r *http.Request) (any, error) {
	in, err := readControl[controlFault](r)
	if err != nil {
		return nil, err
	}
	route := parsePattern(in.Route)
	if !route.matchesPaths() {
		return nil, errors.New("route must be [METHOD ]/path, or empty")
	}
	cut, ok := cuts[in.Cut]
	if !ok {
		return nil, errors.New("unknown cut")
	}
	if in.Status != 0 && (in.Status < 200 || in.Status > 599) {
		return nil, errors.New("status must be 200 to 599")
	}
	if in.NoBody && in.Body != "" {
		return nil, errors.New("body and no_body exclude each other")
	}
	id := c.b.faults.add(route, Fault{
		Times: in.Times, Every: in.Every,
		Delay: time.Duration(in.Delay), Hold: time.Duration(in.Hold),
		Status: in.Status, Body: in.Body, NoBody: in.NoBody, ContentType: in.ContentType, Act: in.Act,
		Cut: cut,
	})
	return map[string]int{"id": id}, nil
}

func (c control) faults(*http.Request) (any, error) { return c.b.faults.states(), nil }

func (c control) fault(r *http.Request) (any, error) {
	id, err := strconv.Atoi(r.PathValue("id"))
	for _, f := range c.b.faults.states() {
		if err == nil && f.ID == id {
			return f, nil
		}
	}
	return nil, errNoFault
}

func (c control) endFault(r *http.Request) (any, error) {
	id, err := strconv.Atoi(r.PathValue("id"))
	if err != nil || !c.b.faults.remove(id) {
		return nil, errNoFault
	}
	return nil, nil
}

// controlDuration is a duration as a text like "250ms".
type controlDuration time.Duration

// UnmarshalText reads a duration.
func (d *controlDuration) UnmarshalText(text []byte) error {
	v, err := time.ParseDuration(string(text))
	*d = controlDuration(v)
	return err
}
