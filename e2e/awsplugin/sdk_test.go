package main

import (
	"encoding/json"
	"go/ast"
	"go/parser"
	"go/token"
	"os/exec"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
)

// sdkSource gives the directory with the SDK's Go packages, in the version that the
// project deploys with.
func sdkSource(t *testing.T) string {
	t.Helper()
	download := exec.Command("go", "mod", "download", "-json", "github.com/pulumi/pulumi-aws/sdk/v6")
	download.Dir = "../.." // the project's module
	out, err := download.Output()
	if err != nil {
		t.Fatalf("finding the SDK: %v\n%s", err, out)
	}
	var module struct{ Version, Dir string }
	if err := json.Unmarshal(out, &module); err != nil {
		t.Fatal("finding the SDK: ", err)
	}
	if module.Version != "v"+pulumiVersion {
		t.Errorf("the project uses the SDK in version %s: set pulumiVersion, which is %s, to it",
			module.Version, pulumiVersion)
	}
	return filepath.Join(module.Dir, "go", "aws")
}

// sdkPackage holds the struct types of one package of the SDK.
type sdkPackage map[string]*ast.StructType

func parsePackage(t *testing.T, dir string) sdkPackage {
	files, err := filepath.Glob(filepath.Join(dir, "*.go"))
	if err != nil || len(files) == 0 {
		t.Fatal("no SDK package in ", dir)
	}
	pkg := sdkPackage{}
	for _, name := range files {
		file, err := parser.ParseFile(token.NewFileSet(), name, nil, parser.SkipObjectResolution)
		if err != nil {
			t.Fatal(err)
		}
		for _, decl := range file.Decls {
			if gen, ok := decl.(*ast.GenDecl); ok {
				for _, spec := range gen.Specs {
					if typ, ok := spec.(*ast.TypeSpec); ok {
						if s, ok := typ.Type.(*ast.StructType); ok {
							pkg[typ.Name.Name] = s
						}
					}
				}
			}
		}
	}
	return pkg
}

// object gives the shape of the plain struct type with that name, or, for a State
// struct whose fields are all inputs, of its unexported twin, which has plain types.
func (pkg sdkPackage) object(name string) map[string]any {
	shape := map[string]any{}
	s := pkg[name]
	if s == nil {
		return shape
	}
	for _, field := range s.Fields.List {
		if field.Tag == nil {
			continue
		}
		tag := reflect.StructTag(strings.Trim(field.Tag.Value, "`")).Get("pulumi")
		property, _, _ := strings.Cut(tag, ",")
		shape[property] = pkg.value(field.Type)
	}
	return shape
}

func (pkg sdkPackage) value(typ ast.Expr) any {
	switch typ := typ.(type) {
	case *ast.StarExpr:
		return pkg.value(typ.X)
	case *ast.ArrayType:
		return []any{pkg.value(typ.Elt)}
	case *ast.MapType:
		return map[string]any{"*": pkg.value(typ.Value)}
	case *ast.Ident:
		if pkg[typ.Name] != nil {
			return pkg.object(typ.Name)
		}
		return ""
	case *ast.InterfaceType:
		return nil
	}
	return ""
}
