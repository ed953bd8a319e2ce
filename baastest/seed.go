package baastest

import (
	"errors"
	"fmt"
	"io"
)

// seedFile is what LoadSeed reads.
type seedFile struct {
	// People are those who have a phone, described before they log in.
	People []seedPerson `json:"people"`
	// Users are accounts.
	Users []User `json:"users"`
	// SuperGroups are groups of groups.
	SuperGroups []SuperGroup `json:"super_groups"`
	// Groups are groups of users.
	Groups []Group `json:"groups"`
}

// seedPerson describes a person on a platform.
type seedPerson struct {
	// Platform is the name of a platform or an alias of it. It is required.
	Platform string `json:"platform"`
	// OpenID is that on the platform, on Alipay the user id. It is required.
	OpenID string `json:"openid"`
	// UnionID is for WeChat, QQ and Baidu.
	UnionID string `json:"unionid"`
	// Profile is what the platform tells if the person agrees. The default is one with the nickname "Larry".
	Profile *Profile `json:"profile"`
}

// SeedError says what is wrong with a seed, and where.
type SeedError struct {
	Line, Column int // from 1; a column counts characters
	// Path is the place in the JSON, as "people[0].platform", and "" for the whole text.
	Path string
	// Err is what is wrong. No value of the seed is in its text but names: of members,
	// platforms and custom fields.
	Err error
}

// Error returns the place and what is wrong there.
func (e *SeedError) Error() string {
	return "baastest: seed: " + (&placedError{e.Line, e.Column, e.Path, e.Err}).Error()
}

// Unwrap returns Err.
func (e *SeedError) Unwrap() error { return e.Err }

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
// [Backend.AddSuperGroup]. A platform may have an alias of package platform, as "ks". An
// unknown member is an error, and so is one that is given twice. What is wrong with the
// text is a [*SeedError]. What was added before an error is not removed.
func (b *Backend) LoadSeed(r io.Reader) error {
	text, err := io.ReadAll(r)
	if err != nil {
		return fmt.Errorf("baastest: seed: %w", err)
	}
	err = b.loadSeed(text)
	var placed *placedError
	if errors.As(err, &placed) {
		return &SeedError{placed.line, placed.column, placed.path, placed.err}
	}
	return err
}

func (b *Backend) loadSeed(text []byte) error {
	var seed seedFile
	read, err := readJSON(text, &seed)
	if err != nil {
		return err
	}
	if err := addEach(read, "people", seed.People, b.addPerson); err != nil {
		return err
	}
	if err := addEach(read, "users", seed.Users, b.addUser); err != nil {
		return err
	}
	if err := addEach(read, "super_groups", seed.SuperGroups, b.addSuperGroup); err != nil {
		return err
	}
	return addEach(read, "groups", seed.Groups, b.addGroup)
}

// addEach adds the records of a list of the seed. An error has the place of the record,
// or that of its member which is wrong.
func addEach[T, U any](read *jsonReader, list string, records []T, add func(T) (U, error)) error {
	for i, record := range records {
		if _, err := add(record); err != nil {
			path := fmt.Sprintf("%s[%d]", list, i)
			var wrong *memberError
			if errors.As(err, &wrong) {
				path += "." + wrong.member
			}
			return read.placed(path, err)
		}
	}
	return nil
}

// memberError is a record that cannot be added because of a member of it, as
// "identities[0].platform".
type memberError struct {
	member string
	err    error
}

func (e *memberError) Error() string { return e.err.Error() }
func (e *memberError) Unwrap() error { return e.err }

// wrongMember is a [memberError] with a text.
func wrongMember(member, format string, args ...any) error {
	return &memberError{member, fmt.Errorf(format, args...)}
}

func (b *Backend) addPerson(seed seedPerson) (*Phone, error) {
	switch {
	case platformNamed(seed.Platform) == nil:
		return nil, &memberError{"platform", unknownPlatform(seed.Platform)}
	case seed.OpenID == "":
		return nil, wrongMember("openid", "the openid is missing")
	}
	p := b.phone(seed.Platform, seed.OpenID).SetUnionID(seed.UnionID)
	if seed.Profile != nil {
		p.SetProfile(*seed.Profile)
	}
	return p, nil
}

// stored returns the record that was stored, or the error as the exported methods have it.
func stored[T any](record T, err error) (T, error) {
	if err != nil {
		return record, fmt.Errorf("baastest: %w", err)
	}
	return record, nil
}
