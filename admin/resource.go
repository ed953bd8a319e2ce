package admin

import (
	"context"
	"iter"
	"net/http"
	"net/url"
	"strconv"
	"strings"

	"github.com/hydrogen-go/baas/herror"
	"github.com/hydrogen-go/baas/internal/check"
	"github.com/hydrogen-go/baas/internal/response"
	"github.com/hydrogen-go/baas/internal/transport"
)

// resource is a kind of objects with names, which the Open API has under one path.
type resource[T any] struct {
	path  string
	what  string // in error texts
	parse func(response.Fields) (T, error)
}

// get reads the object with that id.
func (r resource[T]) get(ctx context.Context, c *Client, id int64) (T, error) {
	var none T
	if err := checkID(r.what, id); err != nil {
		return none, err
	}
	res, err := c.do(ctx, &transport.Request{Method: http.MethodGet, Path: pathOf(r.path, id)})
	if err != nil {
		return none, err
	}
	return r.parseOne(res.Body)
}

func (r resource[T]) parseOne(body string) (T, error) {
	fields, err := response.Object(body, r.what)
	if err != nil {
		var none T
		return none, err
	}
	return r.parse(fields)
}

// list reads all objects, one page after the other.
func (r resource[T]) list(ctx context.Context, c *Client, query url.Values) iter.Seq2[T, error] {
	return func(yield func(T, error) bool) {
		for offset, more := 0, true; more; {
			objects, page, err := r.readPage(ctx, c, query, offset)
			if err != nil {
				var none T
				yield(none, err)
				return
			}
			for _, object := range objects {
				if v, err := r.parse(object); !yield(v, err) || err != nil {
					return
				}
			}
			n := len(objects)
			more = n > 0 && (page.Next || n == MaxPageSize)
			offset += n
		}
	}
}

func (r resource[T]) readPage(ctx context.Context, c *Client, query url.Values, offset int) ([]response.Fields, response.Page, error) {
	v := url.Values{"limit": {strconv.Itoa(MaxPageSize)}}
	if offset > 0 {
		v.Set("offset", strconv.Itoa(offset))
	}
	for name, values := range query {
		v[name] = values
	}
	res, err := c.do(ctx, &transport.Request{Method: http.MethodGet, Path: r.path + "?" + v.Encode()})
	if err != nil {
		return nil, response.Page{}, err
	}
	return response.ParsePage(res.Body, r.what+"s")
}

// save creates an object with POST, or changes the one with that id with PUT. It returns
// the object, or empty if the response is empty.
func (r resource[T]) save(ctx context.Context, c *Client, method string, id int64, name string, body any, empty T) (T, error) {
	var none T
	if err := check.Required("name", name, check.MaxIdentifier); err != nil {
		return none, err
	}
	res, err := c.write(ctx, method, pathOf(r.path, id), body)
	switch {
	case err != nil:
		return none, err
	case res.Body == "":
		return empty, nil
	}
	return r.parseOne(res.Body)
}

// deleteOne deletes the object with that id.
func (r resource[T]) deleteOne(ctx context.Context, c *Client, id int64) error {
	if err := checkID(r.what, id); err != nil {
		return err
	}
	_, err := c.do(ctx, &transport.Request{Method: http.MethodDelete, Path: pathOf(r.path, id)})
	return err
}

// deleteMany deletes the objects with these ids.
func (r resource[T]) deleteMany(ctx context.Context, c *Client, ids []int64) error {
	if err := checkIDs(r.what, ids); err != nil {
		return err
	}
	var texts []string
	for _, id := range ids {
		texts = append(texts, strconv.FormatInt(id, 10))
	}
	_, err := c.do(ctx, &transport.Request{Method: http.MethodDelete, Path: r.path + "?id__in=" + strings.Join(texts, ",")})
	return err
}

// errNoID is the error for an object without an id.
func errNoID(what string) error {
	return herror.New(herror.InvalidResponse, "a "+what+" without an id").WithSent(true)
}

// pathOf returns the path of what has that id, or for id 0 that of the list.
func pathOf(list string, id int64) string {
	if id == 0 {
		return list
	}
	return list + strconv.FormatInt(id, 10) + "/"
}

// checkID returns an error with code 605 unless the id is over 0.
func checkID(what string, id int64) error {
	if id <= 0 {
		return check.Invalid("a " + what + " id is over 0")
	}
	return nil
}

// checkIDs returns an error with code 605 unless there are ids, all over 0.
func checkIDs(what string, ids []int64) error {
	if len(ids) == 0 {
		return check.Invalid("no " + what)
	}
	for _, id := range ids {
		if err := checkID(what, id); err != nil {
			return err
		}
	}
	return nil
}
