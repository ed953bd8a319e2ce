package idp

// QQ makes the calls of QQ mini-programs.
type QQ struct{ common }

func newQQ(c common) Strategy {
	c.link = post("v2.0/idp/qq/user-association/")
	c.login, c.linked = signed, signed
	return QQ{c}
}
