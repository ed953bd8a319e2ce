package platform

// The payloads that several platforms share; what is one platform's own stands in
// its file.

// silentBody is a silent login.
type silentBody struct {
	CreateUser bool   `json:"create_user"`
	Code       string `json:"code"`
}

// profileLoginBody is a login with user info.
type profileLoginBody struct {
	Code       string `json:"code"`
	CreateUser bool   `json:"create_user"`
	profile
	Sync string `json:"update_userprofile"`
}

// codeBody is a link without user info.
type codeBody struct {
	Code string `json:"code"`
}

// profileLinkBody is a link with user info.
type profileLinkBody struct {
	profile
	Sync string `json:"update_userprofile"`
	Code string `json:"code"`
}

// profile is the part of a payload that proves user info.
type profile struct {
	RawData       string `json:"rawData"`
	Signature     string `json:"signature"`
	EncryptedData string `json:"encryptedData"`
	IV            string `json:"iv"`
}

// profileOf returns the proof of user info in data, all of it or an error.
func profileOf(data *AuthData) (profile, error) {
	if err := userInfo(data); err != nil {
		return profile{}, err
	}
	if err := data.missing("rawData", "signature", "encryptedData", "iv"); err != nil {
		return profile{}, err
	}
	return profile{data.RawData, data.Signature, data.EncryptedData, data.IV}, nil
}

// cipherBody is the part of a payload that carries what only the platform can read.
type cipherBody struct {
	EncryptedData string `json:"encryptedData"`
	IV            string `json:"iv"`
}

// cipherOf returns the encrypted phone number in data, or an error.
func cipherOf(data *AuthData) (cipherBody, error) {
	if err := data.require(); err != nil {
		return cipherBody{}, err
	}
	if err := data.missing("encryptedData", "iv"); err != nil {
		return cipherBody{}, err
	}
	return cipherBody{data.EncryptedData, data.IV}, nil
}
