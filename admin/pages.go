package admin

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/hydrogen-go/baas/herror"
	"github.com/hydrogen-go/baas/internal/response"
	"github.com/hydrogen-go/baas/user"
)

// usersPage has the users of a page that no earlier page had.
type usersPage struct {
	users []response.ListedUser
	total int64 // how many the query finds; only in the first page, if it is asked for
}

// pages reads the pages of the users that a query finds. An error ends them.
func (c *Client) pages(ctx context.Context, q *query) iter.Seq2[usersPage, error] {
	return func(yield func(usersPage, error) bool) {
		p := newPager(q)
		for !p.done {
			page, err := p.next(ctx, c)
			if err != nil {
				yield(usersPage{}, p.locate(err))
				return
			}
			if !yield(page, nil) {
				return
			}
		}
	}
}

// pager reads one page after the other.
type pager struct {
	query   *query
	cursor  *cursor // nil if pages are counted from the start
	offset  int
	counted bool // the total was asked for
	read    int  // how many users were read
	lastID  int64
	done    bool
}

func newPager(q *query) *pager {
	return &pager{query: q, cursor: newCursor(q), offset: q.offset}
}

// next reads the next page.
func (p *pager) next(ctx context.Context, c *Client) (usersPage, error) {
	v, err := p.request()
	if err != nil {
		return usersPage{}, err
	}
	users, page, err := c.readUsers(ctx, v)
	if err != nil {
		return usersPage{}, err
	}
	p.done = len(users) == 0 || len(users) < p.query.pageSize && !page.Next
	fresh, err := p.take(users)
	return usersPage{fresh, page.Total}, err
}

// request returns the query of the next request.
func (p *pager) request() (url.Values, error) {
	order, bound := p.query.orderBy, []user.Condition(nil)
	if p.cursor != nil {
		order, bound = []string{p.cursor.order}, p.cursor.bound()
	}
	v, err := values(p.query.condition(bound...), p.query.pageSize)
	if err != nil {
		return nil, err
	}
	if len(order) > 0 {
		v.Set("order_by", strings.Join(order, ","))
	}
	if p.offset > 0 {
		v.Set("offset", strconv.Itoa(p.offset))
	}
	if p.query.progress != nil && !p.counted {
		p.counted = true
		v.Set("return_total_count", "1")
	}
	return v, nil
}

// take returns the users of a page that no earlier page had, and moves on to the next
// page.
func (p *pager) take(users []response.ListedUser) ([]response.ListedUser, error) {
	fresh, moved := users, false
	if p.cursor != nil {
		var err error
		if fresh, moved, err = p.cursor.pass(users); err != nil {
			return nil, err
		}
	}
	if moved {
		p.offset = 0
	} else { // also between users with the same value
		p.offset += len(users)
	}
	if n := len(fresh); n > 0 {
		p.read += n
		p.lastID = fresh[n-1].ID
	}
	return fresh, nil
}

// locate says in an error where the pages ended.
func (p *pager) locate(err error) error {
	var h *herror.HError
	if p.read == 0 || !errors.As(err, &h) {
		return err
	}
	located := h.WithSent(h.Sent())
	located.Message += fmt.Sprintf(" (after %d users, the last one with id %d)", p.read, p.lastID)
	return located
}

// cursor is a position in users that are sorted by their id or by the time of their
// creation, which do not change. A page is asked for by a condition: after the id of the
// last user, or from its time on. Users with that time come again and are left out.
type cursor struct {
	field string
	order string // the field, with a - in front if the largest value comes first
	began bool
	value int64   // of the last user
	seen  []int64 // the ids of the users with that value
}

// newCursor returns nil if the query's order has no cursor.
func newCursor(q *query) *cursor {
	order := "id"
	if len(q.orderBy) > 0 {
		order = q.orderBy[0]
	}
	field := strings.TrimPrefix(order, "-")
	if q.offset > 0 || len(q.orderBy) > 1 || field != "id" && field != "created_at" {
		return nil
	}
	return &cursor{field: field, order: order}
}

func (c *cursor) falls() bool { return c.order != c.field }

// bound returns the condition for the next page.
func (c *cursor) bound() []user.Condition {
	if !c.began {
		return nil
	}
	field := Field(c.field)
	switch unique := c.field == "id"; {
	case unique && c.falls():
		return []user.Condition{field.Less(c.value)}
	case unique:
		return []user.Condition{field.Greater(c.value)}
	case c.falls():
		return []user.Condition{field.LessOrEqual(c.value)}
	}
	return []user.Condition{field.GreaterOrEqual(c.value)}
}

// pass moves the cursor to the end of a page. It returns the users who have not come
// before, and whether the last one has another value than the last one before. Users in
// the wrong order are an error: pages could then miss users, or never end.
func (c *cursor) pass(users []response.ListedUser) (fresh []response.ListedUser, moved bool, err error) {
	fresh = make([]response.ListedUser, 0, len(users))
	for _, u := range users {
		value := u.ID
		if c.field != "id" {
			value = u.CreatedAt
		}
		switch {
		case value == 0:
			return nil, false, herror.New(herror.InvalidResponse, "a user without "+c.field).WithSent(true)
		case c.began && value == c.value:
			if slices.Contains(c.seen, u.ID) {
				continue
			}
		case c.began && c.falls() != (value < c.value):
			return nil, false, herror.New(herror.InvalidResponse, "the users are not sorted as asked for").WithSent(true)
		default:
			c.began, moved = true, true
			c.value, c.seen = value, c.seen[:0]
		}
		c.seen = append(c.seen, u.ID)
		fresh = append(fresh, u)
	}
	return fresh, moved, nil
}
