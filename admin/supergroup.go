package admin

import (
	"context"
	"iter"
	"net/http"

	"github.com/tidwall/gjson"

	"github.com/hydrogen-go/baas/internal/response"
)

// SuperGroup is a group of groups: the documented user supergroup.
type SuperGroup struct {
	ID       int64
	Name     string
	Children []GroupRef // its groups
}

var superGroups = resource[SuperGroup]{"/oserve/v1/user-supergroup/", "super group", parseSuperGroup}

// GetSuperGroup reads the super group with that id: GET
// /oserve/v1/user-supergroup/{id}/.
//
// Errors: 404 no such super group, 605 an id that is not over 0.
func (c *Client) GetSuperGroup(ctx context.Context, id int64) (SuperGroup, error) {
	return superGroups.get(ctx, c, id)
}

// SuperGroups reads the super groups as [Client.Groups] reads groups: GET
// /oserve/v1/user-supergroup/.
func (c *Client) SuperGroups(ctx context.Context) iter.Seq2[SuperGroup, error] {
	return superGroups.list(ctx, c, nil)
}

// CreateSuperGroup creates a super group of the groups with these ids, which may be
// none: POST /oserve/v1/user-supergroup/. The documentation does not show the response.
// If it is empty, the super group that is returned has only its name.
//
// Errors: 605 an empty or over-long name, an id that is not over 0.
func (c *Client) CreateSuperGroup(ctx context.Context, name string, children []int64) (SuperGroup, error) {
	if err := checkChildren(children); err != nil {
		return SuperGroup{}, err
	}
	body := struct {
		Name     string  `json:"name"`
		Children []int64 `json:"children,omitempty"`
	}{name, children}
	return superGroups.save(ctx, c, http.MethodPost, 0, name, body, SuperGroup{Name: name})
}

// UpdateSuperGroup gives the super group with that id this name and these groups: PUT
// /oserve/v1/user-supergroup/{id}/. Groups whose ids are not given leave the super group,
// so without ids it has no groups any more.
//
// Errors: 404 no such super group, 605 an id that is not over 0, an empty or over-long
// name.
func (c *Client) UpdateSuperGroup(ctx context.Context, id int64, name string, children []int64) (SuperGroup, error) {
	if err := checkID("super group", id); err != nil {
		return SuperGroup{}, err
	}
	if err := checkChildren(children); err != nil {
		return SuperGroup{}, err
	}
	body := struct {
		Name     string  `json:"name"`
		Children []int64 `json:"children"`
	}{name, children}
	if children == nil {
		body.Children = []int64{}
	}
	return superGroups.save(ctx, c, http.MethodPut, id, name, body, SuperGroup{ID: id, Name: name})
}

// checkChildren returns an error with code 605 if one of the ids is not over 0.
func checkChildren(ids []int64) error {
	if len(ids) == 0 {
		return nil
	}
	return checkIDs("group", ids)
}

// DeleteSuperGroup deletes the super group with that id: DELETE
// /oserve/v1/user-supergroup/{id}/.
//
// Errors: 404 no such super group, 605 an id that is not over 0.
func (c *Client) DeleteSuperGroup(ctx context.Context, id int64) error {
	return superGroups.deleteOne(ctx, c, id)
}

// DeleteSuperGroups deletes the super groups with these ids: DELETE
// /oserve/v1/user-supergroup/?id__in=….
//
// Errors: 605 no id or one that is not over 0.
func (c *Client) DeleteSuperGroups(ctx context.Context, ids ...int64) error {
	return superGroups.deleteMany(ctx, c, ids)
}

func parseSuperGroup(fields response.Fields) (SuperGroup, error) {
	var g SuperGroup
	fields.Each(func(key string, v gjson.Result) bool {
		switch key {
		case "id":
			g.ID = response.Int(v)
		case "name":
			g.Name = response.Str(v)
		case "children":
			for _, child := range v.Array() {
				if child.IsObject() {
					g.Children = append(g.Children, groupRef(child))
				}
			}
		}
		return true
	})
	if g.ID <= 0 {
		return SuperGroup{}, errNoID("super group")
	}
	return g, nil
}
