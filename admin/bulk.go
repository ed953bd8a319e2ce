package admin

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"time"

	"github.com/tidwall/gjson"

	"github.com/hydrogen-go/baas/herror"
	"github.com/hydrogen-go/baas/internal/check"
	"github.com/hydrogen-go/baas/internal/response"
	"github.com/hydrogen-go/baas/internal/transport"
	"github.com/hydrogen-go/baas/internal/userquery"
)

// AllUsers has [Client.UpdateUsers] change every user of the app. It excludes
// conditions.
func AllUsers() QueryOption {
	return func(q *query) error {
		q.given |= setAll
		return nil
	}
}

// OnProgress has [Client.UpdateUsers] call f after each request that has changed users.
// The call goes on when f returns. To stop it, cancel its context.
func OnProgress(f func(Progress)) QueryOption {
	return func(q *query) error {
		if f == nil {
			return check.Invalid("OnProgress has no function")
		}
		q.given |= setProgress
		q.progress = f
		return nil
	}
}

// Progress says how far [Client.UpdateUsers] is.
type Progress struct {
	// Total is how many users met the conditions when the call began.
	Total int64
	// Found is how many of them the backend was asked to change.
	Found int64
	// Succeeded is how many the backend has changed.
	Succeeded int64
}

// UpdateResult is the result of [Client.UpdateUsers].
type UpdateResult struct {
	// Found is how many users were found, and the backend was asked to change.
	Found int64
	// Succeeded is how many the backend has changed.
	Succeeded int64
	// Operations has the backend's result for each of them.
	Operations []Operation
}

// Operation is the backend's result for one user: the documented operation_result.
type Operation struct {
	// ID is the id that the backend gives for a success. In the documented example it
	// is not the id of a user. It is empty for a failure.
	ID string
	// UpdatedAt is the time of a success.
	UpdatedAt time.Time
	// Failed reports a failure. Code and Message are its documented code and err_msg;
	// the code is no HTTP status.
	Failed  bool
	Code    int64
	Message string
}

// UpdateUsers changes custom fields of all users that a query finds: PUT
// /oserve/v2.6/miniapp/user_profile/. Without a condition, or with one that every user
// meets, it fails with 605, unless AllUsers is given.
//
// Pages that are counted from the start would leave out users if the change makes users
// no longer meet the conditions. So UpdateUsers first reads a page of users, as
// [Client.Users] does, and then asks to change these users by their ids, up to 200 in one
// request. They are changed if they still meet the conditions. A user who meets them all
// the time is changed exactly once.
//
// Options: [Where], [ByOpenID], [ByUnionID], [ByPhone], [ByProvider], [AllUsers],
// [PageSize], [OnProgress].
//
// An error ends the call. The result is valid all the same: it has what was done before.
// The error's text says for which ids the last request was. If its Sent reports true,
// some of these users may have been changed; an increment that is made again is made
// twice. A user whom the backend fails to change is not an error, see
// [UpdateResult.Operations].
//
// Errors: 400 an unknown field or a value of another type, 605 no condition, no change, a
// built-in field, a bad value or option.
func (c *Client) UpdateUsers(ctx context.Context, changes []Change, opts ...QueryOption) (UpdateResult, error) {
	var result UpdateResult
	q, err := newQuery("UpdateUsers", setWhere|setAll|setPageSize|setProgress, opts)
	if err != nil {
		return result, err
	}
	if err := q.checkMeant(); err != nil {
		return result, err
	}
	body, err := changesBody(changes)
	if err != nil {
		return result, err
	}
	put, err := transport.NewRequest(http.MethodPut, updatePath, body)
	if err != nil {
		return result, err
	}
	var total int64
	for page, err := range c.pages(ctx, &q) {
		if err != nil {
			return result, err
		}
		total = max(total, page.total)
		for users := range slices.Chunk(page.users, maxIDs) {
			if err := c.updateFound(ctx, &q, *put, users, &result); err != nil {
				return result, err
			}
			if q.progress != nil {
				q.progress(Progress{Total: total, Found: result.Found, Succeeded: result.Succeeded})
			}
		}
	}
	return result, nil
}

// maxIDs is how many users one request names. Their ids are in its URL, which servers
// usually accept up to 8,000 bytes.
const maxIDs = 200

// updateFound changes the users, and adds to the result.
func (c *Client) updateFound(ctx context.Context, q *query, put transport.Request, users []response.ListedUser, result *UpdateResult) error {
	var ids []any
	for _, u := range users {
		ids = append(ids, u.ID)
	}
	v, err := values(q.condition(Field("id").In(ids...)), len(ids))
	if err != nil {
		return err
	}
	put.Path += "?" + v.Encode()
	var (
		succeeded  int64
		operations []Operation
	)
	res, err := c.do(ctx, &put)
	if err == nil {
		succeeded, operations, err = parseOperations(res.Body)
	}
	if err != nil {
		return locateUpdate(err, users, result.Found)
	}
	result.Found += int64(len(users))
	result.Succeeded += succeeded
	result.Operations = append(result.Operations, operations...)
	return nil
}

// locateUpdate says in an error which users the request was for.
func locateUpdate(err error, users []response.ListedUser, before int64) error {
	var h *herror.HError
	if !errors.As(err, &h) {
		return err
	}
	located := h.WithSent(h.Sent())
	located.Message += fmt.Sprintf(" (after %d users, in the request for the ids from %d to %d)", before, users[0].ID, users[len(users)-1].ID)
	return located
}

// checkMeant returns an error with code 605 if the query is for every user, and does not
// say so.
func (q *query) checkMeant() error {
	where, err := userquery.JSON(q.condition())
	switch everyUser := q.given&setAll != 0; {
	case err != nil:
		return err
	case everyUser && q.given&setWhere != 0:
		return check.Invalid("AllUsers excludes conditions")
	case !everyUser && everyUserMeets(gjson.Parse(where)):
		return check.Invalid("no condition: to change every user, give AllUsers")
	}
	return nil
}

// everyUserMeets reports whether a condition asks for no field.
func everyUserMeets(condition gjson.Result) bool {
	if !condition.IsObject() {
		return false
	}
	every := true
	condition.ForEach(func(operator, conditions gjson.Result) bool {
		list := conditions.Array()
		switch operator.Str {
		case "$and":
			every = !slices.ContainsFunc(list, func(c gjson.Result) bool { return !everyUserMeets(c) })
		case "$or":
			every = len(list) == 0 || slices.ContainsFunc(list, everyUserMeets)
		default: // a field
			every = false
		}
		return every
	})
	return every
}

// parseOperations parses {"operation_result": […], "succeed", …}.
func parseOperations(body string) (succeeded int64, operations []Operation, err error) {
	fields, err := response.Object(body, "result")
	if err != nil {
		return 0, nil, err
	}
	results := fields.Get("operation_result")
	if !results.IsArray() {
		return 0, nil, herror.New(herror.InvalidResponse, "no operation_result").WithSent(true)
	}
	results.ForEach(func(_, v gjson.Result) bool {
		o := operation(v)
		operations = append(operations, o)
		if !o.Failed {
			succeeded++
		}
		return true
	})
	if n := fields.Get("succeed"); n.Type == gjson.Number {
		succeeded = response.Int(n)
	}
	return succeeded, operations, nil
}

func operation(v gjson.Result) Operation {
	if !v.IsObject() {
		return Operation{Failed: true}
	}
	result := response.Fields(v.Raw)
	if done := result.Get("success"); done.IsObject() {
		success := response.Fields(done.Raw)
		return Operation{ID: response.Str(success.Get("id")), UpdatedAt: response.Time(success.Get("updated_at"))}
	}
	failed := Operation{Failed: true}
	if v := result.Get("error"); v.IsObject() {
		failure := response.Fields(v.Raw)
		failed.Code, failed.Message = response.Int(failure.Get("code")), response.Str(failure.Get("err_msg"))
	}
	return failed
}
