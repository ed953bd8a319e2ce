package admin_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/hydrogen-go/baas/admin"
	"github.com/hydrogen-go/baas/herror"
)

// The responses of open-api/group/*.md.
const (
	documentedGroup      = `{"id": 47, "members": 0, "name": "User Group", "parent": {"id": 1, "name": "Super Group"}}`
	documentedSuperGroup = `{"children": [{"id": 51, "name": "User Group"}], "id": 52, "name": "Super Group"}`
)

func TestGetGroup(t *testing.T) {
	a := newAPI().answers(documentedGroup, documentedSuperGroup)
	c := a.client(t)
	g, err := c.GetGroup(t.Context(), 47)
	require.NoError(t, err)
	require.Equal(t, admin.Group{ID: 47, Name: "User Group", Parent: admin.GroupRef{ID: 1, Name: "Super Group"}}, g)
	s, err := c.GetSuperGroup(t.Context(), 52)
	require.NoError(t, err)
	require.Equal(t, admin.SuperGroup{ID: 52, Name: "Super Group", Children: []admin.GroupRef{{ID: 51, Name: "User Group"}}}, s)
	require.Equal(t, []string{"GET /oserve/v1/user-group/47/", "GET /oserve/v1/user-supergroup/52/"}, a.asked)

	for body, code := range map[string]herror.Code{`{}`: 690, `[]`: 690, `<html>`: 690, "404": 404} {
		c := newAPI().answers(body).client(t)
		_, err = c.GetGroup(t.Context(), 47)
		fails(t, code, err)
		_, err = c.GetSuperGroup(t.Context(), 52)
		fails(t, code, err)
	}
}

func TestGroups(t *testing.T) {
	// The second group is as in the list of cloud-function/node-sdk/user-group.md.
	const page = `{"meta":{"limit":20,"next":%s,"offset":0,"previous":null,"total_count":1},"objects":[%s]}`
	a := newAPI().answers(
		fmt.Sprintf(page, `"/oserve/v1/user-group/?limit=1000&offset=2"`, documentedGroup+`,{"id":8,"members":6,"name":"程序员","parent_id":null,"super_group":{"id":null,"name":null}}`),
		fmt.Sprintf(page, "null", `{"id":9,"name":"last","parent":null}`),
	)
	c := a.client(t)
	var got []admin.Group
	for g, err := range c.Groups(t.Context(), nil, admin.ParentID(1)) {
		require.NoError(t, err)
		got = append(got, g)
	}
	require.Equal(t, []admin.Group{
		{ID: 47, Name: "User Group", Parent: admin.GroupRef{ID: 1, Name: "Super Group"}}, {ID: 8, Name: "程序员", Members: 6}, {ID: 9, Name: "last"},
	}, got)
	require.Equal(t, []string{
		"GET /oserve/v1/user-group/?limit=1000&parent_id=1", "GET /oserve/v1/user-group/?limit=1000&offset=2&parent_id=1",
	}, a.asked)

	a = newAPI().answers(fmt.Sprintf(page, "null", documentedSuperGroup))
	for g, err := range a.client(t).SuperGroups(t.Context()) {
		require.NoError(t, err)
		require.EqualValues(t, 52, g.ID)
	}
	require.Equal(t, []string{"GET /oserve/v1/user-supergroup/?limit=1000"}, a.asked)

	a = newAPI().answers(fmt.Sprintf(page, `"/more"`, documentedGroup))
	for range a.client(t).Groups(t.Context()) {
		break
	}
	require.Equal(t, []string{"GET /oserve/v1/user-group/?limit=1000"}, a.asked)
}

// A full page is not the last one, whatever meta.next says; an empty one is.
func TestTheEndOfGroups(t *testing.T) {
	full := `{"meta":{"next":null},"objects":[` + strings.Repeat(`{"id":1},`, 999) + `{"id":1}]}`
	a := newAPI().answers(full, `{"meta":{"next":"/more"},"objects":[{"id":2}]}`, `{"meta":{"next":"/more"},"objects":[]}`)
	n := 0
	for _, err := range a.client(t).Groups(t.Context()) {
		require.NoError(t, err)
		n++
	}
	require.Equal(t, []int{1001, 3}, []int{n, len(a.asked)})
}

func TestGroupsErrors(t *testing.T) {
	for body, code := range map[string]herror.Code{`{}`: 690, `{"meta":{},"objects":[7]}`: 690, `{"meta":{},"objects":[{"name":"x"}]}`: 690, "401": 401, "402": 402} {
		a := newAPI().answers(body)
		n := 0
		for g, err := range a.client(t).Groups(t.Context()) {
			fails(t, code, err)
			require.Zero(t, g)
			n++
		}
		for g, err := range a.client(t).SuperGroups(t.Context()) {
			fails(t, code, err)
			require.Zero(t, g)
			n++
		}
		require.Equal(t, 2, n)
	}
}

func TestGroupWritesSendExactly(t *testing.T) {
	for _, tt := range []struct {
		body string
		call func(*admin.Client) (any, error)
		sent string
		want any
	}{
		{
			documentedGroup, func(c *admin.Client) (any, error) { return c.CreateGroup(t.Context(), "User Group") },
			`POST /oserve/v1/user-group/ {"name":"User Group"}`, admin.Group{ID: 47, Name: "User Group", Parent: admin.GroupRef{ID: 1, Name: "Super Group"}},
		}, {
			``, func(c *admin.Client) (any, error) {
				return c.CreateGroup(t.Context(), "User Group", admin.ParentID(1), nil)
			},
			`POST /oserve/v1/user-group/ {"name":"User Group","parent":"1"}`, admin.Group{Name: "User Group"},
		}, {
			``, func(c *admin.Client) (any, error) { return c.UpdateGroup(t.Context(), 47, "user group") },
			`PUT /oserve/v1/user-group/47/ {"name":"user group"}`, admin.Group{ID: 47, Name: "user group"},
		}, {
			`{"id":47,"name":"user group","members":3}`, func(c *admin.Client) (any, error) { return c.UpdateGroup(t.Context(), 47, "user group") },
			`PUT /oserve/v1/user-group/47/ {"name":"user group"}`, admin.Group{ID: 47, Name: "user group", Members: 3},
		}, {
			documentedSuperGroup, func(c *admin.Client) (any, error) { return c.CreateSuperGroup(t.Context(), "Super Group", []int64{51}) },
			`POST /oserve/v1/user-supergroup/ {"name":"Super Group","children":[51]}`,
			admin.SuperGroup{ID: 52, Name: "Super Group", Children: []admin.GroupRef{{ID: 51, Name: "User Group"}}},
		}, {
			``, func(c *admin.Client) (any, error) { return c.CreateSuperGroup(t.Context(), "Super Group", nil) },
			`POST /oserve/v1/user-supergroup/ {"name":"Super Group"}`, admin.SuperGroup{Name: "Super Group"},
		}, {
			`{"children":[],"id":52,"name":"super group 3"}`, func(c *admin.Client) (any, error) {
				return c.UpdateSuperGroup(t.Context(), 52, "super group 3", nil)
			},
			`PUT /oserve/v1/user-supergroup/52/ {"name":"super group 3","children":[]}`, admin.SuperGroup{ID: 52, Name: "super group 3"},
		}, {
			``, func(c *admin.Client) (any, error) {
				return c.UpdateSuperGroup(t.Context(), 52, "super group 3", []int64{51, 50})
			},
			`PUT /oserve/v1/user-supergroup/52/ {"name":"super group 3","children":[51,50]}`, admin.SuperGroup{ID: 52, Name: "super group 3"},
		},
		{``, func(c *admin.Client) (any, error) { return nil, c.DeleteGroup(t.Context(), 47) }, `DELETE /oserve/v1/user-group/47/`, nil},
		{``, func(c *admin.Client) (any, error) { return nil, c.DeleteGroups(t.Context(), 48, 50) }, `DELETE /oserve/v1/user-group/?id__in=48,50`, nil},
		{``, func(c *admin.Client) (any, error) { return nil, c.DeleteSuperGroup(t.Context(), 52) }, `DELETE /oserve/v1/user-supergroup/52/`, nil},
		{``, func(c *admin.Client) (any, error) { return nil, c.DeleteSuperGroups(t.Context(), 58) }, `DELETE /oserve/v1/user-supergroup/?id__in=58`, nil},
		{
			``, func(c *admin.Client) (any, error) {
				return nil, c.UpdateMembership(t.Context(), admin.AddMembers([]int64{5, 6}, []int64{53, 54}), admin.RemoveMembers([]int64{5}, []int64{53}))
			},
			`PATCH /oserve/v1/miniapp/group/membership/ ` +
				`[{"op":"add","path":"/membership","users":[5,6],"groups":[53,54]},{"op":"remove","path":"/membership","users":[5],"groups":[53]}]`, nil,
		},
		{
			`{"status":"ok"}`, func(c *admin.Client) (any, error) {
				return nil, c.SendSmsCode(t.Context(), 66879698, "12345678910", nil)
			},
			`POST /oserve/v2.1/sms-verification-code/ {"phone":"12345678910","user_id":66879698}`, nil,
		}, {
			`{"status":"ok"}`, func(c *admin.Client) (any, error) {
				return nil, c.SendSmsCode(t.Context(), 66879698, "12345678910", admin.SignatureID(1))
			},
			`POST /oserve/v2.1/sms-verification-code/ {"phone":"12345678910","user_id":66879698,"signature_id":1}`, nil,
		}, {
			`{"status":"ok"}`, func(c *admin.Client) (any, error) {
				return nil, c.VerifySmsCode(t.Context(), 66879698, "12345678910", "352353")
			},
			`POST /oserve/v1.8/sms-verification-code/verify/ {"phone":"12345678910","user_id":66879698,"code":"352353"}`, nil,
		},
	} {
		a := newAPI().answers(tt.body)
		got, err := tt.call(a.client(t))
		require.NoError(t, err, tt.sent)
		require.Equal(t, tt.want, got, tt.sent)
		require.Equal(t, []string{tt.sent}, a.asked)

		_, err = tt.call(newAPI().answers("400").client(t))
		require.True(t, fails(t, herror.BadRequest, err).Sent())
	}
}

func TestBadGroupsSendNothing(t *testing.T) {
	a, ctx := newAPI(), t.Context()
	c := a.client(t)
	long := strings.Repeat("a", 257)
	errs := map[string]error{
		"group 0":                   second(c.GetGroup(ctx, 0)),
		"super group -1":            second(c.GetSuperGroup(ctx, -1)),
		"no name":                   second(c.CreateGroup(ctx, "")),
		"a long name":               second(c.CreateGroup(ctx, long)),
		"a bad parent":              second(c.CreateGroup(ctx, "a", admin.ParentID(0))),
		"update of group 0":         second(c.UpdateGroup(ctx, 0, "a")),
		"update without a name":     second(c.UpdateGroup(ctx, 47, "")),
		"delete of group 0":         c.DeleteGroup(ctx, 0),
		"delete of none":            c.DeleteGroups(ctx),
		"delete of a bad one":       c.DeleteGroups(ctx, 48, 0),
		"super group without name":  second(c.CreateSuperGroup(ctx, "", nil)),
		"a bad child":               second(c.CreateSuperGroup(ctx, "a", []int64{51, -1})),
		"update of super group 0":   second(c.UpdateSuperGroup(ctx, 0, "a", nil)),
		"super update without name": second(c.UpdateSuperGroup(ctx, 52, "", nil)),
		"super update, a bad child": second(c.UpdateSuperGroup(ctx, 52, "a", []int64{0})),
		"delete of super group 0":   c.DeleteSuperGroup(ctx, 0),
		"delete of no super group":  c.DeleteSuperGroups(ctx),
		"no membership":             c.UpdateMembership(ctx),
		"a zero membership":         c.UpdateMembership(ctx, admin.MembershipChange{}),
		"no users":                  c.UpdateMembership(ctx, admin.AddMembers(nil, []int64{53})),
		"no groups":                 c.UpdateMembership(ctx, admin.RemoveMembers([]int64{5}, nil)),
		"a bad user":                c.UpdateMembership(ctx, admin.AddMembers([]int64{5, 0}, []int64{53})),
		"a bad group":               c.UpdateMembership(ctx, admin.AddMembers([]int64{5}, []int64{53}), admin.AddMembers([]int64{5}, []int64{-53})),
		"sms to user 0":             c.SendSmsCode(ctx, 0, "12345678910"),
		"sms to nowhere":            c.SendSmsCode(ctx, 7, ""),
		"sms to a long number":      c.SendSmsCode(ctx, 7, long),
		"sms with signature 0":      c.SendSmsCode(ctx, 7, "12345678910", admin.SignatureID(0)),
		"verify for user -1":        c.VerifySmsCode(ctx, -1, "12345678910", "352353"),
		"verify nowhere":            c.VerifySmsCode(ctx, 7, "", "352353"),
		"verify without a code":     c.VerifySmsCode(ctx, 7, "12345678910", ""),
	}
	for _, err := range c.Groups(ctx, admin.ParentID(-1)) {
		errs["a bad parent of a list"] = err
	}
	for name, err := range errs {
		require.Equal(t, herror.InvalidParameter, herror.CodeOf(err), name)
	}
	require.Empty(t, a.asked)
}

// The lists of ids are copied.
func TestMembersAreCopied(t *testing.T) {
	users := []int64{5}
	change := admin.AddMembers(users, []int64{53})
	users[0] = 0
	a := newAPI().answers("")
	require.NoError(t, a.client(t).UpdateMembership(t.Context(), change))
	require.Contains(t, a.asked[0], `"users":[5]`)
}

func second[T any](_ T, err error) error { return err }
