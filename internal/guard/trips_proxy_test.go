package guard_test

import (
	"context"
	"net/http"

	"github.com/stretchr/testify/require"

	"github.com/hydrogen-go/baas/loginproxy"
)

// The routes of the login server.
const (
	routeLogin     = "POST login/{platform}"
	routeAccount   = "POST login"
	routeSMSLogin  = "POST login/sms"
	routeAnonymous = "POST login/anonymous"
	routeRegister  = "POST register"
	routeSMS       = "POST sms"
	routeLink      = "POST link/{platform}"
	routePhone     = "POST phone"
	routeLogout    = "POST logout"
	routeMe        = "GET me"
)

// proxyLogins are the logins whose response has the user.
var proxyLogins = []string{routeLogin, routeAccount, routeSMSLogin, routeRegister}

var proxyTrips = []trip{
	{
		calls: proxyLogins, state: "no session id",
		ours: cost{1, 1}, least: cost{1, 1}, index: 1,
		vendor: none,
		run:    func(w *tripWorld) calls { return w.proxyLogins(func() string { return "" }) },
	}, {
		calls: proxyLogins, state: "session id that is unknown or expired",
		ours: cost{1, 2}, least: cost{1, 2}, index: 1,
		vendor: none,
		run:    func(w *tripWorld) calls { return w.proxyLogins(func() string { return unknownID }) },
	}, {
		calls: proxyLogins, state: "live session, which it replaces",
		ours: cost{2, 3}, least: cost{2, 3}, index: 1,
		vendor: none,
		run:    func(w *tripWorld) calls { return w.proxyLogins(w.enter) },
	}, {
		calls: []string{routeLogin}, state: "live session, not used for a while",
		ours: cost{2, 3}, least: cost{2, 3}, index: 1,
		vendor: none,
		run: func(w *tripWorld) calls {
			id := w.enter()
			w.rest()
			return calls{w.proxyLogin(id)}
		},
	}, {
		calls: []string{routeLogin}, state: "idle session",
		ours: cost{1, 3}, least: cost{1, 3}, index: 1,
		vendor: none,
		run: func(w *tripWorld) calls {
			id := w.enter()
			w.idle()
			return calls{w.proxyLogin(id)}
		},
	}, {
		calls: []string{routeLogin}, state: "live session, code refused",
		ours: cost{1, 1}, least: cost{1, 1},
		vendor: none,
		run: func(w *tripWorld) calls {
			id := w.enter()
			return calls{w.visit(http.StatusBadRequest, id, http.MethodPost, "/login/ks", object{"code": "spent"})}
		},
	}, {
		calls: []string{routeLogin}, state: "live session, not used for a while, code refused",
		ours: cost{2, 2}, least: cost{1, 2},
		why:    whyTime,
		vendor: none,
		run: func(w *tripWorld) calls {
			id := w.enter()
			w.rest()
			return calls{w.visit(http.StatusBadRequest, id, http.MethodPost, "/login/ks", object{"code": "spent"})}
		},
	}, {
		calls: []string{routeLogin}, state: "no session id, code refused",
		ours: cost{1, 0}, least: cost{1, 0},
		vendor: none,
		run: func(w *tripWorld) calls {
			w.enter()
			return calls{w.visit(http.StatusBadRequest, "", http.MethodPost, "/login/ks", object{"code": "spent"})}
		},
	}, {
		calls: []string{routeLogin}, state: "no session id, code refused, and the backend has not accepted any request yet",
		ours: cost{2, 0}, least: cost{1, 0},
		vendor: none,
		why:    whyTime,
		run: func(w *tripWorld) calls {
			return calls{w.visit(http.StatusBadRequest, "", http.MethodPost, "/login/ks", object{"code": "spent"})}
		},
	}, {
		calls: []string{routeAccount, routeSMSLogin, routeRegister}, state: "no session id, refused",
		ours: cost{1, 1}, least: cost{1, 0},
		vendor: none,
		why:    whyConceal,
		run: func(w *tripWorld) calls {
			w.enroll()
			return calls{
				w.visit(http.StatusBadRequest, "", http.MethodPost, "/login", object{"username": "ann", "password": "wrong"}),
				w.visit(http.StatusBadRequest, "", http.MethodPost, "/login/sms", object{"phone": aNumber, "code": "000000"}),
				w.visit(http.StatusBadRequest, "", http.MethodPost, "/register", annJSON),
			}
		},
	}, {
		calls: []string{routeAccount, routeRegister}, state: "no session id, the response only names the user",
		ours: cost{2, 1}, least: cost{2, 1}, index: 1,
		vendor: none,
		with:   setting{short: true},
		run: func(w *tripWorld) calls {
			return calls{
				w.visit(http.StatusOK, "", http.MethodPost, "/register", annJSON),
				w.visit(http.StatusOK, "", http.MethodPost, "/login", annJSON),
			}
		},
	}, {
		calls: []string{routeAnonymous}, state: "no session id",
		ours: cost{2, 1}, least: cost{2, 1}, index: 1,
		vendor: none,
		run: func(w *tripWorld) calls {
			return calls{w.visit(http.StatusOK, "", http.MethodPost, "/login/anonymous", nil)}
		},
	}, {
		calls: []string{routeLogin}, state: "no session id, the hook reads the user",
		ours: cost{1, 1}, least: cost{1, 1}, index: 1,
		vendor: none,
		run: func(w *tripWorld) calls {
			w.hook = w.readUser
			return calls{w.proxyLogin("")}
		},
	}, {
		calls: []string{routeSMS}, state: "with or without a session id",
		ours: cost{1, 0}, least: cost{1, 0},
		vendor: none,
		run: func(w *tripWorld) calls {
			return calls{
				w.visit(http.StatusOK, "", http.MethodPost, "/sms", object{"phone": aNumber}),
				w.visit(http.StatusOK, w.enter(), http.MethodPost, "/sms", object{"phone": "13900139000"}),
			}
		},
	}, {
		calls: []string{routeLink}, state: "session of a login on a platform",
		ours: cost{1, 1}, least: cost{1, 1},
		vendor: none,
		run:    func(w *tripWorld) calls { return calls{w.proxyLink(w.enter())} },
	}, {
		calls: []string{routeLink}, state: "session of a login with an account, the first link",
		ours: cost{1, 2}, least: cost{1, 2},
		vendor: none,
		run:    func(w *tripWorld) calls { return calls{w.proxyLink(w.enroll())} },
	}, {
		calls: []string{routePhone}, state: "live session",
		ours: cost{1, 1}, least: cost{1, 1},
		vendor: none,
		run: func(w *tripWorld) calls {
			id := w.enter()
			return calls{w.visit(http.StatusOK, id, http.MethodPost, "/phone", object{"data": w.Kuaishou("openid-1").AllowPhoneNumber(aNumber)})}
		},
	}, {
		calls: []string{routeMe}, state: "live session",
		ours: cost{1, 1}, least: cost{1, 1},
		vendor: none,
		run:    func(w *tripWorld) calls { return calls{w.visitMe(http.StatusOK, w.enter())} },
	}, {
		calls: []string{routeMe}, state: "live session, not used for a while",
		ours: cost{1, 2}, least: cost{1, 2},
		vendor: none,
		run: func(w *tripWorld) calls {
			id := w.enter()
			w.rest()
			return calls{w.visitMe(http.StatusOK, id)}
		},
	}, {
		calls: []string{routeMe}, state: "idle session",
		ours: cost{0, 2}, least: cost{0, 2},
		vendor: none,
		run: func(w *tripWorld) calls {
			id := w.enter()
			w.idle()
			return calls{w.visitMe(http.StatusUnauthorized, id)}
		},
	}, {
		calls: []string{routeMe}, state: "live session whose token the backend no longer knows",
		ours: cost{1, 2}, least: cost{1, 2},
		vendor: none,
		run: func(w *tripWorld) calls {
			id := w.enter()
			w.forget()
			return calls{w.visitMe(http.StatusUnauthorized, id)}
		},
	}, {
		calls: []string{routeMe, routeLink, routePhone}, state: "no session id",
		ours: cost{0, 0}, least: cost{0, 0},
		vendor: none,
		run:    func(w *tripWorld) calls { return w.refused("") },
	}, {
		calls: []string{routeMe, routeLink, routePhone}, state: "session id that is unknown or expired",
		ours: cost{0, 1}, least: cost{0, 1},
		vendor: none,
		run:    func(w *tripWorld) calls { return w.refused(unknownID) },
	}, {
		calls: []string{"Proxy.Visit"}, state: "live session",
		ours: cost{0, 1}, least: cost{0, 1},
		vendor: none,
		run: func(w *tripWorld) calls {
			id := w.enter()
			return calls{func() error {
				_, err := w.proxy.Visit(w.Context(), id)
				return err
			}}
		},
	}, {
		calls: []string{"Proxy.Middleware"}, state: "live session",
		ours: cost{0, 1}, least: cost{0, 1},
		vendor: none,
		run: func(w *tripWorld) calls {
			return calls{w.page(w.enter(), func(context.Context, *loginproxy.Visitor) {})}
		},
	}, {
		calls: []string{"Proxy.Middleware", "Visitor.User"}, state: "live session, the two together",
		ours: cost{1, 2}, least: cost{1, 1},
		vendor: none,
		why:    "`Visitor.User` may be called at any time later, as in a WebSocket: after a logout nothing is sent.",
		run:    func(w *tripWorld) calls { return calls{w.page(w.enter(), w.readUser)} },
	}, {
		calls: []string{routeLogout}, state: "live session",
		ours: cost{1, 2}, least: cost{1, 2},
		vendor: none,
		run:    func(w *tripWorld) calls { return calls{w.visitLogout(w.enter())} },
	}, {
		calls: []string{routeLogout}, state: "live session, not used for a while",
		ours: cost{1, 2}, least: cost{1, 2},
		vendor: none,
		run: func(w *tripWorld) calls {
			id := w.enter()
			w.rest()
			return calls{w.visitLogout(id)}
		},
	}, {
		calls: []string{routeLogout}, state: "no session id",
		ours: cost{0, 0}, least: cost{0, 0},
		vendor: none,
		run:    func(w *tripWorld) calls { return calls{w.visitLogout("")} },
	}, {
		calls: []string{routeLogout}, state: "session id that is unknown or expired",
		ours: cost{0, 1}, least: cost{0, 1},
		vendor: none,
		run:    func(w *tripWorld) calls { return calls{w.visitLogout(unknownID)} },
	},
}

// The paths of the vendor's client.
const (
	pathLogin    = "v2.5/idp/kuaishou/silent-login/"
	pathAccount  = "v2.1/login/username/"
	pathRegister = "v2.1/register/username/"
	pathLink     = "v2.5/idp/kuaishou/user-association/"
	pathTime     = "v2.2/server/time/"
	pathSMS      = "v2.2/sms-verification-code/"
	pathDestroy  = "v2.0/session/destroy/"
)

// whyTime is why a refused login may cost a request more.
const whyTime = "The second request tells a wrong client id from a spent code. None is sent within a minute after a request that the backend has accepted."

// whyConceal is why a wrong password costs a command.
const whyConceal = "The command writes an empty record. So a right password and a wrong one fail alike while no session can be stored."

var backendTrips = []trip{
	{
		calls: []string{"POST " + pathAccount, "POST " + pathRegister}, state: "no session id, refused",
		ours: cost{1, 1}, least: cost{1, 0},
		vendor: none,
		why:    whyConceal,
		run: func(w *tripWorld) calls {
			w.enroll()
			return calls{
				w.forward(http.StatusBadRequest, "", http.MethodPost, pathAccount, object{"username": "ann", "password": "wrong"}),
				w.forward(http.StatusBadRequest, "", http.MethodPost, pathRegister, annJSON),
			}
		},
	}, {
		calls: []string{"POST " + pathLogin, "POST " + pathRegister, "POST " + pathAccount}, state: "no session id",
		ours: cost{1, 1}, least: cost{1, 1}, index: 1,
		vendor: none,
		run:    func(w *tripWorld) calls { return w.backendLogins("") },
	}, {
		calls: []string{"POST " + pathLogin}, state: "live session, which it replaces",
		ours: cost{2, 3}, least: cost{2, 3}, index: 1,
		vendor: none,
		run:    func(w *tripWorld) calls { return w.backendLogins(w.enter())[:1] },
	}, {
		calls: []string{"POST " + pathLogin}, state: "live session, not used for a while",
		ours: cost{2, 3}, least: cost{2, 3}, index: 1,
		vendor: none,
		run: func(w *tripWorld) calls {
			id := w.enter()
			w.rest()
			return w.backendLogins(id)[:1]
		},
	}, {
		calls: []string{"POST " + pathLogin}, state: "no session id, the hook reads the user",
		ours: cost{1, 1}, least: cost{1, 1}, index: 1,
		vendor: none,
		run: func(w *tripWorld) calls {
			w.hook = w.readUser
			return w.backendLogins("")[:1]
		},
	}, {
		calls: []string{"POST " + pathSMS, "GET " + pathTime}, state: "no session id",
		ours: cost{1, 0}, least: cost{1, 0},
		vendor: none,
		run:    func(w *tripWorld) calls { return w.backendPublic("") },
	}, {
		calls: []string{"POST " + pathSMS, "GET " + pathTime}, state: "live session",
		ours: cost{1, 1}, least: cost{1, 1},
		vendor: none,
		run:    func(w *tripWorld) calls { return w.backendPublic(w.enter()) },
	}, {
		calls: []string{"POST " + pathLink}, state: "session of a login with an account, the first link",
		ours: cost{1, 2}, least: cost{1, 2},
		vendor: none,
		run: func(w *tripWorld) calls {
			return calls{w.forward(http.StatusOK, w.enroll(), http.MethodPost, pathLink, object{"code": w.code()})}
		},
	}, {
		calls: []string{"GET " + pathTime}, state: "live session whose token the backend no longer knows",
		ours: cost{1, 2}, least: cost{1, 2},
		vendor: none,
		run: func(w *tripWorld) calls {
			id := w.enter()
			w.forget()
			return calls{w.forward(http.StatusUnauthorized, id, http.MethodGet, pathTime, nil)}
		},
	}, {
		calls: []string{"POST " + pathDestroy}, state: "live session",
		ours: cost{1, 2}, least: cost{1, 2},
		vendor: none,
		run: func(w *tripWorld) calls {
			return calls{w.forward(http.StatusCreated, w.enter(), http.MethodPost, pathDestroy, object{})}
		},
	}, {
		calls: []string{"POST " + pathDestroy}, state: "session id that is unknown or expired",
		ours: cost{0, 1}, least: cost{0, 1},
		vendor: none,
		run: func(w *tripWorld) calls {
			return calls{w.forward(http.StatusCreated, unknownID, http.MethodPost, pathDestroy, object{})}
		},
	},
}

// visit is a request to a JSON route.
func (w *tripWorld) visit(status int, id, method, path string, body any) func() error {
	return func() error {
		w.route(status, id, method, path, body)
		return nil
	}
}

// forward is a request of the vendor's client.
func (w *tripWorld) forward(status int, id, method, path string, body any) func() error {
	return func() error {
		w.backend(status, id, method, path, body)
		return nil
	}
}

// proxyLogins are logins, each with the id of another session.
func (w *tripWorld) proxyLogins(id func() string) calls {
	first := w.visit(http.StatusOK, id(), http.MethodPost, "/register", annJSON)
	return calls{
		first,
		w.visit(http.StatusOK, id(), http.MethodPost, "/login", annJSON),
		w.visit(http.StatusOK, id(), http.MethodPost, "/login/sms", object{"phone": aNumber, "code": w.smsCode()}),
		w.proxyLogin(id()),
	}
}

func (w *tripWorld) proxyLogin(id string) func() error {
	return w.visit(http.StatusOK, id, http.MethodPost, "/login/ks", object{"code": w.code()})
}

func (w *tripWorld) proxyLink(id string) func() error {
	return w.visit(http.StatusOK, id, http.MethodPost, "/link/tt", object{"code": w.ByteDance("openid-1").Login()})
}

func (w *tripWorld) visitMe(status int, id string) func() error {
	return w.visit(status, id, http.MethodGet, "/me", nil)
}

func (w *tripWorld) visitLogout(id string) func() error {
	return w.visit(http.StatusOK, id, http.MethodPost, "/logout", nil)
}

// refused are requests to the routes that need a session.
func (w *tripWorld) refused(id string) calls {
	data := object{"data": w.Kuaishou("openid-1").AllowPhoneNumber(aNumber)}
	return calls{
		w.visitMe(http.StatusUnauthorized, id),
		w.visit(http.StatusUnauthorized, id, http.MethodPost, "/link/ks", object{"code": "code"}),
		w.visit(http.StatusUnauthorized, id, http.MethodPost, "/phone", data),
	}
}

// page is a request to a route of the program, behind the middleware.
func (w *tripWorld) page(id string, serve func(context.Context, *loginproxy.Visitor)) func() error {
	h := w.proxy.Middleware(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		serve(r.Context(), loginproxy.FromContext(r.Context()))
	}))
	return func() error {
		w.ask(h, http.StatusOK, "Bearer", id, http.MethodGet, "/", nil)
		return nil
	}
}

func (w *tripWorld) readUser(ctx context.Context, v *loginproxy.Visitor) {
	_, err := v.User(ctx)
	require.NoError(w, err)
}

// backendLogins are logins of the vendor's client.
func (w *tripWorld) backendLogins(id string) calls {
	return calls{
		w.forward(http.StatusCreated, id, http.MethodPost, pathLogin, object{"code": w.code(), "create_user": true}),
		w.forward(http.StatusCreated, id, http.MethodPost, pathRegister, annJSON),
		w.forward(http.StatusCreated, id, http.MethodPost, pathAccount, annJSON),
	}
}

// backendPublic are requests for which nobody need be logged in.
func (w *tripWorld) backendPublic(id string) calls {
	return calls{
		w.forward(http.StatusOK, id, http.MethodPost, pathSMS, object{"phone": aNumber}),
		w.forward(http.StatusOK, id, http.MethodGet, pathTime, nil),
	}
}
