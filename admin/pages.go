package admin

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"iter"
	"net/url"
	"strconv"
	"strings"

	"github.com/hydrogen-go/baas/herror"
	"github.com/hydrogen-go/baas/internal/response"
	"github.com/hydrogen-go/baas/user"
)

// usersPage is a page of users.
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
	if p.cursor == nil {
		p.offset += len(users)
	} else if err := p.cursor.pass(users); err != nil {
		return usersPage{}, err
	}
	n := len(users)
	p.done = n == 0 || n < p.query.pageSize && !page.Next
	if n > 0 {
		p.read += n
		p.lastID = users[n-1].ID
	}
	return usersPage{users, page.Total}, nil
}

// request returns the query of the next request.
func (p *pager) request() (url.Values, error) {
	order, bound := p.query.orderBy, []user.Condition(nil)
	if p.cursor != nil {
		order, bound = p.cursor.orderBy(), p.cursor.bound()
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

// cursor is a position in users that are sorted by their id, or by the time of their
// creation and then by their id. Neither changes. A page is asked for by a condition:
// after the last user.
type cursor struct {
	field string
	falls bool // the largest value comes first
	began bool
	last  response.ListedUser
}

// newCursor returns nil if the query's order has no cursor.
func newCursor(q *query) *cursor {
	order := "id"
	if len(q.orderBy) > 0 {
		order = q.orderBy[0]
	}
	field, falls := strings.CutPrefix(order, "-")
	if q.offset > 0 || len(q.orderBy) > 1 || field != "id" && field != "created_at" {
		return nil
	}
	return &cursor{field: field, falls: falls}
}

func (c *cursor) orderBy() []string {
	sign := ""
	if c.falls {
		sign = "-"
	}
	if c.field == "id" {
		return []string{sign + "id"}
	}
	return []string{sign + c.field, sign + "id"}
}

// bound returns the condition for the next page.
func (c *cursor) bound() []user.Condition {
	if !c.began {
		return nil
	}
	after := user.FieldName.Greater
	if c.falls {
		after = user.FieldName.Less
	}
	afterID := after(Field("id"), c.last.ID)
	if c.field == "id" {
		return []user.Condition{afterID}
	}
	at := Field(c.field)
	return []user.Condition{user.Or(after(at, c.last.CreatedAt), user.And(at.Equal(c.last.CreatedAt), afterID))}
}

// pass moves the cursor to the end of a page. Users in the wrong order are an error: pages
// could then miss users, or never end.
func (c *cursor) pass(users []response.ListedUser) error {
	for _, u := range users {
		if c.field != "id" && u.CreatedAt == 0 {
			return herror.New(herror.InvalidResponse, "a user without "+c.field).WithSent(true)
		}
		if c.began && !c.isAfterLast(u) {
			return herror.New(herror.InvalidResponse, "the users are not sorted as asked for").WithSent(true)
		}
		c.began, c.last = true, u
	}
	return nil
}

func (c *cursor) isAfterLast(u response.ListedUser) bool {
	order := cmp.Compare(u.ID, c.last.ID)
	if c.field != "id" && u.CreatedAt != c.last.CreatedAt {
		order = cmp.Compare(u.CreatedAt, c.last.CreatedAt)
	}
	if c.falls {
		order = -order
	}
	return order > 0
}
