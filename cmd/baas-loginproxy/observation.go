package main

import (
	"context"
	"log/slog"
	"net/http"
	"strings"
	"sync"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/hydrogen-go/baas"
	"github.com/hydrogen-go/baas/cmd/baas-loginproxy/internal/clientaddr"
	"github.com/hydrogen-go/baas/cmd/baas-loginproxy/internal/metrics"
	"github.com/hydrogen-go/baas/cmd/baas-loginproxy/internal/ratelimit"
	"github.com/hydrogen-go/baas/cmd/baas-loginproxy/internal/requestlog"
	"github.com/hydrogen-go/baas/cmd/baas-loginproxy/internal/tracing"
	"github.com/hydrogen-go/baas/loginproxy"
)

// observation is what tells operators of the requests: metrics, the log and traces.
type observation struct {
	clients  *clientaddr.Finder
	metrics  *metrics.Metrics
	requests *requestlog.Log
	tracer   *tracing.Tracer
	log      *slog.Logger
	// clientHeader is where trusted proxies name the client.
	clientHeader string
}

// observe makes it. environ has the variables of OpenTelemetry.
func (c config) observe(environ []string, log *slog.Logger) (*observation, error) {
	clients, err := clientaddr.New(c.clients.trusted, c.clients.header)
	if err != nil {
		return nil, err
	}
	logOptions := []requestlog.Option{requestlog.WithTrusted(clients.FromTrusted)}
	if c.clients.log {
		logOptions = append(logOptions, requestlog.WithClientAddr(clients.String))
	}
	requests, err := requestlog.New(log, logOptions...)
	if err != nil {
		return nil, err
	}
	tracer, err := tracing.New(context.Background(), lookup(environ), baas.Version, log, tracing.WithTrusted(clients.FromTrusted))
	if err != nil {
		return nil, err
	}
	return &observation{
		clients: clients, metrics: metrics.New(baas.Version), requests: requests, tracer: tracer,
		log: log, clientHeader: string(c.clients.header),
	}, nil
}

// lookup returns os.Getenv of another environment.
func lookup(environ []string) func(string) string {
	return func(name string) string {
		for _, entry := range environ {
			if value, ok := strings.CutPrefix(entry, name+"="); ok {
				return value
			}
		}
		return ""
	}
}

// clientOptions measure and trace the requests to the backend.
func (o *observation) clientOptions() []baas.Option {
	return []baas.Option{baas.WithTransportWrapper(o.metrics.RoundTripper), baas.WithTransportWrapper(o.tracer.RoundTripper)}
}

// proxyOptions tell of the requests of phones.
func (o *observation) proxyOptions() []loginproxy.Option {
	return []loginproxy.Option{
		loginproxy.WithClientAddr(o.clients.String),
		loginproxy.WithOnLogin(o.requests.User),
		loginproxy.WithOnLogout(o.requests.User),
		loginproxy.WithObserver(o.request),
	}
}

// request tells of a request of a phone.
func (o *observation) request(ctx context.Context, e loginproxy.Event) {
	o.metrics.Request(ctx, e)
	o.tracer.Request(ctx, e)
	o.requests.Request(ctx, e)
}

// limiterOptions tell of what the rate limiter decides.
func (o *observation) limiterOptions(l limitConfig) []ratelimit.Option {
	options := []ratelimit.Option{ratelimit.WithObserver(func(ctx context.Context, d ratelimit.Decision) {
		o.metrics.Decision(ctx, d)
		o.requests.Decision(ctx, d)
	})}
	if l.secret != "" {
		options = append(options, ratelimit.WithSecret([]byte(l.secret)))
	}
	return options
}

// around gives every request an id and a span, and counts those under way.
func (o *observation) around(next http.Handler) http.Handler {
	return o.requests.Middleware(o.tracer.Middleware(o.metrics.InFlight(o.balancers(next))))
}

// balancers logs, once, that a request names a client and does not come from a trusted
// proxy. Nobody else would notice a balancer that is missing from the settings until all
// clients share one limit. The line has no address: every client can send the header.
func (o *observation) balancers(next http.Handler) http.Handler {
	var once sync.Once
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get(o.clientHeader) != "" && !o.clients.FromTrusted(r) {
			once.Do(func() {
				o.log.WarnContext(r.Context(), "a request with "+o.clientHeader+" does not come from an address in -trusted-proxies (BAAS_TRUSTED_PROXIES): "+
					"if it comes from a balancer, the limits count the balancer and not the client")
			})
		}
		next.ServeHTTP(w, r)
	})
}

// gauge adds a metric that is computed when it is asked for.
func (o *observation) gauge(name, help string, value func() float64) {
	o.metrics.Registry().MustRegister(prometheus.NewGaugeFunc(
		prometheus.GaugeOpts{Namespace: "baas_loginproxy", Name: name, Help: help}, value))
}

// close sends the last spans, unless at once.
func (o *observation) close(log *slog.Logger, atOnce bool) {
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	if atOnce {
		cancel()
	}
	if err := o.tracer.Shutdown(ctx); err != nil {
		log.Warn("the last spans are lost", "err", err)
	}
}
