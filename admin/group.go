package admin

import (
	"context"
	"iter"
	"net/http"
	"net/url"
	"strconv"

	"github.com/tidwall/gjson"

	"github.com/hydrogen-go/baas/internal/response"
)

// Group is a group of users: the documented user group.
type Group struct {
	ID      int64
	Name    string
	Members int64    // how many users are in the group
	Parent  GroupRef // the super group; the zero GroupRef if there is none
}

// GroupRef names a group or a super group.
type GroupRef struct {
	ID   int64
	Name string
}

var groups = resource[Group]{"/oserve/v1/user-group/", "group", parseGroup}

// GroupOption is an option of [Client.Groups] and [Client.CreateGroup]. A nil GroupOption
// changes nothing.
type GroupOption func(*groupOptions) error

type groupOptions struct{ parent int64 }

// ParentID names the super group of the groups to read, or of the group to create: the
// documented parent_id and parent. An id that is not over 0 is 605.
func ParentID(id int64) GroupOption {
	return func(o *groupOptions) error {
		o.parent = id
		return checkID("super group", id)
	}
}

func newGroupOptions(opts []GroupOption) (groupOptions, error) {
	var o groupOptions
	for _, opt := range opts {
		if opt == nil {
			continue
		}
		if err := opt(&o); err != nil {
			return o, err
		}
	}
	return o, nil
}

// GetGroup reads the group with that id: GET /oserve/v1/user-group/{id}/.
//
// Errors: 404 no such group, 605 an id that is not over 0.
func (c *Client) GetGroup(ctx context.Context, id int64) (Group, error) {
	return groups.get(ctx, c, id)
}

// Groups reads the groups, up to 1,000 in one request, as the loop asks for them: GET
// /oserve/v1/user-group/. An error ends the loop. If a group is created or deleted while
// the loop runs, another one may come twice or be missed. Option: [ParentID].
//
// Errors: 605 a bad option.
func (c *Client) Groups(ctx context.Context, opts ...GroupOption) iter.Seq2[Group, error] {
	return func(yield func(Group, error) bool) {
		o, err := newGroupOptions(opts)
		if err != nil {
			yield(Group{}, err)
			return
		}
		query := url.Values{}
		if o.parent != 0 {
			query.Set("parent_id", strconv.FormatInt(o.parent, 10))
		}
		groups.list(ctx, c, query)(yield)
	}
}

// CreateGroup creates a group: POST /oserve/v1/user-group/. The documentation does not
// show the response. If it is empty, the ID of the group is 0. Option: [ParentID].
//
// Errors: 605 an empty or over-long name or a bad option.
func (c *Client) CreateGroup(ctx context.Context, name string, opts ...GroupOption) (Group, error) {
	o, err := newGroupOptions(opts)
	if err != nil {
		return Group{}, err
	}
	body := struct {
		Name   string `json:"name"`
		Parent string `json:"parent,omitempty"` // documented as a string
	}{Name: name}
	if o.parent != 0 {
		body.Parent = strconv.FormatInt(o.parent, 10)
	}
	return groups.save(ctx, c, http.MethodPost, 0, name, body, Group{Name: name})
}

// UpdateGroup gives the group with that id another name: PUT
// /oserve/v1/user-group/{id}/. The documentation does not show the response. If it is
// empty, the group that is returned has only its id and its name.
//
// Errors: 404 no such group, 605 an id that is not over 0, an empty or over-long name.
func (c *Client) UpdateGroup(ctx context.Context, id int64, name string) (Group, error) {
	if err := checkID("group", id); err != nil {
		return Group{}, err
	}
	body := struct {
		Name string `json:"name"`
	}{name}
	return groups.save(ctx, c, http.MethodPut, id, name, body, Group{ID: id, Name: name})
}

// DeleteGroup deletes the group with that id, and not its users: DELETE
// /oserve/v1/user-group/{id}/.
//
// Errors: 404 no such group, 605 an id that is not over 0.
func (c *Client) DeleteGroup(ctx context.Context, id int64) error {
	return groups.deleteOne(ctx, c, id)
}

// DeleteGroups deletes the groups with these ids, and not their users: DELETE
// /oserve/v1/user-group/?id__in=….
//
// Errors: 605 no id or one that is not over 0.
func (c *Client) DeleteGroups(ctx context.Context, ids ...int64) error {
	return groups.deleteMany(ctx, c, ids)
}

// parseGroup parses a group. Its super group is in parent or, as in lists of the vendor's
// server SDK, in super_group.
func parseGroup(fields response.Fields) (Group, error) {
	var g Group
	fields.Each(func(key string, v gjson.Result) bool {
		switch key {
		case "id":
			g.ID = response.Int(v)
		case "name":
			g.Name = response.Str(v)
		case "members":
			g.Members = response.Int(v)
		case "parent", "super_group":
			if v.IsObject() {
				g.Parent = groupRef(v)
			}
		}
		return true
	})
	if g.ID <= 0 {
		return Group{}, errNoID("group")
	}
	return g, nil
}

func groupRef(v gjson.Result) GroupRef {
	fields := response.Fields(v.Raw)
	return GroupRef{ID: response.Int(fields.Get("id")), Name: response.Str(fields.Get("name"))}
}
