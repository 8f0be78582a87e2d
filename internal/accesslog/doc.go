// Package accesslog keeps the local cloud's record of who read or changed which secret, and notices where that record
// was changed afterwards.
//
// Each line is an [Entry] in JSON, with the hash of the line before it and its own: SHA-256 of the line up to, and
// without, ,"hash":. Where the log ends is noted in the user's configuration folder as well, so that lines missing
// at its end are noticed, and the whole log too.
//
// What this cannot do: whoever acts as the user can write the log anew, with all its hashes, and the note with it. It
// shows mishaps, and changes by what reaches the project's folder only, as a container does. Against more, copy the
// last hash to another machine now and then: as long as the log has it, nothing before it was changed.
package accesslog
