package rules

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"go-model-archiver/internal/testtools"
)

// sources parses the program, without its tests.
func sources(t *testing.T) (*token.FileSet, []*ast.File) {
	t.Helper()
	set := token.NewFileSet()
	var files []*ast.File
	for _, folder := range []string{"validate", "internal/cli", "archiver"} {
		err := filepath.WalkDir(filepath.Join(testtools.Root(), folder), func(path string, d fs.DirEntry, err error) error {
			if err != nil || filepath.Ext(path) != ".go" || strings.HasSuffix(path, "_test.go") {
				return err
			}
			file, err := parser.ParseFile(set, path, nil, parser.SkipObjectResolution)
			files = append(files, file)
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	return set, files
}

// constants are the rules by the names that they have in Go.
func constants(t *testing.T) map[string]Rule {
	t.Helper()
	_, files := sources(t)
	rules := map[string]Rule{}
	for _, file := range files {
		if file.Name.Name != "rules" {
			continue
		}
		ast.Inspect(file, func(n ast.Node) bool {
			if v, ok := n.(*ast.ValueSpec); ok && len(v.Values) == 1 {
				if r, ok := Lookup(text(v.Values[0])); ok {
					rules[v.Names[0].Name] = r
				}
			}
			return true
		})
	}
	if len(rules) != len(All()) {
		t.Fatalf("%d names for %d rules", len(rules), len(All()))
	}
	return rules
}

// text is what a string literal says.
func text(n ast.Expr) string {
	literal, ok := n.(*ast.BasicLit)
	if !ok || literal.Kind != token.STRING {
		return ""
	}
	s, _ := strconv.Unquote(literal.Value)
	return s
}

// named is X of an expression pkg.X.
func named(n ast.Node, pkg string) string {
	if s, ok := n.(*ast.SelectorExpr); ok {
		if x, ok := s.X.(*ast.Ident); ok && x.Name == pkg {
			return s.Sel.Name
		}
	}
	return ""
}

// TestHints holds that an error or a warning is never made without a hint,
// where its rule stands in the call.
func TestHints(t *testing.T) {
	set, files := sources(t)
	rules, calls := constants(t), 0
	for _, file := range files {
		ast.Inspect(file, func(n ast.Node) bool {
			call, ok := n.(*ast.CallExpr)
			if !ok {
				return true
			}
			for _, arg := range call.Args {
				rule, known := rules[named(arg, "rules")]
				last, literal := call.Args[len(call.Args)-1].(*ast.BasicLit)
				if !known {
					continue
				}
				if calls++; literal && last.Value == `""` && rule.Severity != Note {
					t.Errorf("%s: no hint for %s", set.Position(call.Pos()), rule.ID)
				}
			}
			return true
		})
	}
	if calls < 70 {
		t.Errorf("only %d calls were looked at", calls)
	}
}

// TestExamplesAreRealMessages compares each example with the formats of the
// code that gives its rule, and of all code where they have enough words.
func TestExamplesAreRealMessages(t *testing.T) {
	rules := constants(t)
	formats := formatsOf(t, rules)
	_, files := sources(t)
	var all []string
	for _, file := range files {
		if file.Name.Name != "rules" {
			all = append(all, textsIn(file)...)
		}
	}
	all = slices.DeleteFunc(all, func(format string) bool { return len(verbs.ReplaceAllString(format, "")) < 12 })
	for _, r := range All() {
		makes := func(format string) bool { return pattern(format).MatchString(r.Example) }
		if !slices.ContainsFunc(formats[r.ID], makes) && !slices.ContainsFunc(all, makes) {
			t.Errorf("%s: the example %q is made by none of %q", r.ID, r.Example, formats[r.ID])
		}
	}
}

// formatsOf lists the texts in the functions that name a rule, or in the file
// of a table that does, and what the planner notes.
func formatsOf(t *testing.T, rules map[string]Rule) map[string][]string {
	t.Helper()
	_, files := sources(t)
	formats, notes, noted := map[string][]string{}, map[string][]string{}, map[string]string{}
	for _, file := range files {
		for _, decl := range file.Decls {
			if d, ok := decl.(*ast.GenDecl); ok && d.Tok == token.IMPORT {
				continue
			}
			var scope ast.Node = decl
			if _, table := decl.(*ast.GenDecl); table {
				scope = file
			}
			ast.Inspect(decl, func(n ast.Node) bool {
				switch n := n.(type) {
				case *ast.SelectorExpr:
					if r, ok := rules[named(n, "rules")]; ok {
						formats[r.ID] = append(formats[r.ID], textsIn(scope)...)
					}
				case *ast.KeyValueExpr:
					if kind := named(n.Key, "archiver"); kind != "" {
						ast.Inspect(n.Value, func(v ast.Node) bool {
							if r, ok := rules[named(v, "rules")]; ok {
								noted[kind] = r.ID
							}
							return true
						})
					}
				case *ast.CallExpr:
					if len(n.Args) > 0 {
						if kind, ok := n.Args[0].(*ast.Ident); ok && strings.HasPrefix(kind.Name, "Note") {
							notes[kind.Name] = append(notes[kind.Name], textsIn(n)...)
						}
					}
				}
				return true
			})
		}
	}
	for kind, id := range noted {
		formats[id] = notes[kind]
	}
	return formats
}

// textsIn are the texts of several words in a piece of code.
func textsIn(n ast.Node) []string {
	var all []string
	ast.Inspect(n, func(n ast.Node) bool {
		if e, ok := n.(ast.Expr); ok && strings.Contains(text(e), " ") {
			all = append(all, text(e))
		}
		return true
	})
	return all
}

var verbs = regexp.MustCompile(`%(\.\d+)?[a-z]`)

// pattern matches what a format makes. What it ends with may be followed by
// more.
func pattern(format string) *regexp.Regexp {
	var b strings.Builder
	b.WriteString("^")
	rest := format
	for {
		at := verbs.FindStringIndex(rest)
		if at == nil {
			break
		}
		b.WriteString(regexp.QuoteMeta(rest[:at[0]]))
		switch verb := rest[at[1]-1]; verb {
		case 'q':
			b.WriteString(`"[^"]*"`)
		case 'd':
			b.WriteString(`\d+`)
		case 'g':
			b.WriteString(`[-+.\de]+`)
		default:
			b.WriteString(`.*`)
		}
		rest = rest[at[1]:]
	}
	b.WriteString(regexp.QuoteMeta(strings.TrimRight(rest, " ,:;")) + `([,:;]? .*)?$`)
	return regexp.MustCompile(b.String())
}
