// Package example finds the example of a rule in Go sources.
package example

import (
	"bytes"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"strings"
)

// Of gives the body of the function that is named as a rule is, such as AwsSecretCmkEncryption for
// aws-secret-cmk-encryption.
func Of(sources fs.FS, rule string) (string, error) {
	var paths []string
	err := fs.WalkDir(sources, ".", func(path string, _ fs.DirEntry, err error) error {
		if strings.HasSuffix(path, ".go") {
			paths = append(paths, path)
		}
		return err
	})
	if err != nil {
		return "", err
	}
	for _, path := range paths {
		source, err := fs.ReadFile(sources, path)
		if err != nil {
			return "", err
		}
		files := token.NewFileSet()
		file, err := parser.ParseFile(files, path, source, parser.ParseComments|parser.SkipObjectResolution)
		if err != nil {
			return "", err
		}
		for _, d := range file.Decls {
			if f, ok := d.(*ast.FuncDecl); ok && strings.EqualFold(f.Name.Name, function(rule)) { // Go has HTTPS, not Https
				return body(source, files, f), nil
			}
		}
	}
	return "", fmt.Errorf("there is no example of %s: no function %s", rule, function(rule))
}

// function is the name of a rule's function.
func function(rule string) string {
	var name strings.Builder
	for word := range strings.SplitSeq(rule, "-") {
		name.WriteString(strings.ToUpper(word[:1]) + word[1:])
	}
	return name.String()
}

// body is what stands between the braces, as it is written but for its indentation.
func body(source []byte, files *token.FileSet, f *ast.FuncDecl) string {
	inner := source[files.Position(f.Body.Lbrace).Offset+1 : files.Position(f.Body.Rbrace).Offset]
	return strings.TrimSpace(string(bytes.ReplaceAll(inner, []byte("\n\t"), []byte("\n")))) + "\n"
}
