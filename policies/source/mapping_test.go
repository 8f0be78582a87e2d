package source

import (
	"reflect"
	"slices"
	"strings"
	"testing"
)

// unserved are types for whose SDK the module is not needed otherwise: the page on which names were checked.
var unserved = map[string]string{
	"azure-native:network:PrivateEndpoint":                                                                        registry + "azure-native/api-docs/network/privateendpoint/",
	"azure-native:security:Pricing":                                                                               registry + "azure-native/api-docs/security/pricing/",
	"azure-native:web:WebApp":                                                                                     registry + "azure-native/api-docs/web/webapp/",
	"azure-native:web:WebAppAuthSettings":                                                                         registry + "azure-native/api-docs/web/webappauthsettings/",
	"azure-native:web:WebAppAuthSettingsV2":                                                                       registry + "azure-native/api-docs/web/webappauthsettingsv2/",
	"azure-native:web:WebAppSlot":                                                                                 registry + "azure-native/api-docs/web/webappslot/",
	"gcp:secretmanager/regionalSecret:RegionalSecret":                                                             registry + "gcp/api-docs/secretmanager/regionalsecret/",
	"gcp:secretmanager/regionalSecretVersion:RegionalSecretVersion":                                               registry + "gcp/api-docs/secretmanager/regionalsecretversion/",
	"gcp:secretmanager/regionalSecretIamBinding:RegionalSecretIamBinding":                                         registry + "gcp/api-docs/secretmanager/regionalsecretiambinding/",
	"gcp:secretmanager/regionalSecretIamMember:RegionalSecretIamMember":                                           registry + "gcp/api-docs/secretmanager/regionalsecretiammember/",
	"gcp:secretmanager/regionalSecretIamPolicy:RegionalSecretIamPolicy":                                           registry + "gcp/api-docs/secretmanager/regionalsecretiampolicy/",
	"azuread:index/applicationFederatedIdentityCredential:ApplicationFederatedIdentityCredential":                 registry + "azuread/api-docs/applicationfederatedidentitycredential/",
	"azuread:index/applicationFlexibleFederatedIdentityCredential:ApplicationFlexibleFederatedIdentityCredential": registry + "azuread/api-docs/applicationflexiblefederatedidentitycredential/",
}

const registry = "https://www.pulumi.com/registry/packages/"

func TestEachTypeHasAnSDK(t *testing.T) {
	for _, token := range Mapped() {
		if _, served := sdk[token]; served == (unserved[token] != "") {
			t.Errorf("%s: must be either in sdk or in unserved", token)
		}
	}
	for token := range sdk {
		if !slices.Contains(Mapped(), token) {
			t.Errorf("%s is not in the table", token)
		}
	}
}

// Whatever the table says of a property must be so in Pulumi's SDK.
func TestFieldsAreInTheSDK(t *testing.T) {
	for typ, m := range types {
		args, served := sdk[m.token]
		if !served {
			continue
		}
		for path, f := range m.fields {
			target := m.targetPath(path)
			if m.converted(path) {
				continue // the conversion says what is in it
			}
			found := propertyType(elementType(args), target)
			switch {
			case found == nil:
				t.Errorf("%s: %s has no %s", typ, m.token, target)
			case f.one && found.Kind() == reflect.Slice:
				t.Errorf("%s: %s is a list, so %s must have no !", typ, target, path)
			}
		}
	}
}

// In the providers that are made from Terraform's, each object of the SDK is a block that the table must have with "!".
func TestObjectsAreInTheTable(t *testing.T) {
	for typ, m := range types {
		args, served := sdk[m.token]
		if !served || strings.HasPrefix(typ, "azure") {
			continue
		}
		flattened := map[string]bool{}
		for path, f := range m.fields {
			if f.one {
				flattened[m.targetPath(path)] = true
			}
		}
		for _, path := range objects(elementType(args), "") {
			if !flattened[path] {
				t.Errorf("%s: %s is an object in %s, so its block needs a !", typ, path, m.token)
			}
		}
	}
}

// converted tells that a path is in something that is converted as a whole.
func (m *mapping) converted(path string) bool {
	for i, c := range path {
		if c == '.' && m.fields[path[:i]].convert != nil {
			return true
		}
	}
	return false
}

// targetPath is where a path of Terraform is in Pulumi, without indices.
func (m *mapping) targetPath(path string) string {
	var target []string
	parts := strings.Split(path, ".")
	for i, name := range parts {
		target = append(target, m.target(strings.Join(parts[:i+1], "."), name))
	}
	return strings.Join(target, ".")
}

func elementType(args any) reflect.Type {
	return args.(interface{ ElementType() reflect.Type }).ElementType()
}

// propertyType finds the type of the property at a path, through lists; nil: there is none.
func propertyType(in reflect.Type, path string) reflect.Type {
	for name := range strings.SplitSeq(path, ".") {
		in = properties(in)[name]
		if in == nil {
			return nil
		}
	}
	return in
}

// properties are those of a struct, or of the items of a list of structs.
func properties(in reflect.Type) map[string]reflect.Type {
	for in.Kind() == reflect.Pointer || in.Kind() == reflect.Slice {
		in = in.Elem()
	}
	found := map[string]reflect.Type{}
	if in.Kind() == reflect.Struct {
		for i := range in.NumField() {
			typ := in.Field(i).Type
			if typ.Kind() == reflect.Pointer {
				typ = typ.Elem()
			}
			found[in.Field(i).Tag.Get("pulumi")] = typ
		}
	}
	return found
}

func objects(in reflect.Type, path string) []string {
	var found []string
	for name, typ := range properties(in) {
		path := strings.TrimPrefix(path+"."+name, ".")
		if typ.Kind() == reflect.Struct {
			found = append(found, path)
		}
		if strings.Count(path, ".") < 8 {
			found = append(found, objects(typ, path)...)
		}
	}
	return found
}
