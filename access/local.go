package access

import (
	"github.com/secretstack/secretstack/components/localsecret"
)

// local finds the readers of the local cloud's secrets, to whose keys the values are encrypted.
func (b *builder) local() {
	for _, r := range b.Of(localsecret.EntryType) {
		name, file := r.Get("name").Text(), r.Get("file").Text()
		s := b.secret(r.URN, Secret{Name: r.Name, Where: file + "#" + name})
		readers := r.Get("readers")
		if readers.Unknown() {
			b.read(s, b.unknown(r.URN), Way{By: ByKey, How: "encrypted to its key", Level: Unknown, If: []string{beforeUpdate}})
		}
		for reader, key := range readers.Fields() {
			id := Identity{Name: reader, ID: key.Text(), Kind: "key"}
			if reader == localsecret.Rotator {
				id.Mark = Rotator
			}
			b.read(s, b.identity("local "+reader, id), Way{By: ByKey, How: "encrypted to its key", Level: Certain})
		}
	}
}

// beforeUpdate is why something is unknown.
const beforeUpdate = "which is not known before the update"

// unknown is whoever a property of a resource names that is not known yet.
func (b *builder) unknown(key string) int {
	return b.identity("unknown "+key, Identity{Name: "somebody", Kind: "not known before the update"})
}
