package loginproxy

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"
	"github.com/stretchr/testify/require"
	"github.com/tidwall/gjson"

	"github.com/hydrogen-go/baas/platform"
)

// Description is openapi.json. It is exported for the tests of package loginproxy_test.
type Description struct {
	text     gjson.Result
	compiler *jsonschema.Compiler
}

// NewDescription reads openapi.json.
func NewDescription(t testing.TB) *Description {
	t.Helper()
	doc, err := jsonschema.UnmarshalJSON(bytes.NewReader(openAPI))
	require.NoError(t, err)
	c := jsonschema.NewCompiler()
	c.AssertFormat()
	require.NoError(t, c.AddResource("openapi.json", doc))
	return &Description{gjson.ParseBytes(openAPI), c}
}

// at returns what is at a path of members, and the JSON pointer of it with its references
// followed.
func (d *Description) at(names ...string) (gjson.Result, string) {
	v, pointer := d.text, "#"
	for _, name := range names {
		v = v.Get(gjson.Escape(name))
		pointer += "/" + strings.NewReplacer("~", "~0", "/", "~1").Replace(name)
		for v.Get("$ref").Exists() {
			pointer = v.Get("$ref").Str
			v, _ = d.at(strings.Split(strings.TrimPrefix(pointer, "#/"), "/")...)
		}
	}
	return v, pointer
}

// Statuses returns the statuses that a route is described with.
func (d *Description) Statuses(method, path string) []string {
	v, _ := d.at("paths", "/"+path, strings.ToLower(method), "responses")
	return slices.Sorted(maps.Keys(v.Map()))
}

// Paths returns the paths of the routes, with their methods.
func (d *Description) Paths() map[string]string {
	found := map[string]string{}
	for path, item := range d.text.Get("paths").Map() {
		for method := range item.Map() {
			found[strings.TrimPrefix(path, "/")] = strings.ToUpper(method)
		}
	}
	return found
}

// CheckResponse returns an error if the response of a route is not as described.
func (d *Description) CheckResponse(method, path string, status int, body string) error {
	statuses := d.Statuses(method, path)
	key := strconv.Itoa(status)
	if !slices.Contains(statuses, key) {
		key = key[:1] + "XX"
	}
	if !slices.Contains(statuses, key) {
		return fmt.Errorf("%s /%s is not described with status %d", method, path, status)
	}
	return d.check(body, "paths", "/"+path, strings.ToLower(method), "responses", key, "content", jsonType, "schema")
}

// CheckError returns an error if body is not that of an error.
func (d *Description) CheckError(body string) error {
	return d.check(body, "components", "schemas", "Error")
}

// CheckRequest returns an error if the body of a request is not as described. An empty one
// counts as {}.
func (d *Description) CheckRequest(method, path, body string) error {
	names := []string{"paths", "/" + path, strings.ToLower(method), "requestBody"}
	if v, _ := d.at(names...); !v.Exists() {
		return nil
	}
	if body == "" {
		body = "{}"
	}
	return d.check(body, append(names, "content", jsonType, "schema")...)
}

// textsOf returns the texts of an array.
func textsOf(array gjson.Result) (texts []string) {
	for _, v := range array.Array() {
		texts = append(texts, v.Str)
	}
	return texts
}

// check validates a JSON text against the schema at a path of members.
func (d *Description) check(text string, names ...string) error {
	v, pointer := d.at(names...)
	if !v.Exists() {
		return fmt.Errorf("openapi.json has no %s", names)
	}
	schema, err := d.compiler.Compile("openapi.json" + pointer)
	if err != nil {
		return err
	}
	value, err := jsonschema.UnmarshalJSON(strings.NewReader(text))
	if err != nil {
		return err
	}
	return schema.Validate(value)
}

// bodySchema returns the schema of a route's body.
func (d *Description) bodySchema(method, path string) gjson.Result {
	v, _ := d.at("paths", "/"+path, strings.ToLower(method), "requestBody", "content", jsonType, "schema")
	return v
}

// openapi.json has the routes of the code, and each with its fields.
func TestOpenAPIRoutes(t *testing.T) {
	d, documented := NewDescription(t), documentedRoutes(t)
	described := map[string]string{}
	for path, rt := range routesInCode() {
		described[path] = rt.method
	}
	require.Equal(t, described, d.Paths())
	for path, rt := range routesInCode() {
		t.Run(path, func(t *testing.T) {
			schema := d.bodySchema(rt.method, path)
			require.Equal(t, rt.newInput != nil, schema.Exists(), "a body")
			if rt.newInput == nil {
				return
			}
			fields := slices.Sorted(maps.Keys(schema.Get("properties").Map()))
			require.ElementsMatch(t, fieldsOf(t, rt, documented[path].fields), fields)
			require.Equal(t, gjson.False, schema.Get("additionalProperties").Type)

			var needed []string // "username/email/phone" where one of them is needed
			for _, group := range documented[path].needed {
				needed = append(needed, strings.Join(group, "/"))
			}
			required := textsOf(schema.Get("required"))
			var anyOf []string
			for _, one := range schema.Get("anyOf.#.required").Array() {
				require.Len(t, one.Array(), 1)
				anyOf = append(anyOf, one.Array()[0].Str)
			}
			if anyOf != nil {
				required = append(required, strings.Join(anyOf, "/"))
			}
			require.ElementsMatch(t, needed, required)
			v, _ := d.at("paths", "/"+path, "post", "requestBody")
			require.Equal(t, len(needed) > 0, v.Get("required").Bool(), "whether a body is needed")
		})
	}
}

// A value of a field is accepted by the schema if the code accepts it, and only then.
func TestOpenAPIFields(t *testing.T) {
	d := NewDescription(t)
	values := []string{
		`"text"`, `"overwrite"`, `"setnx"`, `"false"`, `"kuaishou"`, `"Kuaishou"`, `"ks"`, `"apple"`,
		`0`, `1`, `-1`, `7`, `1.5`, `true`, `false`, `[]`, `["x"]`, `{}`, `{"x":1}`,
		`{"detail":null}`, `{"detail":{}}`, `{"detail":7}`, `{"detail":[]}`, `{"errMsg":1}`, `{"detail":{"errMsg":"x"}}`,
	}
	for _, field := range []string{"errMsg", "rawData", "signature", "encryptedData", "data", "iv", "code", "errorMessage", "error", "userInfo", "authSuccessScopes"} {
		for _, value := range []string{`"text"`, `7`, `true`, `{}`, `[]`, `["x"]`, `[7]`, `[null]`, `null`} {
			values = append(values, fmt.Sprintf(`{"detail":{%q:%s}}`, field, value), fmt.Sprintf(`{%q:%s}`, field, value))
		}
	}
	for path, rt := range routesInCode() {
		if rt.newInput == nil {
			continue
		}
		schema := d.bodySchema(rt.method, path)
		for name := range schema.Get("properties").Map() {
			t.Run(path+" "+name, func(t *testing.T) {
				names := []string{"paths", "/" + path, "post", "requestBody", "content", jsonType, "schema", "properties", name}
				accepted := 0
				for _, value := range values {
					inCode := rt.newInput().set(name, gjson.Parse(value))
					err := d.check(value, names...)
					if inCode {
						accepted++
						require.NoError(t, err, "the code takes %s", value)
					} else {
						require.Error(t, err, "the code refuses %s", value)
					}
				}
				require.Positive(t, accepted)
				needed := slices.Contains(textsOf(schema.Get("required")), name)
				require.Equal(t, needed, d.check("null", names...) != nil, "null means that the field is left out")
			})
		}
	}
}

// openapi.json has every name of every platform, and no other.
func TestOpenAPIPlatforms(t *testing.T) {
	d := NewDescription(t)
	var want []string
	for _, p := range platform.All() {
		want = append(append(want, p.Name()), p.Aliases()...)
	}
	v, _ := d.at("components", "schemas", "PlatformName", "enum")
	require.ElementsMatch(t, want, textsOf(v))
}

// elsewhere is in the lines of the errors that no JSON route has.
var elsewhere = regexp.MustCompile(`  (Proxy\.Backend|WriteError) only`)

// errorsOfRoutes returns the errors of the JSON routes, as "code name status".
func errorsOfRoutes(t testing.TB) (codes, own []string) {
	t.Helper()
	var found [][]string
	for _, block := range tables(t, "Errors") {
		if !strings.HasPrefix(block[0], "code ") {
			continue
		}
		var lines []string
		for _, line := range block[1:] {
			if !elsewhere.MatchString(line) {
				lines = append(lines, strings.Join(errorLine.FindStringSubmatch(line)[1:4], " "))
			}
		}
		found = append(found, lines)
	}
	require.Len(t, found, 2, "doc.go: tables of errors")
	return found[0], found[1]
}

// openapi.json has an example of every error of the routes, and of no other. The tests of
// the package documentation compare its tables of errors with the code.
func TestOpenAPIErrors(t *testing.T) {
	d := NewDescription(t)
	codes, own := errorsOfRoutes(t)
	want := map[string]bool{}
	for _, line := range append(codes, own...) {
		want[strings.Replace(line, "all others", "500", 1)] = true
	}
	found := map[string]bool{}
	byStatus := map[string]string{} // of the responses
	for path := range d.Paths() {
		for _, item := range d.text.Get("paths").Get(gjson.Escape("/" + path)).Map() {
			for status, response := range item.Get("responses").Map() {
				if name, ok := strings.CutPrefix(response.Get("$ref").Str, "#/components/responses/"); ok {
					byStatus[name] = status
				}
			}
		}
	}
	byStatus["MethodNotAllowed"] = "405" // of another method, which is not described
	for name, response := range d.text.Get("components.responses").Map() {
		status := byStatus[name]
		require.NotEmpty(t, status, "no route has the response %s", name)
		for title, example := range response.Get("content").Get(gjson.Escape(jsonType)).Get("examples").Map() {
			value := example.Get("value")
			require.NoError(t, d.CheckError(value.Raw), title)
			require.Equal(t, title, value.Get("error").Str)
			if regexp.MustCompile(`^\dXX$`).MatchString(status) {
				continue // a name of the program's own
			}
			found[fmt.Sprintf("%d %s %s", value.Get("code").Int(), title, status)] = true
		}
	}
	require.Equal(t, want, found)
}

// The fields of an error are those of the code.
func TestOpenAPIErrorFields(t *testing.T) {
	d := NewDescription(t)
	full := failure{Code: 1, Name: "x", Reason: "x", Field: "x", Hint: "x", Spent: true, ID: 1, OpenID: "x", UnionID: "x"}
	text, err := json.Marshal(full)
	require.NoError(t, err)
	v, _ := d.at("components", "schemas", "Error", "properties")
	require.ElementsMatch(t, slices.Collect(maps.Keys(gjson.ParseBytes(text).Map())), slices.Collect(maps.Keys(v.Map())))
	least, err := json.Marshal(failure{})
	require.NoError(t, err)
	required, _ := d.at("components", "schemas", "Error", "required")
	require.ElementsMatch(t, slices.Collect(maps.Keys(gjson.ParseBytes(least).Map())), textsOf(required))
}

// openapi.json has the reasons of the code.
func TestOpenAPIReasons(t *testing.T) {
	inCode := slices.DeleteFunc(constantsOf(t, "reason"), func(value string) bool { return value == string(queryGiven) }) // of Proxy.Backend only
	v, _ := NewDescription(t).at("components", "schemas", "Error", "properties", "reason", "enum")
	require.ElementsMatch(t, inCode, textsOf(v))
}

func TestOpenAPISecurity(t *testing.T) {
	d := NewDescription(t)
	schemes, _ := d.at("components", "securitySchemes")
	require.Equal(t, "http", schemes.Get("bearer.type").Str)
	require.Equal(t, "bearer", schemes.Get("bearer.scheme").Str)
	require.Equal(t, "apiKey", schemes.Get("cookie.type").Str)
	require.Equal(t, "cookie", schemes.Get("cookie.in").Str)
	require.Equal(t, describedCookie, schemes.Get("cookie.name").Raw)
	needSession := []string{"link/{platform}", "phone", "me"}
	for path, method := range d.Paths() {
		security, _ := d.at("paths", "/"+path, strings.ToLower(method), "security")
		want := `[{"bearer":[]},{"cookie":[]},{}]`
		if slices.Contains(needSession, path) {
			want = `[{"bearer":[]},{"cookie":[]}]`
		}
		require.JSONEq(t, want, security.Raw, path)
		require.Equal(t, slices.Contains(needSession, path) || method == http.MethodGet, !strings.Contains(security.Raw, "{}"), path)
	}
}
