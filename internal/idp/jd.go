package idp

import "github.com/hydrogen-go/baas/platform"

// JD makes the calls of JD mini-programs. JD signs and encrypts nothing: the user
// info is sent as it is.
type JD struct{ common }

func newJD(c common) Strategy {
	c.link = post("v2.4/idp/jd/user-association/")
	c.login = proof{shared: userInfo, write: func(w *payload, d *platform.AuthData) error {
		w.optional("data", d.EncryptedData)
		w.optional("iv", d.IV)
		return writePlain(w, d)
	}}
	c.linked = proof{writePlain, userInfo}
	return JD{c}
}

// userInfo is what the backend sees, and believes.
func userInfo(d *platform.AuthData) []byte { return d.UserInfo }

// writePlain writes user info as the phone gave it.
func writePlain(w *payload, d *platform.AuthData) error {
	if err := missing(d, "userInfo"); err != nil {
		return err
	}
	w.object("userInfo", d.UserInfo)
	return nil
}
