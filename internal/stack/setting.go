package stack

// Setting gives a value of the stack's whole configuration by its full key, such as aws:region. Empty: it
// is not set, or encrypted.
func (s *Stack) Setting(key string) string { return s.values[key] }
