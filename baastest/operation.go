package baastest

import (
	"mime"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"
)

// The headers of the protocol.
const (
	headerClientID = "X-Hydrogen-Client-ID"
	headerPlatform = "X-Hydrogen-Client-Platform"
	headerSDKType  = "X-Hydrogen-Client-SDK-Type"
	headerMethod   = "X-Hydrogen-Request-Method"

	tokenScheme = "Hydrogen-r1 "
)

// sdkTypes are the accepted values of the SDK type: none, that of the vendor's
// clients, and that of its WeChat plugin.
var sdkTypes = []string{"", "file", "plugin"}

// operation is one request as an endpoint sees it: checked, and with b.mu held.
type operation struct {
	*state
	b        *Backend
	now      time.Time
	header   http.Header
	platform *idp   // of X-Hydrogen-Client-Platform, nil for a client that is on none
	origin   string // scheme and host that the request was sent to
	path     string // the whole path
	id       string // the segment where the path varies
	query    url.Values
	body     body
	items    []body // of a body that is a list
	token    string
	user     *user // the token's user, nil without a good token
	server   bool  // a server asks, with a token of the Open API
}

// request is a request before it was checked.
type request struct {
	origin string
	method string // with X-Hydrogen-Request-Method applied
	path   string
	query  string
	header http.Header
	body   []byte
}

// act does what a request asks for and returns the response.
func (b *Backend) act(req request) response {
	res, err := b.route(req)
	if err == nil {
		return res
	}
	if r, ok := err.(refusal); ok {
		return r.response()
	}
	return refuse(http.StatusInternalServerError, "internal error").response()
}

func (b *Backend) route(req request) (response, error) {
	if len(req.path)+len("?")+len(req.query) > maxURL {
		return response{}, errURL
	}
	methods, id := routes.find(req.path)
	if methods == nil {
		return noRoute(req)
	}
	r := methods[req.method]
	if r == nil {
		return notAllowed(methods), nil
	}
	op := &operation{b: b, now: b.clock.Now(), header: req.header, origin: req.origin, path: req.path, id: id}
	op.query, _ = url.ParseQuery(req.query) // the valid part of an invalid query
	if r.access != public && r.access != server {
		if err := op.checkHeader(); err != nil {
			return response{}, err
		}
	}
	if err := checkContentType(req, r.form); err != nil {
		return response{}, err
	}

	b.mu.Lock()
	defer b.mu.Unlock()
	op.state = b.state
	if err := op.authorize(r.access, op.header.Get("Authorization")); err != nil {
		return response{}, err
	}
	if err := op.readBody(r, req); err != nil {
		return response{}, err
	}
	return r.handle(op)
}

// readBody reads the body as its endpoint takes it.
func (op *operation) readBody(r *route, req request) (err error) {
	switch {
	case r.list:
		op.items, err = parseItems(req.body, r.fields)
		return err
	case r.form && isForm(req):
		op.body, err = parseForm(req)
	default:
		op.body, err = parseBody(req.body)
	}
	if err != nil || r.anyFields {
		return err
	}
	return op.body.check(r.fields)
}

func notAllowed(methods map[string]*route) response {
	res := refuse(http.StatusMethodNotAllowed, "method not allowed").response()
	var names []string
	for name := range methods {
		names = append(names, name)
	}
	slices.Sort(names)
	res.allow = strings.Join(names, ", ")
	return res
}

// checkHeader refuses what no known client sends. Only the client id is required.
func (op *operation) checkHeader() error {
	if op.header.Get(headerClientID) != op.b.clientID {
		return refuse(http.StatusBadRequest, "header %s is missing or names no app", headerClientID)
	}
	if !slices.Contains(sdkTypes, op.header.Get(headerSDKType)) {
		return refuse(http.StatusBadRequest, "header %s has an unknown value", headerSDKType)
	}
	var ok bool
	if op.platform, ok = platformForHeader(op.header.Get(headerPlatform)); !ok {
		return refuse(http.StatusBadRequest, "header %s names no platform", headerPlatform)
	}
	return nil
}

// checkContentType refuses a body that is neither JSON nor, where the endpoint takes
// one, a form.
func checkContentType(req request, form bool) error {
	if len(req.body) == 0 || form && isForm(req) {
		return nil
	}
	if kind, _, err := mime.ParseMediaType(req.header.Get("Content-Type")); err != nil || kind != jsonType {
		return refuse(http.StatusUnsupportedMediaType, "Content-Type must be %s", jsonType)
	}
	return nil
}

// authorize finds the token's user and checks it against what the endpoint asks.
func (op *operation) authorize(access access, header string) error {
	switch access {
	case public:
		return nil
	case server:
		return op.authorizeServer(header)
	}
	if given, ok := strings.CutPrefix(header, tokenScheme); ok {
		if t, ok := op.tokens[given]; ok && op.now.Before(t.expires) {
			op.token, op.user = given, t.user
		} else {
			delete(op.tokens, given)
		}
	}
	switch {
	case access == open:
		return nil
	case op.user == nil && (header != "" || access != guest):
		return errUnauthorized
	case access == member && op.user.anonymous:
		return errAnonymous
	default:
		return nil
	}
}

// issueToken logs a user in.
func (op *operation) issueToken(u *user) string {
	t := secret()
	op.tokens[t] = token{user: u, expires: op.now.Add(op.b.tokenLife)}
	return t
}

// touch sets updated_at of a user.
func (op *operation) touch(u *user) { u.saved = op.now.Unix() }

// expiresIn is the life of a new token in seconds.
func (op *operation) expiresIn() int64 { return int64(op.b.tokenLife / time.Second) }

// serverTime is the response with the time, in the zone of the app.
func (op *operation) serverTime() (response, error) {
	var o jsonObject
	o.text("time", op.now.In(op.b.zone).Format("2006-01-02T15:04:05.000000-07:00"))
	return response{status: http.StatusOK, body: o.bytes()}, nil
}
