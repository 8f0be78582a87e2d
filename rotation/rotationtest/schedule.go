package rotationtest

import "time"

// A schedule is one course of events: what becomes of each call, and who makes the next one.
type schedule struct {
	fates  map[int]Fate // by the number of the call; the others work
	lag    map[int]int  // by the number of the call: how far behind its read is
	allLag int          // how far behind every read is

	next    int  // the number of the next call
	behind  int  // how far behind the read is that is being made
	read    bool // some read asked for it
	running *process
	turns   chan struct{}     // where two are at work: the running one gives its turn back
	after   func(call string) // after each call
	off     bool
}

// A process is one life of a rotator.
type process struct {
	skew time.Duration // of its clock
	dead bool
	// Where two are at work:
	turn  chan struct{}
	ended bool
}

func (s *schedule) do(name string, call func() error) error {
	if s.off {
		return call()
	}
	p := s.running
	if s.turns != nil {
		s.turns <- struct{}{}
		<-p.turn
	}
	if p.dead {
		return errKilled
	}
	fate := s.fates[s.next]
	s.behind = max(s.allLag, s.lag[s.next])
	s.next++
	p.dead = fate == KilledBefore || fate == KilledAfter
	var err error
	if fate != FailsBefore && fate != KilledBefore {
		err = call()
	}
	s.behind = 0
	s.quietly(func() { s.after(name) })
	switch {
	case p.dead:
		return errKilled
	case fate != Works:
		return errFault
	default:
		return err
	}
}

// quietly does something past the faults.
func (s *schedule) quietly(do func()) {
	off := s.off
	s.off = true
	do()
	s.off = off
}

// together runs two processes at once, of which one at a time makes a call. which is asked before each
// call, and gives 0 or 1.
func (s *schedule) together(processes [2]*process, work [2]func(), which func() int) {
	s.turns = make(chan struct{})
	for i, p := range processes {
		p.turn = make(chan struct{})
		s.running = p
		go func() {
			work[i]()
			p.ended = true
			s.turns <- struct{}{}
		}()
		<-s.turns
	}
	for !processes[0].ended || !processes[1].ended {
		i := which()
		if processes[i].ended {
			i = 1 - i
		}
		s.running = processes[i]
		s.running.turn <- struct{}{}
		<-s.turns
	}
	s.turns = nil
}
