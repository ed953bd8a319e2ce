package visitor

import (
	"context"
	"crypto/sha256"
	"errors"
	"net/http"
	"slices"
	"strconv"
	"sync"
	"time"

	"github.com/hydrogen-go/baas/herror"
	"github.com/hydrogen-go/baas/internal/transport"
	"github.com/hydrogen-go/baas/session"
)

// maxRevoking is how many sessions of a user are loaded, deleted or destroyed at once.
const maxRevoking = 8

var (
	errRevoked  = herror.New(herror.SessionMissing, "the user's sessions were revoked after the login was sent").WithSent(true)
	errNoOwners = herror.New(herror.UnsupportedFunction,
		"the session store cannot list the sessions of a user: a redisstore needs the option WithUserIndex, and a store of your own must be a session.OwnerStore")
)

// Owner returns what the store knows a user of this app as. No visitor key begins with
// the character after the scope, so an owner is not the key of any visitor.
func (s *Shared) Owner(userID int64) session.Owner {
	var buf [256]byte
	text := append(append(buf[:0], s.Scope...), "\x00user\x00"...)
	sum := sha256.Sum256(strconv.AppendInt(text, userID, 10))
	return session.Owner(sum[:])
}

// swapOwned swaps in the session of a login.
func (c *Conn) swapOwned(ctx context.Context, old session.Revision, next session.Session) (bool, error) {
	if store, ok := c.Store.(session.OwnerStore); ok {
		return store.SwapOwned(ctx, c.key, old, next, c.Owner(next.UserID))
	}
	return c.Store.Swap(ctx, c.key, old, next)
}

// CanRevoke returns nil if the store finds the sessions of a user, and else an error
// with code 611.
func (s *Shared) CanRevoke(ctx context.Context, userID int64) error {
	return s.refuseLogins(ctx, userID, time.Time{})
}

// refuseLogins makes the store refuse the logins of the user that were sent before.
func (s *Shared) refuseLogins(ctx context.Context, userID int64, before time.Time) error {
	store, ok := s.Store.(session.OwnerStore)
	if !ok {
		return errNoOwners
	}
	return ownerError(ctx, store.RefuseLogins(ctx, s.Owner(userID), before))
}

// owned returns a connection for each key under which the user may have a session.
func (s *Shared) owned(ctx context.Context, userID int64) ([]*Conn, error) {
	store, ok := s.Store.(session.OwnerStore)
	if !ok {
		return nil, errNoOwners
	}
	keys, err := store.Owned(ctx, s.Owner(userID))
	if err != nil {
		return nil, ownerError(ctx, err)
	}
	conns := make([]*Conn, len(keys))
	for i, key := range keys {
		conns[i] = &Conn{Shared: s, key: key}
	}
	return conns, nil
}

// ownerError types an error of a session.OwnerStore.
func ownerError(ctx context.Context, err error) error {
	if errors.Is(err, errors.ErrUnsupported) {
		return errNoOwners.WithCause(err)
	}
	return storeError(ctx, err)
}

// UserSessions returns the live sessions of the user with that id.
func (s *Shared) UserSessions(ctx context.Context, userID int64) ([]session.Session, error) {
	conns, err := s.owned(ctx, userID)
	if err != nil {
		return nil, err
	}
	loaded := make([]session.Session, len(conns))
	err = firstError(each(ctx, conns, func(i int, c *Conn) (err error) {
		loaded[i], _, err = c.Load(ctx)
		return err
	}))
	if err != nil {
		return nil, err
	}
	var live []session.Session
	for _, found := range loaded {
		if found.UserID == userID && found.Live(s.Now()) {
			live = append(live, found)
		}
	}
	return live, nil
}

// RevokeUser deletes the sessions of the user with that id as logouts do, except the
// one with the token keep, and has the backend destroy their tokens. Logins that were
// sent before fail. It returns how many sessions it deleted, also with an error.
func (s *Shared) RevokeUser(ctx context.Context, userID int64, keep session.Secret) (int, error) {
	if err := s.refuseLogins(ctx, userID, s.Now()); err != nil {
		return 0, err
	}
	conns, err := s.owned(ctx, userID)
	if err != nil {
		return 0, err
	}
	type ended struct {
		session session.Session
		done    bool
	}
	all := make([]ended, len(conns))
	failures := each(ctx, conns, func(i int, c *Conn) (err error) {
		all[i].session, all[i].done, err = c.end(ctx, userID, keep)
		return err
	})
	revoked := 0
	var destroy []session.Session
	for _, e := range all {
		if e.done {
			revoked++
		}
		if e.done && e.session.Live(s.Now()) {
			destroy = append(destroy, e.session)
		}
	}
	left := len(failures)
	failures = append(failures, each(ctx, destroy, func(_ int, e session.Session) error { return s.Destroy(ctx, e) })...)
	return revoked, revocationError(left, failures)
}

// revocationError returns the error of a revocation, of which the first left failures
// are those of the store.
func revocationError(left int, failures []error) error {
	if len(failures) == 0 {
		return nil
	}
	detail := "all sessions are deleted here; tokens not destroyed in the backend: " + strconv.Itoa(len(failures))
	if left > 0 {
		detail = "sessions that could not be read or deleted: " + strconv.Itoa(left)
	}
	return herror.New(herror.CodeOf(failures[0]), detail).WithCause(errors.Join(failures...))
}

// RevokeOthers is [Shared.RevokeUser] for all sessions but that of this visitor.
func (c *Conn) RevokeOthers(ctx context.Context, userID int64) error {
	current, _, err := c.LoadToReplace(ctx)
	if err != nil {
		return err
	}
	_, err = c.RevokeUser(ctx, userID, current.Token)
	return err
}

// end deletes the session under the key of c if it is the user's, and does not have
// the token keep. It reports whether it did, and returns the session. It writes any
// other session again, because a login of the user may be under way: the login then
// finds another revision, and the store refuses its second attempt.
//
// A record that cannot be read is deleted, because it may be a session of the user.
// The error then says that its token is not known.
func (c *Conn) end(ctx context.Context, userID int64, keep session.Secret) (session.Session, bool, error) {
	for {
		s, rev, err := c.Load(ctx)
		unreadable := errors.Is(err, session.ErrUnreadable)
		if err != nil && !unreadable {
			return session.Session{}, false, err
		}
		its := unreadable || !s.IsZero() && s.UserID == userID && (keep.IsZero() || !s.Token.Equal(keep))
		next := s
		if its {
			next = session.Session{LoggedOut: true}
		}
		done, failed := c.Store.Swap(ctx, c.key, rev, next)
		if failed != nil {
			return session.Session{}, false, storeError(ctx, failed)
		}
		if done {
			return s, its, err
		}
	}
}

// Destroy has the backend destroy the token of s, the documented logout, POST
// v2.0/session/destroy/. That the backend does not know the token is no error.
func (s *Shared) Destroy(ctx context.Context, of session.Session) error {
	c := &Conn{Shared: s}
	request := &transport.Request{Method: http.MethodPost, Path: "/hserve/v2.0/session/destroy/", Body: "{}"}
	_, err := c.Send(ctx, c.Plain(request), of)
	if herror.CodeOf(err) == herror.NotAuthenticated {
		return nil
	}
	return err
}

// each calls do for all items, a few at once, and returns the errors. When ctx has
// ended, it leaves out the rest, which is an error too.
func each[T any](ctx context.Context, items []T, do func(int, T) error) []error {
	var all sync.WaitGroup
	failed := make([]error, len(items))
	free := make(chan struct{}, maxRevoking)
	for i, item := range items {
		free <- struct{}{}
		if err := ctx.Err(); err != nil {
			failed[i] = transport.Ended(err, false)
			break
		}
		all.Go(func() {
			defer func() { <-free }()
			failed[i] = do(i, item)
		})
	}
	all.Wait()
	return slices.DeleteFunc(failed, func(err error) bool { return err == nil })
}

func firstError(errs []error) error {
	if len(errs) == 0 {
		return nil
	}
	return errs[0]
}
