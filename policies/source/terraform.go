package source

import (
	"cmp"
	"errors"
	"fmt"
	"io"
	"iter"
	"maps"
	"slices"
	"strings"

	"github.com/pulumi/pulumi/sdk/v3/go/common/resource/urn"
	"github.com/pulumi/pulumi/sdk/v3/go/common/tokens"
	"github.com/pulumi/pulumi/sdk/v3/go/property"

	"github.com/secretstack/secretstack/policies/planned"
	"github.com/secretstack/secretstack/policies/policy"
)

// Terraform reads what `terraform show -json PLAN` prints (https://developer.hashicorp.com/terraform/internals/json-format),
// or `tofu show -json PLAN`. It gives the resources as they will be in the names of Pulumi, as far as [Mapped] has their
// types; for others see [Unmapped]. The name of a resource is its address in Terraform. There are also the providers that
// are configured, and the stack with the root module's outputs. A value that Terraform calls sensitive is a secret.
//
// What a plan does not tell is prevent_destroy, so that the option "protect" is unknown, and what locals refer to, so that
// dependencies through them are missing.
func Terraform(in io.Reader) iter.Seq2[*policy.Resource, error] {
	return each(in, terraform, func(d *document, give func(*policy.Resource) error) error {
		p, err := readTerraform(d)
		if err != nil {
			return err
		}
		return p.resources(give)
	})
}

const unmapped = "terraform:"

// Unmapped gives the type in Terraform of a resource whose properties are as in Terraform, since it has no equivalent
// that a rule knows by its type. Rules about every resource see it nevertheless, as of the type "terraform:aws_instance".
func Unmapped(r *policy.Resource) (typ string, ok bool) { return strings.CutPrefix(r.Type, unmapped) }

// terraformPlan is what is wanted of a plan.
type terraformPlan struct {
	variables map[string]struct {
		Value any `json:"value"`
	}
	outputs map[string]property.Value
	managed []change
	data    map[string]change // by address
	config  struct {
		ProviderConfig map[string]providerConfig `json:"provider_config"`
		RootModule     module                    `json:"root_module"`
	}
}

// change is what happens to a resource, or to a data source.
type change struct {
	Address       string  `json:"address"`
	ModuleAddress string  `json:"module_address"`
	Mode          string  `json:"mode"`
	Type          string  `json:"type"`
	Name          string  `json:"name"`
	Deposed       string  `json:"deposed"` // of an object that has been replaced and only waits to be deleted
	Change        outcome `json:"change"`
}

// outcome is what happens, also to an output.
type outcome struct {
	Actions        []string `json:"actions"`
	After          any      `json:"after"`
	AfterUnknown   any      `json:"after_unknown"`
	AfterSensitive any      `json:"after_sensitive"`
}

func (o outcome) value() property.Value { return merge(o.After, o.AfterUnknown, o.AfterSensitive) }

type providerConfig struct {
	Name          string         `json:"name"`
	ModuleAddress string         `json:"module_address"`
	Expressions   map[string]any `json:"expressions"`
}

func readTerraform(d *document) (*terraformPlan, error) {
	p := &terraformPlan{outputs: map[string]property.Value{}, data: map[string]change{}}
	format, complete, errored := "", true, false
	before, changes := stateModule{}, 0
	changed := map[string]property.Value{}
	err := d.top([]string{"planned_values", "resource_changes"}, func(name string) error {
		switch name {
		case "format_version":
			return d.decode(&format)
		case "complete":
			return d.decode(&complete)
		case "errored":
			return d.decode(&errored)
		case "variables":
			return d.decode(&p.variables)
		case "planned_values":
			return d.field("outputs", func() error {
				return d.fields("outputs", func(name string) error {
					var output struct {
						Value     any  `json:"value"`
						Sensitive bool `json:"sensitive"`
					}
					err := d.decode(&output)
					p.outputs[name] = merge(output.Value, nil, output.Sensitive)
					return err
				})
			})
		case "resource_changes":
			return d.items(name, func() error {
				changes++
				return p.add(d, changes-1)
			})
		case "output_changes":
			return d.fields(name, func(name string) error {
				var output outcome
				err := d.decode(&output)
				changed[name] = output.value()
				return err
			})
		case "prior_state":
			return d.field("values", func() error {
				return d.field("root_module", func() error { return d.decode(&before) })
			})
		case "configuration":
			return d.decode(&p.config)
		}
		return d.skip()
	})
	if err != nil {
		return nil, err
	}
	switch major, _, _ := strings.Cut(format, "."); {
	case major != "0" && major != "1":
		return nil, errors.New("its format_version is neither 0.x nor 1.x, which can be read")
	case errored:
		return nil, errors.New("it is of a plan that failed: mend what Terraform said, and plan again")
	case !complete:
		return nil, errors.New("it is a part of a plan (-target, or deferred changes), in which a rule would miss the other resources: plan without it")
	case changes == 0 && before.managed():
		return nil, errors.New("it is of a plan that only refreshes, in which there are no resources: plan without -refresh-only")
	}
	maps.Copy(p.outputs, changed) // which knows what is unknown
	maps.DeleteFunc(p.outputs, func(_ string, v property.Value) bool { return v.IsNull() })
	return p, nil
}

// stateModule is a module in the state before.
type stateModule struct {
	Resources []struct {
		Mode string `json:"mode"`
	} `json:"resources"`
	ChildModules []stateModule `json:"child_modules"`
}

// managed tells that the module, or one in it, has resources, rather than data sources only.
func (m stateModule) managed() bool {
	for _, r := range m.Resources {
		if r.Mode == "managed" {
			return true
		}
	}
	return slices.ContainsFunc(m.ChildModules, stateModule.managed)
}

// add reads an item of resource_changes.
func (p *terraformPlan) add(d *document, index int) error {
	var c change
	if err := d.decode(&c); err != nil {
		return fmt.Errorf("resource change %d: %w", index, err)
	}
	if c.Address == "" || c.Type == "" {
		return fmt.Errorf("resource change %d: %w", index, d.wrong("it has no address or no type"))
	}
	switch {
	case c.Mode == "data":
		p.data[c.Address] = c
	case c.Mode == "managed" && c.Deposed == "" && c.Change.After != nil: // nil: it is deleted, or forgotten
		p.managed = append(p.managed, c)
	}
	return nil
}

func (p *terraformPlan) resources(give func(*policy.Resource) error) error {
	root := planned.Stack("plan", "terraform", property.NewMap(p.outputs))
	root.Options = unknownOptions
	if err := give(root); err != nil {
		return err
	}
	for _, r := range p.providers() {
		if err := give(r); err != nil {
			return err
		}
	}
	for _, r := range newWorld(p).resources() {
		if err := give(r); err != nil {
			return err
		}
	}
	return nil
}

// unknownOptions are those of a source that does not tell them.
var unknownOptions = property.NewMap(map[string]property.Value{"protect": unknown})

// identify gives the URN and the type of a resource.
func identify(terraformType, address string) (id, typ string) {
	typ = unmapped + terraformType
	if m := types[terraformType]; m != nil && m.partOf == "" {
		typ = m.token
	}
	return identity(typ, address), typ
}

func identity(typ, name string) string {
	return string(urn.New("plan", "terraform", "", tokens.Type(typ), name))
}

// resources gives all that will be.
func (w *world) resources() []*policy.Resource {
	var all []*policy.Resource
	byURN, byID := map[string]*policy.Resource{}, map[string]*policy.Resource{}
	type part struct {
		mapping  *mapping
		resource *policy.Resource
		of       string // the id of what it is a part of
	}
	var parts []part
	for _, c := range w.plan.managed {
		m := types[c.Type]
		if m == nil {
			m = &mapping{verbatim: true}
		}
		found := w.resource(c, m)
		r := found[0]
		if m.partOf != "" {
			of, _ := object(c.Change.After)[m.partOf].(string)
			parts = append(parts, part{m, r, of})
			continue
		}
		byURN[r.URN] = r
		if r.ID != "" {
			byID[r.ID] = r
		}
		all = append(all, found...)
	}
	for _, part := range parts {
		of := byID[part.of]
		for _, urn := range part.resource.PropertyDependencies[part.mapping.root(part.mapping.partOf)] {
			if r := byURN[urn]; of == nil && r != nil && r.Type == part.mapping.token {
				of = r
			}
		}
		if of == nil {
			all = append(all, part.resource)
			continue
		}
		inputs := of.Inputs.AsMap()
		for name, value := range part.resource.Inputs.All {
			if name != part.mapping.root(part.mapping.partOf) {
				put(inputs, name, value)
			}
		}
		of.Inputs = property.NewMap(inputs)
	}
	return all
}

// resource gives a resource as it will be, and after it those of its blocks that are resources of their own for Pulumi.
func (w *world) resource(c change, m *mapping) []*policy.Resource {
	r := &policy.Resource{Name: c.Address, Options: unknownOptions, PropertyDependencies: map[string][]string{}}
	r.URN, r.Type = identify(c.Type, c.Address)

	var all property.Map
	if v := c.Change.value(); v.IsMap() {
		all = v.AsMap()
	}
	inputs, outputs := attributes{}, attributes{}
	_, key := c.family()
	scope, config := w.scope(c.ModuleAddress), w.config(c)
	create := slices.Contains(c.Change.Actions, "create")
	for name, value := range all.All {
		if name == "timeouts" {
			continue
		}
		var expression any
		declared := true
		if config != nil {
			expression, declared = config.Expressions[name]
		}
		switch {
		case declared:
			inputs[name] = w.documented(prune(value, expression), expression, scope, key)
		case value.IsComputed(), zero(value):
			continue // for the provider to say
		case create, blocks(value), m.names(name): // a default, or a dynamic block
			inputs[name] = value
		}
		outputs[name] = value
	}
	found := []*policy.Resource{r}
	for _, name := range slices.Sorted(maps.Keys(m.beside)) {
		if v := inputs[name]; blocks(v) && v.AsArray().Get(0).IsMap() {
			found = append(found, beside(r, m.beside[name], name, v.AsArray().Get(0).AsMap(), all.Get("name")))
		}
		delete(inputs, name)
		delete(outputs, name)
	}
	r.Inputs = m.convert(inputs)
	if !create {
		r.ID = text(all, "id")
		r.Outputs = m.convert(outputs)
	}
	if config != nil {
		w.depend(r, m, scope, asker{written: config, key: key})
	}
	return found
}

// beside gives the resource that a block is. It names the resource that has the block.
func beside(r *policy.Resource, m *mapping, block string, from property.Map, name property.Value) *policy.Resource {
	address := r.Name + "." + block
	return &policy.Resource{
		URN: identity(m.token, address), Type: m.token, Name: address, Options: unknownOptions,
		Inputs:               property.NewMap(m.convert(from.AsMap()).Set("name", name).AsMap()),
		Dependencies:         []string{r.URN},
		PropertyDependencies: map[string][]string{"name": {r.URN}},
	}
}

// zero tells that a value may as well be one that the provider fills in for none.
func zero(v property.Value) bool {
	return v.IsString() && v.AsString() == "" || v.IsArray() && v.AsArray().Len() == 0 || v.IsMap() && v.AsMap().Len() == 0
}

// blocks tells that a value is one of blocks, rather than of an attribute.
func blocks(v property.Value) bool {
	return v.IsArray() && v.AsArray().Len() > 0 && v.AsArray().Get(0).IsMap()
}

func text(m property.Map, name string) string {
	if v := m.Get(name); v.IsString() {
		return v.AsString()
	}
	return ""
}

// providerNames are Pulumi's names of Terraform's providers, where they differ.
var providerNames = map[string]string{"google": "gcp", "google-beta": "gcp", "azurerm": "azure-native"}

// providers gives those that are configured.
func (p *terraformPlan) providers() []*policy.Resource {
	var found []*policy.Resource
	for _, key := range slices.Sorted(maps.Keys(p.config.ProviderConfig)) {
		config := p.config.ProviderConfig[key]
		if len(config.Expressions) == 0 {
			continue
		}
		inputs := attributes{}
		for name, expression := range config.Expressions {
			inputs[name] = p.argument(expression, config.ModuleAddress == "")
		}
		typ := "pulumi:providers:" + cmp.Or(providerNames[config.Name], config.Name)
		found = append(found, &policy.Resource{
			URN: identity(typ, key), Type: typ, Name: key,
			Inputs: (&mapping{}).convert(inputs), Options: unknownOptions, PropertyDependencies: map[string][]string{},
		})
	}
	return found
}
