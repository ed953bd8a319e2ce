package loadtest_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"iter"
	"net/http"
	"time"

	"github.com/hydrogen-go/baas/baastest"
)

// attempts is how often a phone tries before it gives up.
const attempts = 20

// response is what a phone gets from a proxy: a user, a link or an error.
type response struct {
	status int

	Token string `json:"token"`
	User  struct {
		ID       int64                     `json:"id"`
		OpenID   string                    `json:"openid"`
		NickName string                    `json:"nickname"`
		Provider map[string]map[string]any `json:"_provider"`
	} `json:"user"`

	UserID int64  `json:"user_id"`
	OpenID string `json:"openid"`

	Code  int    `json:"code"`
	Error string `json:"error"`
	Spent bool   `json:"code_spent"`
}

// String describes the response without the session id.
func (a response) String() string {
	return fmt.Sprintf("%d %s (code %d, spent %t)", a.status, a.Error, a.Code, a.Spent)
}

func (a response) ok() bool { return a.status == http.StatusOK }

// loggedOut reports whether the session has ended.
func (a response) loggedOut() bool { return a.status == http.StatusUnauthorized && a.Code == 604 }

// retryable reports whether the request failed for a reason outside the phone.
func (a response) retryable() bool {
	switch a.status {
	case http.StatusBadGateway, http.StatusServiceUnavailable, http.StatusGatewayTimeout:
		return true
	}
	return false
}

// loginFailed reports whether a login failed for a reason outside the phone. The
// backend's 401 to the login itself is one too.
func (a response) loginFailed() bool {
	return a.retryable() || a.status == http.StatusUnauthorized && a.Code == 401
}

// uncertain reports whether Redis may have done what it did not confirm. It may also do
// so later, if the request is still on its way to Redis.
func (a response) uncertain() bool {
	return a.status == http.StatusServiceUnavailable || a.status == http.StatusGatewayTimeout
}

// loginBody is what a phone posts for a login or a link.
type loginBody struct {
	Code string          `json:"code"`
	Data json.RawMessage `json:"data,omitempty"`
}

// newLoginBody gets a fresh code and, with info, the user info after it.
func newLoginBody(p *baastest.Phone, info bool) loginBody {
	body := loginBody{Code: p.Login()}
	if info {
		body.Data = p.AllowUserInfoJSON()
	}
	return body
}

// post sends a request to one of the replicas.
func (w *world) post(ctx context.Context, op operation, at int, path, id string, body any) (response, error) {
	text, err := json.Marshal(body)
	if err != nil {
		return response{}, err
	}
	return w.send(ctx, op, http.MethodPost, w.replicas[at].url+path, id, text)
}

// me reads the user of a session from one of the replicas.
func (w *world) me(ctx context.Context, at int, id string) (response, error) {
	return w.send(ctx, opMe, http.MethodGet, w.replicas[at].url+"/me", id, nil)
}

func (w *world) send(ctx context.Context, op operation, method, url, id string, body []byte) (a response, err error) {
	r, err := http.NewRequestWithContext(ctx, method, url, bytes.NewReader(body))
	if err != nil {
		return a, err
	}
	if body != nil {
		r.Header.Set("Content-Type", "application/json")
	}
	if id != "" {
		r.Header.Set("Authorization", "Bearer "+id)
	}
	began := time.Now()
	res, err := w.phones.Do(r)
	if err != nil {
		return a, err
	}
	defer func() { _ = res.Body.Close() }()
	var text bytes.Buffer
	if _, err := text.ReadFrom(res.Body); err != nil {
		return a, err
	}
	took := time.Since(began)
	a.status = res.StatusCode
	if err := json.Unmarshal(text.Bytes(), &a); err != nil {
		return a, fmt.Errorf("a response with status %d is no JSON: %w", a.status, err)
	}
	w.meter.note(op, took, a)
	return a, errors.Join(a.checkDocumented(), w.secrets.checkResponse(res.Header, text.Bytes(), a.Token))
}

// documented has the errors that package loginproxy documents and that can occur here,
// by code.
var documented = map[int]struct {
	name   string
	status int
}{
	400: {"bad_request", 400},
	401: {"not_authenticated", 401},
	600: {"network_disconnected", 502},
	601: {"request_timeout", 504},
	604: {"session_missing", 401},
	690: {"invalid_response", 502},
	691: {"store_failed", 503},
	503: {"backend_failed", 502},
}

// checkDocumented checks that an error has its documented name and status.
func (a response) checkDocumented() error {
	known := documented[a.Code]
	if a.ok() && a.Code == 0 || !a.ok() && known.status == a.status && known.name == a.Error {
		return nil
	}
	return fmt.Errorf("not a documented error: %v", a)
}

// tries yields until the phone gives up. With patience, it pauses between attempts.
func (w *world) tries(ctx context.Context) iter.Seq[int] {
	return func(yield func(int) bool) {
		began, delay := time.Now(), 5*time.Millisecond
		for n := 0; w.patience == 0 && n < attempts || time.Since(began) < w.patience; n++ {
			if n > 0 && w.patience > 0 {
				pause(ctx, delay)
				delay = min(2*delay, 100*time.Millisecond)
			}
			if ctx.Err() != nil || !yield(n) {
				return
			}
		}
	}
}

var (
	errRevived = errors.New("a session is revived")
	errLost    = errors.New("a session is lost")
	errGaveUp  = errors.New("all attempts failed")
)

func unexpected(what string, a response) error { return fmt.Errorf("%s: %v", what, a) }

// dead checks that the session id is dead on all replicas.
func (w *world) dead(ctx context.Context, id string) error {
	for at := range w.replicas {
		if err := w.deadAt(ctx, at, id); err != nil {
			return err
		}
	}
	return nil
}

func (w *world) deadAt(ctx context.Context, at int, id string) error {
	for range w.tries(ctx) {
		a, err := w.me(ctx, at, id)
		switch {
		case err != nil:
			return err
		case a.loggedOut():
			return nil
		case a.ok():
			return errRevived
		case !a.retryable():
			return unexpected("read with a dead session", a)
		}
	}
	return errGaveUp
}
