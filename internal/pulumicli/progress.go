package pulumicli

import (
	"fmt"
	"io"
	"os"
	"time"

	"golang.org/x/term"
)

// say writes to people. Where nobody can be told, the work goes on.
func say(w io.Writer, format string, args ...any) { _, _ = fmt.Fprintf(w, format, args...) }

// tick shows that something goes on: on a terminal one line that counts the seconds, elsewhere a line each 30 seconds.
// Done ends it, and tells how long it took.
func tick(w io.Writer) (done func() time.Duration) {
	every, format, end := 30*time.Second, "  still building after %s\n", ""
	if f, ok := w.(*os.File); ok && term.IsTerminal(int(f.Fd())) {
		every, format, end = time.Second, "\r  building: %s ", "\r\033[K"
	}
	start := time.Now()
	elapsed := func() time.Duration { return time.Since(start).Round(time.Second) }
	stop, stopped := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(stopped)
		ticker := time.NewTicker(every)
		defer ticker.Stop()
		for {
			select {
			case <-ticker.C:
				say(w, format, elapsed())
			case <-stop:
				say(w, "%s", end)
				return
			}
		}
	}()
	return func() time.Duration {
		close(stop)
		<-stopped
		return elapsed()
	}
}
