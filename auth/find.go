package auth

import (
	"context"
	"iter"
	"net/http"
	"net/url"
	"strconv"
	"strings"

	"github.com/hydrogen-go/baas/herror"
	"github.com/hydrogen-go/baas/internal/access"
	"github.com/hydrogen-go/baas/internal/check"
	"github.com/hydrogen-go/baas/internal/response"
	"github.com/hydrogen-go/baas/internal/transport"
	"github.com/hydrogen-go/baas/internal/userquery"
	"github.com/hydrogen-go/baas/internal/visitor"
	"github.com/hydrogen-go/baas/user"
)

// Sizes of the pages of [Auth.FindUsers], in users.
const (
	DefaultPageSize = 100
	MaxPageSize     = 1000
)

// GetOption is an option of [Auth.GetUser]: [Keys] and [Expand].
type GetOption interface{ applyToGet(*usersQuery) error }

// FindOption is an option of [Auth.FindUsers] and [Auth.CountUsers].
type FindOption interface{ applyToFind(*usersQuery) error }

// SelectOption is what [Keys] and [Expand] return: an option of reads of users.
type SelectOption func(*usersQuery) error

func (o SelectOption) applyToGet(q *usersQuery) error  { return o(q) }
func (o SelectOption) applyToFind(q *usersQuery) error { return o(q) }

// QueryOption is what [Where] and its like return: an option of queries for users.
type QueryOption func(*usersQuery) error

func (o QueryOption) applyToFind(q *usersQuery) error { return o(q) }

// usersQuery is what the options of a read of users add up to.
type usersQuery struct {
	keys, expand, orderBy []string
	where                 []user.Condition
	pageSize, offset      int
}

// Keys selects the fields to read, as in "nickname", or with a - in front those to
// leave out: the documented select. The default is all fields.
func Keys(names ...string) SelectOption {
	return func(q *usersQuery) error { return userquery.AddNames(&q.keys, names) }
}

// Expand has the backend put the objects that pointers name in their places: the
// documented expand.
func Expand(names ...string) SelectOption {
	return func(q *usersQuery) error { return userquery.AddNames(&q.expand, names) }
}

// Where asks for the users who meet all of the conditions: the documented setQuery.
// End users may ask for id and nickname only.
func Where(conditions ...user.Condition) QueryOption {
	return func(q *usersQuery) error {
		q.where = append(q.where, conditions...)
		return nil
	}
}

// OrderBy sorts by these fields, the first one first, and with a - in front from the
// largest to the smallest: the documented orderBy.
func OrderBy(names ...string) QueryOption {
	return func(q *usersQuery) error { return userquery.AddNames(&q.orderBy, names) }
}

// PageSize sets how many users one request reads, 1 to [MaxPageSize]: the documented
// limit. The default is [DefaultPageSize].
func PageSize(n int) QueryOption {
	return func(q *usersQuery) error {
		q.pageSize = n
		return userquery.CheckPageSize(n, MaxPageSize)
	}
}

// Offset leaves out the first n users: the documented offset. The default is 0.
func Offset(n int) QueryOption {
	return func(q *usersQuery) error {
		q.offset = n
		return userquery.CheckOffset(n)
	}
}

// GetUser reads another user by id: the documented new User().get(id), GET
// v2.5/user/info/{id}/. It has the fields that the backend shows to the user who is
// logged in, or where nobody is, to everybody. Options: [Keys], [Expand].
//
// Errors: 404 no such user, 605 an id that is not over 0 or a bad option.
func (a *Auth) GetUser(ctx context.Context, id int64, opts ...GetOption) (*user.User, error) {
	if id <= 0 {
		return nil, check.Invalid("a user id is over 0")
	}
	var q usersQuery
	for _, opt := range opts {
		if opt == nil {
			continue
		}
		if err := opt.applyToGet(&q); err != nil {
			return nil, err
		}
	}
	res, err := a.conn.DoRaw(ctx, visitor.Always(a.conn.ReadUserByID(id, q.selection().Encode())))
	if err != nil {
		return nil, err
	}
	fields, err := response.Object(res.Body, "user")
	if err != nil {
		return nil, err
	}
	switch got := fields.Get("id"); {
	case !got.Exists() && len(q.keys) > 0: // it was not asked for
		own := response.Fields(`{"id":` + strconv.FormatInt(id, 10) + `}`)
		fields = fields.Merge(own, response.SameName)
	case response.Int(got) != id:
		return nil, herror.New(herror.InvalidResponse, "another user").WithSent(true)
	}
	return access.NewUser(response.User{Fields: fields.Without(response.Secret)}).(*user.User), nil
}

// FindUsers reads the users that a query finds, one page after the other, as the loop
// asks for them: the documented new User().find(), GET v2.2/user/info/. An error ends
// the loop; it comes with a nil user. Where users are added or removed while the loop
// runs, one may be missed or come twice, because pages are counted from the start.
//
// Options: [Where], [OrderBy], [PageSize], [Offset], [Keys], [Expand].
//
// Errors: 605 a bad option or condition; those of the backend.
func (a *Auth) FindUsers(ctx context.Context, opts ...FindOption) iter.Seq2[*user.User, error] {
	return func(yield func(*user.User, error) bool) {
		q, err := newUsersQuery(opts)
		for err == nil {
			var (
				users []response.Fields
				page  response.Page
			)
			if users, page, err = a.readUsers(ctx, q, false); err != nil {
				break
			}
			for _, fields := range users {
				if !yield(access.NewUser(response.User{Fields: fields.Without(response.Secret)}).(*user.User), nil) {
					return
				}
			}
			n := len(users)
			if n == 0 || page.Last || !page.Next && n < q.pageSize {
				return
			}
			q.offset += n
		}
		yield(nil, err)
	}
}

// CountUsers counts the users that a query finds: the documented new User().count().
// Of the options only [Where] makes a difference.
//
// Errors: 605 a bad option or condition; those of the backend.
func (a *Auth) CountUsers(ctx context.Context, opts ...FindOption) (int64, error) {
	q, err := newUsersQuery(opts)
	if err != nil {
		return 0, err
	}
	q.pageSize, q.offset = 1, 0
	_, page, err := a.readUsers(ctx, q, true)
	return page.Total, err
}

func newUsersQuery(opts []FindOption) (usersQuery, error) {
	q := usersQuery{pageSize: DefaultPageSize}
	for _, opt := range opts {
		if opt == nil {
			continue
		}
		if err := opt.applyToFind(&q); err != nil {
			return q, err
		}
	}
	return q, nil
}

// selection returns the part of a query that reads of one user have too.
func (q usersQuery) selection() url.Values {
	v := make(url.Values)
	if len(q.keys) > 0 {
		v.Set("keys", strings.Join(q.keys, ","))
	}
	if len(q.expand) > 0 {
		v.Set("expand", strings.Join(q.expand, ","))
	}
	return v
}

// condition returns what all of the conditions together ask for.
func (q usersQuery) condition() user.Condition {
	if len(q.where) == 0 {
		return user.Condition{}
	}
	return user.And(q.where...)
}

// encode returns the query as the vendor's client sends it.
func (q usersQuery) encode(count bool) (string, error) {
	v := q.selection()
	where, err := userquery.JSON(q.condition())
	if err != nil {
		return "", err
	}
	v.Set("where", where)
	v.Set("limit", strconv.Itoa(q.pageSize))
	v.Set("offset", strconv.Itoa(q.offset))
	v.Set("return_total_count", "0")
	if count {
		v.Set("return_total_count", "1")
	}
	if len(q.orderBy) > 0 {
		v.Set("order_by", strings.Join(q.orderBy, ","))
	}
	return v.Encode(), nil
}

func (a *Auth) readUsers(ctx context.Context, q usersQuery, count bool) ([]response.Fields, response.Page, error) {
	query, err := q.encode(count)
	if err != nil {
		return nil, response.Page{}, err
	}
	req := &transport.Request{Method: http.MethodGet, Path: "/hserve/v2.2/user/info/?" + query}
	res, err := a.conn.DoRaw(ctx, visitor.Always(a.conn.Plain(req)))
	if err != nil {
		return nil, response.Page{}, err
	}
	users, page, err := response.ParsePage(res.Body, "users")
	if err == nil && count && !page.Counted {
		return nil, response.Page{}, herror.New(herror.InvalidResponse, "no count").WithSent(true)
	}
	return users, page, err
}
