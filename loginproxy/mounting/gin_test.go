package mounting_test

import (
	"net/http"

	"github.com/gin-gonic/gin"

	"github.com/hydrogen-go/baas/loginproxy"
)

func ginRouter(proxy *loginproxy.Proxy) http.Handler {
	r := gin.New()
	r.Any("/auth/*route", gin.WrapH(http.StripPrefix("/auth", proxy)))
	v1 := r.Group("/v1")
	v1.Any("/auth/*route", gin.WrapH(http.StripPrefix("/v1/auth", proxy))) // with the prefix of the group
	r.Any("/hserve/*route", gin.WrapH(proxy.Backend()))                    // for the vendor's client; it needs the whole path

	hello := func(c *gin.Context) {
		v := loginproxy.FromContext(c.Request.Context()) // nil for nobody; its methods work all the same
		c.String(http.StatusOK, "user %d", v.UserID())
	}
	r.GET("/hello", ginMiddleware(proxy.Middleware), hello)
	r.GET("/welcome", ginMiddleware(proxy.OptionalMiddleware), hello)
	r.GET("/visit", func(c *gin.Context) {
		v, err := proxy.Visit(c.Request.Context(), c.GetHeader("X-Session"))
		if err != nil {
			loginproxy.WriteError(c.Writer, c.Request, err)
			return
		}
		c.String(http.StatusOK, "user %d", v.UserID())
	})
	return r
}

// ginMiddleware makes a middleware of net/http one of gin. The handlers that follow get
// the request that the middleware has passed on. If it passes none on, they do not run.
func ginMiddleware(middleware func(http.Handler) http.Handler) gin.HandlerFunc {
	return func(c *gin.Context) {
		passed := false
		next := http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
			passed = true
			c.Request = r
			c.Next()
		})
		middleware(next).ServeHTTP(c.Writer, c.Request)
		if !passed {
			c.Abort()
		}
	}
}

func ginWrong(proxy *loginproxy.Proxy) http.Handler {
	r := gin.New()
	r.Any("/auth/*route", gin.WrapH(proxy))
	return r
}
