package singleflight_test

import (
	"context"
	"errors"
	"runtime"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/hydrogen-go/baas/internal/singleflight"
)

// The tests run in synctest bubbles. A bubble's time advances only while every
// goroutine waits, and the bubble ends only after its last goroutine.

const timeout = time.Minute

// do and read call Do and Read for work without an argument.
func do[T any](ctx context.Context, g *singleflight.Group[string], key string, fn func(context.Context) (T, error)) (T, error) {
	return singleflight.Do(ctx, g, key, timeout, struct{}{}, func(ctx context.Context, _ struct{}) (T, error) { return fn(ctx) })
}

func read[T any](ctx context.Context, g *singleflight.Group[string], key string, fn func(context.Context) (T, error)) (T, error) {
	return singleflight.Read(ctx, g, key, timeout, struct{}{}, func(ctx context.Context, _ struct{}) (T, error) { return fn(ctx) })
}

// result is what one caller got.
type result struct {
	value    string
	err      error
	panicked any
	after    time.Duration
}

// callers collects the results of callers, each in its own goroutine.
type callers struct {
	began time.Time
	all   sync.WaitGroup
	got   []*result
}

func newCallers() *callers { return &callers{began: time.Now()} }

// start runs one caller and records its result.
func (c *callers) start(call func() (string, error)) *result {
	r := new(result)
	c.got = append(c.got, r)
	c.all.Go(func() {
		defer func() {
			r.panicked = recover()
			r.after = time.Since(c.began)
		}()
		r.value, r.err = call()
	})
	return r
}

// call starts a caller of Do.
func (c *callers) call(ctx context.Context, g *singleflight.Group[string], key string, fn func(context.Context) (string, error)) *result {
	return c.start(func() (string, error) { return do(ctx, g, key, fn) })
}

// read starts a caller of Read.
func (c *callers) read(ctx context.Context, g *singleflight.Group[string], key string, fn func(context.Context) (string, error)) *result {
	return c.start(func() (string, error) { return read(ctx, g, key, fn) })
}

// working returns a function that takes a second and counts how often it is called.
func working(runs *atomic.Int32) func(context.Context) (string, error) {
	return func(ctx context.Context) (string, error) {
		runs.Add(1)
		select {
		case <-ctx.Done():
			return "", ctx.Err()
		case <-time.After(time.Second):
			return "done", nil
		}
	}
}

func TestCallsWithOneKeyAreOne(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var g singleflight.Group[string]
		var runs atomic.Int32
		c := newCallers()
		for range 20 {
			c.call(t.Context(), &g, "key", working(&runs))
		}
		c.all.Wait()
		require.EqualValues(t, 1, runs.Load())
		for _, r := range c.got {
			require.Equal(t, result{value: "done", after: time.Second}, *r)
		}
	})
}

func TestErrorsAreShared(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var g singleflight.Group[string]
		failure := errors.New("failure")
		c := newCallers()
		for range 3 {
			c.call(t.Context(), &g, "key", func(context.Context) (string, error) {
				time.Sleep(time.Second)
				return "partial", failure
			})
		}
		c.all.Wait()
		for _, r := range c.got {
			require.Equal(t, result{value: "partial", err: failure, after: time.Second}, *r)
		}
	})
}

func TestCallsWithDifferentKeysAreApart(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var g singleflight.Group[string]
		c := newCallers()
		for _, key := range []string{"a", "b", "", "a\x00"} {
			c.call(t.Context(), &g, key, func(context.Context) (string, error) {
				time.Sleep(time.Second)
				return "of " + key, nil
			})
		}
		c.all.Wait()
		for i, want := range []string{"of a", "of b", "of ", "of a\x00"} {
			require.Equal(t, result{value: want, after: time.Second}, *c.got[i])
		}
	})
}

func TestGroupsAreApart(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var one, other singleflight.Group[string]
		var runs atomic.Int32
		c := newCallers()
		c.call(t.Context(), &one, "key", working(&runs))
		c.call(t.Context(), &other, "key", working(&runs))
		c.all.Wait()
		require.EqualValues(t, 2, runs.Load())
	})
}

func TestCallerWhoLeavesFailsNoOther(t *testing.T) {
	for name, leaver := range map[string]int{"the first": 0, "a later one": 1} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var g singleflight.Group[string]
				var runs atomic.Int32
				ctx, cancel := context.WithCancel(t.Context())
				c := newCallers()
				for i := range 3 {
					own := t.Context()
					if i == leaver {
						own = ctx
					}
					c.call(own, &g, "key", working(&runs))
					synctest.Wait() // each in turn
				}
				time.Sleep(time.Second / 2)
				cancel()
				c.all.Wait()
				require.EqualValues(t, 1, runs.Load())
				for i, r := range c.got {
					want := result{value: "done", after: time.Second}
					if i == leaver {
						want = result{err: context.Canceled, after: time.Second / 2}
					}
					require.Equal(t, want, *r)
				}
			})
		})
	}
}

func TestLastCallerToLeaveCancelsAndWaits(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var g singleflight.Group[string]
		var ended atomic.Bool
		ctx, cancel := context.WithCancel(t.Context())
		c := newCallers()
		for range 3 {
			c.call(ctx, &g, "key", func(ctx context.Context) (string, error) {
				<-ctx.Done()
				time.Sleep(time.Second) // to clean up
				ended.Store(true)
				return "", ctx.Err()
			})
		}
		synctest.Wait()
		cancel()
		c.all.Wait()
		require.True(t, ended.Load())
		var waited int
		for _, r := range c.got {
			require.ErrorIs(t, r.err, context.Canceled)
			if r.after == time.Second {
				waited++
			}
		}
		require.Equal(t, 1, waited, "one caller waits for the work, the others leave")
	})
}

func TestResultAfterTheLastCallerLeftIsNotLost(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var g singleflight.Group[string]
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		value, err := do(ctx, &g, "key", func(ctx context.Context) (string, error) {
			<-ctx.Done() // too late: the response has already arrived
			return "response", nil
		})
		require.NoError(t, err)
		require.Equal(t, "response", value)
	})
}

func TestErrorOfTheLastCallerIsItsOwnContexts(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var g singleflight.Group[string]
		errWork := errors.New("cancelled")
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		_, err := do(ctx, &g, "key", func(ctx context.Context) (string, error) {
			<-ctx.Done()
			return "", errWork
		})
		require.Equal(t, &singleflight.Left{Cause: context.DeadlineExceeded, Work: errWork}, err)
		require.ErrorIs(t, err, context.DeadlineExceeded)
		require.EqualError(t, err, context.DeadlineExceeded.Error())
	})
}

func TestPanicReachesEveryCaller(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var g singleflight.Group[string]
		c := newCallers()
		for range 5 {
			c.call(t.Context(), &g, "key", func(context.Context) (string, error) {
				time.Sleep(time.Second)
				panic("panic in fn")
			})
		}
		c.all.Wait()
		for _, r := range c.got {
			require.Equal(t, result{panicked: "panic in fn", after: time.Second}, *r)
		}
		again := c.call(t.Context(), &g, "key", func(context.Context) (string, error) { return "fine", nil })
		c.all.Wait()
		require.Equal(t, "fine", again.value)
	})
}

func TestPanicReachesTheLastCallerToLeave(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var g singleflight.Group[string]
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		require.PanicsWithValue(t, "panic in fn", func() {
			_, _ = do(ctx, &g, "key", func(ctx context.Context) (string, error) {
				<-ctx.Done()
				panic("panic in fn")
			})
		})
	})
}

type contextKey struct{}

func TestContextOfTheWork(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var g singleflight.Group[string]
		ctx, cancel := context.WithTimeout(context.WithValue(t.Context(), contextKey{}, "of the first"), time.Second)
		defer cancel()
		began := time.Now()
		value, err := do(ctx, &g, "key", func(work context.Context) (string, error) {
			end, ok := work.Deadline()
			require.True(t, ok)
			require.Equal(t, timeout, end.Sub(began), "its own deadline, not the caller's")
			require.NoError(t, work.Err())
			return work.Value(contextKey{}).(string), nil
		})
		require.NoError(t, err)
		require.Equal(t, "of the first", value)
	})
}

func TestWorkTimesOut(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var g singleflight.Group[string]
		c := newCallers()
		never := func(ctx context.Context) (string, error) { <-ctx.Done(); return "", ctx.Err() }
		c.call(t.Context(), &g, "key", never)
		time.Sleep(timeout / 2)
		c.call(t.Context(), &g, "key", never) // a later caller does not extend the deadline
		c.all.Wait()
		for _, r := range c.got {
			require.Equal(t, result{err: context.DeadlineExceeded, after: timeout}, *r)
		}
	})
}

func TestContextOfTheWorkEndsWithIt(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var g singleflight.Group[string]
		var work context.Context
		_, err := do(t.Context(), &g, "key", func(ctx context.Context) (string, error) {
			work = ctx
			return "", nil
		})
		require.NoError(t, err)
		require.ErrorIs(t, work.Err(), context.Canceled)
	})
}

func TestLateJoinersStartAnew(t *testing.T) {
	t.Run("after the work is done", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			var g singleflight.Group[string]
			var runs atomic.Int32
			for range 3 {
				_, err := do(t.Context(), &g, "key", working(&runs))
				require.NoError(t, err)
			}
			require.EqualValues(t, 3, runs.Load())
		})
	})
	t.Run("after the last caller left, while the work still ends", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			var g singleflight.Group[string]
			ctx, cancel := context.WithCancel(t.Context())
			c := newCallers()
			first := c.call(ctx, &g, "key", func(ctx context.Context) (string, error) {
				<-ctx.Done()
				time.Sleep(time.Second / 4)
				return "", ctx.Err()
			})
			synctest.Wait()
			cancel()
			synctest.Wait()
			var runs atomic.Int32
			second := c.call(t.Context(), &g, "key", working(&runs))
			time.Sleep(time.Second / 2)
			third := c.call(t.Context(), &g, "key", working(&runs))
			c.all.Wait()
			require.ErrorIs(t, first.err, context.Canceled)
			require.Equal(t, result{value: "done", after: time.Second}, *second)
			require.Equal(t, result{value: "done", after: time.Second}, *third)
			require.EqualValues(t, 1, runs.Load(), "the end of the first call does not remove the second one")

			_, err := do(t.Context(), &g, "key", working(&runs))
			require.NoError(t, err)
			require.EqualValues(t, 2, runs.Load())
		})
	})
}

func TestCallerWhoseContextEndedBefore(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var g singleflight.Group[string]
		var runs atomic.Int32
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		_, err := do(ctx, &g, "key", working(&runs))
		require.ErrorIs(t, err, context.Canceled)
	})
}

func TestNilResults(t *testing.T) {
	var g singleflight.Group[string]
	value, err := do(t.Context(), &g, "key", func(context.Context) (error, error) { return nil, nil })
	require.NoError(t, err)
	require.NoError(t, value)
}

// For the race detector: many callers and keys at once, and callers who leave early.
func TestManyCallers(t *testing.T) {
	var g singleflight.Group[string]
	var all sync.WaitGroup
	for i := range 200 {
		all.Go(func() {
			key := string(rune('a' + i%5))
			ctx, cancel := context.WithCancel(t.Context())
			defer cancel()
			if i%3 == 0 {
				go cancel()
			}
			value, err := do(ctx, &g, key, func(context.Context) (string, error) {
				runtime.Gosched()
				return key, nil
			})
			if err == nil && value != key {
				t.Errorf("got %q, want %q", value, key)
			}
		})
	}
	all.Wait()
}

// A Goexit in the work ends the goroutines of all who wait for it, as a panic would.
func TestGoexitReachesEveryCaller(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var (
			g        singleflight.Group[string]
			all      sync.WaitGroup
			returned atomic.Int32
		)
		for range 3 {
			all.Go(func() {
				_, _ = do(t.Context(), &g, "key", func(context.Context) (int, error) {
					time.Sleep(time.Second)
					runtime.Goexit()
					return 0, nil
				})
				returned.Add(1)
			})
		}
		all.Wait()
		require.Zero(t, returned.Load())
		value, err := do(t.Context(), &g, "key", func(context.Context) (int, error) { return 7, nil })
		require.NoError(t, err)
		require.Equal(t, 7, value)
	})
}
