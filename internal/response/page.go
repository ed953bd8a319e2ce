package response

import (
	"github.com/tidwall/gjson"

	"github.com/hydrogen-go/baas/herror"
)

// Page is a response of the form {"meta": {…}, "objects": […]}.
type Page struct {
	Objects []Fields
	Total   int64 // 0 unless Counted
	Counted bool  // meta.total_count is a number
	Next    bool  // meta.next names a next page
	Last    bool  // meta.next is null
}

// ParsePage parses a page. The error is 690 for anything else; what says in it what
// the objects are.
func ParsePage(body, what string) (Page, error) {
	fields, err := Object(body, what)
	if err != nil {
		return Page{}, err
	}
	var meta, objects gjson.Result
	fields.Each(func(key string, v gjson.Result) bool {
		switch key {
		case "meta":
			meta = v
		case "objects":
			objects = v
		}
		return true
	})
	if !meta.IsObject() || !objects.IsArray() {
		return Page{}, herror.New(herror.InvalidResponse, "no list of "+what).WithSent(true)
	}
	var p Page
	Fields(meta.Raw).Each(func(key string, v gjson.Result) bool {
		switch key {
		case "total_count":
			p.Total, p.Counted = Int(v), v.Type == gjson.Number
		case "next":
			p.Last = v.Type == gjson.Null
			p.Next = !p.Last
		}
		return true
	})
	ok := true
	objects.ForEach(func(_, v gjson.Result) bool {
		ok = v.IsObject()
		p.Objects = append(p.Objects, Fields(v.Raw))
		return ok
	})
	if !ok {
		return Page{}, herror.New(herror.InvalidResponse, "one of the "+what+" is not an object").WithSent(true)
	}
	return p, nil
}
