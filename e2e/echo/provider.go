package echo

import (
	"context"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/pulumi/pulumi/sdk/v3/go/common/resource"
	"github.com/pulumi/pulumi/sdk/v3/go/common/resource/plugin"
	"github.com/pulumi/pulumi/sdk/v3/go/common/util/deepcopy"
	pulumirpc "github.com/pulumi/pulumi/sdk/v3/proto/go"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/types/known/emptypb"
	"google.golang.org/protobuf/types/known/structpb"
)

// delay is how long it takes to make a resource: long enough that one which does not wait for another is there first.
const delay = 100 * time.Millisecond

// Attach does nothing: the engine needs no answer.
func (c *Cloud) Attach(context.Context, *pulumirpc.PluginAttach) (*emptypb.Empty, error) {
	return &emptypb.Empty{}, nil
}

// GetPluginInfo gives no version.
func (c *Cloud) GetPluginInfo(context.Context, *emptypb.Empty) (*pulumirpc.PluginInfo, error) {
	return &pulumirpc.PluginInfo{}, nil
}

// Configure learns the project.
func (c *Cloud) Configure(_ context.Context, in *pulumirpc.ConfigureRequest) (*pulumirpc.ConfigureResponse, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.project = in.GetArgs().GetFields()["project"].GetStringValue()
	return &pulumirpc.ConfigureResponse{AcceptSecrets: true, SupportsPreview: true}, nil
}

// Invoke gives the fixed answers.
func (c *Cloud) Invoke(_ context.Context, in *pulumirpc.InvokeRequest) (*pulumirpc.InvokeResponse, error) {
	answer, ok := c.invokes[in.GetTok()]
	if !ok {
		return nil, status.Errorf(codes.Unimplemented, "echo does not know the function %s", in.GetTok())
	}
	out := resource.PropertyMap{}
	for name, value := range answer {
		out[resource.PropertyKey(name)] = resource.NewProperty(value)
	}
	object, err := marshal(out)
	return &pulumirpc.InvokeResponse{Return: object}, err
}

// Check makes up a missing name, and keeps it.
func (c *Cloud) Check(_ context.Context, in *pulumirpc.CheckRequest) (*pulumirpc.CheckResponse, error) {
	k, ok := c.kinds[in.GetType()]
	if !ok {
		return nil, status.Errorf(codes.Unimplemented, "echo does not know the type %s", in.GetType())
	}
	news, err := unmarshal(in.GetNews())
	if err != nil {
		return nil, err
	}
	if k.autoname && !news.HasValue("name") {
		name := in.GetOlds().GetFields()["name"].GetStringValue()
		if name == "" {
			name, err = resource.NewUniqueName(in.GetRandomSeed(), in.GetName()+"-", 7, 0, nil)
		}
		news["name"] = resource.NewProperty(name)
	}
	if err != nil {
		return nil, err
	}
	inputs, err := marshal(news)
	return &pulumirpc.CheckResponse{Inputs: inputs}, err
}

// Diff compares the inputs. What would have another id is replaced.
func (c *Cloud) Diff(_ context.Context, in *pulumirpc.DiffRequest) (*pulumirpc.DiffResponse, error) {
	olds, err := unmarshal(in.GetOldInputs())
	if err != nil {
		return nil, err
	}
	news, err := unmarshal(in.GetNews())
	if err != nil {
		return nil, err
	}
	out := &pulumirpc.DiffResponse{Changes: pulumirpc.DiffResponse_DIFF_NONE}
	if diff := olds.Diff(news); diff != nil {
		out.Changes = pulumirpc.DiffResponse_DIFF_SOME
		for _, key := range diff.ChangedKeys() {
			out.Diffs = append(out.Diffs, string(key))
		}
	}
	if id, _ := c.fill(c.kinds[in.GetType()].id, news); id != in.GetId() {
		out.Replaces = out.Diffs
	}
	return out, nil
}

// Create makes a resource. In a preview neither its id nor its computed outputs are known.
func (c *Cloud) Create(_ context.Context, in *pulumirpc.CreateRequest) (*pulumirpc.CreateResponse, error) {
	began := time.Now()
	inputs, err := unmarshal(in.GetProperties())
	if err != nil {
		return nil, err
	}
	k := c.kinds[in.GetType()]
	if in.GetPreview() {
		object, err := marshal(c.outputs(k, inputs, true))
		return &pulumirpc.CreateResponse{Properties: object}, err
	}
	time.Sleep(delay)
	id, known := c.fill(k.id, inputs)
	if !known {
		return nil, status.Errorf(codes.InvalidArgument, "%s: a part of the id %s is missing", in.GetUrn(), k.id)
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if k.isLate(inputs) && !c.refused[in.GetUrn()] {
		c.refused[in.GetUrn()] = true
		return nil, status.Error(codes.NotFound, k.late)
	}
	if c.live[id] != nil {
		return nil, status.Errorf(codes.AlreadyExists, "%s exists already", id)
	}
	c.live[id] = &Resource{Type: in.GetType(), Name: in.GetName(), ID: id, Inputs: inputs, Began: began, Made: time.Now()}
	object, err := marshal(c.outputs(k, inputs, false))
	return &pulumirpc.CreateResponse{Id: id, Properties: object}, err
}

// Read gives a resource as it is now. A hidden input stays as the engine has it.
func (c *Cloud) Read(_ context.Context, in *pulumirpc.ReadRequest) (*pulumirpc.ReadResponse, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	r := c.live[in.GetId()]
	if r == nil {
		return &pulumirpc.ReadResponse{}, nil // it is gone
	}
	olds, err := unmarshal(in.GetInputs())
	if err != nil {
		return nil, err
	}
	k := c.kinds[r.Type]
	inputs := k.withHidden(r.Inputs, olds)
	object, err := marshal(c.outputs(k, r.Inputs, false))
	if err != nil {
		return nil, err
	}
	args, err := marshal(inputs)
	return &pulumirpc.ReadResponse{Id: r.ID, Properties: object, Inputs: args}, err
}

// Update changes a resource.
func (c *Cloud) Update(_ context.Context, in *pulumirpc.UpdateRequest) (*pulumirpc.UpdateResponse, error) {
	inputs, err := unmarshal(in.GetNews())
	if err != nil {
		return nil, err
	}
	k := c.kinds[in.GetType()]
	if k.noUpdate != "" {
		return nil, status.Errorf(codes.FailedPrecondition, "%s must not be updated: %s", in.GetUrn(), k.noUpdate)
	}
	if !in.GetPreview() {
		c.mu.Lock()
		defer c.mu.Unlock()
		r := c.live[in.GetId()]
		if r == nil {
			return nil, status.Errorf(codes.NotFound, "there is no %s", in.GetId())
		}
		r.Inputs = k.withHidden(inputs, r.Inputs)
	}
	object, err := marshal(c.outputs(k, inputs, in.GetPreview()))
	return &pulumirpc.UpdateResponse{Properties: object}, err
}

// Delete deletes a resource and what is in it.
func (c *Cloud) Delete(_ context.Context, in *pulumirpc.DeleteRequest) (*emptypb.Empty, error) {
	c.Remove(in.GetId())
	return &emptypb.Empty{}, nil
}

// outputs are the inputs, as far as the cloud gives them back, and the computed ones.
func (c *Cloud) outputs(k kind, inputs resource.PropertyMap, preview bool) resource.PropertyMap {
	out := resource.NewProperty(k.withHidden(inputs, nil))
	for path, text := range k.outputs {
		value := resource.MakeComputed(resource.NewProperty(""))
		if filled, known := c.fill(text, inputs); known && !preview {
			value = resource.NewProperty(filled)
		}
		parse(path).Set(out, value)
	}
	return out.ObjectValue()
}

// withHidden gives the inputs with the hidden one of others.
func (k kind) withHidden(inputs, others resource.PropertyMap) resource.PropertyMap {
	inputs = deepcopy.Copy(inputs).(resource.PropertyMap)
	if k.hidden == "" {
		return inputs
	}
	path, object := parse(k.hidden), resource.NewProperty(inputs)
	path.Delete(object)
	if value, ok := path.Get(resource.NewProperty(others)); ok {
		path.Set(object, value)
	}
	return inputs
}

func (k kind) isLate(inputs resource.PropertyMap) bool {
	return slices.ContainsFunc(k.latePaths, func(path string) bool {
		_, has := parse(path).Get(resource.NewProperty(inputs))
		return has
	})
}

func parse(path string) resource.PropertyPath {
	parsed, err := resource.ParsePropertyPath(path)
	if err != nil {
		panic(err) // it is written in our code
	}
	return parsed
}

var slot = regexp.MustCompile(`\{(\w+)\}`)

// fill puts inputs into a text, and tells whether all of them are known.
func (c *Cloud) fill(text string, inputs resource.PropertyMap) (filled string, known bool) {
	known = true
	filled = slot.ReplaceAllStringFunc(text, func(name string) string {
		name = strings.Trim(name, "{}")
		if v := inputs[resource.PropertyKey(name)]; v.IsString() {
			return v.StringValue()
		}
		if name == "project" {
			return c.project
		}
		known = false
		return ""
	})
	return filled, known
}

var keep = plugin.MarshalOptions{KeepUnknowns: true, KeepSecrets: true}

func marshal(m resource.PropertyMap) (*structpb.Struct, error) {
	return plugin.MarshalProperties(m, keep)
}

func unmarshal(s *structpb.Struct) (resource.PropertyMap, error) {
	return plugin.UnmarshalProperties(s, keep)
}
