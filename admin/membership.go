package admin

import (
	"context"
	"net/http"
	"slices"

	"github.com/hydrogen-go/baas/internal/check"
)

// MembershipChange is a change of who is in which groups. Make one with [AddMembers] or
// [RemoveMembers].
type MembershipChange struct {
	op            string
	users, groups []int64
}

// AddMembers adds each of the users to each of the groups: the documented op "add".
func AddMembers(users, groups []int64) MembershipChange {
	return MembershipChange{"add", slices.Clone(users), slices.Clone(groups)}
}

// RemoveMembers removes each of the users from each of the groups: the documented op
// "remove".
func RemoveMembers(users, groups []int64) MembershipChange {
	return MembershipChange{"remove", slices.Clone(users), slices.Clone(groups)}
}

// UpdateMembership makes changes of who is in which groups, in one request: PATCH
// /oserve/v1/miniapp/group/membership/.
//
// Errors: 400 the backend refuses, 605 no change, no user or no group, an id that is not
// over 0.
func (c *Client) UpdateMembership(ctx context.Context, changes ...MembershipChange) error {
	type operation struct {
		Op     string  `json:"op"`
		Path   string  `json:"path"`
		Users  []int64 `json:"users"`
		Groups []int64 `json:"groups"`
	}
	if len(changes) == 0 {
		return check.Invalid("no change")
	}
	var body []operation
	for _, change := range changes {
		if err := checkIDs("user", change.users); err != nil {
			return err
		}
		if err := checkIDs("group", change.groups); err != nil {
			return err
		}
		body = append(body, operation{change.op, "/membership", change.users, change.groups})
	}
	_, err := c.write(ctx, http.MethodPatch, "/oserve/v1/miniapp/group/membership/", body)
	return err
}
