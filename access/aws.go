package access

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/secretstack/secretstack/policies/iamdoc"
	"github.com/secretstack/secretstack/policies/policy"
)

// The actions that reading takes. BatchGetSecretValue needs the first for each secret:
// https://docs.aws.amazon.com/secretsmanager/latest/apireference/API_BatchGetSecretValue.html.
const (
	awsRead    = "secretsmanager:GetSecretValue"
	awsDecrypt = "kms:Decrypt"
)

// The types of AWS, beside awsAttachments.
const (
	awsSecretType   = "aws:secretsmanager/secret:Secret"
	awsVersionType  = "aws:secretsmanager/secretVersion:SecretVersion"
	awsPolicyType   = "aws:secretsmanager/secretPolicy:SecretPolicy"
	awsRotationType = "aws:secretsmanager/secretRotation:SecretRotation"
	awsFunctionType = "aws:lambda/function:Function"
	awsKeyType      = "aws:kms/key:Key"
	awsKeyPolicy    = "aws:kms/keyPolicy:KeyPolicy"
	awsAliasType    = "aws:kms/alias:Alias"
	awsGrantType    = "aws:kms/grant:Grant"
	awsRoleType     = "aws:iam/role:Role"
	awsUserType     = "aws:iam/user:User"
	awsGroupType    = "aws:iam/group:Group"
	awsManagedType  = "aws:iam/policy:Policy"
	awsMembersType  = "aws:iam/groupMembership:GroupMembership"
	awsGroupsType   = "aws:iam/userGroupMembership:UserGroupMembership"
)

var awsTypes = []string{
	awsSecretType, awsVersionType, awsPolicyType, awsRotationType, awsFunctionType, awsKeyType, awsKeyPolicy, awsAliasType, awsGrantType,
	awsRoleType, awsUserType, awsGroupType, awsManagedType, awsMembersType, awsGroupsType,
}

// awsCloud is what is known of AWS in the stack.
type awsCloud struct {
	*builder
	principals map[string]*awsPrincipal // by key
	readers    map[string]string        // names from the options, by key
	keys       map[string]*awsKey       // by URN
	owners     awsOwners                // whose own policies may let them read
	withheld   []string                 // policies that are not known, and depend on no secret here
}

// awsSecret is a secret and what decides who reads it.
type awsSecret struct {
	*secret
	name, arn       string // the ARN as a pattern, where not all of it is known
	account, region string // "": not known
	tags            policy.Value
	rules           []awsRule
	unknown         *policy.Resource // a policy of it that is not known
	key             *awsKey
}

// awsRule is a statement of a policy.
type awsRule struct {
	iamdoc.Statement
	how   string
	named []awsNamed // its principals
}

// awsNamed is a principal as a policy names it.
type awsNamed struct {
	awsPrincipal
	class iamdoc.Class
	text  string
}

// awsKey is a key that encrypts secrets.
type awsKey struct {
	name     string
	resource *policy.Resource // nil: it is not in the stack
	unknown  bool             // its policy is not known
	byIAM    bool             // it has the default policy, which leaves all to IAM
	rules    []awsRule
	grants   []*policy.Resource
}

func (b *builder) aws() {
	a := &awsCloud{
		builder: b, principals: map[string]*awsPrincipal{}, readers: map[string]string{}, keys: map[string]*awsKey{},
		owners: awsOwners{prefixes: map[int]map[string][]*awsPrincipal{}},
	}
	if a.Account == "" || a.Region == "" {
		a.guessHome()
	}
	for name, id := range b.Names {
		a.readers[awsID(id).key] = name
	}
	var secrets []*awsSecret
	for _, r := range b.Of(awsSecretType) {
		secrets = append(secrets, a.newSecret(r))
	}
	if len(secrets) == 0 && len(b.Of(awsPolicyType)) == 0 {
		return
	}
	byURN := map[string]*awsSecret{}
	for i, r := range b.Of(awsSecretType) {
		byURN[r.URN] = secrets[i]
	}
	for _, r := range b.Of(awsPolicyType) {
		of := b.Referents(r, "secretArn", awsSecretType)
		if arn := r.Output("secretArn").Text(); len(of) == 0 && arn != "" {
			s := a.foreignSecret(arn)
			secrets = append(secrets, s)
			a.secretPolicy(s, r, r.Get("policy"))
		}
		for _, to := range of {
			a.secretPolicy(byURN[to.URN], r, r.Get("policy"))
		}
	}
	for i, r := range b.Of(awsSecretType) {
		if s := secrets[i]; s.rules == nil && s.unknown == nil {
			a.secretPolicy(s, r, r.Output("policy"))
		}
	}
	a.readIdentities()
	for _, s := range secrets {
		a.placeByPolicy(s)
		a.readersOf(s)
	}
	a.markRotators()
	if n := len(a.withheld); n > 0 {
		slices.Sort(a.withheld)
		a.note(fmt.Sprintf("Policies of identities that are not known before the update, and depend on no secret here, are not looked at: %s.",
			few(slices.Compact(a.withheld), "and")))
	}
}

// guessHome takes the account and region from the first secret, role or key whose ARN is known.
func (a *awsCloud) guessHome() {
	for _, typ := range []string{awsSecretType, awsKeyType, awsRoleType, awsUserType} {
		for _, r := range a.Of(typ) {
			if arn := strings.Split(r.Output("arn").Text(), ":"); len(arn) > 5 {
				a.Account, a.Region = cmp.Or(a.Account, arn[4]), cmp.Or(a.Region, arn[3])
			}
		}
	}
}

func (a *awsCloud) newSecret(r *policy.Resource) *awsSecret {
	name := r.Output("name").Text()
	s := &awsSecret{secret: a.secret(r.URN, Secret{Name: r.Name, Where: name}), name: name, tags: r.Output("tagsAll")}
	if s.tags.Absent() || s.tags.Unknown() {
		s.tags = r.Get("tags")
	}
	s.arn = r.Output("arn").Text()
	if s.arn == "" {
		s.account, s.region = a.Account, a.Region
		s.spell()
	} else {
		s.fromARN()
	}
	s.key = a.keyOf(r)
	return s
}

// foreignSecret is one that the stack does not make, but gives a policy.
func (a *awsCloud) foreignSecret(arn string) *awsSecret {
	s := &awsSecret{arn: arn, key: &awsKey{name: "of the secret"}}
	s.fromARN()
	s.secret = a.secret("aws "+arn, Secret{Name: s.name, Where: s.name})
	return s
}

// fromARN takes from the ARN what it says. AWS puts a hyphen and six characters behind the name:
// https://docs.aws.amazon.com/secretsmanager/latest/userguide/getting-started.html#term_secret.
func (s *awsSecret) fromARN() {
	if parts := strings.SplitN(s.arn, ":", 7); len(parts) == 7 {
		s.region, s.account = parts[3], parts[4]
		if s.name == "" {
			s.name = parts[6]
			if n := len(s.name) - 7; n > 0 && s.name[n] == '-' {
				s.name = s.name[:n]
			}
		}
	}
}

// spell writes the ARN that the secret will have, with patterns for what is not known.
func (s *awsSecret) spell() {
	s.arn = fmt.Sprintf("arn:%s:secretsmanager:%s:%s:secret:%s-??????", partition(s.region), cmp.Or(s.region, "*"), cmp.Or(s.account, "*"), cmp.Or(s.name, "*"))
}

// secretPolicy adds a policy of a secret.
func (a *awsCloud) secretPolicy(s *awsSecret, r *policy.Resource, v policy.Value) {
	if v.Text() == "{}" { // deletes the policy
		return
	}
	rules, unknown := a.rules(v, awsRead, "secret's policy", "the policy of "+r.Name)
	s.rules = append(s.rules, rules...)
	if unknown {
		s.unknown = r
	}
}

// rules are the statements of a document that may be about one of the actions.
func (a *awsCloud) rules(v policy.Value, action, how, where string) (rules []awsRule, unknown bool) {
	doc, err := iamdoc.Read(v)
	if err != nil {
		a.note(fmt.Sprintf("%s could not be read: %s.", strings.ToUpper(where[:1])+where[1:], err))
		return nil, true
	}
	for i, s := range doc.Statements {
		if _, about := s.About(action); about == iamdoc.No {
			continue
		}
		name := cmp.Or(s.Sid, fmt.Sprintf("statement %d", i+1))
		if len(doc.Statements) == 1 && s.Sid == "" {
			name = ""
		}
		rule := awsRule{Statement: s, how: how}
		for _, p := range s.Principals {
			rule.named = append(rule.named, newNamed(p))
		}
		if name != "" {
			rule.how += " (" + name + ")"
		}
		rules = append(rules, rule)
	}
	return rules, doc.Unknown
}

// placeByPolicy finds the account of a secret that has no ARN yet in its own policy, which may spell it.
func (a *awsCloud) placeByPolicy(s *awsSecret) {
	if s.account != "" || s.name == "" {
		return
	}
	for _, rule := range s.rules {
		for _, v := range rule.Resources {
			parts := strings.SplitN(v.Text(), ":", 7)
			if len(parts) == 7 && strings.HasPrefix(parts[6], s.name) && !strings.ContainsAny(parts[4]+parts[3], "*?") {
				s.region, s.account = cmp.Or(s.region, parts[3]), parts[4]
				s.spell()
				return
			}
		}
	}
	if s.key != nil && s.key.resource != nil {
		for _, rule := range s.key.rules {
			for _, p := range rule.named {
				if p.class == iamdoc.Account && p.account != "" {
					s.account = p.account
					s.spell()
					return
				}
			}
		}
	}
}

// keyOf gives the key of a secret; nil: the one that AWS manages for the account.
func (a *awsCloud) keyOf(r *policy.Resource) *awsKey {
	v := r.Get("kmsKeyId")
	if v.Absent() || strings.HasSuffix(v.Text(), "alias/aws/secretsmanager") {
		return nil
	}
	keys := a.Referents(r, "kmsKeyId", awsKeyType)
	for _, alias := range a.Referents(r, "kmsKeyId", awsAliasType) {
		keys = append(keys, a.Referents(alias, "targetKeyId", awsKeyType)...)
	}
	if len(keys) == 0 {
		return &awsKey{name: cmp.Or(v.Text(), "that is not known before the update")}
	}
	key := keys[0]
	if k := a.keys[key.URN]; k != nil {
		return k
	}
	k := &awsKey{name: key.Name, resource: key}
	a.keys[key.URN] = k
	policies := []policy.Value{key.Output("policy")}
	if own, _ := a.Referrers(key, awsKeyPolicy, "keyId"); len(own) > 0 {
		policies = nil
		for _, p := range own {
			policies = append(policies, p.Get("policy"))
		}
	}
	k.byIAM = len(policies) == 1 && policies[0].Absent()
	for _, p := range policies {
		rules, unknown := a.rules(p, awsDecrypt, "key's policy", "the policy of the key "+key.Name)
		k.rules, k.unknown = append(k.rules, rules...), k.unknown || unknown
	}
	k.grants, _ = a.Referrers(key, awsGrantType, "keyId")
	return k
}

// markRotators marks the roles of functions that rotate a secret.
func (a *awsCloud) markRotators() {
	roles := map[string]bool{}
	for _, rotation := range a.Of(awsRotationType) {
		for _, f := range a.Referents(rotation, "rotationLambdaArn", awsFunctionType) {
			for _, role := range a.Referents(f, "role", awsRoleType) {
				roles[role.URN] = true
			}
		}
	}
	for i, id := range a.access.Identities {
		if roles[id.Resource] {
			a.access.Identities[i].Mark = Rotator
		}
	}
}

// readersOf finds who reads a secret.
func (a *awsCloud) readersOf(s *awsSecret) {
	for _, p := range a.candidates(s) {
		for _, w := range a.waysOf(s, p) {
			a.read(s.secret, p.index, w)
		}
	}
	if s.unknown != nil {
		w := Way{By: BySecret, How: "secret's policy", Level: Unknown, If: []string{beforeUpdate}}
		named := false
		for _, urn := range s.unknown.PropertyDependencies["policy"] {
			r := a.ByURN(urn)
			if r != nil && (r.Type == awsRoleType || r.Type == awsUserType) {
				a.read(s.secret, a.made(r).index, w)
				named = true
			}
		}
		if !named {
			a.read(s.secret, a.unknown(s.unknown.URN), w)
		}
	}
}

// candidates are the principals that the secret's policy names, and those whose own policies may let them read.
func (a *awsCloud) candidates(s *awsSecret) []*awsPrincipal {
	var all []*awsPrincipal
	seen := map[*awsPrincipal]bool{}
	add := func(p *awsPrincipal) {
		if p != nil && !seen[p] {
			seen[p] = true
			all = append(all, p)
		}
	}
	open := false
	for _, rule := range s.rules {
		if rule.Allows() == iamdoc.No {
			continue
		}
		if rule.NotPrincipal {
			open = true
			add(a.everybody())
			continue
		}
		for _, p := range rule.named {
			switch {
			case p.class == iamdoc.Everybody:
				open = true
				add(a.everybody())
			case p.class == iamdoc.Account && p.account == s.account:
				// Its own policies decide, and those of the stack are looked at.
			case p.text != "":
				add(a.named(p))
			default:
				add(a.principal("unknown "+s.Name, "somebody", awsPrincipal{kind: "not known before the update"}))
			}
		}
	}
	if open { // whom the conditions tell apart
		for _, rule := range s.rules {
			for _, c := range rule.Conditions {
				if c.Key == "aws:principalarn" {
					for _, v := range c.Values {
						if v.Text() != "" && v.Text() != "*" && !strings.Contains(v.Text(), "${") {
							add(a.named(newNamed(iamdoc.Principal{Kind: "AWS", ID: v})))
						}
					}
				}
			}
		}
	}
	for p := range a.owners.of(s) {
		add(p)
	}
	return all
}

// waysOf gives the ways in which a principal reads a secret.
func (a *awsCloud) waysOf(s *awsSecret, p *awsPrincipal) []Way {
	q := &awsRequest{action: awsRead, resource: s.arn, tags: s.tags, account: s.account, region: s.region, principal: p, secretARN: s.arn}
	elsewhere := p.account != "" && s.account != "" && p.account != s.account
	var direct, delegated []awsGrant
	for _, rule := range s.rules {
		g, through := q.allowed(rule, true)
		switch {
		case g.level == "":
		case through:
			delegated = append(delegated, g)
		default:
			direct = append(direct, g)
		}
	}
	var own []awsGrant
	for _, rule := range p.rules {
		if g, _ := q.allowed(rule, false); g.level != "" {
			g.by = ByIdentity
			own = append(own, g)
		}
	}
	for _, unknown := range p.unknownPolicies {
		if slices.Contains(unknown.about, s.secret) {
			own = append(own, awsGrant{by: ByIdentity, how: unknown.how, level: Unknown, ifs: []string{beforeUpdate}})
		}
	}
	var grants []awsGrant
	switch {
	case !elsewhere:
		for _, g := range direct {
			if p.kind == "user" || p.resource == nil {
				grants = append(grants, g) // a boundary does not limit what a resource grants to a user
			} else {
				grants = append(grants, a.bounded(q, p, g)...)
			}
		}
		for _, g := range own {
			grants = append(grants, a.bounded(q, p, g)...)
		}
	default: // both accounts must allow it
		other := awsGrant{level: Conditional, ifs: []string{"if account " + p.account + " allows it too"}}
		if len(own) > 0 {
			other = own[0]
		}
		if p.mark == Anybody {
			other = awsGrant{level: Certain}
		}
		for _, g := range slices.Concat(direct, delegated) {
			grants = append(grants, g.and(other))
		}
	}
	if len(grants) == 0 {
		return nil
	}
	if p.account != "" && s.account == "" && p.resource == nil {
		for i := range grants {
			grants[i] = grants[i].and(awsGrant{level: Conditional, ifs: []string{"if the secret is in account " + p.account + ", or that allows it too"}})
		}
	}
	for _, rule := range slices.Concat(s.rules, p.rules) {
		limit, denied := q.denied(rule)
		if denied {
			return nil
		}
		for i := range grants {
			grants[i] = grants[i].and(limit)
		}
	}
	if s.unknown != nil {
		for i := range grants {
			grants[i] = grants[i].and(awsGrant{level: Unknown, ifs: []string{"if the secret's policy, " + beforeUpdate + ", does not deny it"}})
		}
	}
	key := a.decrypts(s, p, elsewhere)
	ways := make([]Way, len(grants))
	for i, g := range grants {
		g = g.and(key)
		ways[i] = Way{By: cmp.Or(g.by, BySecret), How: g.how, Level: g.level, Wide: g.wide, If: g.ifs}
	}
	return ways
}

// bounded limits a grant to what the boundary of a principal allows.
func (a *awsCloud) bounded(q *awsRequest, p *awsPrincipal, g awsGrant) []awsGrant {
	switch {
	case p.boundary == "":
		return []awsGrant{g}
	case p.boundaryRules == nil:
		return []awsGrant{g.and(awsGrant{level: Unknown, ifs: []string{"if its permissions boundary " + p.boundary + " allows it"}})}
	}
	best := awsGrant{}
	for _, rule := range *p.boundaryRules {
		limit, _ := q.allowed(rule, false)
		if limit.level != "" && (best.level == "" || limit.level.rank() < best.level.rank()) {
			best = limit
		}
		if l, denied := q.denied(rule); denied {
			return nil
		} else if l.level != Certain {
			g = g.and(l)
		}
	}
	if best.level == "" {
		return nil
	}
	return []awsGrant{g.and(best)}
}

// decrypts tells whether a principal can use the key of a secret. Secrets Manager decrypts on behalf of who asks:
// https://docs.aws.amazon.com/secretsmanager/latest/userguide/security-encryption.html.
func (a *awsCloud) decrypts(s *awsSecret, p *awsPrincipal, elsewhere bool) awsGrant {
	k := s.key
	switch {
	case k == nil && elsewhere:
		return awsGrant{level: Locked, ifs: []string{"but it cannot use the key that AWS manages for the secret's account"}}
	case k == nil && p.mark == Anybody:
		return awsGrant{level: Conditional, ifs: []string{"if it is in the secret's account, as others cannot use the key that AWS manages"}}
	case k == nil:
		return awsGrant{level: Certain}
	case k.resource == nil:
		return awsGrant{level: Unknown, ifs: []string{"if it can decrypt with the key " + k.name + ", which is not here"}}
	case k.unknown:
		return awsGrant{level: Unknown, ifs: []string{"if the policy of the key " + k.name + " lets it decrypt, " + beforeUpdate}}
	}
	arn := k.resource.Output("arn").Text()
	q := &awsRequest{
		action: awsDecrypt, resource: cmp.Or(arn, fmt.Sprintf("arn:%s:kms:%s:%s:key/*", partition(s.region), cmp.Or(s.region, "*"), cmp.Or(s.account, "*"))), account: s.account, region: s.region,
		principal: p, secretARN: s.arn, through: true,
	}
	best, byIAM := awsGrant{}, k.byIAM
	better := func(g awsGrant) {
		if g.level != "" && (best.level == "" || g.level.rank() < best.level.rank()) {
			best = g
		}
	}
	for _, rule := range k.rules {
		g, delegated := q.allowed(rule, true)
		switch {
		case g.level == "":
		case delegated && !elsewhere:
			byIAM = true
		default:
			better(g) // for another account, that its own policies allow it is already a condition
		}
	}
	for _, grant := range k.grants {
		if a.isGrantee(grant, p) {
			better(awsGrant{level: Certain})
		}
	}
	if byIAM {
		for _, rule := range p.keyRules {
			g, _ := q.allowed(rule, false)
			better(g)
		}
		switch may := "if its own policies let it decrypt with the key " + k.name; {
		case best.level != "" || p.mark == Anybody:
		case p.unknownPolicies != nil:
			best = awsGrant{level: Unknown, ifs: []string{may}}
		case p.resource == nil:
			best = awsGrant{level: Conditional, ifs: []string{may}}
		}
	}
	for _, rule := range slices.Concat(k.rules, p.keyRules) {
		limit, denied := q.denied(rule)
		if denied {
			best = awsGrant{}
			break
		}
		best = best.and(limit)
	}
	if best.level == "" {
		return awsGrant{level: Locked, ifs: []string{"but nothing here lets it decrypt with the key " + k.name}}
	}
	return awsGrant{level: best.level, ifs: best.ifs}
}

// isGrantee tells whether a grant of KMS lets a principal decrypt.
func (a *awsCloud) isGrantee(grant *policy.Resource, p *awsPrincipal) bool {
	decrypt := slices.ContainsFunc(grant.Get("operations").Items(), func(v policy.Value) bool { return v.Text() == "Decrypt" })
	grantee := grant.Get("granteePrincipal")
	if text := grantee.Text(); text != "" {
		return decrypt && awsID(text).key == p.key
	}
	return decrypt && p.resource != nil && slices.Contains(grant.PropertyDependencies["granteePrincipal"], p.resource.URN)
}

// partition is the part of AWS that a region is in: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference-arns.html.
func partition(region string) string {
	switch {
	case strings.HasPrefix(region, "cn-"):
		return "aws-cn"
	case strings.HasPrefix(region, "us-gov-"):
		return "aws-us-gov"
	}
	return "aws"
}
