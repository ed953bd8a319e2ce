package mounting_test

import (
	"fmt"
	"net/http"

	"github.com/labstack/echo/v5"

	"github.com/hydrogen-go/baas/loginproxy"
)

func echoRouter(proxy *loginproxy.Proxy) http.Handler {
	e := echo.New()
	e.Any("/auth/*", echo.WrapHandler(http.StripPrefix("/auth", proxy)))
	v1 := e.Group("/v1")
	v1.Any("/auth/*", echo.WrapHandler(http.StripPrefix("/v1/auth", proxy))) // with the prefix of the group
	e.Any("/hserve/*", echo.WrapHandler(proxy.Backend()))                    // for the vendor's client; it needs the whole path

	hello := func(c *echo.Context) error {
		v := loginproxy.FromContext(c.Request().Context()) // nil for nobody; its methods work all the same
		return c.String(http.StatusOK, fmt.Sprintf("user %d", v.UserID()))
	}
	e.GET("/hello", hello, echo.WrapMiddleware(proxy.Middleware))
	e.GET("/welcome", hello, echo.WrapMiddleware(proxy.OptionalMiddleware))
	e.GET("/visit", func(c *echo.Context) error {
		v, err := proxy.Visit(c.Request().Context(), c.Request().Header.Get("X-Session"))
		if err != nil {
			loginproxy.WriteError(c.Response(), c.Request(), err)
			return nil
		}
		return c.String(http.StatusOK, fmt.Sprintf("user %d", v.UserID()))
	})
	return e
}

func echoWrong(proxy *loginproxy.Proxy) http.Handler {
	e := echo.New()
	e.Any("/auth/*", echo.WrapHandler(proxy))
	return e
}
