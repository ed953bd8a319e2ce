package baastest

import "net/http"

// alipay encrypts nothing: the backend reads the user info from Alipay itself with
// what the code yields. Its users are named by user_id.
var alipay = &idp{
	name:       Alipay,
	header:     "ALIPAY",
	scheme:     noScheme{},
	linkFields: []field{{name: "authorized", kind: flag, optional: true}}, // absent after a refusal
	readInfo:   func(_ body, p *Phone) (Profile, error) { return p.profile, nil },
	linkMethod: http.MethodPut,
	linkPath:   "v2.0/idp/alipay/user-associate/",
	key:        fixedKey("alipay"),
	provider:   alipayProvider,
	userID:     true,
}

func alipayProvider(l link) []byte {
	var o jsonObject
	o.text("user_id", l.id)
	if l.info == (Profile{}) {
		return o.bytes()
	}
	o.maybeText("avatar", l.info.AvatarURL)
	o.maybeText("province", l.info.Province)
	o.maybeText("city", l.info.City)
	o.maybeText("nick_name", l.info.NickName)
	o.flag("is_student", false)
	o.text("user_type", "personal_account")
	o.text("user_status", "authenticated")
	o.flag("verified", true)
	switch l.info.Gender {
	case 1:
		o.text("gender", "male")
	case 2:
		o.text("gender", "female")
	}
	return o.bytes()
}
