package loadtest_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"sync"
	"time"
)

// rareStep does what only some users do. It returns the session id that is live
// afterwards, or empty.
func (v *visit) rareStep(ctx context.Context, id string) (string, error) {
	one, other := v.random.IntN(len(v.w.replicas)), v.random.IntN(len(v.w.replicas))
	var (
		name string
		err  error
	)
	switch n := v.random.IntN(100); {
	case n < 60:
		return id, nil
	case n < 66:
		name = "login with a session"
		id, err = v.login(ctx, id)
	case n < 72:
		name = "two logins at once"
		id, err = v.loginTwice(ctx, id, false, [2]int{one, other})
	case n < 78:
		name = "two logins with one code at once"
		id, err = v.loginTwice(ctx, id, true, [2]int{one, other})
	case n < 83:
		name = "logout during a read"
		id, err = "", v.logoutDuringRead(ctx, id, one, other)
	case n < 87:
		name = "logout while the time of a request is written"
		id, err = "", v.logoutDuringSeen(ctx, id)
	case n < 91:
		name = "logout during a login"
		id, err = "", v.logoutDuringLogin(ctx, id, one, other)
	case n < 94:
		name = "read given up"
		id, err = v.giveUpRead(ctx, id, one)
	case n < 97:
		name = "login given up"
		id, err = v.giveUpLogin(ctx, id, one)
	default:
		name = "reads at once"
		id, err = v.readTogether(ctx, id)
	}
	if err != nil {
		err = fmt.Errorf("%s: %w", name, err)
	}
	return id, err
}

// reply is the result of a request that runs in another goroutine.
type reply struct {
	response
	err error
}

func begin(ask func() (response, error)) <-chan reply {
	done := make(chan reply, 1)
	go func() {
		a, err := ask()
		done <- reply{a, err}
	}()
	return done
}

// loginTwice makes two concurrent logins with one session, on the given replicas, with
// the same code or with two. Each that succeeds has its own session. The old session
// stays only if both fail.
func (v *visit) loginTwice(ctx context.Context, id string, oneCode bool, at [2]int) (string, error) {
	bodies := [2]loginBody{newLoginBody(v.phone, false)}
	bodies[1] = bodies[0]
	if !oneCode {
		bodies[1] = newLoginBody(v.phone, false)
	}
	var replies [2]<-chan reply
	asked := v.leave(id)
	for i := range replies {
		replies[i] = begin(func() (response, error) { return v.tryLogin(ctx, at[i], id, bodies[i]) })
	}
	var (
		fresh     []string
		spent     int
		uncertain response
		results   [2]reply
	)
	for i, r := range replies {
		results[i] = <-r
	}
	for _, a := range results {
		switch {
		case a.err != nil:
			return "", a.err
		case a.ok():
			if err := v.checkUser(a.response); err != nil {
				return "", err
			}
			v.sessions[a.Token] = &fate{asked: asked, born: time.Now()}
			fresh = append(fresh, a.Token)
		case oneCode && a.status == http.StatusBadRequest && a.Spent:
			spent++
		case !a.loginFailed():
			return "", unexpected("login", a.response)
		case a.uncertain():
			v.noteUncertain(id, a.response)
			uncertain = a.response
		}
	}
	return v.settle(ctx, id, fresh, oneCode, spent, uncertain)
}

// settle checks the result of two concurrent logins, and logs out of all sessions but one.
func (v *visit) settle(ctx context.Context, old string, fresh []string, oneCode bool, spent int, uncertain response) (string, error) {
	switch {
	case spent == 2:
		return "", errors.New("a code was spent before it was used")
	case oneCode && len(fresh) == 2, len(fresh) == 2 && fresh[0] == fresh[1]:
		return "", errors.New("two logins shared a code or a session")
	case len(fresh) == 0:
		id, err := v.checkUnchanged(ctx, old, uncertain)
		if err != nil || id != "" {
			return id, err
		}
		return v.login(ctx, "")
	}
	if err := v.dead(ctx, old); err != nil {
		return "", err
	}
	keep := fresh[0]
	for _, id := range fresh[1:] {
		if err := v.logout(ctx, v.anyReplica(), id); err != nil {
			return "", err
		}
	}
	return v.readLive(ctx, keep)
}

// logoutDuringRead logs out while a read is under way. The read may succeed, because it
// began before. The session stays dead.
func (v *visit) logoutDuringRead(ctx context.Context, id string, one, other int) error {
	h := v.w.injector.hold(v.userID, readPath, v.random.IntN(2) == 0)
	defer h.release()
	return v.logoutDuringHeldRead(ctx, h, id, one, other)
}

// logoutDuringSeen logs out on the first replica while the second one is about to write
// the time of a request.
func (v *visit) logoutDuringSeen(ctx context.Context, id string) error {
	asked := v.leave(id)
	a, err := v.tryLogin(ctx, 0, id, newLoginBody(v.phone, false)) // the second replica has had no request with the new session
	if err != nil {
		return err
	}
	if !a.ok() {
		v.noteUncertain(id, a)
		return v.logout(ctx, 0, id)
	}
	if id, err = v.checkLogin(ctx, asked, id, a); err != nil {
		return err
	}
	store := v.w.replicas[1].store
	h := store.hold(id)
	defer store.forget(id)
	defer h.release()
	return v.logoutDuringHeldRead(ctx, h, id, 1, 0)
}

func (v *visit) logoutDuringHeldRead(ctx context.Context, h *hold, id string, one, other int) error {
	a, _, err := v.logoutDuring(ctx, h, id, other, func() (response, error) { return v.w.me(ctx, one, id) })
	switch {
	case err != nil:
		return err
	case a.ok():
		err = v.checkUser(a)
	case !a.loggedOut() && !a.retryable():
		err = unexpected("read", a)
	}
	if err != nil {
		return err
	}
	return v.dead(ctx, id)
}

// logoutDuringLogin logs out while a login with that session is under way. The login
// fails, and its code is spent.
func (v *visit) logoutDuringLogin(ctx context.Context, id string, one, other int) error {
	p := newLoginBody(v.phone, false)
	h := v.w.injector.hold(v.userID, idpPath, v.random.IntN(2) == 0)
	defer h.release()
	a, held, err := v.logoutDuring(ctx, h, id, other, func() (response, error) { return v.tryLogin(ctx, one, id, p) })
	switch {
	case err != nil:
		return err
	case a.ok() && v.mayHaveEnded(id): // it was a login without a session, or the logout is lost
		if err := v.sendLogout(ctx, other, a.Token); err != nil {
			return err
		}
		return v.dead(ctx, a.Token)
	case a.ok():
		return errors.New("a login undid a logout")
	case held && a.loggedOut() && a.Spent, a.loginFailed():
		return v.dead(ctx, id)
	}
	return unexpected("login", a)
}

// logoutDuring sends a request, logs out on the replica at while the hold keeps the
// response back, and returns the response. held tells whether the hold was reached; if
// not, the response came before the logout.
func (v *visit) logoutDuring(ctx context.Context, h *hold, id string, at int, ask func() (response, error)) (a response, held bool, err error) {
	if v.random.IntN(2) == 0 {
		defer v.w.injector.refuseDestroy(v.userID)()
	}
	asked := begin(ask)
	var r reply
	select {
	case <-h.arrived:
		held = true
	case r = <-asked:
	}
	err = v.sendLogout(ctx, at, id)
	h.release()
	if held {
		r = <-asked
	}
	return r.response, held, errors.Join(err, r.err)
}

// giveUpRead hangs up while a read is held at the backend. The session stays.
func (v *visit) giveUpRead(ctx context.Context, id string, at int) (string, error) {
	h := v.w.injector.hold(v.userID, readPath, v.random.IntN(2) == 0)
	a, held, err := giveUp(ctx, h, func(short context.Context) (response, error) { return v.w.me(short, at, id) })
	if err != nil {
		return "", err
	}
	if !held && a.loggedOut() {
		if err := v.checkEnded(ctx, id); err != nil {
			return "", err
		}
		return v.login(ctx, "")
	}
	return v.readLive(ctx, id)
}

// giveUpLogin hangs up while the backend's response to a login is on its way. The
// login has failed, so the session it came with stays.
func (v *visit) giveUpLogin(ctx context.Context, id string, at int) (string, error) {
	p := newLoginBody(v.phone, false)
	h := v.w.injector.hold(v.userID, idpPath, true)
	asked := v.leave(id)
	a, held, err := giveUp(ctx, h, func(short context.Context) (response, error) { return v.tryLogin(short, at, id, p) })
	switch {
	case err != nil:
		return "", err
	case held || a.loginFailed():
		v.noteUncertain(id, a)
		return v.readLive(ctx, id)
	case a.ok() && v.mayHaveEnded(id): // it was a login without a session
		return v.checkLogin(ctx, asked, id, a)
	}
	return "", unexpected("login", a)
}

// giveUp sends a request and hangs up while it is held. It returns after the proxy has
// cancelled its request too. held tells whether the hold was reached; if not, a is the
// response.
func giveUp(ctx context.Context, h *hold, ask func(context.Context) (response, error)) (a response, held bool, err error) {
	defer h.release()
	short, hangUp := context.WithCancel(ctx)
	defer hangUp()
	asked := begin(func() (response, error) { return ask(short) })
	select {
	case r := <-asked:
		return r.response, false, r.err
	case <-h.arrived:
	}
	hangUp()
	if r := <-asked; !errors.Is(r.err, context.Canceled) {
		return a, true, errors.New("a response came although it was held")
	}
	select {
	case <-h.passed:
		return a, true, nil
	case <-ctx.Done():
		return a, true, ctx.Err()
	}
}

// readTogether makes concurrent reads on both replicas.
func (v *visit) readTogether(ctx context.Context, id string) (string, error) {
	var (
		all   sync.WaitGroup
		lives [4]bool
		errs  [4]error
	)
	for i := range lives {
		all.Go(func() { lives[i], errs[i] = v.read(ctx, i%len(v.w.replicas), id) })
	}
	all.Wait()
	if err := errors.Join(errs[:]...); err != nil {
		return "", err
	}
	for _, live := range lives {
		if !live { // the backend responded to one of them with 401, so the session has ended
			if err := v.checkEnded(ctx, id); err != nil {
				return "", err
			}
			return v.login(ctx, "")
		}
	}
	return v.readLive(ctx, id)
}
