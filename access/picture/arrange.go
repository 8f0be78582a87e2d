package picture

import (
	"cmp"
	"slices"

	"github.com/secretstack/secretstack/access"
)

// rounds is how often rows and columns are put in order by each other; a few are enough for blocks to show.
const rounds = 8

// arrange puts columns and groups into an order in which what belongs together is side by side: each column of the readers
// at the mean of its rows, each row at the mean of its columns, in turn. The other columns stand before them, by how much they read.
func arrange(columns []column, groups []access.Group) {
	slices.SortFunc(columns, func(a, b column) int {
		return cmp.Or(a.kind-b.kind, b.Reads-a.Reads, cmp.Compare(a.Name, b.Name))
	})
	slices.SortFunc(groups, func(a, b access.Group) int { return cmp.Compare(a.Secrets[0].Name, b.Secrets[0].Name) })
	plain := columns[len(columns):]
	if i := slices.IndexFunc(columns, func(c column) bool { return c.kind == readers }); i >= 0 {
		plain = columns[i:]
	}
	for range rounds {
		sums, counts := map[string]float64{}, map[string]float64{}
		for i, g := range groups {
			for _, r := range g.Readers {
				sums[r.Identity] += float64(i)
				counts[r.Identity]++
			}
		}
		slices.SortStableFunc(plain, func(a, b column) int {
			return cmp.Compare(sums[a.Name]/counts[a.Name], sums[b.Name]/counts[b.Name])
		})
		at := map[string]float64{}
		for i, c := range plain {
			at[c.Name] = float64(i)
		}
		mean := func(g access.Group) float64 {
			sum, n := 0.0, 0.0
			for _, r := range g.Readers {
				if i, reads := at[r.Identity]; reads {
					sum += i
					n++
				}
			}
			if n == 0 {
				return float64(len(columns) - len(g.Readers)) // whom none of them reads: behind
			}
			return sum / n
		}
		means := map[string]float64{}
		for _, g := range groups {
			means[g.Secrets[0].Name] = mean(g)
		}
		slices.SortStableFunc(groups, func(a, b access.Group) int {
			return cmp.Compare(means[a.Secrets[0].Name], means[b.Secrets[0].Name])
		})
	}
}
