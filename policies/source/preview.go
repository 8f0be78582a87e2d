package source

import (
	"fmt"
	"io"
	"iter"

	"github.com/secretstack/secretstack/policies/policy"
)

// Preview reads what `pulumi preview --json --show-sames` prints. A secret is unknown. The stack's outputs are not in the
// file. It is an error if the resources that stay the same are missing, since a rule could not tell them from such that
// are not there.
func Preview(in io.Reader) iter.Seq2[*policy.Resource, error] {
	return each(in, preview, func(d *document, give func(*policy.Resource) error) error {
		// The last step of a resource says what will be: with --refresh, an earlier one says what is.
		var order []string
		last := map[string]*policy.Resource{}
		same := 0
		summary := map[string]int{}
		err := d.top([]string{"steps", "changeSummary"}, func(name string) error {
			switch name {
			case "steps":
				index := -1
				return d.items("steps", func() error {
					index++
					var step struct {
						Op       string  `json:"op"`
						NewState *stored `json:"newState"` // none for what is deleted
					}
					if err := d.decode(&step); err != nil {
						return fmt.Errorf("step %d: %w", index, err)
					}
					if step.Op == "same" {
						same++
					}
					if step.NewState == nil {
						return nil
					}
					r, err := step.NewState.resource(decoder{masked: true})
					switch {
					case err != nil:
						return fmt.Errorf("step %d: %w", index, d.wrong("its newState: %w", err))
					case r == nil:
						return nil
					}
					if last[r.URN] == nil {
						order = append(order, r.URN)
					}
					last[r.URN] = r
					return nil
				})
			case "changeSummary":
				return d.decode(&summary)
			}
			return d.skip()
		})
		if err != nil {
			return err
		}
		if missing := summary["same"] - same; missing > 0 {
			return fmt.Errorf("%d resources that stay the same are not in it: make it with `pulumi preview --json --show-sames`", missing)
		}
		for _, urn := range order {
			if err := give(last[urn]); err != nil {
				return err
			}
		}
		return nil
	})
}
