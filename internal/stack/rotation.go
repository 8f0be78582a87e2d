package stack

import (
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/secretstack/secretstack/components/awssecret"
	"github.com/secretstack/secretstack/components/azuresecret"
	"github.com/secretstack/secretstack/components/gcpsecret"
	"github.com/secretstack/secretstack/components/localsecret"
	"github.com/secretstack/secretstack/components/secret"
	"github.com/secretstack/secretstack/components/target"
	"github.com/secretstack/secretstack/internal/bundle"
	"github.com/secretstack/secretstack/internal/strict"
)

// TargetConfig is where the target of one secret's rotation is: see secret.Address.
type TargetConfig struct {
	Host     string `yaml:"host"`
	Port     int    `yaml:"port"`
	Database string `yaml:"database"`
	TLS      string `yaml:"tls"`
	CA       string `yaml:"ca"` // a file with certificates in PEM, relative to the project
	URL      string `yaml:"url"`
}

// checkRotation notes what is wrong with the configuration of the declared rotations, and fills Addresses.
func (s *Stack) checkRotation(doc *strict.Document) {
	rotations := map[string]secret.Rotation{}
	for _, spec := range s.Declaration.Rotated() {
		rotations[spec.Name] = *spec.Rotation
	}
	s.checkTargets(doc, rotations)
	switch s.Config.Cloud {
	case awssecret.Limits.Name:
		if c := s.Config.AWS.RotatorConcurrency; c < -1 {
			doc.Add(namespace+"aws.rotatorConcurrency", "must be how many secrets are rotated at once, or -1 to reserve nothing")
		}
		s.checkBundle(doc)
		s.checkNetworks(doc, rotations)
		s.checkSchedules(doc, rotations)
	case azuresecret.Limits.Name:
		checkImage(doc, "azure.rotatorImage", s.Config.Azure.RotatorImage, rotations)
		if c := s.Config.Azure; len(rotations) > 0 && c.RotatorSubnet == "" && len(c.AllowedNetworks) == 0 {
			doc.Add(namespace+"azure.rotatorSubnet", "is missing; the vault lets nobody in from the internet (allowedNetworks is empty), "+
				"so set it to a subnet from which the rotator reaches the vault")
		}
	case gcpsecret.Limits.Name:
		checkImage(doc, "gcp.rotatorImage", s.Config.GCP.RotatorImage, rotations)
		if c := s.Config.GCP; len(rotations) > 0 && c.RotatorLocation == "" && len(c.Locations) == 0 {
			doc.Add(namespace+"gcp.rotatorLocation", "is missing; set it to the region in which secrets are rotated, such as europe-west1")
		}
	}
}

func (s *Stack) checkTargets(doc *strict.Document, rotations map[string]secret.Rotation) {
	s.Addresses = map[string]secret.Address{}
	field := func(name string) string { return namespace + "targets." + name }
	for _, name := range slices.Sorted(maps.Keys(s.Config.Targets)) {
		rotation, rotated := rotations[name]
		if !rotated {
			notRotated(doc, field(name), name, s.Declaration, rotations)
			continue
		}
		address := s.address(doc, field(name), s.Config.Targets[name])
		for _, p := range address.Check(rotation) {
			at := field(name)
			if p.Field != "" {
				at += "." + p.Field
			}
			if !doc.Wrong(at) && !doc.Wrong(field(name)) {
				doc.Add(at, "%s", p.Rule)
			}
		}
		s.Addresses[name] = address
	}
	s.checkUsers(doc, rotations)
	if s.Config.Cloud == localsecret.Limits.Name || doc.Wrong(namespace+"targets") {
		return
	}
	for _, name := range slices.Sorted(maps.Keys(rotations)) {
		if _, given := s.Config.Targets[name]; given {
			continue
		}
		example := "{host: db.example.com}"
		switch rotations[name].Target() {
		case "", "generated":
			continue
		case "webhook":
			example = "{url: https://issuer.example.com/rotate}"
		}
		doc.Add(field(name), "is missing; say where the %s target of this rotation is, as in %s", rotations[name].Target(), example)
	}
}

// checkUsers notes where two secrets would change one user's password, and so end each other's.
func (s *Stack) checkUsers(doc *strict.Document, rotations map[string]secret.Rotation) {
	changed := map[string]string{} // by which secret
	for _, name := range slices.Sorted(maps.Keys(s.Addresses)) {
		r, a := rotations[name], s.Addresses[name]
		if r.Database() == nil || a.Host == "" {
			continue
		}
		for _, user := range r.Database().Users {
			key := fmt.Sprint(r.Target(), " ", strings.ToLower(a.Host), " ", a.Port, " ", user)
			if other, taken := changed[key]; taken {
				doc.Add(namespace+"targets."+name, "has the user %s, whose password %s changes already, on the same server", user, other)
			}
			changed[key] = name
		}
	}
}

// address reads the file with the certificates.
func (s *Stack) address(doc *strict.Document, field string, c TargetConfig) secret.Address {
	a := secret.Address{Host: c.Host, Port: c.Port, Database: c.Database, TLS: c.TLS, URL: c.URL}
	if c.CA == "" {
		return a
	}
	if !filepath.IsLocal(c.CA) {
		doc.Add(field+".ca", "must be a file below the project's folder")
	} else if data, err := os.ReadFile(filepath.Join(s.Dir, c.CA)); err != nil {
		doc.Add(field+".ca", "cannot be read: %s", errors.Unwrap(err))
	} else {
		a.CA = string(data)
	}
	return a
}

// notRotated notes that something is said of the rotation of a secret that has none.
func notRotated(doc *strict.Document, field, name string, d *secret.Declaration, rotations map[string]secret.Rotation) {
	if slices.ContainsFunc(d.Secrets, func(s secret.Spec) bool { return s.Name == name }) {
		doc.Add(field, "is of no use: %s has no rotation for this secret", declarationFile)
	} else if !doc.Wrong(field) {
		doc.Add(field, "names no secret of %s that is rotated; %s", declarationFile, strict.Suggest(name, slices.Sorted(maps.Keys(rotations))))
	}
}

func checkImage(doc *strict.Document, field, image string, rotations map[string]secret.Rotation) {
	switch {
	case doc.Wrong(namespace + field):
	case image != "":
		if err := target.CheckImage(image); err != nil {
			doc.Add(namespace+field, "%s", err)
		}
	case len(rotations) > 0:
		doc.Add(namespace+field, "is missing, and %s rotates %d of its secrets: build the rotator with make image, "+
			"and set this to the reference that it prints", declarationFile, len(rotations))
	}
}

func (s *Stack) checkBundle(doc *strict.Document) {
	field, file := namespace+"aws.rotatorBundle", s.Config.AWS.RotatorBundle
	if file == "" {
		return
	}
	if !filepath.IsLocal(file) {
		doc.Add(field, "must be a file below the project's folder")
		return
	}
	if err := bundle.Check(filepath.Join(s.Dir, file)); err != nil {
		doc.Add(field, "%s", err)
	}
}

var networkName = regexp.MustCompile(`^[a-z][a-z0-9-]{0,19}$`)

func (s *Stack) checkNetworks(doc *strict.Document, rotations map[string]secret.Rotation) {
	in := map[string]string{} // the network of each secret
	for _, name := range slices.Sorted(maps.Keys(s.Config.AWS.Networks)) {
		n, key := s.Config.AWS.Networks[name], "aws.networks."+name
		field := namespace + key
		if doc.Wrong(field) {
			continue
		}
		if !networkName.MatchString(name) {
			doc.Add(field, "a network's name has at most 20 small letters, digits and - and begins with a letter")
		}
		checkEach(doc, key+".vpc", awssecret.CheckVPC, n.VPC)
		checkEach(doc, key+".subnets[%d]", awssecret.CheckSubnet, n.Subnets...)
		if len(n.Subnets) == 0 && !doc.Wrong(field+".subnets") {
			doc.Add(field+".subnets", "is missing; name the subnets in which the rotator runs, in two zones or more")
		}
		if len(n.Secrets) == 0 && !doc.Wrong(field+".secrets") {
			doc.Add(field+".secrets", "is missing; name the rotated secrets whose targets are there")
		}
		for i, member := range n.Secrets {
			at := fmt.Sprintf("%s.secrets[%d]", field, i)
			if _, rotated := rotations[member]; doc.Wrong(at) {
				continue
			} else if !rotated {
				notRotated(doc, at, member, s.Declaration, rotations)
			} else if other, taken := in[member]; taken {
				doc.Add(at, "%s is in the network %s already; a secret has one rotator", member, other)
			}
			in[member] = name
		}
	}
	if len(in) > 0 {
		checkRotators(doc, rotations, in)
	}
}

// checkRotators notes the secrets with which the rotators of two networks would have to do, and a secret's
// policy lets one in.
func checkRotators(doc *strict.Document, rotations map[string]secret.Rotation, networks map[string]string) {
	seen := map[string]string{} // by which rotated secret
	for _, name := range slices.Sorted(maps.Keys(rotations)) {
		for _, used := range append([]string{name}, rotations[name].Reads()...) {
			if other, ok := seen[used]; ok && networks[other] != networks[name] {
				doc.Add(namespace+"aws.networks", "the rotations of %s and %s both need %s, but run in two networks; "+
					"put them into one, or give each a secret of its own", other, name, used)
			} else {
				seen[used] = name
			}
		}
	}
}

func (s *Stack) checkSchedules(doc *strict.Document, rotations map[string]secret.Rotation) {
	for _, name := range slices.Sorted(maps.Keys(s.Config.AWS.Schedules)) {
		c, field := s.Config.AWS.Schedules[name], namespace+"aws.schedules."+name
		if doc.Wrong(field) {
			continue
		}
		rotation, rotated := rotations[name]
		switch {
		case !rotated:
			notRotated(doc, field, name, s.Declaration, rotations)
			continue
		case rotation.Every == secret.Manual:
			doc.Add(field, "is of no use: %s says every: manual for this secret", declarationFile)
		}
		if doc.Wrong(field+".expression") || doc.Wrong(field+".window") {
			continue
		}
		if err := awssecret.CheckSchedule(c.Expression, time.Duration(c.Window)); err != nil {
			doc.Add(field, "%s", err)
		}
	}
}
