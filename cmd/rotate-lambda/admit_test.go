package main

import (
	"context"
	"strings"
	"testing"

	"github.com/aws/aws-lambda-go/lambdacontext"
)

func TestSecretName(t *testing.T) {
	ctx := func(own string) context.Context {
		return lambdacontext.NewContext(t.Context(), &lambdacontext.LambdaContext{InvokedFunctionArn: own})
	}
	const own = "arn:aws:lambda:eu-west-1:123456789012:function:rotator:live"
	tests := map[string]struct{ id, own, want, err string }{
		"name":             {id: "app/orders-db", own: own, want: "app/orders-db"},
		"ARN":              {id: "arn:aws:secretsmanager:eu-west-1:123456789012:secret:app/orders-db-a1B2c3", own: own, want: "app/orders-db"},
		"of another cloud": {id: "arn:aws-cn:secretsmanager:eu-west-1:123456789012:secret:orders-db-a1B2c3", own: own, err: "another account or region"},
		"other account":    {id: "arn:aws:secretsmanager:eu-west-1:210987654321:secret:orders-db-a1B2c3", own: own, err: "another account or region"},
		"other region":     {id: "arn:aws:secretsmanager:eu-west-2:123456789012:secret:orders-db-a1B2c3", own: own, err: "another account or region"},
		"other service":    {id: "arn:aws:ssm:eu-west-1:123456789012:secret:orders-db-a1B2c3", own: own, err: "not the whole ARN of a secret"},
		"partial ARN":      {id: "arn:aws:secretsmanager:eu-west-1:123456789012:secret:orders", own: own, err: "not the whole ARN of a secret"},
		"no function":      {id: "arn:aws:secretsmanager:eu-west-1:123456789012:secret:orders-db-a1B2c3", err: "the function's own ARN"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			got, err := secretName(ctx(tt.own), tt.id)
			if got != tt.want || (err == nil) != (tt.err == "") || err != nil && !strings.Contains(err.Error(), tt.err) {
				t.Errorf("the name is %q, error %v; want %q, %q", got, err, tt.want, tt.err)
			}
		})
	}
	if _, err := secretName(t.Context(), "arn:aws:secretsmanager:eu-west-1:123456789012:secret:orders-db-a1B2c3"); err == nil {
		t.Error("an ARN is taken without the function's own")
	}
}
