package alerttest

import (
	"fmt"
	"slices"

	"github.com/secretstack/secretstack/alert"
)

// mutant is a condition without one of its parts.
type mutant struct {
	without string
	when    alert.Condition
}

// mutants are all conditions that miss one part of c. Where c is but one part, it is the one that always holds.
func mutants(c alert.Condition) []mutant {
	if inner := within(c); len(inner) > 0 {
		return inner
	}
	return []mutant{{fmt.Sprint(c), alert.All{}}}
}

func within(c alert.Condition) []mutant {
	switch c := c.(type) {
	case alert.All:
		return ofParts(c, func(parts []alert.Condition) alert.Condition { return alert.All(parts) })
	case alert.Any:
		return ofParts(c, func(parts []alert.Condition) alert.Condition { return alert.Any(parts) })
	case alert.Not:
		var all []mutant
		for _, m := range within(c.Condition) {
			all = append(all, mutant{m.without, alert.Not{Condition: m.when}})
		}
		return all
	case alert.Does:
		return ofWords(c, func(words []alert.Action) alert.Condition { return alert.Does(words) })
	case alert.Ends:
		return ofWords(c, func(words []alert.Outcome) alert.Condition { return alert.Ends(words) })
	}
	return nil
}

func ofParts(parts []alert.Condition, join func([]alert.Condition) alert.Condition) []mutant {
	var all []mutant
	for i, part := range parts {
		all = append(all, mutant{fmt.Sprintf("%T%v", part, part), join(slices.Delete(slices.Clone(parts), i, i+1))})
		for _, m := range within(part) {
			all = append(all, mutant{m.without, join(append(append(slices.Clone(parts[:i]), m.when), parts[i+1:]...))})
		}
	}
	return all
}

func ofWords[W ~string](words []W, join func([]W) alert.Condition) []mutant {
	if len(words) < 2 {
		return nil // without it, the part is gone: ofParts
	}
	var all []mutant
	for i, word := range words {
		all = append(all, mutant{string(word), join(slices.Delete(slices.Clone(words), i, i+1))})
	}
	return all
}
