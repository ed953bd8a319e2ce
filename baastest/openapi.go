package baastest

import (
	"net/http"
	"strconv"
)

// openPrefix begins the paths of the Open API, but for those of its tokens.
const openPrefix = "/oserve/"

// addOpenAPI adds what a server asks without an end user.
func (t routeTable) addOpenAPI() {
	t.addTokens()
	t.addUsers()
	t.addGroups()
	t.addServerSMS()
}

func (t routeTable) addTokens() {
	client := []field{{name: "client_id"}, {name: "client_secret"}}
	t.add(http.MethodPost, authorizePath, public, client, (*operation).authorizeClient)
	t.add(http.MethodGet, confirmPath, public, nil, (*operation).confirmClient)
	t.add(http.MethodGet, redirectPath, public, nil, (*operation).issueCode)
	t.add(http.MethodPost, tokenPath, public,
		fieldsOf(client, []field{{name: "grant_type"}}, maybe(field{name: "code"}, field{name: "refresh_token"})),
		(*operation).exchangeGrant).form = true
}

func (t routeTable) addUsers() {
	const list, one = openPrefix + "v2.2/miniapp/user_profile/", openPrefix + "v2.2/miniapp/user_profile/{}/"
	t.add(http.MethodGet, list, server, nil, (*operation).queryUsers)
	t.add(http.MethodGet, one, server, nil, ofUser((*operation).readForServer))

	const updateAll, update = openPrefix + "v2.6/miniapp/user_profile/", openPrefix + "v2.6/miniapp/user_profile/{}/"
	t.add(http.MethodPut, updateAll, server, nil, (*operation).updateUsers).anyFields = true
	t.add(http.MethodPut, update, server, nil, ofUser((*operation).updateForServer)).anyFields = true

	t.add(http.MethodPut, openPrefix+"v2.1/miniapp/user/account/{}/", server, []field{
		{name: "username", kind: nullText, optional: true}, {name: "email", kind: nullText, optional: true},
		{name: "phone", kind: nullText, optional: true}, {name: "new_password", kind: nullText, optional: true},
	}, ofUser((*operation).forceAccount))
}

func (t routeTable) addGroups() {
	nameField := field{name: "name"}
	parent, children := field{name: "parent", kind: textNumber, optional: true}, field{name: "children", kind: ids}
	const groups, group = openPrefix + "v1/user-group/", openPrefix + "v1/user-group/{}/"
	t.add(http.MethodGet, groups, server, nil, (*operation).listGroups)
	t.add(http.MethodPost, groups, server, []field{nameField, parent}, (*operation).createGroup)
	t.add(http.MethodDelete, groups, server, nil, (*operation).deleteGroups)
	t.add(http.MethodGet, group, server, nil, ofGroup((*operation).readGroup))
	t.add(http.MethodPut, group, server, []field{nameField}, ofGroup((*operation).renameGroup))
	t.add(http.MethodDelete, group, server, nil, ofGroup((*operation).deleteGroup))

	const supers, super = openPrefix + "v1/user-supergroup/", openPrefix + "v1/user-supergroup/{}/"
	t.add(http.MethodGet, supers, server, nil, (*operation).listSuperGroups)
	t.add(http.MethodPost, supers, server, fieldsOf([]field{nameField}, maybe(children)), (*operation).createSuperGroup)
	t.add(http.MethodDelete, supers, server, nil, (*operation).deleteSuperGroups)
	t.add(http.MethodGet, super, server, nil, ofSuperGroup((*operation).readSuperGroup))
	t.add(http.MethodPut, super, server, []field{nameField, children}, ofSuperGroup((*operation).replaceSuperGroup))
	t.add(http.MethodDelete, super, server, nil, ofSuperGroup((*operation).deleteSuperGroup))

	t.add(http.MethodPatch, openPrefix+"v1/miniapp/group/membership/", server, []field{
		{name: "op"}, {name: "path", optional: true}, {name: "users", kind: ids}, {name: "groups", kind: ids},
	}, (*operation).changeMembers).list = true
}

func (t routeTable) addServerSMS() {
	phone, user := field{name: "phone"}, field{name: "user_id", kind: whole}
	t.add(http.MethodPost, openPrefix+"v2.1/sms-verification-code/", server,
		[]field{phone, user, {name: "signature_id", kind: whole, optional: true}}, (*operation).sendServerSMS)
	t.add(http.MethodPost, openPrefix+"v1.8/sms-verification-code/verify/", server,
		[]field{phone, user, {name: "code", kind: textNumber}}, (*operation).verifyServerSMS)
}

// ofUser, ofGroup and ofSuperGroup are endpoints that do something with the record whose id
// is in the path.
func ofUser(handle func(*operation, *user) (response, error)) func(*operation) (response, error) {
	return of(func(op *operation) map[int64]*user { return op.users.byID }, errUserNotFound, handle)
}

func ofGroup(handle func(*operation, *group) (response, error)) func(*operation) (response, error) {
	return of(func(op *operation) map[int64]*group { return op.groups.byID }, errGroupNotFound, handle)
}

func ofSuperGroup(handle func(*operation, *superGroup) (response, error)) func(*operation) (response, error) {
	return of(func(op *operation) map[int64]*superGroup { return op.groups.supers }, errGroupNotFound, handle)
}

func of[T any](records func(*operation) map[int64]*T, missing error, handle func(*operation, *T) (response, error)) func(*operation) (response, error) {
	return func(op *operation) (response, error) {
		id, err := strconv.ParseInt(op.id, 10, 64)
		record := records(op)[id]
		if err != nil || record == nil {
			return response{}, missing
		}
		return handle(op, record)
	}
}

func noContent() (response, error) { return response{status: http.StatusNoContent}, nil }
