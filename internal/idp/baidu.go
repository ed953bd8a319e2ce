package idp

import "github.com/hydrogen-go/baas/platform"

// Baidu makes the calls of Baidu smart programs, which send the encrypted part of
// user info only.
type Baidu struct{ common }

func newBaidu(c common) Strategy {
	c.link = post("v2.1/idp/baidu/user-association/")
	c.login = proof{shared: nothing, write: func(w *payload, d *platform.AuthData) error {
		if err := missing(d, "encryptedData", "iv"); err != nil {
			return err
		}
		w.text("data", d.EncryptedData)
		w.text("iv", d.IV)
		return nil
	}}
	c.linked = proof{shared: nothing, write: func(w *payload, d *platform.AuthData) error {
		w.optional("rawData", d.RawData)
		w.optional("signature", d.Signature)
		return encrypted(w, d)
	}}
	return Baidu{c}
}
