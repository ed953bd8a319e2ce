package baastest

import (
	"encoding/json"
	"net/http"
)

// updateUserInfo stores what WeChat's getUserProfile() gave, checked with a code.
func (c *call) updateUserInfo() (answer, error) {
	if c.userInfoOff {
		return answer{}, errForbidden
	}
	p := platformNamed(WeChat)
	phone, err := c.exchange(p, c.body.text("code"))
	if err != nil {
		return answer{}, err
	}
	if l := c.user.link(WeChat); l == nil || l.id != phone.openid {
		return answer{}, refuse(http.StatusBadRequest, "code is of another person")
	}
	info, err := p.readInfo(c.body, phone)
	if err != nil {
		return answer{}, err
	}
	return c.storeUserInfo(p, info)
}

// updateUserInfoOld stores what older WeChat gave, unchecked.
func (c *call) updateUserInfoOld() (answer, error) {
	if c.userInfoOff {
		return answer{}, errForbidden
	}
	var info Profile
	if err := json.Unmarshal(marshal(c.body), &info); err != nil {
		return answer{}, refuse(http.StatusBadRequest, "body is not user info")
	}
	return c.storeUserInfo(platformNamed(WeChat), info)
}

func (c *call) storeUserInfo(p *idp, info Profile) (answer, error) {
	c.tell(c.user, p, info)
	return answer{status: http.StatusOK, body: userJSON(c.user, p.name)}, nil
}

// SetUserInfoUpdates switches on or off that users may update their WeChat user
// info; off, the backend answers 403. It is on at the start.
func (b *Backend) SetUserInfoUpdates(on bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.state.userInfoOff = !on
}
