package loadtest_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"sync"
)

// adventure is what some users do beside the ordinary. It returns the session id
// that is live afterwards, empty for none.
func (v *visit) adventure(ctx context.Context, id string) (string, error) {
	one, other := v.dice.IntN(2), v.dice.IntN(2)
	var (
		name string
		err  error
	)
	switch lot := v.dice.IntN(100); {
	case lot < 60:
		return id, nil
	case lot < 66:
		name = "login with a session"
		id, err = v.login(ctx, id)
	case lot < 72:
		name = "two logins at once"
		id, err = v.loginTwice(ctx, id, false, [2]int{one, other})
	case lot < 78:
		name = "two logins with one code at once"
		id, err = v.loginTwice(ctx, id, true, [2]int{one, other})
	case lot < 83:
		name = "logout during a read"
		id, err = "", v.logoutDuringRead(ctx, id, one, other)
	case lot < 87:
		name = "logout while being seen"
		id, err = "", v.logoutDuringSeen(ctx, id)
	case lot < 91:
		name = "logout during a login"
		id, err = "", v.logoutDuringLogin(ctx, id, one, other)
	case lot < 94:
		name = "read given up"
		id, err = v.giveUpRead(ctx, id, one)
	case lot < 97:
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

// reply is an answer that is waited for elsewhere.
type reply struct {
	answer
	err error
}

func begin(ask func() (answer, error)) <-chan reply {
	done := make(chan reply, 1)
	go func() {
		a, err := ask()
		done <- reply{a, err}
	}()
	return done
}

// loginTwice logs in twice at once from one session, on the given replicas, with
// the same code or with two. What succeeds are sessions of their own; the old one
// stays only where nothing does.
func (v *visit) loginTwice(ctx context.Context, id string, oneCode bool, at [2]int) (string, error) {
	proofs := [2]proof{newProof(v.phone, false)}
	proofs[1] = proofs[0]
	if !oneCode {
		proofs[1] = newProof(v.phone, false)
	}
	var replies [2]<-chan reply
	for i := range replies {
		replies[i] = begin(func() (answer, error) { return v.tryLogin(ctx, at[i], id, proofs[i]) })
	}
	var (
		fresh   []string
		spent   int
		unsure  answer
		results [2]reply
	)
	for i, r := range replies {
		results[i] = <-r
	}
	for _, a := range results {
		switch {
		case a.err != nil:
			return "", a.err
		case a.ok():
			if err := v.mine(a.answer); err != nil {
				return "", err
			}
			fresh = append(fresh, a.Token)
		case oneCode && a.status == http.StatusBadRequest && a.Spent:
			spent++
		case !a.loginFailed():
			return "", unexpected("login", a.answer)
		case a.unsure():
			unsure = a.answer
		}
	}
	return v.settle(ctx, id, fresh, oneCode, spent, unsure)
}

// settle checks what two logins at once have left, and logs out of all but one session.
func (v *visit) settle(ctx context.Context, old string, fresh []string, oneCode bool, spent int, unsure answer) (string, error) {
	switch {
	case spent == 2:
		return "", errors.New("a code was spent before it was used")
	case oneCode && len(fresh) == 2, len(fresh) == 2 && fresh[0] == fresh[1]:
		return "", errors.New("two logins shared a code or a session")
	case len(fresh) == 0:
		id, err := v.untouched(ctx, old, unsure)
		if err != nil || id != "" {
			return id, err
		}
		return v.login(ctx, "")
	}
	if err := v.w.dead(ctx, old); err != nil {
		return "", err
	}
	keep := fresh[0]
	for _, id := range fresh[1:] {
		if err := v.logout(ctx, v.somewhere(), id); err != nil {
			return "", err
		}
	}
	return v.keep(ctx, keep)
}

// logoutDuringRead logs out while a read is under way. The read may succeed, for
// it began before; the session stays dead.
func (v *visit) logoutDuringRead(ctx context.Context, id string, one, other int) error {
	h := v.w.tap.hold(v.userID, readPath, v.dice.IntN(2) == 0)
	defer h.release()
	return v.logoutDuringHeldRead(ctx, h, id, one, other)
}

// logoutDuringSeen logs out from the first replica while the second one is about
// to write down when it has seen the user.
func (v *visit) logoutDuringSeen(ctx context.Context, id string) error {
	a, err := v.tryLogin(ctx, 0, id, newProof(v.phone, false)) // whom the second replica has not seen yet
	if err != nil {
		return err
	}
	if !a.ok() {
		return v.logout(ctx, 0, id)
	}
	if id, err = v.welcome(ctx, id, a); err != nil {
		return err
	}
	store := v.w.replicas[1].store
	h := store.hold(id)
	defer store.forget(id)
	defer h.release()
	return v.logoutDuringHeldRead(ctx, h, id, 1, 0)
}

func (v *visit) logoutDuringHeldRead(ctx context.Context, h *hold, id string, one, other int) error {
	a, _, err := v.logoutDuring(ctx, h, id, other, func() (answer, error) { return v.w.me(ctx, one, id) })
	switch {
	case err != nil:
		return err
	case a.ok():
		err = v.mine(a)
	case !a.loggedOut() && !a.again():
		err = unexpected("read", a)
	}
	if err != nil {
		return err
	}
	return v.w.dead(ctx, id)
}

// logoutDuringLogin logs out while a login from that session is under way: the
// login has come too late, and its code is spent.
func (v *visit) logoutDuringLogin(ctx context.Context, id string, one, other int) error {
	p := newProof(v.phone, false)
	h := v.w.tap.hold(v.userID, idpPath, v.dice.IntN(2) == 0)
	defer h.release()
	a, held, err := v.logoutDuring(ctx, h, id, other, func() (answer, error) { return v.tryLogin(ctx, one, id, p) })
	switch {
	case err != nil:
		return err
	case a.ok():
		return errors.New("a login undid a logout")
	case held && a.loggedOut() && a.Spent, a.loginFailed():
		return v.w.dead(ctx, id)
	}
	return unexpected("login", a)
}

// logoutDuring asks something, logs out on the replica at while the hold keeps the
// answer back, and returns the answer. Held tells whether the hold was reached at
// all; if not, the answer came before the logout.
func (v *visit) logoutDuring(ctx context.Context, h *hold, id string, at int, ask func() (answer, error)) (a answer, held bool, err error) {
	if v.dice.IntN(2) == 0 {
		defer v.w.tap.spare(v.userID)()
	}
	asked := begin(ask)
	var r reply
	select {
	case <-h.arrived:
		held = true
	case r = <-asked:
	}
	err = v.leave(ctx, at, id)
	h.release()
	if held {
		r = <-asked
	}
	return r.answer, held, errors.Join(err, r.err)
}

// giveUpRead hangs up while the backend is at a read. The session stays.
func (v *visit) giveUpRead(ctx context.Context, id string, at int) (string, error) {
	h := v.w.tap.hold(v.userID, readPath, v.dice.IntN(2) == 0)
	a, held, err := giveUp(ctx, h, func(short context.Context) (answer, error) { return v.w.me(short, at, id) })
	if err != nil {
		return "", err
	}
	if !held && a.loggedOut() {
		if err := v.mourn(ctx, id, false); err != nil {
			return "", err
		}
		return v.login(ctx, "")
	}
	return v.keep(ctx, id)
}

// giveUpLogin hangs up while the backend's answer to a login is on its way. The
// login has failed, so the session it came with stays.
func (v *visit) giveUpLogin(ctx context.Context, id string, at int) (string, error) {
	p := newProof(v.phone, false)
	h := v.w.tap.hold(v.userID, idpPath, true)
	a, held, err := giveUp(ctx, h, func(short context.Context) (answer, error) { return v.tryLogin(short, at, id, p) })
	switch {
	case err != nil:
		return "", err
	case held || a.loginFailed():
		return v.keep(ctx, id)
	}
	return "", unexpected("login", a)
}

// giveUp asks something and hangs up while it is held up. It returns when the proxy
// has given up too. Held tells whether it was held up at all; if not, a is the answer.
func giveUp(ctx context.Context, h *hold, ask func(context.Context) (answer, error)) (a answer, held bool, err error) {
	defer h.release()
	short, hangUp := context.WithCancel(ctx)
	defer hangUp()
	asked := begin(func() (answer, error) { return ask(short) })
	select {
	case r := <-asked:
		return r.answer, false, r.err
	case <-h.arrived:
	}
	hangUp()
	if r := <-asked; !errors.Is(r.err, context.Canceled) {
		return a, true, errors.New("an answer came although it was held up")
	}
	select {
	case <-h.passed:
		return a, true, nil
	case <-ctx.Done():
		return a, true, ctx.Err()
	}
}

// readTogether reads on both replicas at once.
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
		if !live { // the backend answered 401 to one of them, so the session has ended
			if err := v.mourn(ctx, id, false); err != nil {
				return "", err
			}
			return v.login(ctx, "")
		}
	}
	return v.keep(ctx, id)
}
