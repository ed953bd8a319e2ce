package tracing

import (
	"context"
	"errors"
	"net/http"
	"regexp"
	"slices"
	"strings"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/propagation"
	"go.opentelemetry.io/otel/trace"

	"github.com/hydrogen-go/baas/loginproxy"
)

// The attributes. The first ones are those of OpenTelemetry's semantic conventions.
const (
	attrMethod    = "http.request.method"
	attrStatus    = "http.response.status_code"
	attrTemplate  = "url.template"
	attrServer    = "server.address"
	attrError     = "error.type"
	attrOperation = "baas.operation"
	attrPlatform  = "baas.platform"
	attrCode      = "baas.code"
	attrClass     = "baas.class"
)

// Middleware makes a span of each request that next serves.
func (t *Tracer) Middleware(next http.Handler) http.Handler {
	if !t.On() {
		return next
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		ctx := r.Context()
		if t.trusted(r) {
			ctx = propagator.Extract(ctx, propagation.HeaderCarrier(r.Header))
		}
		method := methodOf(r.Method)
		ctx, span := t.tracer.Start(ctx, method, trace.WithSpanKind(trace.SpanKindServer),
			trace.WithAttributes(attribute.String(attrMethod, method)))
		defer span.End() // also of a panic
		next.ServeHTTP(w, r.WithContext(ctx))
	})
}

// Request names the span of a request and says how the request ended, for
// [loginproxy.WithObserver].
func (t *Tracer) Request(ctx context.Context, e loginproxy.Event) {
	span := trace.SpanFromContext(ctx)
	if !span.IsRecording() {
		return
	}
	span.SetName(string(e.Operation))
	span.SetAttributes(attribute.String(attrOperation, string(e.Operation)), attribute.Int(attrStatus, e.Status))
	if e.Platform != "" {
		span.SetAttributes(attribute.String(attrPlatform, e.Platform))
	}
	if e.Code != 0 {
		span.SetAttributes(attribute.Int(attrCode, int(e.Code)))
	}
	if e.Class != "" {
		span.SetAttributes(attribute.String(attrClass, string(e.Class)))
	}
	if e.Status >= http.StatusInternalServerError { // as the semantic conventions have it
		description := ""
		if e.Err != nil {
			description = e.Err.Error()
		}
		span.SetStatus(codes.Error, description)
	}
}

// RoundTripper makes a span of each request that next sends to the backend, until the
// header of the response. The backend gets the ids of the span in traceparent.
func (t *Tracer) RoundTripper(next http.RoundTripper) http.RoundTripper {
	if !t.On() {
		return next
	}
	return roundTripper{next, t.tracer}
}

type roundTripper struct {
	next   http.RoundTripper
	tracer trace.Tracer
}

// RoundTrip implements [http.RoundTripper].
func (rt roundTripper) RoundTrip(r *http.Request) (*http.Response, error) {
	method, template := methodOf(r.Method), templateOf(r.URL.Path)
	ctx, span := rt.tracer.Start(r.Context(), method+" "+template, trace.WithSpanKind(trace.SpanKindClient), trace.WithAttributes(
		attribute.String(attrMethod, method), attribute.String(attrTemplate, template), attribute.String(attrServer, r.URL.Hostname())))
	defer span.End()
	r = r.Clone(ctx) // its header is not ours to change
	propagator.Inject(ctx, propagation.HeaderCarrier(r.Header))
	res, err := rt.next.RoundTrip(r)
	if err != nil {
		kind := typeOf(err)
		span.SetAttributes(attribute.String(attrError, kind))
		span.SetStatus(codes.Error, kind)
		return nil, err
	}
	span.SetAttributes(attribute.Int(attrStatus, res.StatusCode))
	if res.StatusCode >= http.StatusBadRequest {
		span.SetStatus(codes.Error, "")
	}
	return res, nil
}

// typeOf returns what kind of error it is. Its text may have a URL with a query.
func typeOf(err error) string {
	switch {
	case errors.Is(err, context.Canceled):
		return "canceled"
	case errors.Is(err, context.DeadlineExceeded):
		return "timeout"
	}
	return "connection"
}

// templateOf returns a path of the backend with {id} in the place of each segment that is
// neither the version nor one of words. So all reads of users have one name, and what
// clients send through the vendor's paths makes no names.
func templateOf(path string) string {
	segments := strings.Split(path, "/")
	for i, s := range segments {
		if s != "" && !slices.Contains(words, s) && !(i == 2 && version.MatchString(s)) {
			segments[i] = "{id}"
		}
	}
	return strings.Join(segments, "/")
}

var version = regexp.MustCompile(`^v[0-9](\.[0-9]{1,2})?$`)

// words are those of the paths of the calls that the client makes and the backend
// documents for clients.
var words = []string{
	"hserve", "idp", "oauth", "alipay", "baidu", "bytedance", "jd", "kuaishou", "qq", "wechat",
	"oauth-wechat-mp", "oauth-wechat-web", "oauth-weibo", "wechat-native", "weibo-native", "apple",
	"silent-login", "authenticate", "user-association", "user-associate", "phone-verification", "redirect",
	"login", "anonymous", "sms", "username", "email", "phone", "register", "session", "init", "destroy",
	"user", "info", "account", "email-verify", "password", "reset", "sms-phone-verification", "sms-verification-code", "verify",
	"server", "time", "table", "record", "content", "category", "cloud-function", "upload", "uploaded-file", "file-category",
}

// methodOf returns a method of HTTP; others have one name.
func methodOf(method string) string {
	switch method {
	case http.MethodGet, http.MethodHead, http.MethodPost, http.MethodPut, http.MethodPatch, http.MethodDelete, http.MethodOptions:
		return method
	}
	return "_OTHER"
}
