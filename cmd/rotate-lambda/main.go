// Command rotate-lambda rotates a stack's secrets in AWS Lambda. It is the executable named bootstrap of a
// function with the runtime provided.al2023 and the architecture arm64.
//
// AWS Secrets Manager invokes it for each of the four steps of a rotation
// (https://docs.aws.amazon.com/secretsmanager/latest/userguide/rotate-secrets_lambda-functions.html); a schedule
// invokes it with {"step": "retire"}, and it then ends the previous credentials whose grace is over, and leaves a record
// with the message "rotations" that says whether all secrets are on time. A person rotates a secret by invoking it with {"step": "rotate", "secretId": NAME}, for which Secrets Manager needs no schedule.
//
// SECRETSTACK_ROTATIONS is the path of a JSON object that gives the secret.Job of each AWS secret's name; without
// it, /opt/rotations.json, as a layer has it. All else the environment holds is Lambda's own.
package main

import (
	"cmp"
	"log/slog"
	"os"

	"github.com/aws/aws-lambda-go/lambda"
)

func main() {
	slog.SetDefault(slog.New(slog.NewJSONHandler(os.Stdout, nil))) // package log too, which aws-lambda-go uses
	jobs, err := readJobs(cmp.Or(os.Getenv("SECRETSTACK_ROTATIONS"), "/opt/rotations.json"))
	lambda.StartWithOptions(&function{jobs: jobs, broken: err, client: newClient(os.Getenv), log: slog.Default()})
}
