package baastest

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"math"
	"net/http"
	"slices"
	"strconv"
	"time"

	"github.com/hydrogen-go/baas/internal/duration"
	"github.com/hydrogen-go/baas/platform"
)

// ControlPath is where [Control] serves.
const ControlPath = "/_emulator/"

// Control returns a handler that steers a backend over HTTP, as a test in another
// language or a demo page needs it, with a console for browsers. Mount it at
// [ControlPath]. It gives out login codes, and requests with their passwords and tokens:
// do not expose it.
//
// It responds with 403 to requests that a browser makes for a page of another origin,
// and to those whose Host header is neither localhost, a loopback address, the address
// that the connection was made to, nor a host of [WithControlHosts]: a page of another
// site can reach it under a name of that site (DNS rebinding). With [WithControlToken]
// it responds with 401 to requests without the token. Health and the files of the console
// need none: they have nothing of the backend in them, and the console asks for the token.
//
// Bodies and responses are JSON; paths follow ControlPath. An error is {"error": …}.
// A platform may have an alias of package platform, as "ks".
//
//	GET    people                                          → the people, each with the linked user
//	GET    people/{platform}/{openid}                      → the person and the linked user
//	PUT    people/{platform}/{openid}                      {"unionid", "profile"} → the person
//	POST   people/{platform}/{openid}/login                → {"code"}
//	POST   people/{platform}/{openid}/allow-user-info      → the event
//	POST   people/{platform}/{openid}/refuse-user-info     {"form": 1} → the event, in one of the forms of [Phone.RefusalsJSON]
//	POST   people/{platform}/{openid}/user-profile         → the result of getUserProfile
//	POST   people/{platform}/{openid}/allow-phone-number   {"number", "old"} → the event
//	POST   people/{platform}/{openid}/refuse-phone-number  → the event
//	POST   people/{platform}/{openid}/allow-web-login      {"redirect_url"} → {"callback_url"}
//	POST   people/{platform}/{openid}/refuse-web-login     {"redirect_url"} → {"callback_url"}
//	DELETE people/{platform}/{openid}/link                 → {"unlinked"}, after it unlinked the person
//	GET    platforms                                       → [{"name", "aliases"}]
//	GET    codes                                           → the login codes that can be exchanged
//	GET    users                                           → the users
//	POST   users                                           a [User] → the user
//	GET    users/{id}                                      → the user
//	DELETE users/{id}/tokens                               → {}, after it revoked the user's tokens
//	GET    tokens                                          → [{"token", "user", "expires"}], the tokens of logins that work
//	GET    groups                                          → the groups
//	POST   groups                                          a [Group] → the group
//	GET    super-groups                                    → the super groups
//	POST   super-groups                                    a [SuperGroup] → the super group
//	POST   seed                                            a seed, as [Backend.LoadSeed] reads it → {}
//	GET    clock                                           → {"now", "frozen"}
//	POST   clock                                           {"advance": "31s"} or {"set": "2024-05-06T07:08:09Z"} → {"now", "frozen"}
//	GET    faults                                          → the faults, each with "id", "hits", "active" and its members
//	POST   faults                                          {"route", …}, see below → {"id"}
//	GET    faults/{id}                                     → the fault
//	DELETE faults/{id}                                     → {}, after it ended the fault
//	DELETE faults                                          → {}, after it forgot all faults
//	GET    journal                                         → the requests, with number, header and body; ?after=7 for those after number 7, ?limit=20 for the newest 20
//	DELETE journal                                         → {}, after it emptied the journal
//	GET    events                                          → text/event-stream: an event now and whenever something may have changed
//	GET    sms                                             → the text messages, with their codes
//	GET    mail                                            → the mails, with their links
//	GET    settings                                        → {"client_id", "user_info_updates"}
//	PUT    settings                                        {"user_info_updates": false} → the settings
//	POST   reset                                           → {}, after [Backend.Reset]
//	GET    health                                          → {"status": "ok"}
//	GET    ui/                                             → the console, a page for browsers
//	GET    ui/docs.html                                    → the documentation of this API, a page for browsers
//
// A fault has the members route (as for [Backend.Fail]), times, every, status, body,
// no_body, content_type, act, delay and hold (durations as "250ms"), and cut: "dial",
// "before-read", "after-read" or "in-response". A fault whose hits stay 0 did
// nothing: a script can fail on it. A duration may have days: "7d", "1d12h".
//
// Events have the name change and the numbers of the oldest and the newest request of the
// journal as data: {"first": 1, "last": 42}. A request of the control API that is no GET
// counts as a change; a call of a method of the backend does not.
func Control(b *Backend) http.Handler {
	mux := http.NewServeMux()
	c := control{b: b, servers: new(shutdowns)}
	for _, route := range c.routes() {
		mux.Handle(route.method+" "+ControlPath+route.path, route.handler)
	}
	open := append(consoleRoutes(mux), "GET "+ControlPath+healthPath) // without a token
	mux.Handle(ControlPath, failing(errNoPath))
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Cache-Control", "no-store")
		w.Header().Set("X-Content-Type-Options", "nosniff")
		_, pattern := mux.Handler(r)
		if err := b.admit(r, slices.Contains(open, pattern)); err != nil {
			failing(err).ServeHTTP(w, r)
			return
		}
		mux.ServeHTTP(w, r)
		if r.Method != http.MethodGet && r.Method != http.MethodHead {
			b.changes.notify()
		}
	})
}

// controlRoute is a path of the control API, after ControlPath.
type controlRoute struct {
	method, path string
	handler      http.Handler
}

func (c control) routes() []controlRoute {
	const person = "people/{platform}/{openid}"
	b := c.b
	routes := []controlRoute{
		{"GET", "people", listed(c.people)},
		{"GET", person, controlFunc(c.person)},
		{"PUT", person, controlFunc(c.describe)},
		{"DELETE", person + "/link", controlFunc(c.unlink)},
		{"GET", "platforms", listed(knownPlatforms)},
		{"GET", "codes", controlFunc(c.codes)},
		{"GET", "users", listed(b.Users)},
		{"POST", "users", added(b.AddUser)},
		{"GET", "users/{id}", controlFunc(c.user)},
		{"DELETE", "users/{id}/tokens", controlFunc(c.revoke)},
		{"GET", "tokens", listed(b.liveTokens)},
		{"GET", "groups", listed(b.Groups)},
		{"POST", "groups", added(b.AddGroup)},
		{"GET", "super-groups", listed(b.SuperGroups)},
		{"POST", "super-groups", added(b.AddSuperGroup)},
		{"POST", "seed", controlFunc(c.seed)},
		{"GET", "clock", controlFunc(c.now)},
		{"POST", "clock", controlFunc(c.setClock)},
		{"GET", "faults", listed(c.faults)},
		{"POST", "faults", controlFunc(c.fail)},
		{"GET", "faults/{id}", controlFunc(c.fault)},
		{"DELETE", "faults/{id}", controlFunc(c.endFault)},
		{"DELETE", "faults", done(b.ClearFaults)},
		{"GET", "journal", controlFunc(c.journal)},
		{"DELETE", "journal", done(b.ResetJournal)},
		{"GET", "events", http.HandlerFunc(c.events)},
		{"GET", "sms", controlFunc(c.sms)},
		{"GET", "mail", controlFunc(c.mail)},
		{"GET", "settings", controlFunc(c.settings)},
		{"PUT", "settings", controlFunc(c.set)},
		{"POST", "reset", done(b.Reset)},
		{"GET", healthPath, controlFunc(healthy)},
	}
	for name, act := range phoneActions {
		routes = append(routes, controlRoute{"POST", person + "/" + name, c.onPhone(act)})
	}
	// A wrong action is told apart from a wrong path.
	return append(routes, controlRoute{"POST", person + "/{action}", controlFunc(unknownAction)})
}

// healthPath is the path for which no token is required.
const healthPath = "health"

// control is the backend as the control API sees it.
type control struct {
	b       *Backend
	servers *shutdowns // that serve events
}

// controlFunc returns a value that becomes JSON; nil becomes {}.
type controlFunc func(*http.Request) (any, error)

func done(do func()) http.Handler {
	return controlFunc(func(*http.Request) (any, error) { do(); return nil, nil })
}

func failing(err error) controlFunc {
	return func(*http.Request) (any, error) { return nil, err }
}

// notFoundError is an error for a path.
type notFoundError struct{ error }

func (e notFoundError) Unwrap() error { return e.error }

var (
	errNoPath  = notFoundError{errors.New("unknown path or method; " + ControlPath + consolePath + "docs.html has the paths")}
	errNoUser  = notFoundError{errors.New("unknown user")}
	errNoFault = notFoundError{errors.New("unknown fault")}
)

// ServeHTTP responds with what the function returns.
func (h controlFunc) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	value, err := h(r)
	status := controlStatus(err)
	if err != nil {
		value = map[string]string{"error": err.Error()}
	} else if value == nil {
		value = struct{}{}
	}
	w.Header().Set("Content-Type", jsonType)
	if status == http.StatusUnauthorized {
		w.Header().Set("WWW-Authenticate", "Bearer")
	}
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(value) // the client may be gone
}

func controlStatus(err error) int {
	var unknown notFoundError
	switch {
	case err == nil:
		return http.StatusOK
	case errors.As(err, &unknown):
		return http.StatusNotFound
	case errors.Is(err, errOtherSite), errors.Is(err, errOtherHost):
		return http.StatusForbidden
	case errors.Is(err, errNoToken):
		return http.StatusUnauthorized
	default:
		return http.StatusBadRequest
	}
}

// readControl reads a body as T, a struct, and knows no other members.
func readControl[T any](r *http.Request) (T, error) {
	var v T
	text, err := io.ReadAll(io.LimitReader(r.Body, maxBody))
	if err == nil {
		_, err = readJSON(text, &v)
	}
	if err != nil && !errors.Is(err, errEmptyJSON) {
		return v, fmt.Errorf("body: %w", err)
	}
	return v, nil
}

func (c control) phone(r *http.Request) (*Phone, error) {
	name := r.PathValue("platform")
	if platformNamed(name) == nil {
		return nil, notFoundError{unknownPlatform(name)}
	}
	return c.b.phone(name, r.PathValue("openid")), nil
}

// phoneActions are what a person does with the phone, by the last segment of the path.
var phoneActions = map[string]func(*Phone, *http.Request) (any, error){
	"login":               func(p *Phone, _ *http.Request) (any, error) { return map[string]string{"code": p.Login()}, nil },
	"allow-user-info":     plainEvent((*Phone).AllowUserInfoJSON),
	"refuse-user-info":    refuseUserInfo,
	"user-profile":        plainEvent((*Phone).UserProfileJSON),
	"allow-phone-number":  allowPhoneNumber,
	"refuse-phone-number": plainEvent((*Phone).RefusePhoneNumberJSON),
	"allow-web-login":     answerWebLogin((*Phone).AllowWebLogin),
	"refuse-web-login":    answerWebLogin((*Phone).RefuseWebLogin),
}

// plainEvent is an action without a body.
func plainEvent(event func(*Phone) []byte) func(*Phone, *http.Request) (any, error) {
	return func(p *Phone, _ *http.Request) (any, error) { return json.RawMessage(event(p)), nil }
}

func (c control) onPhone(act func(*Phone, *http.Request) (any, error)) controlFunc {
	return func(r *http.Request) (any, error) {
		p, err := c.phone(r)
		if err != nil {
			return nil, err
		}
		return act(p, r)
	}
}

func unknownAction(r *http.Request) (any, error) {
	return nil, notFoundError{unknownName("action", r.PathValue("action"), slices.Sorted(maps.Keys(phoneActions)))}
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

func (c control) people() []controlPerson {
	var out []controlPerson
	for _, p := range c.b.everybody() {
		out = append(out, c.describedPerson(p))
	}
	return out
}

func (c control) person(r *http.Request) (any, error) {
	p, err := c.phone(r)
	if err != nil {
		return nil, err
	}
	return c.describedPerson(p), nil
}

func (c control) describedPerson(p *Phone) controlPerson {
	out := controlPerson{Platform: p.Platform(), OpenID: p.OpenID(), UnionID: p.UnionID(), Profile: p.Profile()}
	if u, ok := c.b.UserOf(p); ok {
		out.User = &u
	}
	return out
}

// controlPlatform is a platform with the other names that it is known by.
type controlPlatform struct {
	Name    string   `json:"name"`
	Aliases []string `json:"aliases"`
}

func knownPlatforms() []controlPlatform {
	var out []controlPlatform
	for _, p := range platforms {
		aliases := []string{}
		if known, ok := platform.ByName(p.name); ok {
			aliases = append(aliases, known.Aliases()...)
		}
		out = append(out, controlPlatform{p.name, aliases})
	}
	return out
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
func listed[T any](read func() []T) http.Handler {
	return controlFunc(func(*http.Request) (any, error) { return append([]T{}, read()...), nil })
}

// added seeds a record and returns it as it was stored.
func added[T any](add func(T) (T, error)) http.Handler {
	return controlFunc(func(r *http.Request) (any, error) {
		seed, err := readControl[T](r)
		if err != nil {
			return nil, err
		}
		return add(seed)
	})
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

// seed loads a seed into the backend.
func (c control) seed(r *http.Request) (any, error) {
	text, err := io.ReadAll(io.LimitReader(r.Body, maxBody))
	if err != nil {
		return nil, err
	}
	return nil, c.b.loadSeed(text)
}

func (c control) now(*http.Request) (any, error) {
	return map[string]any{"now": c.b.Clock().Now(), "frozen": c.b.Clock().isFrozen()}, nil
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
	ID int `json:"id"`
	Request
	Query  string      `json:"query,omitempty"`
	Header http.Header `json:"header"`
	Body   string      `json:"body"`
}

func (c control) journal(r *http.Request) (any, error) {
	query := r.URL.Query()
	after, err := number(query, "after", 0, math.MaxInt32)
	if err != nil {
		return nil, err
	}
	limit, err := number(query, "limit", math.MaxInt32, math.MaxInt32)
	if err != nil {
		return nil, err
	}
	first, requests := c.b.journal.since(after)
	if skip := len(requests) - limit; skip > 0 {
		first, requests = first+skip, requests[skip:]
	}
	out := []controlRequest{}
	for i, r := range requests {
		out = append(out, controlRequest{ID: first + i, Request: r, Query: r.Query, Header: r.Header, Body: string(r.Body)})
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

func (c control) settings(*http.Request) (any, error) {
	return map[string]any{"client_id": c.b.ClientID(), "user_info_updates": c.b.userInfoUpdates()}, nil
}

// set changes settings.
func (c control) set(r *http.Request) (any, error) {
	in, err := readControl[struct {
		UserInfoUpdates *bool `json:"user_info_updates"`
	}](r)
	if err != nil {
		return nil, err
	}
	if in.UserInfoUpdates != nil {
		c.b.SetUserInfoUpdates(*in.UserInfoUpdates)
	}
	return c.settings(r)
}

// controlFault is a [Fault] in JSON.
type controlFault struct {
	// Route is "METHOD /path/". The method may be left out, a segment "*" is any one segment,
	// a last segment "**" any number of them, and "" is every request.
	Route string `json:"route"`
	// Times is how many requests to hit; 0 means all until the fault is removed.
	Times int `json:"times,omitempty"`
	// Every hits only each n-th matching request; 0 and 1 mean each.
	Every int `json:"every,omitempty"`
	// Delay is waited, in real time, before the backend acts.
	Delay controlDuration `json:"delay,omitempty"`
	// Hold is waited, in real time, after the backend acted and before it responds.
	Hold controlDuration `json:"hold,omitempty"`
	// Status, 200 to 599, is sent in place of the backend's own. The backend does not act,
	// unless act is set.
	Status int `json:"status,omitempty"`
	// Body goes with status. Without one it is an error as the backend sends it.
	Body string `json:"body,omitempty"`
	// NoBody makes the response to status have no body at all.
	NoBody bool `json:"no_body,omitempty"`
	// ContentType goes with body. The default is JSON.
	ContentType string `json:"content_type,omitempty"`
	// Act makes the backend act before status is sent.
	Act bool `json:"act,omitempty"`
	// Cut cuts the connection: "dial" and "before-read" before the backend acts,
	// "after-read" after it acted, "in-response" halfway through the response.
	Cut string `json:"cut,omitempty"`
}

// controlFaultState is a fault and how often it hit.
type controlFaultState struct {
	ID int `json:"id"`
	controlFault
	Hits   int  `json:"hits"`
	Active bool `json:"active"` // it can hit more requests
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
		return nil, unknownName("cut", in.Cut, slices.Sorted(maps.Keys(cuts))[1:])
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

func (c control) faults() []controlFaultState {
	var out []controlFaultState
	for _, f := range c.b.faults.states() {
		out = append(out, controlFaultState{f.id, f.controlFault(), f.hits, f.active})
	}
	return out
}

// controlFault is the fault as the control API takes it.
func (f faultState) controlFault() controlFault {
	out := controlFault{
		Route: f.route, Times: f.fault.Times, Every: f.fault.Every,
		Delay: controlDuration(f.fault.Delay), Hold: controlDuration(f.fault.Hold),
		Status: f.fault.Status, Body: f.fault.Body, NoBody: f.fault.NoBody, ContentType: f.fault.ContentType, Act: f.fault.Act,
	}
	for name, cut := range cuts {
		if cut == f.fault.Cut {
			out.Cut = name
		}
	}
	return out
}

func (c control) fault(r *http.Request) (any, error) {
	id, err := strconv.Atoi(r.PathValue("id"))
	for _, f := range c.faults() {
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

// controlDuration is a duration as a text like "250ms" or "7d".
type controlDuration time.Duration

// UnmarshalText reads a duration.
func (d *controlDuration) UnmarshalText(text []byte) error {
	v, err := duration.Parse(string(text))
	*d = controlDuration(v)
	return err
}

// MarshalText writes a duration.
func (d controlDuration) MarshalText() ([]byte, error) {
	return []byte(duration.String(time.Duration(d))), nil
}

func (controlDuration) wanted() string { return `a duration, as "250ms" or "7d"` }
