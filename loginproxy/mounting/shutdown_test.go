package mounting_test

import (
	"context"
	"net"
	"testing"

	"github.com/gofiber/fiber/v3"
	"github.com/stretchr/testify/require"

	"github.com/hydrogen-go/baas/loginproxy"
)

// A login that is under way when an app of Fiber begins to shut down is completed, as
// net/http completes it.
func TestFiberShutdown(t *testing.T) {
	t.Parallel()
	entered, waiting, closed := make(chan struct{}), make(chan struct{}), make(chan struct{})
	proxy, backend := newProxy(t, loginproxy.WithLoginCheck(func(ctx context.Context, _ *loginproxy.Visitor) error {
		close(entered)
		<-closed
		return ctx.Err()
	}))
	l, err := new(net.ListenConfig).Listen(t.Context(), "tcp", "127.0.0.1:0")
	require.NoError(t, err)
	app := fiberApp(proxy)
	app.Get("/until-shutdown", func(c fiber.Ctx) error {
		close(waiting)
		<-c.RequestCtx().Done() // it ends for all requests when the shutdown begins
		close(closed)
		return nil
	})
	served := make(chan error, 1)
	go func() { served <- app.Listener(l, fiber.ListenConfig{DisableStartupMessage: true}) }()

	type outcome struct {
		response
		err error
	}
	url := "http://" + l.Addr().String()
	login, other := make(chan outcome, 1), make(chan outcome, 1)
	go func() {
		r, err := send(t, "POST", url+"/auth/login/ks", `{"code":"`+backend.Kuaishou("ks-1").Login()+`"}`, "Connection", "close")
		login <- outcome{r, err}
	}()
	<-entered
	go func() {
		r, err := send(t, "GET", url+"/until-shutdown", "", "Connection", "close")
		other <- outcome{r, err}
	}()
	<-waiting
	shut := make(chan error, 1)
	go func() { shut <- app.Shutdown() }()
	got := <-login
	require.NoError(t, got.err)
	require.Equal(t, 200, got.Status, got.Text)
	require.NoError(t, (<-other).err)
	require.NoError(t, <-shut)
	require.NoError(t, <-served)
}
