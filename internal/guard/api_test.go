package guard_test

import (
	"flag"
	"go/ast"
	"go/token"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

var update = flag.Bool("update", false, "update internal/guard/testdata/api.txt and docs/trips.md")

// apiPackages returns the folders of the packages that programs import.
func apiPackages(t *testing.T) []string {
	t.Helper()
	var folders []string
	err := filepath.WalkDir(".", func(path string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		folder, name := filepath.Dir(path), entry.Name()
		switch {
		case entry.IsDir() && path != "." && (slices.Contains([]string{"internal", "examples", "cmd", "testdata"}, name) || name[0] == '.'):
			return filepath.SkipDir
		case strings.HasSuffix(name, ".go") && !strings.HasSuffix(name, "_test.go") && !slices.Contains(folders, folder):
			folders = append(folders, folder)
		}
		return nil
	})
	require.NoError(t, err)
	return folders
}

// The exported API changes only on purpose: the diff of the listing is reviewed.
// Update the listing with go test -run TestAPI ./internal/guard -update.
func TestAPI(t *testing.T) {
	const file = "internal/guard/testdata/api.txt"
	var listing []string
	for _, dir := range apiPackages(t) {
		p := parsePackage(t, dir)
		for _, line := range p.api() {
			listing = append(listing, p.name+": "+line+"\n")
		}
	}
	text := strings.Join(listing, "")
	if *update {
		require.NoError(t, os.WriteFile(file, []byte(text), 0o644))
	}
	want, err := os.ReadFile(file)
	require.NoError(t, err)
	if string(want) == text {
		return
	}
	var changes strings.Builder
	for line := range strings.Lines(string(want)) {
		if !slices.Contains(listing, line) {
			changes.WriteString("- " + line)
		}
	}
	for _, line := range listing {
		if !strings.Contains("\n"+string(want), "\n"+line) {
			changes.WriteString("+ " + line)
		}
	}
	require.Fail(t, "the API is not as listed: run with -update, and have the difference reviewed", changes.String())
}

// embedders returns, for each unexported type, the exported types that embed it and
// therefore have its methods.
func (p *sourcePackage) embedders() map[string][]string {
	found := make(map[string][]string)
	p.types(func(spec *ast.TypeSpec) {
		fields, ok := spec.Type.(*ast.StructType)
		if !ok || !spec.Name.IsExported() {
			return
		}
		for _, field := range fields.Fields.List {
			if name := baseName(field.Type); len(field.Names) == 0 && name != "" && !ast.IsExported(name) {
				found[name] = append(found[name], spec.Name.Name)
			}
		}
	})
	return found
}

// api returns a line for each exported name, sorted.
func (p *sourcePackage) api() []string {
	embedders := p.embedders()
	var lines []string
	own := make(map[string]bool) // "Type.Method"
	p.functions(func(f *ast.FuncDecl) {
		if f.Recv != nil {
			own[baseName(f.Recv.List[0].Type)+"."+f.Name.Name] = true
		}
	})
	p.functions(func(f *ast.FuncDecl) {
		lines = append(lines, p.function(f, func(base string) (owners []string) {
			for _, name := range embedders[base] {
				if !own[name+"."+f.Name.Name] {
					owners = append(owners, name)
				}
			}
			return owners
		})...)
	})
	for _, file := range p.files {
		ast.FileExports(file)
		for _, decl := range file.Decls {
			if group, ok := decl.(*ast.GenDecl); ok && group.Tok != token.IMPORT {
				for _, spec := range group.Specs {
					lines = append(lines, p.declared(group.Tok, spec))
				}
			}
		}
	}
	slices.Sort(lines)
	return lines
}

// function returns the lines of a function: none if it is not exported, and several
// for a method of a type that several exported types embed.
func (p *sourcePackage) function(f *ast.FuncDecl, embeddedIn func(string) []string) []string {
	if !f.Name.IsExported() {
		return nil
	}
	signature := "func" + strings.TrimPrefix(p.text(f.Type), "func")
	signature = strings.Replace(signature, "func", f.Name.Name, 1)
	if f.Recv == nil {
		return []string{"func " + signature}
	}
	receiver := f.Recv.List[0].Type
	name := baseName(receiver)
	star := ""
	if _, ok := receiver.(*ast.StarExpr); ok {
		star = "*"
	}
	owners := embeddedIn(name)
	if ast.IsExported(name) {
		owners = []string{name}
	}
	var lines []string
	for _, owner := range owners {
		lines = append(lines, "method ("+star+owner+") "+signature)
	}
	return lines
}

// declared returns the line of a constant, variable or type.
func (p *sourcePackage) declared(kind token.Token, spec ast.Spec) string {
	switch spec := spec.(type) {
	case *ast.ValueSpec:
		spec.Doc, spec.Comment = nil, nil
		return kind.String() + " " + p.text(spec)
	case *ast.TypeSpec:
		spec.Doc, spec.Comment = nil, nil
		ast.Inspect(spec, func(n ast.Node) bool {
			if field, ok := n.(*ast.Field); ok {
				field.Doc, field.Comment = nil, nil
			}
			return true
		})
		return kind.String() + " " + p.text(spec)
	}
	return ""
}
