package main

import (
	"cmp"
	"net"
	"time"

	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/secretsmanager"
)

// newClient makes a client from what Lambda puts into the environment. The SDK's own package config also looks
// for credentials in the other places where a program may run, which costs memory and time at each start.
func newClient(getenv func(string) string) *secretsmanager.Client {
	o := secretsmanager.Options{
		Region: getenv("AWS_REGION"),
		Credentials: credentials.NewStaticCredentialsProvider(
			getenv("AWS_ACCESS_KEY_ID"), getenv("AWS_SECRET_ACCESS_KEY"), getenv("AWS_SESSION_TOKEN")),
		// Without a route to the service, the function is to say so before its own time is over.
		HTTPClient: awshttp.NewBuildableClient().WithTimeout(10 * time.Second).
			WithDialerOptions(func(d *net.Dialer) { d.Timeout = 3 * time.Second }),
	}
	if url := cmp.Or(getenv("AWS_ENDPOINT_URL_SECRETS_MANAGER"), getenv("AWS_ENDPOINT_URL")); url != "" {
		o.BaseEndpoint = &url
	}
	return secretsmanager.New(o)
}
