package loadtest_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"

	"github.com/hydrogen-go/baas/baastest"
)

var platforms = [...]string{
	baastest.Kuaishou, baastest.ByteDance, baastest.WeChat, baastest.QQ,
	baastest.Baidu, baastest.Alipay, baastest.JD,
}

// visit is one user: a person with two phones, on different platforms.
type visit struct {
	w      *world
	n      int
	dice   *rand.Rand
	phone  *baastest.Phone // logs in
	second *baastest.Phone // is linked
	nick   string

	userID      int64
	told        bool // a login with user info succeeded
	maybeLinked bool // a link was sent
	linked      bool // and succeeded
	lost        int  // sessions that an injected 401 accounts for
	at          int  // the replica that was asked last
}

func (w *world) visit(n int) *visit {
	v := &visit{w: w, n: n, dice: rand.New(rand.NewPCG(*seed, uint64(n)))}
	one := v.dice.IntN(len(platforms))
	other := (one + 1 + v.dice.IntN(len(platforms)-1)) % len(platforms)
	v.nick = fmt.Sprint("nick-", n)
	v.phone, v.second = v.person(platforms[one]), v.person(platforms[other])
	return v
}

func (v *visit) person(platform string) *baastest.Phone {
	p, err := v.w.backend.Phone(platform, fmt.Sprintf("%s-%d", platform, v.n))
	if err != nil {
		panic(err) // the platforms are the double's own
	}
	return p.SetProfile(baastest.Profile{NickName: v.nick})
}

// One user in so many stays logged in, and the dead session of another one is
// visited at the end of the phase.
const (
	keeperEvery = 20
	graveEvery  = 100
)

// run logs in, reads, links, reads, does something out of the ordinary maybe, and
// logs out on another replica.
func (v *visit) run(ctx context.Context, left *stayed) error {
	id, err := v.login(ctx, "")
	for _, step := range []func(context.Context, string) (string, error){v.keep, v.link, v.keep, v.adventure} {
		if err != nil || id == "" {
			return err
		}
		id, err = step(ctx, id)
	}
	if err != nil || id == "" {
		return err
	}
	if v.n%keeperEvery == 0 {
		left.mu.Lock()
		defer left.mu.Unlock()
		left.keepers = append(left.keepers, keeper{v, id})
		return nil
	}
	if err := v.logout(ctx, 1-v.at, id); err != nil {
		return err
	}
	if v.n%graveEvery == 1 {
		left.mu.Lock()
		defer left.mu.Unlock()
		left.graves = append(left.graves, id)
	}
	return nil
}

// still checks that a keeper is logged in, on both replicas.
func (k *keeper) still(ctx context.Context) (err error) {
	for k.visit.at = range k.visit.w.replicas {
		if k.id, err = k.visit.keepAt(ctx, k.visit.at, k.id); err != nil {
			return fmt.Errorf("user %d, who stayed: %w", k.visit.n, err)
		}
	}
	return nil
}

// somewhere picks the replica to ask next.
func (v *visit) somewhere() int {
	v.at = v.dice.IntN(len(v.w.replicas))
	return v.at
}

// login logs in and returns the new session id. It may come with an older one,
// which it keeps an eye on.
func (v *visit) login(ctx context.Context, old string) (id string, err error) {
	for range attempts {
		info := v.dice.IntN(4) == 0
		p := newProof(v.phone, info)
		for spent := false; !spent; {
			a, err := v.tryLogin(ctx, v.somewhere(), old, p)
			switch {
			case err != nil:
				return "", err
			case a.ok():
				v.told = v.told || info
				return v.welcome(ctx, old, a)
			case !a.loginFailed():
				return "", unexpected("login", a)
			case old != "":
				if old, err = v.untouched(ctx, old, a); err != nil {
					return "", fmt.Errorf("after a failed login: %w", err)
				}
			}
			spent = a.Spent
		}
	}
	return "", errGaveUp
}

// tryLogin logs in once, on the replica at.
func (v *visit) tryLogin(ctx context.Context, at int, old string, p proof) (answer, error) {
	return v.w.post(ctx, opLogin, at, "/login/"+v.phone.Platform(), old, p)
}

// welcome checks the answer to a login, and that the session it came with is dead.
func (v *visit) welcome(ctx context.Context, old string, a answer) (id string, err error) {
	if err := v.mine(a); err != nil {
		return "", fmt.Errorf("login: %w", err)
	}
	if a.Token == "" || a.Token == old {
		return "", errors.New("a login gave no new session id")
	}
	if old != "" {
		err = v.w.dead(ctx, old)
	}
	return a.Token, err
}

// untouched checks that a login which failed left the session as it was. It
// returns the session id, empty if the session has ended all the same.
func (v *visit) untouched(ctx context.Context, id string, failed answer) (string, error) {
	live, err := v.read(ctx, v.somewhere(), id)
	if live || err != nil {
		return id, err
	}
	return "", v.mourn(ctx, id, failed.unsure())
}

// keep reads the user of a session that must be live. Where an injected 401 has
// ended it, the user logs in again.
func (v *visit) keep(ctx context.Context, id string) (string, error) {
	return v.keepAt(ctx, v.somewhere(), id)
}

func (v *visit) keepAt(ctx context.Context, at int, id string) (string, error) {
	live, err := v.read(ctx, at, id)
	if live || err != nil {
		return id, err
	}
	if err := v.mourn(ctx, id, false); err != nil {
		return "", err
	}
	return v.login(ctx, "")
}

// read reads the user of a session, and reports whether there is one.
func (v *visit) read(ctx context.Context, at int, id string) (live bool, err error) {
	for range attempts {
		a, err := v.w.me(ctx, at, id)
		switch {
		case err != nil:
			return false, err
		case a.ok():
			return true, v.mine(a)
		case a.loggedOut():
			return false, nil
		case !a.again():
			return false, unexpected("read", a)
		}
	}
	return false, errGaveUp
}

// mourn checks that a session has ended for a reason, and for good.
func (v *visit) mourn(ctx context.Context, id string, excused bool) error {
	if !excused {
		if v.lost++; v.lost > v.w.tap.rejections(v.userID) {
			return errLost
		}
	}
	return v.w.dead(ctx, id)
}

// link links the second phone's person.
func (v *visit) link(ctx context.Context, id string) (string, error) {
	for range attempts {
		p := newProof(v.second, false)
		for spent := false; !spent; {
			v.maybeLinked = true
			a, err := v.w.post(ctx, opLink, v.somewhere(), "/link/"+v.second.Platform(), id, p)
			switch {
			case err != nil:
				return "", err
			case a.ok():
				return id, v.joined(a)
			case a.loggedOut():
				if err := v.mourn(ctx, id, false); err != nil {
					return "", fmt.Errorf("link: %w", err)
				}
				if id, err = v.login(ctx, ""); err != nil {
					return "", err
				}
			case !a.again():
				return "", unexpected("link", a)
			}
			spent = a.Spent
		}
	}
	return "", errGaveUp
}

// joined checks the answer to a link.
func (v *visit) joined(a answer) error {
	v.linked = true
	if a.UserID != v.userID || a.OpenID != v.second.OpenID() {
		return fmt.Errorf("cross-talk: user %d linked %q, the answer says %d and %q", v.userID, v.second.OpenID(), a.UserID, a.OpenID)
	}
	return nil
}

// logout logs out on the replica at, and checks that the session is dead on both.
func (v *visit) logout(ctx context.Context, at int, id string) error {
	if err := v.leave(ctx, at, id); err != nil {
		return err
	}
	if err := v.w.dead(ctx, id); err != nil {
		return fmt.Errorf("after the logout: %w", err)
	}
	return nil
}

func (v *visit) leave(ctx context.Context, at int, id string) error {
	for range attempts {
		a, err := v.w.post(ctx, opLogout, at, "/logout", id, struct{}{})
		if a.ok() || err != nil {
			return err
		}
		if !a.unsure() {
			return unexpected("logout", a)
		}
	}
	return errGaveUp
}

// mine checks that an answer is about this user and nobody else.
func (v *visit) mine(a answer) error {
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
		return fmt.Errorf("cross-talk: user %d %q was answered with %d %q", v.userID, openid, u.ID, u.OpenID)
	case u.NickName != v.nick && (v.told || u.NickName != ""):
		return fmt.Errorf("cross-talk: %q was answered with %q", v.nick, u.NickName)
	}
	return v.linksAreMine(u.Provider)
}

// linksAreMine checks the identities of the user.
func (v *visit) linksAreMine(provider map[string]map[string]any) error {
	known := 0
	for _, p := range []*baastest.Phone{v.phone, v.second} {
		entry, ok := provider[p.Platform()]
		field := "openid"
		if p.Platform() == baastest.Alipay {
			field = "user_id"
		}
		switch must, may := p == v.phone || v.linked, p == v.phone || v.maybeLinked; {
		case must && !ok, !may && ok:
			return fmt.Errorf("the identity on %s: known %t", p.Platform(), ok)
		case ok && entry[field] != p.OpenID():
			return fmt.Errorf("cross-talk: %q was answered with another identity on %s", p.OpenID(), p.Platform())
		case ok:
			known++
		}
	}
	if known != len(provider) {
		return fmt.Errorf("cross-talk: %d identities too many", len(provider)-known)
	}
	return nil
}
