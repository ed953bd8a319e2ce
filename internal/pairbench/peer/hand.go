package peer

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"time"
)

// Hand is written by hand with net/http and encoding/json, as an experienced programmer
// does it in an afternoon: all connections are kept and there are at most 512, the body
// of a response is bounded and read to its end, its status is checked, and it becomes a
// typed user. It is the floor of the benchmarks.
//
// It does not do what this SDK does beside that: keep sessions and their expiry, share
// the request of identical calls, retry reads, tell whether a request was sent, type
// errors, keep secrets out of texts, check the response beyond the types of the fields,
// keep the fields that it does not know.
type Hand struct {
	base string
	http *http.Client
}

// NewHand returns a Hand for the backend with this URL.
func NewHand(base string) *Hand {
	return &Hand{base, &http.Client{
		Timeout: 30 * time.Second,
		Transport: &http.Transport{
			MaxIdleConnsPerHost: 512,
			MaxConnsPerHost:     512,
			IdleConnTimeout:     90 * time.Second,
		},
	}}
}

// CloseIdleConnections closes the connections that no request uses.
func (h *Hand) CloseIdleConnections() { h.http.CloseIdleConnections() }

// Login implements Client.
func (h *Hand) Login(ctx context.Context, code string, createUser bool) (out Login, err error) {
	err = h.send(ctx, http.MethodPost, loginPath, "", loginBody{createUser, code}, &out)
	return out, err
}

// Read implements Client.
func (h *Hand) Read(ctx context.Context, id int64, token string) (out User, err error) {
	err = h.send(ctx, http.MethodGet, fmt.Sprintf(readPath, id), token, nil, &out)
	return out, err
}

// Logout implements Client.
func (h *Hand) Logout(ctx context.Context, token string) error {
	return h.send(ctx, http.MethodPost, logoutPath, token, struct{}{}, nil)
}

func (h *Hand) send(ctx context.Context, method, path, token string, body, into any) error {
	var payload io.Reader
	if body != nil {
		text, err := json.Marshal(body)
		if err != nil {
			return err
		}
		payload = bytes.NewReader(text)
	}
	req, err := http.NewRequestWithContext(ctx, method, h.base+path, payload)
	if err != nil {
		return err
	}
	for _, h := range headers {
		req.Header.Set(h[0], h[1])
	}
	if token != "" {
		req.Header.Set("Authorization", tokenScheme+token)
	}
	res, err := h.http.Do(req)
	if err != nil {
		return err
	}
	defer func() { _ = res.Body.Close() }()
	text, err := io.ReadAll(io.LimitReader(res.Body, 1<<20))
	if err != nil {
		return err
	}
	if err := statusError(res.StatusCode); err != nil || into == nil {
		return err
	}
	return json.Unmarshal(text, into)
}
