// Package variant selects the variant of the backend double that a test program
// runs on.
package variant

import (
	"flag"
	"fmt"
	"maps"
	"slices"

	"github.com/hydrogen-go/baas/baastest"
)

// All are the values of the flag -responses: each field of [baastest.Responses]
// alone, and "other" with all of them.
var All = map[string]baastest.Responses{
	"documented":          {},
	"short_account_login": {ShortAccountLogin: true},
	"own_openid":          {OwnOpenID: true},
	"unset_null":          {Unset: baastest.UnsetNull},
	"unset_empty":         {Unset: baastest.UnsetEmpty},
	"unionid_from_code":   {UnionIDFromCode: true},
	"sms_created":         {SMSCreated: true},
	"query_any_field":     {QueryAnyField: true},
	"exact_keys":          {ExactKeys: true},
	"short_kuaishou_key":  {ShortKuaishouKey: true},
	"newest_first":        {NewestFirst: true},
	"bulk_limit_1000":     {BulkLimit1000: true},
	"numeric_bulk_ids":    {NumericBulkIDs: true},
	"refusal_with_error":  {RefusalWithError: true},
	"other": {
		ShortAccountLogin: true, OwnOpenID: true, Unset: baastest.UnsetNull, UnionIDFromCode: true,
		SMSCreated: true, QueryAnyField: true, ExactKeys: true, ShortKuaishouKey: true,
		NewestFirst: true, BulkLimit1000: true, NumericBulkIDs: true,
		RefusalWithError: true,
	},
}

// selected is the flag -responses of the test programs that import this package.
var selected = selection{name: "documented"}

func init() {
	flag.Var(&selected, "responses", "run the tests on a backend with these `responses`, a name in variant.All")
}

// selection is the name of a variant as a flag.
type selection struct{ name string }

func (s *selection) String() string { return s.name }

// Set refuses an unknown name.
func (s *selection) Set(name string) error {
	if _, ok := All[name]; !ok {
		return fmt.Errorf("known are %q", slices.Sorted(maps.Keys(All)))
	}
	s.name = name
	return nil
}

// Option makes the backend of a test respond as the flag -responses says, changed by
// the pins. A test that is about one of the responses pins its field. Every other test
// passes under all variants.
//
//	go test ./auth ./user . -args -responses=other
func Option(pins ...func(*baastest.Responses)) baastest.Option {
	r := All[selected.name]
	for _, pin := range pins {
		pin(&r)
	}
	return baastest.WithResponses(r)
}
