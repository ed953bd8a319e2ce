package admin

import (
	"context"
	"iter"
	"net/http"
	"net/url"

	"github.com/hydrogen-go/baas/herror"
	"github.com/hydrogen-go/baas/internal/access"
	"github.com/hydrogen-go/baas/internal/response"
	"github.com/hydrogen-go/baas/internal/transport"
	"github.com/hydrogen-go/baas/user"
)

// GetUser reads the user with that id: GET /oserve/v2.2/miniapp/user_profile/{id}/.
//
// Errors: 404 no such user, 605 an id that is not over 0.
func (c *Client) GetUser(ctx context.Context, id int64) (*user.User, error) {
	if err := checkID("user", id); err != nil {
		return nil, err
	}
	res, err := c.do(ctx, &transport.Request{Method: http.MethodGet, Path: pathOf(usersPath, id)})
	if err != nil {
		return nil, err
	}
	return ownUser(res, id)
}

// Users reads the users that a query finds, one page after the other, as the loop asks
// for them: GET /oserve/v2.2/miniapp/user_profile/. Without options it reads all users.
// An error ends the loop; it comes with a nil user, and its text says how many users
// came before it and the id of the last one.
//
// Options: [Where], [ByOpenID], [ByUnionID], [ByPhone], [ByProvider], [OrderBy],
// [PageSize], [Offset].
//
// Users may be created, changed and deleted while the loop runs. What it then promises
// depends on the order:
//
//   - Without OrderBy, or with "id", "-id", "created_at" or "-created_at" alone, and
//     without Offset, a page begins after the last user of the page before. A user who
//     exists and meets the conditions all the time comes exactly once. Without OrderBy
//     users are sorted by id, and users of the same second are sorted by id too. To go on
//     after an error, ask for the users after the last one, as in
//     Where(Field("id").Greater(last)).
//   - With any other order, or with Offset, pages are counted from the start, because
//     the backend has no other way. If a user before the current page appears or
//     disappears, another one comes twice or is missed. To go on after an error, use
//     Offset.
//
// Each user is a copy: it does not keep its page in memory.
//
// Errors: 605 a bad option or condition, 690 the backend does not sort as asked.
func (c *Client) Users(ctx context.Context, opts ...QueryOption) iter.Seq2[*user.User, error] {
	return func(yield func(*user.User, error) bool) {
		q, err := newQuery("Users", setWhere|setOrder|setPageSize|setOffset, opts)
		if err != nil {
			yield(nil, err)
			return
		}
		for page, err := range c.pages(ctx, &q) {
			if err != nil {
				yield(nil, err)
				return
			}
			for _, found := range page.users {
				if !yield(access.NewUser(found.User()).(*user.User), nil) {
					return
				}
			}
		}
	}
}

// CountUsers counts the users that a query finds: GET
// /oserve/v2.2/miniapp/user_profile/ with return_total_count. Without options it counts
// all users.
//
// Options: [Where], [ByOpenID], [ByUnionID], [ByPhone], [ByProvider].
//
// Errors: 605 a bad option or condition.
func (c *Client) CountUsers(ctx context.Context, opts ...QueryOption) (int64, error) {
	q, err := newQuery("CountUsers", setWhere, opts)
	if err != nil {
		return 0, err
	}
	v, err := values(q.condition(), 1)
	if err != nil {
		return 0, err
	}
	v.Set("return_total_count", "1")
	_, page, err := c.readUsers(ctx, v)
	if err != nil {
		return 0, err
	}
	if !page.Counted {
		return 0, herror.New(herror.InvalidResponse, "no count").WithSent(true)
	}
	return page.Total, nil
}

const usersPath = "/oserve/v2.2/miniapp/user_profile/"

// readUsers reads one page of users.
func (c *Client) readUsers(ctx context.Context, query url.Values) ([]response.ListedUser, response.Page, error) {
	res, err := c.do(ctx, &transport.Request{Method: http.MethodGet, Path: usersPath + "?" + query.Encode()})
	if err != nil {
		return nil, response.Page{}, err
	}
	return response.ParseUsers(res.Body)
}

// ownUser returns the user of a response that must be the user with that id.
func ownUser(res *transport.Response, id int64) (*user.User, error) {
	found, got, err := response.ParseUser(res.Body)
	if err != nil {
		return nil, err
	}
	if got != id {
		return nil, herror.New(herror.InvalidResponse, "another user").WithSent(true)
	}
	return access.NewUser(found).(*user.User), nil
}
