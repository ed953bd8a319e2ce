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

	sdkType     = "file"
	tokenScheme = "Hydrogen-r1 "
)

// call is one request as an endpoint sees it: checked, and with b.mu held.
type call struct {
	*state
	b        *Backend
	now      time.Time
	platform string     // of X-Hydrogen-Client-Platform
	id       string     // what stands where the path varies
	query    url.Values // of mailed links only
	body     body
	token    string
	user     *user // the token's user, nil without a good token
}

// request is a request before it was checked.
type request struct {
	method string // with X-Hydrogen-Request-Method applied
	path   string
	query  string
	header http.Header
	body   []byte
}

// act does what a request asks for and answers it.
func (b *Backend) act(req request) answer {
	ans, err := b.route(req)
	if err == nil {
		return ans
	}
	if p, ok := err.(*problem); ok {
		return p.answer()
	}
	return refuse(http.StatusInternalServerError, "internal error").answer()
}

func (b *Backend) route(req request) (answer, error) {
	methods, id := routes.find(req.path)
	if methods == nil {
		return answer{}, errNotFound
	}
	r := methods[req.method]
	if r == nil {
		return notAllowed(methods), nil
	}
	c := &call{b: b, now: b.clock.Now(), id: id}
	if r.access == mailed {
		c.query, _ = url.ParseQuery(req.query) // a bad one lacks the token
	} else {
		if err := c.checkHeader(req.header); err != nil {
			return answer{}, err
		}
	}
	if err := checkContentType(req); err != nil {
		return answer{}, err
	}

	b.mu.Lock()
	defer b.mu.Unlock()
	c.state = b.state
	if err := c.authorize(r.access, req.header.Get("Authorization")); err != nil {
		return answer{}, err
	}
	var err error
	if c.body, err = parseBody(req.body); err != nil {
		return answer{}, err
	}
	if !r.anyFields {
		if err := c.body.check(r.fields); err != nil {
			return answer{}, err
		}
	}
	return r.handle(c)
}

func notAllowed(methods map[string]*route) answer {
	ans := refuse(http.StatusMethodNotAllowed, "method not allowed").answer()
	var names []string
	for name := range methods {
		names = append(names, name)
	}
	slices.Sort(names)
	ans.allow = strings.Join(names, ", ")
	return ans
}

func (c *call) checkHeader(h http.Header) error {
	if h.Get(headerClientID) != c.b.clientID {
		return refuse(http.StatusBadRequest, "header %s is missing or names no app", headerClientID)
	}
	if h.Get(headerSDKType) != sdkType {
		return refuse(http.StatusBadRequest, "header %s must be %s", headerSDKType, sdkType)
	}
	var ok bool
	if c.platform, ok = platformForHeader(h.Get(headerPlatform)); !ok {
		return refuse(http.StatusBadRequest, "header %s is missing or names no platform", headerPlatform)
	}
	return nil
}

func checkContentType(req request) error {
	if len(req.body) == 0 {
		return nil
	}
	if kind, _, err := mime.ParseMediaType(req.header.Get("Content-Type")); err != nil || kind != jsonType {
		return refuse(http.StatusUnsupportedMediaType, "Content-Type must be %s", jsonType)
	}
	return nil
}

// authorize finds the token's user and checks it against what the endpoint asks.
func (c *call) authorize(access access, header string) error {
	if access == mailed {
		return nil
	}
	if given, ok := strings.CutPrefix(header, tokenScheme); ok {
		if t, ok := c.tokens[given]; ok && c.now.Before(t.expires) {
			c.token, c.user = given, t.user
		} else {
			delete(c.tokens, given)
		}
	}
	switch {
	case access == open:
		return nil
	case c.user == nil && (header != "" || access != guest):
		return errUnauthorized
	case access == member && c.user.anonymous:
		return errAnonymous
	default:
		return nil
	}
}

// issueToken logs a user in.
func (c *call) issueToken(u *user) string {
	t := secret()
	c.tokens[t] = token{user: u, expires: c.now.Add(c.b.tokenLife)}
	return t
}

// touch notes that a user record changed.
func (c *call) touch(u *user) { u.saved = c.now.Unix() }

// expiresIn is the life of a new token in seconds.
func (c *call) expiresIn() int64 { return int64(c.b.tokenLife / time.Second) }

// serverTime answers the time.
func (c *call) serverTime() (answer, error) {
	var o jsonObject
	o.text("time", c.now.UTC().Format("2006-01-02T15:04:05.000000Z"))
	return answer{status: http.StatusOK, body: o.bytes()}, nil
}
