package baastest

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
)

// seedFile is what LoadSeed reads.
type seedFile struct {
	Users       []User       `json:"users"`
	People      []seedPerson `json:"people"`
	SuperGroups []SuperGroup `json:"super_groups"`
	Groups      []Group      `json:"groups"`
}

// seedPerson describes a person on a platform.
type seedPerson struct {
	Platform string   `json:"platform"`
	OpenID   string   `json:"openid"`
	UnionID  string   `json:"unionid"`
	Profile  *Profile `json:"profile"`
}

// LoadSeed reads users, people and groups from a JSON object:
//
//	{
//	  "users":  [{"id": 1, "username": "ann", "password": "…", "custom": {"age": 30},
//	              "identities": [{"platform": "kuaishou", "openid": "o-1"}]}],
//	  "people": [{"platform": "wechat", "openid": "o-2", "unionid": "u-2",
//	              "profile": {"nickName": "Bob"}}],
//	  "super_groups": [{"id": 52, "name": "Staff"}],
//	  "groups": [{"id": 51, "name": "Editors", "super_group": 52, "members": [1]}]
//	}
//
// Users are those of [Backend.AddUser], groups those of [Backend.AddGroup] and
// [Backend.AddSuperGroup]. An unknown member is an error. What was added before an
// error is not removed.
func (b *Backend) LoadSeed(r io.Reader) error {
	var seed seedFile
	if err := decodeStrict(r, &seed); err != nil {
		return fmt.Errorf("baastest: seed: %w", err)
	}
	for i, person := range seed.People {
		if person.OpenID == "" {
			return fmt.Errorf("baastest: seed: person %d has no openid", i)
		}
		p, err := b.Phone(person.Platform, person.OpenID)
		if err != nil {
			return fmt.Errorf("baastest: seed: person %d: %w", i, err)
		}
		p.SetUnionID(person.UnionID)
		if person.Profile != nil {
			p.SetProfile(*person.Profile)
		}
	}
	for i, u := range seed.Users {
		if _, err := b.AddUser(u); err != nil {
			return fmt.Errorf("baastest: seed: user %d: %w", i, err)
		}
	}
	for i, s := range seed.SuperGroups {
		if _, err := b.AddSuperGroup(s); err != nil {
			return fmt.Errorf("baastest: seed: super group %d: %w", i, err)
		}
	}
	for i, g := range seed.Groups {
		if _, err := b.AddGroup(g); err != nil {
			return fmt.Errorf("baastest: seed: group %d: %w", i, err)
		}
	}
	return nil
}

// decodeStrict reads one JSON value whose members v knows, and nothing after it. An
// empty text is io.EOF.
func decodeStrict(r io.Reader, v any) error {
	dec := json.NewDecoder(r)
	dec.DisallowUnknownFields()
	dec.UseNumber()
	if err := dec.Decode(v); err != nil {
		return err
	}
	if _, err := dec.Token(); err != io.EOF {
		return errors.New("more than one JSON value")
	}
	return nil
}
