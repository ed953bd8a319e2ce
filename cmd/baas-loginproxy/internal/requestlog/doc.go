// Package requestlog writes one structured line for each request of the login server,
// with the cause of a failure and an id of the request.
//
//	handler := requestlog.Handler(slog.NewJSONHandler(os.Stderr, nil)) // adds request_id to every line of a request
//	log := slog.New(handler)
//	requests, err := requestlog.New(log, requestlog.WithClientAddr(clients.String), requestlog.WithTrusted(clients.FromTrusted))
//	…
//	limiter, err := ratelimit.NewRedis(rdb, prefix, rules, ratelimit.WithObserver(requests.Decision))
//	…
//	proxy, err := loginproxy.New(client,
//		loginproxy.WithObserver(requests.Request),
//		loginproxy.WithOnLogin(requests.User), loginproxy.WithOnLogout(requests.User))
//	…
//	server.Handler = requests.Middleware(mux)
//
// A line has the message "request" and these attributes. Those marked with * are there
// only if they are known:
//
//	operation*   as in login_sms, see loginproxy.Operation; for another path of the program, that of Named
//	platform*    as in kuaishou
//	status       of HTTP
//	code*        of the response's body, not for success
//	class*       whose failure it is, see loginproxy.Class
//	cause*       the text of the error
//	unreadable*  true: the session of the request is stored but cannot be read
//	unchecked*   why the rate limiter let the request pass without counting it
//	duration_ms  until the response
//	client*      the client's address
//	user*        the user's id, of a login and of a logout
//	request_id   also in the header X-Request-Id of the response
//
// The level is error for what an operator must look at: the session store, the rate
// limiter, the backend, the configuration or the program failed. It is info for all others, also for what the
// client did wrong, for what was refused, and where the client hung up: the internet
// sends those all day.
//
// No line has a token, a password, a code, an account or a body.
package requestlog
