package mounting_test

import (
	"fmt"
	"net/http"
	"strings"

	"github.com/gofiber/fiber/v3"
	"github.com/gofiber/fiber/v3/middleware/adaptor"

	"github.com/hydrogen-go/baas/herror"
	"github.com/hydrogen-go/baas/loginproxy"
)

func fiberApp(proxy *loginproxy.Proxy) *fiber.App {
	app := fiber.New()
	app.All("/auth/*", fiberHandler(http.StripPrefix("/auth", proxy)))
	v1 := app.Group("/v1")
	v1.All("/auth/*", fiberHandler(http.StripPrefix("/v1/auth", proxy))) // with the prefix of the group
	app.All("/hserve/*", fiberHandler(proxy.Backend()))                  // for the vendor's client; it needs the whole path

	hello := func(c fiber.Ctx) error {
		v := fiber.Locals[*loginproxy.Visitor](c, "visitor") // nil for nobody; its methods work all the same
		return c.SendString(fmt.Sprintf("user %d", v.UserID()))
	}
	app.Get("/hello", fiberMiddleware(proxy, false), hello)
	app.Get("/welcome", fiberMiddleware(proxy, true), hello)
	app.Get("/visit", func(c fiber.Ctx) error {
		v, err := proxy.Visit(c.Context(), strings.Clone(c.Get("X-Session")))
		if err != nil {
			return fiberError(c, err)
		}
		return c.SendString(fmt.Sprintf("user %d", v.UserID()))
	})
	return app
}

// fiberHandler makes a handler of net/http one of Fiber. It has the context of c. That of
// the adaptor ends for all requests when the app begins to shut down, and a login that is
// ended so has spent its code.
func fiberHandler(h http.Handler) fiber.Handler {
	return func(c fiber.Ctx) error {
		ctx := c.Context()
		return adaptor.HTTPHandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			h.ServeHTTP(w, r.WithContext(ctx))
		})(c)
	}
}

// fiberMiddleware puts the visitor into the locals of the request. Fiber has no
// http.Request, so Visit takes the place of Middleware. Fiber reuses the memory of what
// it returns after the request, so the token is a copy.
func fiberMiddleware(proxy *loginproxy.Proxy, optional bool) fiber.Handler {
	return func(c fiber.Ctx) error {
		token, _ := strings.CutPrefix(strings.Clone(c.Get(fiber.HeaderAuthorization)), "Bearer ")
		v, err := proxy.Visit(c.Context(), token)
		switch {
		case optional && herror.CodeOf(err) == herror.SessionMissing:
		case err != nil:
			return fiberError(c, err)
		}
		fiber.Locals(c, "visitor", v)
		return c.Next()
	}
}

// fiberError responds as the routes of the proxy do.
func fiberError(c fiber.Ctx, err error) error {
	return adaptor.HTTPHandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		loginproxy.WriteError(w, r, err)
	})(c)
}

func fiberWrong(proxy *loginproxy.Proxy) *fiber.App {
	app := fiber.New()
	app.All("/auth/*", fiberHandler(proxy))
	return app
}
