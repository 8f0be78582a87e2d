// Package localsecret provisions secrets on a developer's machine: one encrypted
// file for a stack, in which each secret is encrypted with age to exactly its
// readers.
//
//	Store ── Key: one for each reader without a public key of its own
//	Secret ── Entry: one secret in the file
//
// A secret without a value gets a generated one, so that the application starts
// at once. Another value is put straight into the file by the command line, and
// survives every update. The file may be committed. Private keys stay in the
// user's configuration folder: to share the file, name a public key for each
// reader. The resources are those of the plugin pulumi-resource-secretstack,
// which Pulumi finds through plugins.providers in Pulumi.yaml.
//
// Do not use it to serve a deployed application: whoever may write to the file
// can replace a value, and the log of who read it is the reader's own.
package localsecret
