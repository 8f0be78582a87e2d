package main

import (
	"io"
	"log/slog"
)

// newLog writes JSON with the fields that Cloud Logging knows:
// https://cloud.google.com/logging/docs/structured-logging.
func newLog(w io.Writer) *slog.Logger {
	return slog.New(slog.NewJSONHandler(w, &slog.HandlerOptions{ReplaceAttr: func(groups []string, a slog.Attr) slog.Attr {
		if len(groups) > 0 {
			return a
		}
		switch a.Key {
		case slog.MessageKey:
			a.Key = "message"
		case slog.LevelKey:
			a.Key = "severity"
			if level, ok := a.Value.Any().(slog.Level); ok && level == slog.LevelWarn {
				a.Value = slog.StringValue("WARNING")
			}
		}
		return a
	}}))
}
