package awsalert

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/secretstack/secretstack/alert"
)

// about writes what the sets of a term ask of the subject, the caller and the address. None: such operations are never
// in the sets.
func (s *Store) about(t term, o *operation) ([]fields, error) {
	var (
		set    alert.Set // that the subject is in
		except []string  // callers
		reader bool      // the readers of each secret are excepted
		f      = fields{}
	)
	for _, in := range t.in {
		switch in {
		case alert.OfStore, alert.Declared, alert.OfKey:
			if set != alert.Declared { // which is in OfStore
				set = in
			}
		default:
			return nil, fmt.Errorf("AWS has no words for events that are %s", in)
		}
	}
	for _, not := range t.notIn {
		switch not {
		case alert.ByReader:
			reader = true
		case alert.ByDeployer:
			except = append(except, s.Deployers...)
		case alert.ByRotator:
			except = append(except, s.Rotators...)
		case alert.Nearby:
			if len(s.Networks) == 0 {
				return nil, errors.New("no networks are named, so every address is nearby")
			}
			texts, err := nearby(s.Networks)
			if err != nil {
				return nil, err
			}
			f["sourceIPAddress"] = []match{{other, texts}}
		default:
			return nil, fmt.Errorf("AWS has no words for events that are not %s", not)
		}
	}
	if reader != (set == alert.Declared) {
		return nil, errors.New("the readers are those of a declared secret: ask for both, or for neither")
	}
	switch about := o.about; about {
	case secretCalled, secretRotated:
		switch {
		case set == alert.OfKey:
			return nil, nil
		case reader:
			branches, err := s.strangers(string(about), except)
			return product([]fields{f}, branches, fields.and), err
		case set != "" || about == secretRotated: // those of others are no events
			f[string(about)] = s.below()
		}
	case theKey:
		switch {
		case set == alert.OfKey && len(s.Keys) == 0:
			return nil, errors.New("the ARNs of the store's keys are not known")
		case set == alert.OfKey:
			f[string(about)] = all(s.Keys)
		case set != "":
			return nil, nil
		}
	case nothing:
		if set != "" {
			return nil, nil
		}
	default:
		watched := s.watched(o)
		if set != "" || watched != nil && len(watched) == 0 {
			return nil, nil
		}
		if watched != nil {
			f[string(about)] = watched
		}
	}
	return product([]fields{f}, s.others(except), fields.and), nil
}

// below are the ids of the store's secrets, declared or not.
func (s *Store) below() []match {
	below := []match{{begins, []string{s.Prefix}}}
	if s.Prefix == "" {
		below = []match{{other, []string{"arn:*"}}}
	}
	for _, region := range s.regions() {
		below = append(below, match{begins, []string{s.arn(region) + s.Prefix}})
	}
	return below
}

// called are the ids of a declared secret: its name, its ARN, and that without what AWS adds. A name has no colon. An
// ARN with the six characters that AWS added to this secret's is no other's. The ARN's region is left out to save room:
// a call in one region gets nothing by the ARN of another.
func (s *Store) called(name string) ([]match, error) {
	arn := s.ARNs[name]
	if arn == "" {
		return nil, fmt.Errorf("the ARN of the secret %s is not known", name)
	}
	return []match{
		is(s.Prefix + name),
		{ends, []string{":" + s.Account + ":secret:" + s.Prefix + name}},
		{ends, []string{arn[strings.LastIndexByte(arn, ':'):]}},
	}, nil
}

// strangers are callers who are no readers of a declared secret, nor among except: a branch for the secrets that have
// the same readers.
func (s *Store) strangers(path string, except []string) ([]fields, error) {
	var branches []fields
	for _, same := range s.byReaders() {
		f := fields{}
		for _, secret := range same {
			called, err := s.called(secret.Name)
			if err != nil {
				return nil, err
			}
			f[path] = append(f[path], called...)
		}
		branches = append(branches, product([]fields{f}, s.others(slices.Concat(except, same[0].Readers)), fields.and)...)
	}
	return branches, nil
}

// byReaders are the secrets, those together that have the same readers.
func (s *Store) byReaders() [][]alert.Secret {
	var all [][]alert.Secret
	at := map[string]int{}
	for _, secret := range s.Secrets {
		key := strings.Join(slices.Sorted(slices.Values(secret.Readers)), " ")
		i, ok := at[key]
		if !ok {
			i = len(all)
			at[key] = i
			all = append(all, nil)
		}
		all[i] = append(all[i], secret)
	}
	return all
}

// others are callers that are none of these. The sessions of a role are known by their issuer: their own ARNs would take an
// asterisk, and a bus takes 30 rules with one (https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-quota.html).
func (s *Store) others(identities []string) []fields {
	var roles, arns, accounts []string
	for _, id := range s.withAccounts(identities) {
		account, isAccount := strings.CutPrefix(id, alone)
		switch {
		case isAccount:
			accounts = append(accounts, account)
		case strings.HasPrefix(id[strings.LastIndexByte(id, ':')+1:], "role/"):
			roles = append(roles, id)
		default:
			arns = append(arns, id)
		}
	}
	const issuer, arn, account = "userIdentity.sessionContext.sessionIssuer.arn", "userIdentity.arn", "userIdentity.accountId"
	none, f := match{how: absent}, fields{}
	if len(roles) > 0 {
		f[issuer] = []match{{other, unique(roles)}, none}
	}
	if len(arns) > 0 {
		f[arn] = []match{{other, unique(arns)}, none}
	}
	if len(accounts) == 0 {
		return []fields{f}
	}
	if f[arn] = []match{{begins, []string{"arn:"}}}; len(arns) > 0 {
		f[arn] = []match{{other, unique(arns)}}
	}
	return []fields{f, {arn: {none}, account: {{other, unique(accounts)}, none}}}
}

func unique(texts []string) []string { return slices.Compact(slices.Sorted(slices.Values(texts))) }
