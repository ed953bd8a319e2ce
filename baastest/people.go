package baastest

import (
	"cmp"
	"encoding/json"
	"fmt"
	"log/slog"
	"maps"
	"slices"
	"time"
)

// Identity is a person on a platform, linked to a user.
type Identity struct {
	// Platform is the name of a platform. A seed may have an alias in its place.
	Platform string `json:"platform"`
	// OpenID is that of the person: on Alipay the user id, on ByteDance that in Douyin.
	OpenID string `json:"openid"`
	// UnionID is the unionid that the backend knows of the person.
	UnionID string `json:"unionid,omitempty"`
	// App is the host app on ByteDance, by default "douyin", and empty elsewhere.
	App string `json:"app,omitempty"`
}

// User is an account: what [Backend.AddUser] seeds and [Backend.User] reads. A number in
// a custom field is read as a json.Number.
type User struct {
	// ID is the id of the user. In a seed, 0 is the next free one.
	ID int64 `json:"id"`
	// Username is unique, whatever its case.
	Username string `json:"username,omitempty"`
	// Email is unique, whatever its case.
	Email string `json:"email,omitempty"`
	// Phone is the phone number, which is unique.
	Phone string `json:"phone,omitempty"`
	// EmailVerified says that the email is verified: only then a password can be reset.
	EmailVerified bool `json:"email_verified,omitempty"`
	// PhoneVerified says that the phone number is verified.
	PhoneVerified bool `json:"phone_verified,omitempty"`
	// Password is for seeding: reading and marshalling a user leave it empty.
	Password string `json:"password,omitempty"`
	// Anonymous says that the user came by an anonymous login.
	Anonymous bool `json:"anonymous,omitempty"`
	// Authorized says that the user has shared user info.
	Authorized bool `json:"is_authorized,omitempty"`
	// Profile is the user's nickname, avatar and so on.
	Profile Profile `json:"profile,omitzero"`
	// Custom are the custom fields, by names that no built-in field has.
	Custom map[string]any `json:"custom,omitempty"`
	// Identities are the people who log in to this account.
	Identities []Identity `json:"identities,omitempty"`
	// WeChatUnionID is the wechat_unionid of _provider, by which logins by unionid and web
	// logins find the user. No two users have the same.
	WeChatUnionID string `json:"wechat_unionid,omitempty"`
	// CreatedAt is when the user was made. The zero time seeds "now".
	CreatedAt time.Time `json:"created_at,omitzero"`
	// UpdatedAt is when the user was last changed. The zero time seeds "now".
	UpdatedAt time.Time `json:"updated_at,omitzero"`
}

// Format prints the id and nothing else.
func (u User) Format(f fmt.State, _ rune) { fmt.Fprintf(f, "user %d", u.ID) }

// LogValue returns what Format prints.
func (u User) LogValue() slog.Value { return slog.StringValue(fmt.Sprint(u)) }

// MarshalJSON leaves the password out.
func (u User) MarshalJSON() ([]byte, error) {
	type plain User // without this method
	u.Password = ""
	return json.Marshal(plain(u))
}

// AddUser seeds an account and returns it as it was stored. A zero ID gets the
// next free one. The platform of an identity may be an alias of package platform, as
// "ks". It is an error if the id, a name or an identity is taken.
func (b *Backend) AddUser(seed User) (User, error) { return stored(b.addUser(seed)) }

func (b *Backend) addUser(seed User) (User, error) {
	custom, err := plainJSON(seed.Custom)
	if err != nil {
		return User{}, fmt.Errorf("custom fields: %w", err)
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	s := b.state
	if err := s.seedable(b, seed); err != nil {
		return User{}, err
	}
	now := b.clock.Now().Unix()
	u := &user{id: seed.ID, created: now, saved: now}
	if seed.ID == 0 {
		u = s.users.create(now)
	} else {
		s.users.add(u)
	}
	for kind, value := range map[string]string{"username": seed.Username, "email": seed.Email, "phone": seed.Phone} {
		s.users.set(u, kind, value)
	}
	for _, id := range seed.Identities {
		s.users.attach(u, s.seedLink(b, id))
	}
	if seed.WeChatUnionID != "" {
		s.users.setUnionID(u, seed.WeChatUnionID)
	}
	u.emailVerified, u.phoneVerified = seed.EmailVerified, seed.PhoneVerified
	u.anonymous, u.authorized = seed.Anonymous, seed.Authorized
	u.profile = seed.Profile
	if len(custom) > 0 {
		s.users.setCustom(u, custom, nil)
	}
	if seed.Password != "" {
		u.password = newPassword(seed.Password)
	}
	if !seed.CreatedAt.IsZero() {
		u.created = seed.CreatedAt.Unix()
	}
	if !seed.UpdatedAt.IsZero() {
		u.saved = seed.UpdatedAt.Unix()
	}
	return u.export(), nil
}

// seedLink makes the link of a seeded identity.
func (s *state) seedLink(b *Backend, id Identity) link {
	p := s.person(b, id.Platform, id.OpenID)
	if id.UnionID != "" {
		p.unionid = id.UnionID
	}
	return p.link(appOf(id), p.unionid, b.responses)
}

// appOf is the host app of a seeded identity.
func appOf(id Identity) string {
	if platformNamed(id.Platform).name == ByteDance {
		return cmp.Or(id.App, homeApp)
	}
	return ""
}

// seedable checks a seed before anything of it is stored.
func (s *state) seedable(b *Backend, seed User) error {
	if seed.ID < 0 || s.users.byID[seed.ID] != nil {
		return wrongMember("id", "user id %d is taken or negative", seed.ID)
	}
	for _, name := range [][2]string{{"username", seed.Username}, {"email", seed.Email}, {"phone", seed.Phone}} {
		if name[1] != "" && s.users.find(name[0], name[1]) != nil {
			return wrongMember(name[0], "%s is taken", name[0])
		}
	}
	seen := make(map[string]bool)
	for i, id := range seed.Identities {
		member := fmt.Sprintf("identities[%d]", i)
		on := platformNamed(id.Platform)
		switch {
		case on == nil:
			return &memberError{member + ".platform", unknownPlatform(id.Platform)}
		case id.OpenID == "":
			return wrongMember(member+".openid", "the openid is missing")
		case id.App != "" && on.name != ByteDance:
			return wrongMember(member+".app", "only an identity on %s has an app", ByteDance)
		}
		key := s.person(b, id.Platform, id.OpenID).identity(appOf(id), b.responses)
		if s.users.byIdentity[key] != nil || seen[key.key] {
			return wrongMember(member, "identity on %s is taken", id.Platform)
		}
		seen[key.key] = true
	}
	if seed.WeChatUnionID != "" && s.users.byUnionID[seed.WeChatUnionID] != nil {
		return wrongMember("wechat_unionid", "unionid is taken")
	}
	for name := range seed.Custom {
		if name == "" || isBuiltIn(name) {
			return wrongMember("custom."+name, "custom field %q is a built-in one", name)
		}
	}
	return nil
}

// plainJSON converts custom fields to what JSON decoding returns for them.
func plainJSON(fields map[string]any) (map[string]any, error) {
	if fields == nil {
		return nil, nil
	}
	text, err := json.Marshal(fields)
	if err != nil {
		return nil, err
	}
	b, err := parseBody(text)
	return b, err
}

// export is the record as a User.
func (u *user) export() User {
	out := User{
		ID: u.id, Username: u.username, Email: u.email, Phone: u.phone,
		EmailVerified: u.emailVerified, PhoneVerified: u.phoneVerified,
		Anonymous: u.anonymous, Authorized: u.authorized, Profile: u.profile,
		Custom: maps.Clone(u.custom), WeChatUnionID: u.wechatUnionID,
		CreatedAt: time.Unix(u.created, 0), UpdatedAt: time.Unix(u.saved, 0),
	}
	for _, l := range u.identities {
		out.Identities = append(out.Identities, Identity{
			Platform: l.person.on.name, OpenID: l.person.openid, UnionID: l.unionID, App: exportedApp(l.app),
		})
	}
	return out
}

// exportedApp leaves out the host app that is the default.
func exportedApp(app string) string {
	if app == homeApp {
		return ""
	}
	return app
}

// Users reads all accounts, by id.
func (b *Backend) Users() []User {
	b.mu.Lock()
	defer b.mu.Unlock()
	var out []User
	for _, u := range b.state.users.sorted() {
		out = append(out, u.export())
	}
	return out
}

// User reads an account directly.
func (b *Backend) User(id int64) (User, bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	u := b.state.users.byID[id]
	if u == nil {
		return User{}, false
	}
	return u.export(), true
}

// UserOf reads the account that a person is linked to. A person whose ByteDance
// host apps have different accounts gets that of the first linked one.
func (b *Backend) UserOf(p *Phone) (User, bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	u := b.state.users.ofPerson(p, b.responses)
	if u == nil {
		return User{}, false
	}
	return u.export(), true
}

// Unlink removes the person's identities from their accounts, on ByteDance in every
// host app, and reports whether there were any.
func (b *Backend) Unlink(p *Phone) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.state.users.detach(p, b.responses)
}

// TokensAlive counts the tokens of a user that still work.
func (b *Backend) TokensAlive(userID int64) int {
	b.mu.Lock()
	defer b.mu.Unlock()
	now, n := b.clock.Now(), 0
	for _, t := range b.state.tokens {
		if t.user.id == userID && now.Before(t.expires) {
			n++
		}
	}
	return n
}

// liveToken is a token that still works.
type liveToken struct {
	Token   string    `json:"token"`
	User    int64     `json:"user"`
	Expires time.Time `json:"expires"`
}

// liveTokens are the tokens that still work: those that expire last, last.
func (b *Backend) liveTokens() []liveToken {
	b.mu.Lock()
	defer b.mu.Unlock()
	now, out := b.clock.Now(), []liveToken{}
	for text, t := range b.state.tokens {
		if now.Before(t.expires) {
			out = append(out, liveToken{text, t.user.id, t.expires})
		}
	}
	slices.SortFunc(out, func(a, b liveToken) int {
		return cmp.Or(a.Expires.Compare(b.Expires), cmp.Compare(a.User, b.User), cmp.Compare(a.Token, b.Token))
	})
	return out
}

// everybody are the people with a phone that the backend has seen, by platform and openid.
func (b *Backend) everybody() []*Phone {
	b.mu.Lock()
	defer b.mu.Unlock()
	return slices.SortedFunc(maps.Values(b.state.people), func(p, q *Phone) int {
		return cmp.Or(cmp.Compare(p.on.name, q.on.name), cmp.Compare(p.openid, q.openid))
	})
}

// RevokeTokens makes the backend forget all tokens of a user. Every later request
// with one of them is refused with 401; logins and registrations ignore such a
// token.
func (b *Backend) RevokeTokens(userID int64) {
	b.mu.Lock()
	defer b.mu.Unlock()
	maps.DeleteFunc(b.state.tokens, func(_ string, t token) bool { return t.user.id == userID })
}
