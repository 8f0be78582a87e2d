package awsalert

import (
	"fmt"
	"slices"

	"github.com/secretstack/secretstack/alert"
)

// term holds where all of its parts do. A condition is one term or several, of which one holds.
type term struct {
	does  []alert.Action  // one of these; nil: any
	ends  []alert.Outcome // one of these; nil: any
	in    []alert.Set
	notIn []alert.Set
}

func terms(c alert.Condition) ([]term, error) {
	switch c := c.(type) {
	case alert.Does:
		return []term{{does: c}}, nil
	case alert.Ends:
		return []term{{ends: c}}, nil
	case alert.In:
		return []term{{in: []alert.Set{alert.Set(c)}}}, nil
	case alert.Not:
		if set, ok := c.Condition.(alert.In); ok {
			return []term{{notIn: []alert.Set{alert.Set(set)}}}, nil
		}
	case alert.Any:
		var all []term
		for _, part := range c {
			of, err := terms(part)
			if err != nil {
				return nil, err
			}
			all = append(all, of...)
		}
		return all, nil
	case alert.All:
		all := []term{{}}
		for _, part := range c {
			of, err := terms(part)
			if err != nil {
				return nil, err
			}
			all = product(all, of, term.and)
		}
		return all, nil
	}
	return nil, fmt.Errorf("AWS has no words for the condition %T%v", c, c)
}

func (t term) and(u term) term {
	return term{
		does: both(t.does, u.does), ends: both(t.ends, u.ends),
		in: slices.Concat(t.in, u.in), notIn: slices.Concat(t.notIn, u.notIn),
	}
}

// both has what two lists have in common, where nil is everything.
func both[T comparable](a, b []T) []T {
	if a == nil || b == nil {
		return append(a, b...)
	}
	return slices.DeleteFunc(slices.Clone(a), func(x T) bool { return !slices.Contains(b, x) })
}

func product[T any](a, b []T, join func(T, T) T) []T {
	var all []T
	for _, x := range a {
		for _, y := range b {
			all = append(all, join(x, y))
		}
	}
	return all
}
