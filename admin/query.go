package admin

import (
	"math/bits"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/hydrogen-go/baas/internal/check"
	"github.com/hydrogen-go/baas/internal/userquery"
	"github.com/hydrogen-go/baas/platform"
	"github.com/hydrogen-go/baas/user"
)

// Sizes of the pages of [Client.Users] and [Client.UpdateUsers], in users.
const (
	DefaultPageSize = 200
	MaxPageSize     = 1000
)

// QueryOption is an option of the calls that are for several users. Each call says which
// ones it takes; another one is 605. A nil QueryOption changes nothing.
type QueryOption func(*query) error

// query is what the options of a call add up to.
type query struct {
	given    settings
	where    []user.Condition
	orderBy  []string
	pageSize int
	offset   int
	progress func(Progress)
}

// settings is a set of options.
type settings uint

const (
	setWhere settings = 1 << iota
	setOrder
	setPageSize
	setOffset
	setAll
	setProgress
)

// settingNames are the names of the options, in the order of the constants.
var settingNames = []string{"condition", "OrderBy", "PageSize", "Offset", "AllUsers", "OnProgress"}

// newQuery returns the query of a call that takes these options.
func newQuery(call string, takes settings, opts []QueryOption) (query, error) {
	q := query{pageSize: DefaultPageSize}
	for _, opt := range opts {
		if opt == nil {
			continue
		}
		if err := opt(&q); err != nil {
			return q, err
		}
	}
	if other := q.given &^ takes; other != 0 {
		return q, check.Invalid(call + " takes no " + settingNames[bits.TrailingZeros(uint(other))])
	}
	return q, nil
}

// Field names a field to make a condition of, as in Field("level").GreaterOrEqual(3).
// It is [user.Field]; [user.And], [user.Or] and [user.RawCondition] combine conditions
// and take one in the backend's own JSON.
func Field(name string) user.FieldName { return user.Field(name) }

// Where asks for the users who meet all of the conditions: the documented where. It may
// ask for every field, built in or custom. A condition that cannot be sent is 605.
func Where(conditions ...user.Condition) QueryOption {
	return func(q *query) error {
		q.given |= setWhere
		q.where = append(q.where, conditions...)
		return nil
	}
}

// ByOpenID asks for the user with that openid on WeChat: the documented openid, which
// only users of WeChat have. For other platforms use [ByProvider].
func ByOpenID(openID string) QueryOption { return byText("openid", openID, "openid") }

// ByUnionID asks for the users with that unionid of WeChat: the documented unionid, and
// _provider.wechat_unionid, by which web logins and logins with auth.WithUnionID find
// their user. If the two are of different accounts, there is more than one user.
func ByUnionID(unionID string) QueryOption {
	return byText("unionid", unionID, "unionid", "_provider.wechat_unionid")
}

// ByPhone asks for the user with that phone number, verified or not: the documented
// _phone.
func ByPhone(phone string) QueryOption { return byText("phone", phone, "_phone") }

// ByProvider asks for the user who is linked to a platform with that id: the openid
// there, or Alipay's user_id, in the documented _provider. A platform may have several
// entries in _provider, such as the host apps of ByteDance; the id may be in any of them.
//
// The documentation does not say how to ask for fields within _provider. They are sent
// with dots, as in _provider.qq_miniapp.openid, which is how it names them.
func ByProvider(p platform.Platform, id string) QueryOption {
	if p == nil {
		return func(*query) error { return check.Invalid("the platform is nil") }
	}
	idField := "openid"
	if p.Name() == (platform.Alipay{}).Name() {
		idField = "user_id"
	}
	var fields []string
	for _, key := range p.ProviderKeys() {
		fields = append(fields, "_provider."+key+"."+idField)
	}
	return byText("id on a platform", id, fields...)
}

// byText asks for text in one of the fields. An empty text would find users who have no
// such field.
func byText(what, text string, fields ...string) QueryOption {
	if err := check.Required(what, text, check.MaxIdentifier); err != nil {
		return func(*query) error { return err }
	}
	var conditions []user.Condition
	for _, field := range fields {
		conditions = append(conditions, Field(field).Equal(text))
	}
	if len(conditions) == 1 {
		return Where(conditions[0])
	}
	return Where(user.Or(conditions...))
}

// OrderBy sorts by these fields, the first one first, and with a - in front from the
// largest to the smallest: the documented order_by. The backend cannot sort by gender,
// country, province, city and language; these are 605.
func OrderBy(names ...string) QueryOption {
	return func(q *query) error {
		for _, name := range names {
			if field := strings.TrimPrefix(name, "-"); slices.Contains(unsortable, field) {
				return check.Invalid("the backend does not sort by " + field)
			}
		}
		q.given |= setOrder
		return userquery.AddNames(&q.orderBy, names)
	}
}

// unsortable are the fields that order_by does not take. Source: open-api/user/user.md.
var unsortable = []string{"gender", "country", "province", "city", "language"}

// PageSize sets how many users one request is for, 1 to [MaxPageSize]: the documented
// limit. The default is [DefaultPageSize].
func PageSize(n int) QueryOption {
	return func(q *query) error {
		q.given |= setPageSize
		q.pageSize = n
		return userquery.CheckPageSize(n, MaxPageSize)
	}
}

// Offset leaves out the first n users: the documented offset. The default is 0.
func Offset(n int) QueryOption {
	return func(q *query) error {
		q.given |= setOffset
		q.offset = n
		return userquery.CheckOffset(n)
	}
}

// condition returns what all conditions together ask for.
func (q *query) condition(more ...user.Condition) user.Condition {
	all := slices.Concat(q.where, more)
	switch len(all) {
	case 0:
		return user.Condition{}
	case 1:
		return all[0]
	}
	return user.And(all...)
}

// values returns the query of a request. Of a condition that every user meets it has
// none.
func values(c user.Condition, limit int) (url.Values, error) {
	where, err := userquery.JSON(c)
	if err != nil {
		return nil, err
	}
	v := url.Values{"limit": {strconv.Itoa(limit)}}
	if where != "{}" {
		v.Set("where", where)
	}
	return v, nil
}
