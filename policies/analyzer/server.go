// Package analyzer serves rules to Pulumi's engine, as a policy pack. A team's own pack is a main that calls [Serve]
// with the rules of secretstack and its own.
package analyzer

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"time"

	"github.com/pulumi/pulumi/sdk/v3/go/common/resource/urn"
	pulumirpc "github.com/pulumi/pulumi/sdk/v3/proto/go"
	"google.golang.org/protobuf/types/known/emptypb"

	"github.com/secretstack/secretstack/policies/policy"
	"github.com/secretstack/secretstack/policies/ruleset"
)

// The pack's name and version, as the engine shows them.
const (
	Name    = "secretstack"
	Version = "0.1.0"
)

// Server answers the engine. It is the pack's own and not made of policyx, which drops severities and the levels that
// the pack sets, and lets one rule's error stop the others.
type Server struct {
	pulumirpc.UnimplementedAnalyzerServer
	rules []policy.Rule
	now   func() time.Time

	mu      sync.Mutex // the engine asks for several resources at once
	stack   string
	project string
	file    *ruleset.File
	chosen  []policy.Chosen
	check   *check // nil: no resource was looked at yet
}

// check is one preview or update.
type check struct {
	*policy.Checker
	*ruleset.Sieve
	inputs map[string]*policy.Resource // by URN
}

// New makes a server for the rules. Until the engine says where the pack is, no policies.yaml counts.
func New(rules []policy.Rule, now func() time.Time) *Server {
	file, _ := ruleset.Read("", rules)
	return &Server{rules: rules, now: now, file: file, chosen: file.Choose("", "")}
}

// Handshake reads the policies.yaml of the directory in which Pulumi runs, or else of the one that the pack is in.
func (s *Server) Handshake(
	_ context.Context, in *pulumirpc.AnalyzerHandshakeRequest,
) (*pulumirpc.AnalyzerHandshakeResponse, error) {
	path := ruleset.FileName
	if _, err := os.Stat(path); err != nil && in.RootDirectory != nil {
		path = filepath.Join(filepath.Dir(filepath.Clean(in.GetRootDirectory())), ruleset.FileName)
	}
	file, err := ruleset.Read(path, s.rules)
	if err != nil {
		return nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.file, s.chosen = file, file.Choose(s.stack, "")
	return &pulumirpc.AnalyzerHandshakeResponse{}, nil
}

// ConfigureStack takes the stack's own profile.
func (s *Server) ConfigureStack(
	_ context.Context, in *pulumirpc.AnalyzerStackConfigureRequest,
) (*pulumirpc.AnalyzerStackConfigureResponse, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.stack, s.project = in.GetStack(), in.GetProject()
	s.chosen, s.check = s.file.Choose(s.stack, ""), nil
	return &pulumirpc.AnalyzerStackConfigureResponse{}, nil
}

// Configure takes the levels and settings that the engine has made of ours and of --policy-pack-config.
func (s *Server) Configure(_ context.Context, in *pulumirpc.ConfigureAnalyzerRequest) (*emptypb.Empty, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for i, c := range s.chosen {
		config := in.GetPolicyConfig()[c.Name]
		if config == nil {
			continue
		}
		c.Level, c.Values = levelOf(config.GetEnforcementLevel()), map[string]any{}
		given := config.GetProperties().AsMap()
		for _, setting := range c.Settings {
			if value, ok := given[setting.Name]; ok {
				c.Values[setting.Name] = setting.Convert(value)
				if err := setting.Check(c.Values[setting.Name]); err != nil {
					return nil, fmt.Errorf("%s: %s %w", c.Name, setting.Name, err)
				}
			}
		}
		s.chosen[i] = c
	}
	s.check = nil
	return &emptypb.Empty{}, nil
}

// Analyze looks at one resource before it is made.
func (s *Server) Analyze(_ context.Context, in *pulumirpc.AnalyzeRequest) (*pulumirpc.AnalyzeResponse, error) {
	r, err := declared(in)
	if err != nil {
		return nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	c := s.begin()
	c.inputs[r.URN] = r
	return s.answer(c.Look(r)), nil
}

// AnalyzeStack looks at all resources, with their outputs.
func (s *Server) AnalyzeStack(_ context.Context, in *pulumirpc.AnalyzeStackRequest) (*pulumirpc.AnalyzeResponse, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	c := s.begin()
	// Those that a rule of the whole stack wants have been kept by Look without their outputs: begin again.
	whole := policy.NewChecker(s.chosen, s.now())
	project, stack := s.project, s.stack
	for _, res := range in.GetResources() {
		r, err := made(res, c.inputs[res.GetUrn()])
		if err != nil {
			return nil, err
		}
		whole.Keep(r)
		u := urn.URN(r.URN)
		project, stack = string(u.Project()), string(u.Stack())
	}
	response := s.answer(whole.Finish())
	asked := c.Asked()
	for rule, n := range whole.Asked() {
		asked[rule] += n
	}
	response.Diagnostics = append(response.Diagnostics, s.answer(c.Sieve.Finish(stack, project, asked)).GetDiagnostics()...)
	if n := len(c.Exempt()); n > 0 {
		response.Diagnostics = append(response.Diagnostics, diagnostic(ruleset.Exemptions, policy.Advisory, "",
			fmt.Sprintf("Exempt by %s: %d failures, which are not shown.", s.file.Path, n)))
	}
	s.check = nil // another preview may follow
	return response, nil
}

// Remediate changes nothing: what a secret should be is for people to say.
func (s *Server) Remediate(context.Context, *pulumirpc.AnalyzeRequest) (*pulumirpc.RemediateResponse, error) {
	return &pulumirpc.RemediateResponse{}, nil
}

// Cancel has nothing to stop.
func (s *Server) Cancel(context.Context, *emptypb.Empty) (*emptypb.Empty, error) {
	return &emptypb.Empty{}, nil
}

func (s *Server) begin() *check {
	if s.check == nil {
		s.check = &check{
			Checker: policy.NewChecker(s.chosen, s.now()), Sieve: s.file.Sieve(s.chosen, s.now(), false),
			inputs: map[string]*policy.Resource{},
		}
	}
	return s.check
}

func (s *Server) answer(findings []policy.Finding) *pulumirpc.AnalyzeResponse {
	response := &pulumirpc.AnalyzeResponse{}
	rules := map[string]policy.Chosen{}
	for _, c := range s.chosen {
		rules[c.Name] = c
	}
	for _, f := range s.check.Sieve.Keep(findings) {
		c := rules[f.Rule]
		level := c.Level
		if f.Verdict == policy.Unknown {
			level = policy.Advisory
		}
		response.Diagnostics = append(response.Diagnostics, diagnostic(c.Rule, level, f.URN, Text(f)))
	}
	return response
}
