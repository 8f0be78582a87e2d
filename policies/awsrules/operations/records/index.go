package records

// Index has what [Pattern.Of] left of many patterns, and tells for a subject whether one of them holds, in a time that
// does not grow with their number where they compare texts, or the beginnings or ends of them.
type Index struct {
	always bool
	ends   map[end]map[int]map[string]bool // by length
	others []Pattern
}

// end is what of a field is compared.
type end struct {
	path string
	how  how
}

// Add takes a pattern in.
func (x *Index) Add(p Pattern) {
	switch t := p.test; {
	case p.Always():
		x.always = true
	case t != nil && t.how <= suffix && !t.not && !t.fold:
		if x.ends == nil {
			x.ends = map[end]map[int]map[string]bool{}
		}
		lengths := x.ends[end{t.path, t.how}]
		if lengths == nil {
			lengths = map[int]map[string]bool{}
			x.ends[end{t.path, t.how}] = lengths
		}
		if lengths[len(t.text)] == nil {
			lengths[len(t.text)] = map[string]bool{}
		}
		lengths[len(t.text)][t.text] = true
	case t == nil && p.any:
		for _, part := range p.of {
			x.Add(part)
		}
	default:
		x.others = append(x.others, p)
	}
}

// Always tells that a pattern holds whatever the subject is.
func (x *Index) Always() bool { return x.always }

// Empty tells that no pattern holds for any subject.
func (x *Index) Empty() bool { return !x.always && len(x.ends) == 0 && len(x.others) == 0 }

// Holds tells whether one of the patterns holds for a subject, by its fields.
func (x *Index) Holds(subject map[string]string) bool {
	if x.always {
		return true
	}
	for path, text := range subject {
		for _, how := range []how{equal, prefix, suffix} {
			for n, texts := range x.ends[end{path, how}] {
				if n > len(text) || how == equal && n != len(text) {
					continue
				}
				part := text[:n]
				if how == suffix {
					part = text[len(text)-n:]
				}
				if texts[part] {
					return true
				}
			}
		}
	}
	for _, p := range x.others {
		if p.holds(subject) {
			return true
		}
	}
	return false
}
