package baastest

import (
	"net/http"
	"net/url"
	"strconv"
)

// The bounds of a page.
const (
	defaultPage = 20
	maxPage     = 1000
)

// span is what part of a list a request asks for.
type span struct {
	limit, offset int
	total         bool // the response has the number of all items
}

// readSpan reads limit, offset and return_total_count.
func (op *operation) readSpan(standard int) (span, error) {
	var s span
	var err error
	if s.limit, err = number(op.query, "limit", standard, maxPage); err != nil {
		return s, err
	}
	s.offset, err = number(op.query, "offset", 0, 1<<31-1)
	s.total = op.query.Get("return_total_count") == "1"
	return s, err
}

// number reads a query parameter that is a number from 0 to most.
func number(query url.Values, name string, standard, most int) (int, error) {
	if !query.Has(name) {
		return standard, nil
	}
	n, err := strconv.Atoi(query.Get(name))
	if err != nil || n < 0 || n > most {
		return 0, refuse(http.StatusBadRequest, "%s must be a number from 0 to %d", name, most)
	}
	return n, nil
}

// part is the part of the items that a span asks for.
func part[T any](items []T, s span) []T {
	return items[min(s.offset, len(items)):min(s.offset+s.limit, len(items))]
}

// meta says which part of a list a response has.
func (op *operation) meta(s span, total int) []byte {
	var o jsonObject
	o.whole("limit", int64(s.limit))
	o.textOrNull("next", op.after(s, total))
	o.whole("offset", int64(s.offset))
	o.textOrNull("previous", op.before(s))
	if s.total {
		o.whole("total_count", int64(total))
	}
	return o.bytes()
}

// after is the path of the next part of a list, or "".
func (op *operation) after(s span, total int) string {
	if s.offset+s.limit >= total {
		return ""
	}
	return op.pagePath(s.limit, s.offset+s.limit)
}

// before is the path of the part before, or "".
func (op *operation) before(s span) string {
	if s.offset == 0 {
		return ""
	}
	return op.pagePath(s.limit, max(s.offset-s.limit, 0))
}

func (op *operation) pagePath(limit, offset int) string {
	query := url.Values{}
	for name, values := range op.query {
		query[name] = values
	}
	query.Set("limit", strconv.Itoa(limit))
	query.Set("offset", strconv.Itoa(offset))
	return op.path + "?" + query.Encode()
}

// listOf is the response with a part of a list.
func listOf[T any](op *operation, items []T, s span, total int, write func(T) []byte) response {
	objects := []byte{'['}
	for i, item := range items {
		if i > 0 {
			objects = append(objects, ',')
		}
		objects = append(objects, write(item)...)
	}
	var o jsonObject
	o.raw("meta", op.meta(s, total))
	o.raw("objects", append(objects, ']'))
	return response{status: http.StatusOK, body: o.bytes()}
}
