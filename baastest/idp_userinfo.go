package baastest

import (
	"encoding/json"
	"net/http"
)

// updateUserInfo stores what WeChat's getUserProfile() gave, checked with a code.
func (op *operation) updateUserInfo() (response, error) {
	if op.userInfoOff {
		return response{}, errForbidden
	}
	p := platformNamed(WeChat)
	phone, err := op.exchange(p, op.body.text("code"))
	if err != nil {
		return response{}, err
	}
	if l := op.user.linkOn(p); l == nil || l.person != phone {
		return response{}, refuse(http.StatusBadRequest, "code is of another person")
	}
	info, err := p.readInfo(op.body, phone)
	if err != nil {
		return response{}, err
	}
	return op.storeUserInfo(phone, info)
}

// updateUserInfoOld stores what older WeChat gave, unchecked.
func (op *operation) updateUserInfoOld() (response, error) {
	if op.userInfoOff {
		return response{}, errForbidden
	}
	var info Profile
	if err := json.Unmarshal(marshal(op.body), &info); err != nil {
		return response{}, refuse(http.StatusBadRequest, "body is not user info")
	}
	l := op.user.linkOn(platformNamed(WeChat))
	if l == nil {
		return response{}, refuse(http.StatusBadRequest, "user has no identity on %s", WeChat)
	}
	return op.storeUserInfo(l.person, info)
}

func (op *operation) storeUserInfo(phone *Phone, info Profile) (response, error) {
	op.tell(op.user, phone, info)
	return response{status: http.StatusOK, body: op.userJSON(op.user, op.ownView())}, nil
}

// SetUserInfoUpdates switches on or off that users may update their WeChat user
// info; off, the backend refuses with 403. It is on at the start.
func (b *Backend) SetUserInfoUpdates(on bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.state.userInfoOff = !on
}

// userInfoUpdates says what [Backend.SetUserInfoUpdates] set.
func (b *Backend) userInfoUpdates() bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	return !b.state.userInfoOff
}
