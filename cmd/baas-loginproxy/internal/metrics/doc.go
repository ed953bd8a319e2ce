// Package metrics has the Prometheus metrics of the login server.
//
//	m := metrics.New(version)
//	store = m.Store(store)
//	client, err := baas.New(id, baas.WithSessionStore(store), baas.WithTransportWrapper(m.RoundTripper))
//	…
//	limiter, err := ratelimit.NewRedis(rdb, prefix, rules, ratelimit.WithObserver(m.Decision))
//	…
//	proxy, err := loginproxy.New(client, loginproxy.WithObserver(m.Request), loginproxy.WithRateLimiter(limiter.Wait))
//	…
//	server.Handler = m.InFlight(mux)
//	admin.Handle("/metrics", m.Handler())
//
// The metrics, without those of Go and of the process:
//
//	baas_loginproxy_requests_total                    operation, platform, status, code, class
//	baas_loginproxy_request_duration_seconds          operation
//	baas_loginproxy_requests_in_flight
//	baas_loginproxy_unreadable_sessions_total         requests whose session cannot be read
//	baas_loginproxy_backend_requests_total            method, status; status is "error" without a response
//	baas_loginproxy_backend_request_duration_seconds  method; until the header of the response
//	baas_loginproxy_store_operations_total            operation, result
//	baas_loginproxy_store_operation_duration_seconds  operation
//	baas_loginproxy_sessions_established_total
//	baas_loginproxy_sessions_ended_total              reason: logout, or other
//	baas_loginproxy_limiter_decisions_total           operation, outcome
//	baas_loginproxy_build_info                        version, goversion
//
// How many sessions are live is not known: a store such as Redis lets them expire by
// itself. A session that expires so is not among those that ended.
//
// No label has a text of a client. A status or code that HTTP and package herror do not
// have counts as "other".
package metrics
