// Package platform says who the mini-program platforms are: one comparable value
// per platform, with its names and with the checks that need no request. It also
// holds what crosses from the phone, [AuthData], and the types of the options.
//
// Programs name a platform by its value, as in platform.Kuaishou{}, or find it by
// name with [ByName]. The calls of a platform are in packages auth and user.
package platform

import "slices"

// Platform is one mini-program platform. Its values are comparable, constant and
// safe for concurrent use. Only this package has implementations.
type Platform interface {
	// Name is the platform's name in the backend's paths, as in "kuaishou".
	Name() string
	// Client is the platform's name in the X-Hydrogen-Client-Platform header, as in "KUAISHOU".
	Client() string
	// Aliases are the other names that people know it by, as in "ks".
	Aliases() []string
	// ProviderKeys are the keys of the user's _provider under which the backend
	// keeps the user's identity on this platform, the most likely one first.
	ProviderKeys() []string

	platform()
}

// known marks the platforms of this package.
type known struct{}

func (known) platform() {}

// table lists every platform. Order counts for nothing.
var table = [...]Platform{
	Kuaishou{},
	ByteDance{},
	WeChat{},
	QQ{},
	Baidu{},
	Alipay{},
	JD{},
}

// byName has every platform under each of its names.
var byName = func() map[string]Platform {
	m := make(map[string]Platform)
	for _, p := range table {
		m[p.Name()] = p
		for _, alias := range p.Aliases() {
			m[alias] = p
		}
	}
	return m
}()

// All returns every platform.
func All() []Platform { return slices.Clone(table[:]) }

// ByName returns the platform with that name or alias ("kuaishou" and "ks",
// "bytedance" and "tt", "wechat" and "wx", …). Names are in lower case.
func ByName(name string) (Platform, bool) {
	p, ok := byName[name]
	return p, ok
}
