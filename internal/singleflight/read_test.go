package singleflight_test

import (
	"context"
	"errors"
	"runtime"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/hydrogen-go/baas/internal/singleflight"
)

func TestReadIsShared(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var g singleflight.Group[string]
		var runs atomic.Int32
		c := newCallers()
		for range 5 {
			c.read(t.Context(), &g, "a", working(&runs))
		}
		c.read(t.Context(), &g, "b", working(&runs))
		c.all.Wait()
		for _, r := range c.got {
			require.NoError(t, r.err)
			require.Equal(t, time.Second, r.after)
		}
		require.EqualValues(t, 2, runs.Load())

		c.read(t.Context(), &g, "a", working(&runs))
		c.all.Wait()
		require.EqualValues(t, 3, runs.Load(), "a later call reads again")
	})
}

func TestReadGoesOnWithoutTheFirstCaller(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var g singleflight.Group[string]
		var runs atomic.Int32
		c := newCallers()
		leaves, cancel := context.WithTimeout(t.Context(), 500*time.Millisecond)
		defer cancel()
		first := c.read(leaves, &g, "a", working(&runs))
		synctest.Wait()
		second := c.read(t.Context(), &g, "a", working(&runs))
		third := c.read(t.Context(), &g, "a", working(&runs))
		c.all.Wait()
		require.ErrorIs(t, first.err, context.DeadlineExceeded)
		require.Equal(t, 500*time.Millisecond, first.after, "the first leaves at once")
		for _, r := range []*result{second, third} {
			require.NoError(t, r.err)
			require.Equal(t, 1500*time.Millisecond, r.after)
		}
		require.EqualValues(t, 2, runs.Load())
	})
}

func TestReadLetsAnyoneLeave(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var g singleflight.Group[string]
		var runs atomic.Int32
		c := newCallers()
		first := c.read(t.Context(), &g, "a", working(&runs))
		synctest.Wait()
		leaves, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
		defer cancel()
		second := c.read(leaves, &g, "a", working(&runs))
		c.all.Wait()
		require.NoError(t, first.err)
		require.ErrorIs(t, second.err, context.DeadlineExceeded)
		require.Equal(t, 100*time.Millisecond, second.after)
		require.EqualValues(t, 1, runs.Load())
	})
}

func TestReadSharesErrorsAndPanics(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var g singleflight.Group[string]
		broken := errors.New("broken")
		c := newCallers()
		for range 2 {
			c.read(t.Context(), &g, "error", func(context.Context) (string, error) {
				time.Sleep(time.Second)
				return "", broken
			})
		}
		c.all.Wait()
		for _, r := range c.got {
			require.ErrorIs(t, r.err, broken)
		}
		c = newCallers()
		for range 2 {
			c.read(t.Context(), &g, "panic", func(context.Context) (string, error) {
				time.Sleep(time.Second)
				panic("boom")
			})
		}
		c.all.Wait()
		for _, r := range c.got {
			require.Equal(t, "boom", r.panicked)
		}
	})
}

func TestReadAfterAGoroutineThatEnded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var g singleflight.Group[string]
		var runs atomic.Int32
		c := newCallers()
		c.read(t.Context(), &g, "a", func(context.Context) (string, error) {
			time.Sleep(time.Second)
			runtime.Goexit()
			return "", nil
		})
		synctest.Wait()
		second := c.read(t.Context(), &g, "a", working(&runs))
		c.all.Wait()
		require.NoError(t, second.err)
		require.Equal(t, 2*time.Second, second.after)
	})
}
