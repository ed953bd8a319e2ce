package guard_test

import (
	"fmt"
	"go/ast"
	"go/importer"
	"go/parser"
	"go/token"
	"go/types"
	"io"
	"iter"
	"os"
	"os/exec"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/hydrogen-go/baas"
)

var modulePath = reflect.TypeFor[baas.Client]().PkgPath()

// Other modules cannot import an internal package. So no exported name may use a type
// of one.
func TestNoExportedNameUsesInternalTypes(t *testing.T) {
	var patterns []string
	for _, dir := range apiPackages(t) {
		patterns = append(patterns, "./"+dir)
	}
	imports, paths := compiled(t, patterns...)
	var names []string
	for _, path := range paths {
		p, err := imports.Import(path)
		require.NoError(t, err)
		names = append(names, namesWithInternalTypes(p)...)
	}
	requireNone(t, names, fmt.Sprintf("%d exported names use a type of an internal package", len(names)))
}

// The guard finds an internal type wherever a declaration can use it.
func TestInternalTypesAreFound(t *testing.T) {
	const source = `package p

import calls "github.com/hydrogen-go/baas/internal/testkit"

type hidden = calls.Calls

type embedded struct{ calls.Calls }

type base struct{}

func (base) Promoted(calls.Calls) {}

type (
	Alias     = calls.Calls
	Func      func(...*calls.Calls)
	Struct    struct { Field map[string]chan calls.Calls; private calls.Calls }
	Interface interface { Method() []calls.Calls; private(calls.Calls) }
	Receiver  struct { base; inner embedded }
	Generic[T any] struct { Field T }
	Fine      struct { Field Alias; private hidden }
)

func (*Receiver) Method(func() [2]calls.Calls) {}
func (*Receiver) private(calls.Calls) {}

func Function(hidden) {}
func Instance() (g Generic[calls.Calls]) { return }
func Literal(struct { Field calls.Calls }, interface{ private(calls.Calls) }) {}
func FineFunction(Alias, interface{ private(calls.Calls) }) (s Struct) { return }
func private(calls.Calls) {}

var Variable = calls.Platforms
`
	imports, _ := compiled(t, "./internal/testkit")
	fset := token.NewFileSet()
	file, err := parser.ParseFile(fset, "p.go", source, parser.SkipObjectResolution)
	require.NoError(t, err)
	p, err := (&types.Config{Importer: imports}).Check("p", fset, []*ast.File{file}, nil)
	require.NoError(t, err)
	names := namesWithInternalTypes(p)
	slices.Sort(names)
	require.Equal(t, []string{
		"p.Alias", "p.Func", "p.Function", "p.Instance", "p.Interface.Method", "p.Literal",
		"p.Receiver.Method", "p.Receiver.Promoted", "p.Struct.Field", "p.Variable",
	}, names)
}

// compiled returns an importer for the packages that match the patterns and for their
// imports, and the paths of the packages that match.
func compiled(t *testing.T, patterns ...string) (imports types.Importer, paths []string) {
	t.Helper()
	goTool, err := exec.LookPath("go")
	if err != nil {
		t.Skip("no go tool")
	}
	args := append([]string{"list", "-export", "-deps", "-f", "{{.ImportPath}}\t{{.Export}}\t{{.DepOnly}}"}, patterns...)
	list := exec.CommandContext(t.Context(), goTool, args...)
	list.Env = append(os.Environ(), "GOPROXY=off", "GOFLAGS=-mod=readonly")
	var problems strings.Builder
	list.Stderr = &problems
	out, err := list.Output()
	require.NoError(t, err, problems.String())
	files := make(map[string]string)
	for line := range strings.Lines(string(out)) {
		fields := strings.Split(strings.TrimSpace(line), "\t")
		require.Len(t, fields, 3)
		files[fields[0]] = fields[1]
		if fields[2] == "false" {
			paths = append(paths, fields[0])
		}
	}
	require.NotEmpty(t, paths)
	return importer.ForCompiler(token.NewFileSet(), "gc", func(path string) (io.ReadCloser, error) {
		return os.Open(files[path])
	}), paths
}

// namesWithInternalTypes returns the exported functions, variables, types, methods and
// fields of a package that use a type of an internal package.
func namesWithInternalTypes(p *types.Package) (names []string) {
	note := func(name string, typ types.Type) {
		if usesInternal(typ) {
			names = append(names, p.Name()+"."+name)
		}
	}
	for _, name := range p.Scope().Names() {
		object := p.Scope().Lookup(name)
		if !object.Exported() {
			continue
		}
		_, isType := object.(*types.TypeName)
		alias, isAlias := object.Type().(*types.Alias)
		switch {
		case !isType:
			note(name, object.Type())
			continue
		case isAlias:
			note(name, alias.Rhs())
			continue
		}
		switch typ := object.Type().Underlying().(type) {
		case *types.Struct, *types.Interface:
			for _, member := range exportedMembers(typ) {
				note(name+"."+member.Name(), member.Type())
			}
		default:
			note(name, typ)
		}
		for method := range types.NewMethodSet(types.NewPointer(object.Type())).Methods() {
			if method.Obj().Exported() {
				note(name+"."+method.Obj().Name(), method.Type())
			}
		}
	}
	return names
}

// usesInternal reports whether a type is, or contains, a type of an internal package.
// It does not examine the definition of a named type: that is reported where the type
// is declared.
func usesInternal(typ types.Type) bool {
	switch typ := typ.(type) {
	case *types.Alias:
		return isInternal(typ.Obj()) || anyUsesInternal(typ.TypeArgs().Types()) || !typ.Obj().Exported() && usesInternal(typ.Rhs())
	case *types.Named:
		return isInternal(typ.Obj()) || anyUsesInternal(typ.TypeArgs().Types())
	case *types.Map:
		return usesInternal(typ.Key()) || usesInternal(typ.Elem())
	case interface{ Elem() types.Type }: // a pointer, slice, array or channel
		return usesInternal(typ.Elem())
	case *types.Signature:
		return usesInternal(typ.Params()) || usesInternal(typ.Results())
	case *types.Tuple:
		for v := range typ.Variables() {
			if usesInternal(v.Type()) {
				return true
			}
		}
	case *types.Struct, *types.Interface:
		return slices.ContainsFunc(exportedMembers(typ), func(member types.Object) bool { return usesInternal(member.Type()) })
	}
	return false
}

func anyUsesInternal(all iter.Seq[types.Type]) bool {
	for typ := range all {
		if usesInternal(typ) {
			return true
		}
	}
	return false
}

// isInternal reports whether a type is of an internal package of this module.
func isInternal(name *types.TypeName) bool {
	return name.Pkg() != nil && strings.HasPrefix(name.Pkg().Path(), modulePath+"/") && strings.Contains(name.Pkg().Path()+"/", "/internal/")
}

// exportedMembers returns the exported fields of a struct or methods of an interface.
func exportedMembers(typ types.Type) (members []types.Object) {
	switch typ := typ.(type) {
	case *types.Struct:
		for field := range typ.Fields() {
			members = append(members, field)
		}
	case *types.Interface:
		for method := range typ.Methods() {
			members = append(members, method)
		}
	}
	return slices.DeleteFunc(members, func(member types.Object) bool { return !member.Exported() })
}
