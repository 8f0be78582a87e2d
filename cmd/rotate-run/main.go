// Command rotate-run rotates a stack's secrets in Cloud Run. Cloud Scheduler says through a Pub/Sub topic that it is
// time to look at a secret, with the message that Secret Manager has for one that is due, and the topic's push
// subscription delivers that here.
//
//   - SECRET_ROTATE of a companion, <secret>--rotation, comes once an hour: what is due is done for its secret, to
//     rotate it or to retire the previous version. SECRET_ROTATE of a secret itself rotates it. Other events are
//     acknowledged and left alone. A person starts a rotation with
//     gcloud pubsub topics publish TOPIC --attribute=eventType=SECRET_ROTATE,secretId=projects/PROJECT/secrets/SECRET
//   - What to do is in the secret's annotation secretstack-rotation, a secret.Job as JSON.
//   - An event that is delivered again does nothing if a rotation was promoted since it was published.
//
// It answers 204 when there is nothing left to do. Anything else makes Pub/Sub deliver the event again, with
// back-off, and in the end to the dead-letter topic (https://cloud.google.com/pubsub/docs/handling-failures): 429
// where that is no failure but must wait (another rotator is at work, the previous credential is in its grace,
// Secret Manager throttles, or this instance is at work on ten secrets), so that what counts 5xx answers is not
// alarmed; 503 where a network, a cloud or a deadline failed; 500 for all else; 400, 401 and 403 for an event that
// is not one, or is from or about something else.
//
// Its environment:
//
//	PORT                         where to listen, as Cloud Run says. Without it: 8080
//	SECRETSTACK_SECRETS          the secrets that it may rotate: beginnings of their resource names, separated by
//	                             commas, such as projects/shop-prod/secrets/shop-prod-. Events have the project's
//	                             number where this has its id, so give both
//	SECRETSTACK_PUSH_AUDIENCE    the audience of the push subscription's token
//	SECRETSTACK_PUSH_ACCOUNT     the e-mail of its service account
//	SECRETSTACK_INVOKER_CHECKED  true: Cloud Run itself checks who may invoke the service (as it does unless that
//	                             is disabled, or allUsers may). Cloud Run then takes the token's signature away
//	                             (https://cloud.google.com/run/docs/troubleshooting#signature-removed), and its
//	                             claims are taken without it. Without it: each token must have its signature
//
// An event has 9½ minutes, so the subscription's acknowledgement deadline and the service's timeout are to be
// 600 s, and its concurrency 10. The records are JSON on standard output: see rotation.Rotator.Log.
package main

import (
	"context"
	"errors"
	"log/slog"
	"net"
	"net/http"
	"os"
	"os/signal"
	"syscall"
	"time"

	secretmanager "cloud.google.com/go/secretmanager/apiv1"
	"google.golang.org/api/idtoken"
)

func main() {
	log := newLog(os.Stdout)
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM, os.Interrupt)
	err := start(ctx, log)
	stop()
	if err != nil {
		log.Error("rotate-run", "error", err)
		os.Exit(1)
	}
}

func start(ctx context.Context, log *slog.Logger) error {
	c, err := parseConfig(os.Getenv)
	if err != nil {
		return err
	}
	client, err := secretmanager.NewClient(ctx)
	if err != nil {
		return err
	}
	validator, err := idtoken.NewValidator(ctx)
	if err != nil {
		return err
	}
	l, err := net.Listen("tcp", ":"+c.port)
	if err != nil {
		return err
	}
	log.Info("listening", "address", l.Addr().String())
	return serve(ctx, l, newService(c, client, validator, log).handler(), finish, log)
}

// Cloud Run kills an instance ten seconds after SIGTERM
// (https://cloud.google.com/run/docs/container-contract#instance-shutdown).
const (
	finish = 7 * time.Second // for events to come to their end
	yield  = 2 * time.Second // for them to stop where they are: rotations may be interrupted anywhere
)

// serve answers until ctx is done, and a while longer what has begun.
func serve(ctx context.Context, l net.Listener, h http.Handler, while time.Duration, log *slog.Logger) error {
	events, interrupt := context.WithCancel(context.WithoutCancel(ctx))
	defer interrupt()
	server := &http.Server{
		Handler:           h,
		ReadHeaderTimeout: 10 * time.Second,
		ReadTimeout:       30 * time.Second,
		BaseContext:       func(net.Listener) context.Context { return events },
		ErrorLog:          slog.NewLogLogger(log.Handler(), slog.LevelError),
	}
	failed := make(chan error, 1)
	go func() { failed <- server.Serve(l) }()
	select {
	case err := <-failed:
		return err
	case <-ctx.Done():
	}
	err := shutdown(server, while)
	if errors.Is(err, context.DeadlineExceeded) {
		interrupt()
		err = shutdown(server, yield)
	}
	return err
}

func shutdown(server *http.Server, within time.Duration) error {
	ctx, cancel := context.WithTimeout(context.Background(), within)
	defer cancel()
	return server.Shutdown(ctx)
}
