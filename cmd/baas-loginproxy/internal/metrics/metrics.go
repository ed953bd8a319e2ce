package metrics

import (
	"context"
	"net/http"
	"runtime"
	"strconv"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"github.com/hydrogen-go/baas/cmd/baas-loginproxy/internal/ratelimit"
	"github.com/hydrogen-go/baas/herror"
	"github.com/hydrogen-go/baas/loginproxy"
)

const namespace = "baas_loginproxy"

// other is the value of a label in the place of one that is not expected.
const other = "other"

// Buckets of durations, in seconds. A response of the store takes a millisecond, one of
// the backend a part of a second, and a request at most the timeout.
var (
	storeBuckets   = []float64{.0005, .001, .0025, .005, .01, .025, .05, .1, .25, .5, 1, 2.5, 5}
	requestBuckets = []float64{.005, .01, .025, .05, .1, .25, .5, 1, 2.5, 5, 10, 30}
)

// Metrics has the metrics of one login server, in a registry of its own. It is safe for
// concurrent use.
type Metrics struct {
	registry *prometheus.Registry

	requests         *prometheus.CounterVec
	requestDuration  *prometheus.HistogramVec
	inFlight         prometheus.Gauge
	unreadable       prometheus.Counter
	backendRequests  *prometheus.CounterVec
	backendDuration  *prometheus.HistogramVec
	storeOperations  *prometheus.CounterVec
	storeDuration    *prometheus.HistogramVec
	established      prometheus.Counter
	ended            *prometheus.CounterVec
	limiterDecisions *prometheus.CounterVec
}

// New returns the metrics of a login server of that version.
func New(version string) *Metrics {
	m := &Metrics{
		registry:         prometheus.NewRegistry(),
		requests:         counters("requests_total", "Requests that the login server responded to.", "operation", "platform", "status", "code", "class"),
		requestDuration:  histograms("request_duration_seconds", "Time from a request to its response.", requestBuckets, "operation"),
		inFlight:         prometheus.NewGauge(prometheus.GaugeOpts{Namespace: namespace, Name: "requests_in_flight", Help: "HTTP requests that are being served."}),
		unreadable:       counter("unreadable_sessions_total", "Requests whose session is stored but cannot be read."),
		backendRequests:  counters("backend_requests_total", "Requests to the backend, each attempt of its own.", "method", "status"),
		backendDuration:  histograms("backend_request_duration_seconds", "Time from a request to the backend to the header of its response.", requestBuckets, "method"),
		storeOperations:  counters("store_operations_total", "Operations of the session store.", "operation", "result"),
		storeDuration:    histograms("store_operation_duration_seconds", "Time that an operation of the session store took.", storeBuckets, "operation"),
		established:      counter("sessions_established_total", "Sessions that logins and registrations stored."),
		ended:            counters("sessions_ended_total", "Sessions that were deleted. A session that expires in the store is not counted.", "reason"),
		limiterDecisions: counters("limiter_decisions_total", "Decisions of the rate limiter.", "operation", "outcome"),
	}
	build := prometheus.NewGaugeVec(prometheus.GaugeOpts{Namespace: namespace, Name: "build_info", Help: "1, with the version of the login server and of Go."}, []string{"version", "goversion"})
	build.WithLabelValues(version, runtime.Version()).Set(1)
	m.registry.MustRegister(
		m.requests, m.requestDuration, m.inFlight, m.unreadable, m.backendRequests, m.backendDuration,
		m.storeOperations, m.storeDuration, m.established, m.ended, m.limiterDecisions, build,
		collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}),
	)
	for _, reason := range []string{reasonLogout, reasonOther} {
		m.ended.WithLabelValues(reason) // from the start, so that a rate of them exists
	}
	return m
}

func counter(name, help string) prometheus.Counter {
	return prometheus.NewCounter(prometheus.CounterOpts{Namespace: namespace, Name: name, Help: help})
}

func counters(name, help string, labels ...string) *prometheus.CounterVec {
	return prometheus.NewCounterVec(prometheus.CounterOpts{Namespace: namespace, Name: name, Help: help}, labels)
}

func histograms(name, help string, buckets []float64, labels ...string) *prometheus.HistogramVec {
	return prometheus.NewHistogramVec(prometheus.HistogramOpts{Namespace: namespace, Name: name, Help: help, Buckets: buckets}, labels)
}

// Handler returns the handler of /metrics. It is not for the address that clients reach.
func (m *Metrics) Handler() http.Handler {
	return promhttp.InstrumentMetricHandler(m.registry, promhttp.HandlerFor(m.registry, promhttp.HandlerOpts{Registry: m.registry}))
}

// Registry returns the registry, for metrics of the program's own.
func (m *Metrics) Registry() *prometheus.Registry { return m.registry }

// InFlight counts the requests that next is serving.
func (m *Metrics) InFlight(next http.Handler) http.Handler {
	return promhttp.InstrumentHandlerInFlight(m.inFlight, next)
}

// Request counts a request, for [loginproxy.WithObserver].
func (m *Metrics) Request(_ context.Context, e loginproxy.Event) {
	m.requests.WithLabelValues(string(e.Operation), e.Platform, statusLabel(e.Status), codeLabel(e.Code), string(e.Class)).Inc()
	m.requestDuration.WithLabelValues(string(e.Operation)).Observe(e.Duration.Seconds())
	if e.Unreadable {
		m.unreadable.Inc()
	}
}

// Decision counts a decision of the rate limiter, for [ratelimit.WithObserver].
func (m *Metrics) Decision(_ context.Context, d ratelimit.Decision) {
	m.limiterDecisions.WithLabelValues(string(d.Operation), string(d.Outcome)).Inc()
}

// statusLabel returns the label of an HTTP status. The backend's statuses are passed on,
// and it may send any number.
func statusLabel(status int) string {
	if http.StatusText(status) == "" {
		return other
	}
	return strconv.Itoa(status)
}

// codeLabel returns the label of a code. The codes of package herror that are no status
// of HTTP are from 600 to 699.
func codeLabel(code herror.Code) string {
	if code != 0 && (code < 600 || code > 699) && http.StatusText(int(code)) == "" {
		return other
	}
	return strconv.Itoa(int(code))
}
