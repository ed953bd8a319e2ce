package user_test

import (
	"encoding/json"
	"errors"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/hydrogen-go/baas/herror"
	"github.com/hydrogen-go/baas/user"
)

// The operators are those of hydrogen-js-sdk core/Query.js and open-api/data/record.md.
func TestConditions(t *testing.T) {
	f := user.Field("age")
	for want, c := range map[string]user.Condition{
		`{}`:                           {},
		`{"age":{"$eq":20}}`:           f.Equal(20),
		`{"age":{"$ne":"x"}}`:          f.NotEqual("x"),
		`{"age":{"$lt":20}}`:           f.Less(20),
		`{"age":{"$lte":20}}`:          f.LessOrEqual(20),
		`{"age":{"$gt":20.5}}`:         f.Greater(20.5),
		`{"age":{"$gte":20}}`:          f.GreaterOrEqual(20),
		`{"age":{"$contains":"2"}}`:    f.Contains("2"),
		`{"age":{"$in":[20,null]}}`:    f.In(20, nil),
		`{"age":{"$in":[]}}`:           f.In(),
		`{"age":{"$nin":[20,"x"]}}`:    f.NotIn(20, "x"),
		`{"age":{"$nin":[]}}`:          f.NotIn(),
		`{"age":{"$range":[20,21.5]}}`: f.Range(20, 21.5),
		`{"age":{"$isnull":true}}`:     f.IsNull(),
		`{"age":{"$isnull":false}}`:    f.IsNotNull(),
		`{"$and":[]}`:                  user.And(),
		`{"$or":[]}`:                   user.Or(),
		`{"$or":[{},{"a":{"$b":1}}]}`:  user.Or(user.Condition{}, user.RawCondition(json.RawMessage(` {"a":{"$b":1}} `))),
		`{"$and":[{"age":{"$gt":1}},{"$or":[{"age":{"$lt":9}}]}]}`: user.And(f.Greater(1), user.Or(f.Less(9))),
	} {
		got, err := json.Marshal(c)
		require.NoError(t, err)
		require.Equal(t, want, string(got))
	}
}

func TestBadConditions(t *testing.T) {
	for name, c := range map[string]user.Condition{
		"no field":         user.Field("").IsNull(),
		"no text":          user.Field("a").Contains(""),
		"a value not JSON": user.Field("a").In(make(chan int)),
		"no JSON":          user.RawCondition(nil),
		"no object":        user.RawCondition(json.RawMessage(`[{}]`)),
		"half an object":   user.RawCondition(json.RawMessage(`{"a":`)),
		"within another":   user.And(user.Condition{}, user.Or(user.Field("").Equal(1))),
	} {
		t.Run(name, func(t *testing.T) {
			_, err := json.Marshal(c)
			var h *herror.HError
			require.True(t, errors.As(err, &h), err)
			require.Equal(t, herror.InvalidParameter, h.Code)
		})
	}
}
