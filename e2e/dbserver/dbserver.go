// Package dbserver runs real database servers, PostgreSQL and MariaDB or MySQL, on throw-away data for the
// length of a test.
package dbserver

import (
	"crypto/rand"
	"fmt"
	"net"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

// Server is a running server. It listens on Host only, takes passwords only, and offers TLS with a
// certificate that is for Host and no other name.
type Server struct {
	Host           string // 127.0.0.1
	Port           int
	User, Password string // of the superuser
	CA             string // the authority of its certificate, in PEM
	MariaDB        bool   // of StartMySQL: it is MariaDB

	folder string
	stop   func()
}

// Log is what the server has logged so far.
func (s *Server) Log(t testing.TB) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(s.folder, "log"))
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// engine is a kind of server.
type engine struct {
	mariaDB    bool
	files      func(*Server) map[string]string // by name, what its commands read
	initialize func(*Server) []string          // the command that makes its data
	command    func(*Server) []string          // the command that runs it
	ready      string                          // is in the log when it takes connections
	signal     string                          // ends it at once
}

var shared sync.Map // of func() (*Server, error), by the kind of server

// once gives the process's one server of a kind. It ends with the process, however that ends.
func once(t testing.TB, kind string, e engine) *Server {
	t.Helper()
	begin, _ := shared.LoadOrStore(kind, sync.OnceValues(func() (*Server, error) { return start(e, nil) }))
	s, err := begin.(func() (*Server, error))()
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func own(t testing.TB, e engine, settings []string) *Server {
	t.Helper()
	s, err := start(e, settings)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.stop)
	return s
}

func start(e engine, settings []string) (s *Server, err error) {
	for range 3 { // another process may take the free port before the server does
		s = &Server{Host: "127.0.0.1", User: "superuser", Password: rand.Text(), MariaDB: e.mariaDB}
		if s.folder, err = os.MkdirTemp("", "dbserver"); err != nil {
			return nil, err
		}
		if err = s.initialize(e); err != nil {
			_ = os.RemoveAll(s.folder)
			return nil, err
		}
		if err = s.run(e, settings); err == nil {
			return s, nil
		}
	}
	return nil, err
}

func (s *Server) initialize(e engine) error {
	if err := s.give(s.folder); err != nil {
		return err
	}
	if err := s.certify(); err != nil {
		return err
	}
	for name, text := range e.files(s) {
		if err := s.write(name, text); err != nil {
			return err
		}
	}
	cmd, err := s.cmd(e.initialize(s))
	if err != nil {
		return err
	}
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("%s: %w\n%s", cmd.Path, err, out)
	}
	return nil
}

// guardian runs a server until standard input ends: when the test says so, or when its process is gone,
// even if it was killed. Then it takes the data away.
const guardian = `
folder=$1; signal=$2; shift 2
exec 3<&0
"$@" 3<&- </dev/null & server=$!
(cat >/dev/null; kill -$signal $server) <&3 &
wait $server; echo "` + over + `"; wait; rm -rf "$folder"`

const over = "the server has ended"

func (s *Server) run(e engine, settings []string) error {
	free, err := net.Listen("tcp", s.Host+":0")
	if err != nil {
		return err
	}
	s.Port = free.Addr().(*net.TCPAddr).Port
	_ = free.Close()

	args := append([]string{"sh", "-c", guardian, "sh", s.folder, e.signal}, e.command(s)...)
	cmd, err := s.cmd(append(args, settings...))
	if err != nil {
		return err
	}
	log, err := os.Create(s.file("log"))
	if err != nil {
		return err
	}
	defer func() { _ = log.Close() }()
	cmd.Stdout, cmd.Stderr = log, log
	alive, err := cmd.StdinPipe()
	if err != nil {
		return err
	}
	if err := cmd.Start(); err != nil {
		return err
	}
	s.stop = func() {
		_ = alive.Close()
		_ = cmd.Wait() // says that the server was killed
	}
	for end := time.Now().Add(time.Minute); ; time.Sleep(20 * time.Millisecond) {
		text, err := os.ReadFile(s.file("log"))
		if err != nil {
			s.stop()
			return err
		}
		if strings.Contains(string(text), e.ready) {
			return nil
		}
		if strings.Contains(string(text), over) || time.Now().After(end) {
			s.stop()
			return fmt.Errorf("the database server did not start within a minute, or ended. It logged:\n%s", text)
		}
	}
}

// cmd is a command that runs as an unprivileged user, since database servers refuse root, and in a process
// group of its own, which an interrupt at the terminal does not reach.
func (s *Server) cmd(args []string) (*exec.Cmd, error) {
	cmd := exec.Command(args[0], args[1:]...)
	cmd.Dir = s.folder
	cmd.Env = append(os.Environ(), "TMPDIR="+s.folder)
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	id, err := unprivileged()
	cmd.SysProcAttr.Credential = id
	return cmd, err
}

// unprivileged is whom to run as; nil: as the test does.
func unprivileged() (*syscall.Credential, error) {
	if os.Geteuid() != 0 {
		return nil, nil
	}
	nobody, err := user.Lookup("nobody")
	if err != nil {
		return nil, err
	}
	uid, err := strconv.ParseUint(nobody.Uid, 10, 32)
	if err != nil {
		return nil, err
	}
	gid, err := strconv.ParseUint(nobody.Gid, 10, 32)
	return &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)}, err
}

func (s *Server) file(name string) string { return filepath.Join(s.folder, name) }

func (s *Server) write(name, text string) error {
	if err := os.WriteFile(s.file(name), []byte(text), 0o600); err != nil {
		return err
	}
	return s.give(s.file(name))
}

func (s *Server) give(path string) error {
	id, err := unprivileged()
	if err != nil || id == nil {
		return err
	}
	return os.Chown(path, int(id.Uid), int(id.Gid))
}
