package metrics

import (
	"net/http"
	"time"
)

// RoundTripper measures the requests that next sends to the backend.
func (m *Metrics) RoundTripper(next http.RoundTripper) http.RoundTripper {
	return roundTripper{next, m}
}

type roundTripper struct {
	next http.RoundTripper
	m    *Metrics
}

// failed is the status of a request without a response.
const failed = "error"

// RoundTrip implements [http.RoundTripper].
func (t roundTripper) RoundTrip(r *http.Request) (*http.Response, error) {
	began := time.Now()
	res, err := t.next.RoundTrip(r)
	method, status := methodLabel(r.Method), failed
	if err == nil {
		status = statusLabel(res.StatusCode)
	}
	t.m.backendDuration.WithLabelValues(method).Observe(time.Since(began).Seconds())
	t.m.backendRequests.WithLabelValues(method, status).Inc()
	return res, err
}

func methodLabel(method string) string {
	switch method {
	case http.MethodGet, http.MethodHead, http.MethodPost, http.MethodPut, http.MethodPatch, http.MethodDelete:
		return method
	}
	return other
}
