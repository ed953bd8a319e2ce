package loginproxy

import (
	"errors"

	"github.com/hydrogen-go/baas/auth"
	"github.com/hydrogen-go/baas/internal/response"
	"github.com/hydrogen-go/baas/session"
)

var errSessionGone = errors.New("the login check has ended the session")

// checkLogin asks the program whether the user of fresh may log in, and returns the
// session as it is after that, because the program may have linked a platform. The login
// state a has fresh and is not stored. After a no, an error or a panic, the new token is
// destroyed.
func (x *exchange) checkLogin(a *auth.Auth, old *Visitor, fresh session.Session, of response.User) (session.Session, error) {
	if x.p.loginCheck == nil {
		return fresh, nil
	}
	decided := false
	defer func() {
		if !decided { // a panic, after which nothing else is done
			x.noteReplaced(fresh, old.sessionOrZero())
			if x.replaced != nil {
				_ = x.destroy(*x.replaced) // best effort, and without a flush: nothing is sent after a panic
			}
		}
	}()
	err := x.p.loginCheck(x.ctx, newVisitorRead(a, fresh, of))
	decided = true
	if err == nil {
		now, _, _ := connOf(a).Load(x.ctx) // from memory: cannot fail
		if now.Token.Equal(fresh.Token) {
			return now, nil
		}
		err = errSessionGone
	}
	x.noteReplaced(fresh, old.sessionOrZero())
	return session.Session{}, x.conceal(x.ctx, refusedBy(err))
}

// refusedBy returns what the client is told about an error of the login check.
func refusedBy(err error) error {
	f := &failed{own: errLoginCheck, cause: err, sent: true}
	var refused *Refusal
	if errors.As(err, &refused) && refused.valid() {
		f.own = refused.own()
	}
	return f
}
