package baastest

import (
	"encoding/json"
	"net/http"
)

// jd posts the user info in plain text; encrypted data may come beside it.
var jd = &idp{
	name:   JD,
	header: "JINGDONG",
	scheme: commonScheme{},
	infoFields: []field{
		{name: "userInfo", kind: object},
		{name: "data", optional: true}, {name: "iv", optional: true},
	},
	linkInfoFields: []field{{name: "userInfo", kind: object}},
	readInfo:       readJDInfo,
	linkMethod:     http.MethodPost,
	linkPath:       "v2.4/idp/jd/user-association/",
	key:            fixedKey("jd_miniapp"),
	provider:       commonProvider,
}

func readJDInfo(b body, p *Phone) (Profile, error) {
	if b.has("data") || b.has("iv") {
		return readCommon(p, b.text("data"), b.text("iv"))
	}
	var info Profile
	text, err := json.Marshal(b["userInfo"])
	if err != nil || json.Unmarshal(text, &info) != nil {
		return Profile{}, refuse(http.StatusBadRequest, "field userInfo is not user info")
	}
	return info, nil
}
