package loginproxy

import (
	"cmp"
	"flag"
	"fmt"
	"maps"
	"os"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"github.com/tidwall/gjson"
)

var update = flag.Bool("update", false, "write the tables of docs/phone.md anew")

const phonePage = "../docs/phone.md"

// The tables of the page are made of the routes in the code, and of openapi.json, which
// other tests compare with the code. Update them with
// go test -run TestPhonePage ./loginproxy -update.
func TestPhonePage(t *testing.T) {
	text, err := os.ReadFile(phonePage)
	require.NoError(t, err)
	want := string(text)
	d := NewDescription(t)
	for name, table := range map[string]string{
		"routes": routesTable(t, d), "fields": fieldsTable(d), "errors": errorsTable(t, d),
	} {
		between := regexp.MustCompile(`(?s)(<!-- table of ` + name + ` -->\n\n).*?(\n<!-- end -->)`)
		require.Len(t, between.FindAllString(want, -1), 1, name)
		want = between.ReplaceAllString(want, "${1}"+strings.ReplaceAll(table, "$", "$$")+"${2}")
	}
	if *update {
		require.NoError(t, os.WriteFile(phonePage, []byte(want), 0o644))
		return
	}
	require.Equal(t, want, string(text), "run with -update")
}

// row returns a row of a table.
func row(cells ...string) string { return "| " + strings.Join(cells, " | ") + " |\n" }

// codeList returns names in backticks.
func codeList(names []string) string {
	if len(names) == 0 {
		return "–"
	}
	return "`" + strings.Join(names, "`, `") + "`"
}

// sortedRoutes returns the paths of the routes: those that log in first.
func sortedRoutes() []string {
	order := []string{"login/{platform}", "login", "login/sms", "login/anonymous", "register", "sms", "me", "link/{platform}", "phone", "logout"}
	return slices.SortedFunc(maps.Keys(routesInCode()), func(a, b string) int {
		return slices.Index(order, a) - slices.Index(order, b)
	})
}

func routesTable(t *testing.T, d *Description) string {
	t.Helper()
	documented := documentedRoutes(t)
	var b strings.Builder
	b.WriteString(row("request", "needed", "optional", "response", "session"))
	b.WriteString("|---|---|---|---|---|\n")
	for _, path := range sortedRoutes() {
		rt := routesInCode()[path]
		var needed []string
		var all []string
		for _, group := range documented[path].needed {
			needed = append(needed, strings.ReplaceAll(codeList(group), ", ", " or "))
			all = append(all, group...)
		}
		optional := slices.DeleteFunc(slices.Clone(documented[path].fields), func(name string) bool { return slices.Contains(all, name) })
		v, _ := d.at("paths", "/"+path, strings.ToLower(rt.method), "responses", "200", "content", jsonType, "schema", "properties")
		var members []string
		v.ForEach(func(name, _ gjson.Result) bool {
			members = append(members, name.Str)
			return true
		})
		security, _ := d.at("paths", "/"+path, strings.ToLower(rt.method), "security")
		session := "needed"
		if strings.Contains(security.Raw, "{}") {
			session = "–"
		}
		response := codeList(members)
		if members == nil {
			response = "`{}`"
		}
		b.WriteString(row("`"+rt.method+" "+path+"`", cmp.Or(strings.Join(needed, ", "), "–"), codeList(optional), response, session))
	}
	return b.String()
}

// typeOf returns the type of a field in words.
func typeOf(schema gjson.Result) string {
	var names []string
	for _, v := range schema.Get("enum").Array() {
		if v.Type != gjson.Null {
			names = append(names, v.Raw)
		}
	}
	if names != nil {
		return strings.ReplaceAll(codeList(names), ", ", " or ")
	}
	refs := schema.Get("$ref").Str + schema.Get("anyOf.0.$ref").Str
	if _, name, ok := strings.Cut(refs, "#/components/schemas/"); ok {
		return map[string]string{"Event": "object", "PlatformName": "a platform"}[name]
	}
	v := schema.Get("type")
	if v.IsArray() {
		v = v.Array()[0]
	}
	if v.Str == "string" {
		return "text"
	}
	return v.Str
}

func fieldsTable(d *Description) string {
	var b strings.Builder
	b.WriteString(row("field", "type", "meaning", "of"))
	b.WriteString("|---|---|---|---|\n")
	type field struct{ name, kind, meaning string }
	var fields []field
	of := map[field][]string{}
	for _, path := range sortedRoutes() {
		d.bodySchema(routesInCode()[path].method, path).Get("properties").ForEach(func(name, v gjson.Result) bool {
			f := field{"`" + name.Str + "`", typeOf(v), v.Get("description").Str}
			if of[f] == nil {
				fields = append(fields, f)
			}
			of[f] = append(of[f], path)
			return true
		})
	}
	for _, f := range fields {
		b.WriteString(row(f.name, f.kind, f.meaning, codeList(of[f])))
	}
	return b.String()
}

func errorsTable(t *testing.T, d *Description) string {
	t.Helper()
	meanings := map[string]string{} // by the name and the code
	d.text.Get("components.responses").ForEach(func(_, response gjson.Result) bool {
		for _, example := range response.Get("content").Get(gjson.Escape(jsonType)).Get("examples").Map() {
			meanings[fmt.Sprint(example.Get("value.error").Str, example.Get("value.code").Int())] = example.Get("summary").Str
		}
		return true
	})
	codes, own := errorsOfRoutes(t)
	slices.SortStableFunc(codes, func(a, b string) int { return number(a) - number(b) })
	var b strings.Builder
	b.WriteString(row("code", "error", "status", "meaning"))
	b.WriteString("|---|---|---|---|\n")
	seen := map[string]bool{}
	for _, line := range append(codes, own...) {
		if seen[line] {
			continue // the backend's and the server's own are the same to the phone
		}
		seen[line] = true
		parts := strings.Fields(strings.Replace(line, "all others", "others", 1))
		meaning := meanings[parts[1]+strings.Replace(parts[0], "others", "500", 1)]
		require.NotEmpty(t, meaning, line)
		b.WriteString(row(parts[0], "`"+parts[1]+"`", parts[2], meaning))
	}
	return b.String()
}

// number returns the code of a line, or a large number for all others.
func number(line string) int {
	code, _, _ := strings.Cut(line, " ")
	n, err := strconv.Atoi(code)
	if err != nil {
		return 1000
	}
	return n
}
