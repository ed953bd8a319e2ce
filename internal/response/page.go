package response

import (
	"strings"

	"github.com/tidwall/gjson"

	"github.com/hydrogen-go/baas/herror"
)

// Page is what a response of the form {"meta": {…}, "objects": […]} says of itself.
type Page struct {
	Total   int64 // 0 unless Counted
	Counted bool  // meta.total_count is a number
	Next    bool  // meta.next names a next page
	Last    bool  // meta.next is null
}

// ParsePage parses a page and returns its objects. The error is 690 for anything else;
// what says in it what the objects are.
func ParsePage(body, what string) (objects []Fields, p Page, err error) {
	p, err = parsePage(body, what, func(s *scanner) { objects = append(objects, Fields(s.value())) })
	return objects, p, err
}

// ListedUser is a user in a page.
type ListedUser struct {
	ID        int64
	CreatedAt int64 // created_at as it is, or 0 if it is not an integer

	text   string
	secret bool // see [Secret]
}

// ParseUsers is [ParsePage] for users. The error is 690 if an id is missing.
func ParseUsers(body string) (users []ListedUser, p Page, err error) {
	named := true
	p, err = parsePage(body, "users", func(s *scanner) {
		users = append(users, s.listedUser())
		named = named && users[len(users)-1].ID > 0
	})
	if err == nil && !named {
		return nil, Page{}, herror.New(herror.InvalidResponse, "no user").WithSent(true)
	}
	return users, p, err
}

// listedUser reads the object that comes next.
func (s *scanner) listedUser() ListedUser {
	var u ListedUser
	from := s.at
	s.object(func(key string) {
		switch key {
		case "id":
			u.ID = Int(s.result())
		case "created_at":
			if v := s.result(); v.Type == gjson.Number {
				u.CreatedAt = Int(v)
			}
		default:
			u.secret = u.secret || Secret(key)
			s.value()
		}
	})
	u.text = s.text[from:s.at]
	return u
}

// User returns a copy of the user without the token and the session. It does not keep
// the page in memory.
func (u ListedUser) User() User {
	if u.secret {
		return User{Fields: Fields(u.text).Without(Secret)}
	}
	return User{Fields: Fields(strings.Clone(u.text))}
}

// parsePage parses a page. It calls element for each of its objects, which reads it.
func parsePage(body, what string, element func(*scanner)) (Page, error) {
	var (
		p        Page
		hasMeta  bool
		isList   bool
		isObject = true
	)
	_, err := object(body, what, func(s *scanner) {
		s.object(func(key string) {
			switch {
			case key == "meta" && s.next() == '{':
				hasMeta = true
				p.readMeta(s)
			case key == "objects" && s.next() == '[' && !isList:
				isList = true
				s.array(func() {
					if s.next() == '{' {
						element(s)
						return
					}
					isObject = false
					s.value()
				})
			default:
				s.value()
			}
		})
	})
	switch {
	case err != nil:
	case !hasMeta || !isList:
		err = herror.New(herror.InvalidResponse, "no list of "+what).WithSent(true)
	case !isObject:
		err = herror.New(herror.InvalidResponse, "one of the "+what+" is not an object").WithSent(true)
	}
	if err != nil {
		return Page{}, err
	}
	return p, nil
}

// readMeta reads the object meta.
func (p *Page) readMeta(s *scanner) {
	s.object(func(key string) {
		switch key {
		case "total_count":
			v := s.result()
			p.Total, p.Counted = Int(v), v.Type == gjson.Number
		case "next":
			p.Last = s.result().Type == gjson.Null
			p.Next = !p.Last
		default:
			s.value()
		}
	})
}
