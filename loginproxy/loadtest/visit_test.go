package loadtest_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"time"

	"github.com/hydrogen-go/baas/baastest"
	"github.com/hydrogen-go/baas/platform"
)

// visit is one user with two phones, on different platforms.
type visit struct {
	w        *world
	n        int
	random   *rand.Rand
	phone    *baastest.Phone // logs in
	second   *baastest.Phone // is linked
	nickname string

	userID      int64
	sentInfo    bool // a login with user info succeeded
	maybeLinked bool // a link was sent
	linked      bool // a link succeeded
	lost        int  // sessions that ended by an injected 401
	replica     int  // the replica of the last request

	sessions map[string]*fate // by id
}

func (w *world) visit(n int) *visit {
	v := &visit{w: w, n: n, random: rand.New(rand.NewPCG(*seed, uint64(n))), sessions: make(map[string]*fate)}
	platforms := platform.All()
	one := v.random.IntN(len(platforms))
	other := (one + 1 + v.random.IntN(len(platforms)-1)) % len(platforms)
	v.nickname = fmt.Sprint("nickname-", n)
	v.phone, v.second = v.newPhone(platforms[one].Name()), v.newPhone(platforms[other].Name())
	return v
}

func (v *visit) newPhone(platform string) *baastest.Phone {
	p, err := v.w.backend.Phone(platform, fmt.Sprintf("%s-%d", platform, v.n))
	if err != nil {
		panic(err) // the double has every platform
	}
	return p.SetProfile(baastest.Profile{NickName: v.nickname})
}

// One user in stayEvery stays logged in. Of one in deadEvery, the session that was
// logged out is tried again at the end of the phase.
const (
	stayEvery = 20
	deadEvery = 100
)

// run logs in, reads, links, reads, maybe takes a rare step, and logs out on another
// replica.
func (v *visit) run(ctx context.Context, left *stayed) error {
	id, err := v.login(ctx, "")
	for _, step := range []func(context.Context, string) (string, error){v.readLive, v.link, v.readLive, v.rareStep} {
		if err != nil || id == "" {
			return err
		}
		id, err = step(ctx, id)
	}
	if err != nil || id == "" {
		return err
	}
	if v.n%v.w.stayEvery == 0 {
		left.mu.Lock()
		defer left.mu.Unlock()
		left.loggedIn = append(left.loggedIn, loggedInUser{v, id})
		return nil
	}
	if err := v.logout(ctx, (v.replica+1)%len(v.w.replicas), id); err != nil {
		return err
	}
	if v.n%v.w.deadEvery == 1 {
		left.mu.Lock()
		defer left.mu.Unlock()
		left.dead = append(left.dead, loggedInUser{v, id})
	}
	return nil
}

// check checks that the user is logged in, on all replicas.
func (k *loggedInUser) check(ctx context.Context) (err error) {
	for k.visit.replica = range k.visit.w.replicas {
		if k.id, err = k.visit.readLiveAt(ctx, k.visit.replica, k.id); err != nil {
			return fmt.Errorf("user %d, who did not log out: %w", k.visit.n, err)
		}
	}
	return nil
}

// anyReplica picks the replica for the next request.
func (v *visit) anyReplica() int {
	v.replica = v.random.IntN(len(v.w.replicas))
	return v.replica
}

// login logs in and returns the new session id. It may come with an older id, whose
// session it checks after each attempt.
func (v *visit) login(ctx context.Context, old string) (id string, err error) {
	var (
		p     loginBody
		info  bool
		spent = true
	)
	for range v.w.tries(ctx) {
		if spent {
			info = v.random.IntN(4) == 0
			p = newLoginBody(v.phone, info)
		}
		asked := v.leave(old)
		a, err := v.tryLogin(ctx, v.anyReplica(), old, p)
		switch {
		case err != nil:
			return "", err
		case a.ok():
			v.sentInfo = v.sentInfo || info
			return v.checkLogin(ctx, asked, old, a)
		case !a.loginFailed():
			return "", unexpected("login", a)
		case old != "":
			if old, err = v.checkUnchanged(ctx, old, a); err != nil {
				return "", fmt.Errorf("after a failed login: %w", err)
			}
		}
		spent = a.Spent
	}
	return "", errGaveUp
}

// tryLogin logs in once, on the replica at.
func (v *visit) tryLogin(ctx context.Context, at int, old string, p loginBody) (response, error) {
	return v.w.post(ctx, opLogin, at, "/login/"+v.phone.Platform(), old, p)
}

// checkLogin checks the response to a login that was sent at asked, and that the session
// it came with has ended.
func (v *visit) checkLogin(ctx context.Context, asked time.Time, old string, a response) (id string, err error) {
	if err := v.checkUser(a); err != nil {
		return "", fmt.Errorf("login: %w", err)
	}
	if a.Token == "" || a.Token == old {
		return "", errors.New("a login gave no new session id")
	}
	v.sessions[a.Token] = &fate{asked: asked, born: time.Now()}
	if old != "" {
		err = v.dead(ctx, old)
	}
	return a.Token, err
}

// checkUnchanged checks that a failed login left the session as it was. It returns the
// session id, or empty if the session has ended for an allowed reason.
func (v *visit) checkUnchanged(ctx context.Context, id string, failed response) (string, error) {
	v.noteUncertain(id, failed)
	live, err := v.read(ctx, v.anyReplica(), id)
	if live || err != nil {
		return id, err
	}
	return "", v.checkEnded(ctx, id)
}

// readLive reads the user of a session that must be live. If an injected 401 has ended
// it, the user logs in again.
func (v *visit) readLive(ctx context.Context, id string) (string, error) {
	return v.readLiveAt(ctx, v.anyReplica(), id)
}

func (v *visit) readLiveAt(ctx context.Context, at int, id string) (string, error) {
	live, err := v.read(ctx, at, id)
	if live || err != nil {
		return id, err
	}
	if err := v.checkEnded(ctx, id); err != nil {
		return "", err
	}
	return v.login(ctx, "")
}

// read reads the user of a session, and reports whether the session is live.
func (v *visit) read(ctx context.Context, at int, id string) (live bool, err error) {
	for range v.w.tries(ctx) {
		a, err := v.w.me(ctx, at, id)
		switch {
		case err != nil:
			return false, err
		case a.ok():
			return true, v.checkUser(a)
		case a.loggedOut():
			return false, nil
		case !a.retryable():
			return false, unexpected("read", a)
		}
	}
	return false, errGaveUp
}

// checkEnded checks that a session may have ended, and that it stays so.
func (v *visit) checkEnded(ctx context.Context, id string) error {
	if f := v.fate(id); !f.uncertain && !v.w.losses.excuseEnd(id, f.asked, f.born) {
		if v.lost++; v.lost > v.w.injector.rejections(v.userID) {
			return errLost
		}
	}
	return v.dead(ctx, id)
}

// link links the second phone's person.
func (v *visit) link(ctx context.Context, id string) (string, error) {
	var p loginBody
	spent := true
	for range v.w.tries(ctx) {
		if spent {
			p = newLoginBody(v.second, false)
		}
		v.maybeLinked = true
		a, err := v.w.post(ctx, opLink, v.anyReplica(), "/link/"+v.second.Platform(), id, p)
		switch {
		case err != nil:
			return "", err
		case a.ok():
			return id, v.checkLink(a)
		case a.loggedOut():
			if err := v.checkEnded(ctx, id); err != nil {
				return "", fmt.Errorf("link: %w", err)
			}
			if id, err = v.login(ctx, ""); err != nil {
				return "", err
			}
		case !a.retryable():
			return "", unexpected("link", a)
		}
		spent = a.Spent
	}
	return "", errGaveUp
}

// checkLink checks the response to a link.
func (v *visit) checkLink(a response) error {
	v.linked = true
	openid := v.second.OpenID()
	if v.second.Platform() == baastest.Alipay { // which has a user id in its place
		openid = ""
	}
	if a.UserID != v.userID || a.OpenID != openid {
		return fmt.Errorf("cross-talk: user %d linked %q, the response says %d and %q", v.userID, openid, a.UserID, a.OpenID)
	}
	return nil
}

// logout logs out on the replica at, and checks that the session is dead on all of them.
func (v *visit) logout(ctx context.Context, at int, id string) error {
	if err := v.sendLogout(ctx, at, id); err != nil {
		return err
	}
	if err := v.dead(ctx, id); err != nil {
		return fmt.Errorf("after the logout: %w", err)
	}
	return nil
}

func (v *visit) sendLogout(ctx context.Context, at int, id string) error {
	for range v.w.tries(ctx) {
		v.leave(id)
		a, err := v.w.post(ctx, opLogout, at, "/logout", id, struct{}{})
		if a.ok() || err != nil {
			return err
		}
		if !a.uncertain() {
			return unexpected("logout", a)
		}
	}
	return errGaveUp
}

// checkUser checks that a response is about this user and nobody else.
func (v *visit) checkUser(a response) error {
	if v.userID == 0 {
		known, ok := v.w.backend.UserOf(v.phone)
		if !ok {
			return errors.New("the backend does not know who has logged in")
		}
		v.userID = known.ID
	}
	openid := v.phone.OpenID()
	if v.phone.Platform() == baastest.Alipay { // which has it in _provider only
		openid = ""
	}
	u := a.User
	switch {
	case u.ID != v.userID, u.OpenID != openid:
		return fmt.Errorf("cross-talk: user %d %q got the response of %d %q", v.userID, openid, u.ID, u.OpenID)
	case u.NickName != v.nickname && (v.sentInfo || u.NickName != ""):
		return fmt.Errorf("cross-talk: %q got the response of %q", v.nickname, u.NickName)
	}
	return v.checkIdentities(u.Provider)
}

// checkIdentities checks the identities of the user.
func (v *visit) checkIdentities(provider map[string]map[string]any) error {
	known := 0
	for _, p := range []*baastest.Phone{v.phone, v.second} {
		on, _ := platform.ByName(p.Platform())
		entry, ok := provider[on.ProviderKeys()[0]]
		field := "openid"
		if p.Platform() == baastest.Alipay {
			field = "user_id"
		}
		switch must, may := p == v.phone || v.linked, p == v.phone || v.maybeLinked; {
		case must && !ok, !may && ok:
			return fmt.Errorf("the identity on %s: known %t", p.Platform(), ok)
		case ok && entry[field] != p.OpenID():
			return fmt.Errorf("cross-talk: %q got another identity on %s", p.OpenID(), p.Platform())
		case ok:
			known++
		}
	}
	if known != len(provider) {
		return fmt.Errorf("cross-talk: %d identities too many", len(provider)-known)
	}
	return nil
}
