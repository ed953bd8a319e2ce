package guard_test

import (
	"bytes"
	"go/ast"
	"go/format"
	"go/parser"
	"go/token"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// sourcePackage is the syntax of a package, without its tests.
type sourcePackage struct {
	name  string
	files []*ast.File
	fset  *token.FileSet
}

func parsePackage(t *testing.T, dir string) *sourcePackage {
	t.Helper()
	p := &sourcePackage{fset: token.NewFileSet()}
	names, err := filepath.Glob(filepath.Join(dir, "*.go"))
	require.NoError(t, err)
	for _, name := range names {
		if strings.HasSuffix(name, "_test.go") {
			continue
		}
		file, err := parser.ParseFile(p.fset, name, nil, parser.SkipObjectResolution)
		require.NoError(t, err)
		p.files = append(p.files, file)
		p.name = file.Name.Name
	}
	require.NotEmpty(t, p.files, dir)
	return p
}

// types calls f with each type declaration.
func (p *sourcePackage) types(f func(*ast.TypeSpec)) {
	p.specs(func(spec ast.Spec) {
		if spec, ok := spec.(*ast.TypeSpec); ok {
			f(spec)
		}
	})
}

// values calls f with each declaration of constants or variables.
func (p *sourcePackage) values(f func(*ast.ValueSpec)) {
	p.specs(func(spec ast.Spec) {
		if spec, ok := spec.(*ast.ValueSpec); ok {
			f(spec)
		}
	})
}

// specs calls f with each spec of a declaration that is not a function.
func (p *sourcePackage) specs(f func(ast.Spec)) {
	for _, file := range p.files {
		for _, decl := range file.Decls {
			if group, ok := decl.(*ast.GenDecl); ok {
				for _, spec := range group.Specs {
					f(spec)
				}
			}
		}
	}
}

// functions calls f with each function and method.
func (p *sourcePackage) functions(f func(*ast.FuncDecl)) {
	for _, file := range p.files {
		for _, decl := range file.Decls {
			if decl, ok := decl.(*ast.FuncDecl); ok {
				f(decl)
			}
		}
	}
}

// baseName returns the name of a type of this package, without its star.
func baseName(e ast.Expr) string {
	if star, ok := e.(*ast.StarExpr); ok {
		e = star.X
	}
	switch generic := e.(type) { // with its type parameters
	case *ast.IndexExpr:
		e = generic.X
	case *ast.IndexListExpr:
		e = generic.X
	}
	if id, ok := e.(*ast.Ident); ok {
		return id.Name
	}
	return ""
}

// text prints a node on one line.
func (p *sourcePackage) text(node ast.Node) string {
	var b bytes.Buffer
	if err := format.Node(&b, p.fset, node); err != nil {
		return err.Error()
	}
	var lines []string
	for line := range strings.Lines(b.String()) {
		if line = strings.Join(strings.Fields(line), " "); line != "" && !strings.HasPrefix(line, "//") {
			lines = append(lines, line)
		}
	}
	return strings.NewReplacer("{; ", "{ ", "; }", " }").Replace(strings.Join(lines, "; "))
}
