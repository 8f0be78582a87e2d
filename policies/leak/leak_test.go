package leak_test

import (
	"bytes"
	"compress/gzip"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"encoding/base64"
	"encoding/pem"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/secretstack/secretstack/policies/leak"
)

// of puts a credential together from parts, so that no scanner takes this file for a leak.
func of(parts ...string) string { return strings.Join(parts, "") }

func b64(text string) string { return base64.StdEncoding.EncodeToString([]byte(text)) }

// wrapped has the lines of a mail.
func wrapped(text string) string {
	var lines []string
	for line := range slices.Chunk([]byte(text), 76) {
		lines = append(lines, string(line))
	}
	return strings.Join(lines, "\n")
}

func packed(text string) string {
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	_, _ = w.Write([]byte(text))
	_ = w.Close()
	return base64.StdEncoding.EncodeToString(b.Bytes())
}

// keys gives a new private key and its public key, as DER.
func keys(t *testing.T) (private, public []byte) {
	k, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	if private, err = x509.MarshalPKCS8PrivateKey(k); err != nil {
		t.Fatal(err)
	}
	if public, err = x509.MarshalPKIXPublicKey(&k.PublicKey); err != nil {
		t.Fatal(err)
	}
	return private, public
}

func block(kind string, der []byte) string {
	return string(pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: der}))
}

var (
	awsID     = of("AKIA", "Q4H7XJ2MZ5RT6WYB")
	awsSecret = of("wJalrXUtnFEMI/K7MDENG", "/bPxRfiCYz8uQ2vLm")
	hex32     = of("4f1c9a7be2d0835f", "6a9c01d7be34f825")
	jwt       = of("eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9", ".eyJzdWIiOiIxMjM0NTY3ODkwIiwibmFtZSI6InNob3AifQ", ".dBjftJeZ4CVPmB92K27uhbUJU1p1rwW1gFWFOEjXk")
	pat       = of("ghp", "_16C7e42F292c6912E7710c838347Ae178B4a")
	strong    = of("tR7!kq", "Zp2#vW")
)

func TestFindsCredentials(t *testing.T) {
	private, _ := keys(t)
	for _, c := range []struct{ name, text, kind string }{
		// What issuers make recognizable.
		{"", awsID, "an AWS access token"},
		{"description", "deploys with " + awsID, "an AWS access token"},
		{"", pat, "a GitHub personal access token"},
		{"", of("glpat", "-zT4xQ9wLm2Kd8VbN5rYs"), "a GitLab personal access token"},
		{"", of("xoxb", "-17653672481-19874698323-pdFZKVeTuE8sk7oOcHrzqqgy"), "a Slack bot token"},
		{"WEBHOOK", of("https://hooks.slack", ".com/services/T0A1B2C3D/B0E1F2G3H/aB3dE5fG7hJ9kL1mN3pQ5rS7"), "a Slack webhook URL"},
		{"", of("sk", "_live_4eC39HqLyjWDarjtT1zdp7dc"), "a Stripe access token"},
		{"", of("AIza", "SyDdI0hCZtE6vySjMm-WEfRq3CPzqKqqsHI"), "a Google Cloud API key"},
		{"", of("SG.", "ngeVfQFYQlKU0ufo8x5d1A.TwL2iGABf9DHoTf-09kqeF8tAmbihYzrnopKc-1s5cr"), "a Sendgrid API token"},
		{"", of("npm", "_aB3dE5fG7hJ9kL1mN3pQ5rS7tU9vW1xY3zA5"), "an npm access token"},
		{"", of("pul", "-3f9a7c1e5b2d8406f1e3c5a79b0d2e4f6a8c1b3d"), "a Pulumi API token"},
		{"", of("dop", "_v1_3f9a7c1e5b2d8406f1e3c5a79b0d2e4f6a8c1b3d9e7f5a1c3b5d7f9e1a3c5b7d"), "a Digitalocean personal access token"},
		{"", jwt, "a JSON web token"},
		{"", of("AGE-SECRET", "-KEY-1QPZRY9X8GF2TVDW0S3JN54KHCE6MUA7LQPZRY9X8GF2TVDW0S3JN54KHCE"), "an age secret key"},
		{"DATADOG_API_KEY", hex32 + "1a2b3c4d", "a Datadog access token"},
		{"", of("aB3", "8Q~dE5fG7hJ9kL1mN3pQ5rS7tU9vW1xY3zA5b"), "an Azure AD client secret"},
		{"", of("sk-ant", "-api03-", strings.Repeat("aB3dE5fG7h", 9), "xyzAA"), "an Anthropic API key"},
		{"", of("hvs", ".", strings.Repeat("CAESIJ9kL1", 9), "mN3pQ5"), "a Vault service token"},
		{"", of("hf", "_aBcDeFgHiJkLmNoPqRsTuVwXyZaBcDeFgH"), "a Huggingface access token"},
		{"", of("SK", "3f9a7c1e5b2d8406f1e3c5a79b0d2e4f"), "a Twilio API key"},
		{"cmd", of("curl -u 'deploy:", strong, "' https://api.example.com"), "a curl auth user"},

		// Private keys.
		{"", block("PRIVATE "+"KEY", private), "a private key"},
		{"", block("RSA PRIVATE "+"KEY", private), "a private key"},
		{"", strings.ReplaceAll(block("OPENSSH PRIVATE "+"KEY", private), "\n", `\n`), "a private key"},
		{"", base64.StdEncoding.EncodeToString(private), "a private key"},
		{"", b64(block("EC PRIVATE "+"KEY", private)), "a private key in base64"},
		{"credentials", `{"type": "service_account", "private_key": "` + strings.ReplaceAll(block("PRIVATE "+"KEY", private), "\n", `\n`) + `"}`, "a private key"},

		// By the name.
		{"DB_PASSWORD", strong, "a password"},
		{"dbPassword", "hunter2", "a password"},
		{"MYSQL_PWD", "postgres", "a password"},
		{"masterUserPassword", "Sommer2026!", "a password"},
		{"password_old", "8402217", "a password"},
		{"PASSPHRASE", "correct horse battery 9 staple", "a password"},
		{"adminPass", "Tr0ub4dor&3", "a password"},
		{"API_KEY", hex32, "an API key"},
		{"apiKey", "3f2504e0-4f89-41d3-9a0c-0305e82c3301", "an API key"},
		{"SIGNING_KEY", of("k9Xv2", "LmQ8rTz4WbY"), "a key"},
		{"clientSecret", of("Zx81kf", "Qp92mmVa7s"), "a secret"},
		{"SESSION_SECRET", of("b7f3a9", "c1d5e8f2a4"), "a secret"},
		{"bearerToken", of("q8w7e6r5", "t4y3u2i1o0"), "a token"},
		{"SECRET_KEY_BASE64", of("mYq3t6w9z$C&F)", "J@NcRfUjXn2r5u8x"), "a key"},
		{"AWS_SECRET_ACCESS_KEY", awsSecret, "a key"},
		{"password", b64("Sommer-in-" + "Wien-4711"), "a password in base64"},

		// By randomness.
		{"", awsSecret, "a random text, as keys are"},
		{"value", of("x7Kp2mQ9vR4t", "W8zL3nB6cY1d"), "a random text, as keys are"},
		{"note", "the key is " + of("4eC39HqLyj", "WDarjtT1zdp7dc"), "a random text, as keys are"},

		// Connection strings and URLs.
		{"DATABASE_URL", "postgres://shop:" + "hunter2@db.example.com:5432/orders", "a URL with a password"},
		{"", "mongodb+srv://shop:" + strong + "@cluster0.example.com/?retryWrites=true", "a URL with a password"},
		{"", "amqp://shop:" + "hunter2@mq.example.com/%2f", "a URL with a password"},
		{"", "redis://:" + "hunter2@cache.example.com:6379/0", "a URL with a password"},
		{"", "clone https://ci:" + "hunter2@git.example.com/shop.git first", "a URL with a password"},
		{"", "postgres://shop:" + "hunter2@${DB_HOST}/orders", "a URL with a password"},
		{"", "jdbc:postgresql://db.example.com/orders?user=shop&password=" + "hunter2&ssl=true", "a password"},
		{"", "jdbc:oracle:thin:shop/" + "hunter2@db.example.com:1521/ORCL", "a URL with a password"},
		{"", "Server=tcp:db.example.com,1433;Database=orders;User ID=shop;Password=" + strong + ";Encrypt=True", "a password"},
		{"", "host=db.example.com user=shop password=" + "postgres dbname=orders", "a password"},
		{"", "DefaultEndpointsProtocol=https;AccountName=shop;AccountKey=" + of("Zm9vYmFyYmF6cXV4MTIz", "NDU2Nzg5MGFiY2RlZmdoaQ==") + ";EndpointSuffix=core.windows.net", "a key"},
		{"", "Endpoint=sb://shop.servicebus.windows.net/;SharedAccessKeyName=Root;SharedAccessKey=" + of("p8Yk2Lm9QwErTy", "UiOpAsDfGhJkLzXcVbNm1234567="), "a key"},
		{"", "https://shop.blob.core.windows.net/b?sv=2022-11-02&sp=r&sig=" + "tT3kQ9w%2BLm2Kd8VbN5rYsZx71%2Fq0aPfGh%3D", "a shared access signature"},

		// Documents, scripts, code.
		{"secretString", `{"username": "shop", "password": "` + strong + `"}`, "a password"},
		{"", `{"db": {"port": 5432, "password": 84022170}}`, "a password"},
		{"", `[{"name": "LOG_LEVEL", "value": "info"}, {"name": "DB_PASSWORD", "value": "hunter2"}]`, "a password"},
		{"", `{"config": "{\"api_key\": \"` + hex32 + `\"}"}`, "an API key"},
		{"", "#!/bin/sh\nexport LOG=info\nexport DB_PASSWORD=" + "hunter2\nexec shop\n", "a password"},
		{"", "LOG=info\nSTRIPE_TOKEN='" + of("q8w7e6r5", "t4y3u2i1o0") + "'\n", "a token"},
		{"", "db:\n  user: shop\n  password: hunter2\n", "a password"},
		{"", "shop migrate --user shop --password " + "hunter2 --verbose", "a password"},
		{"", "shop login --token=" + of("q8w7e6r5", "t4y3u2i1o0"), "a token"},
		{"", "New-Login -AdminPassword '" + strong + "'", "a password"},
		{"", "mysql -h db.example.com -u root -p" + "hunter2 shop < dump.sql", "a password"},
		{"", "PGPASSWORD=" + "hunter2 psql -h db.example.com", "a password"},
		{"", "sshpass -p " + "hunter2 ssh deploy@203.0.113.7", "a password"},
		{"", "import db\npassword = \"hunter2\"\ndb.connect(password)\n", "a password"},
		{"", "func main() {\n\tapiKey := `" + hex32 + "`\n\trun(apiKey)\n}\n", "an API key"},
		{"", "connect(user='shop', password='" + strong + "')", "a password"},
		{"Authorization", "Basic " + b64("deploy:"+strong), "an authorization header"},
		{"", "curl https://example.com --header 'X-Authorization: Bearer " + of("q8w7e6r5", "t4y3u2i1o0") + "'", "an authorization header"},
		{"userData", b64("#!/bin/sh\nexport DB_PASSWORD=" + "hunter2\n"), "a password in base64"},
		{"userData", packed("#!/bin/sh\n# starts the shop\nexport DB_PASSWORD=" + "hunter2\n"), "a password in base64"},
		{"", b64(`{"user": "shop", "password": "hunter2"}`), "a password in base64"},
		{"", strings.Repeat("echo starts the shop\n", 50_000) + "export DB_PASSWORD=" + "hunter2\n", "a password"},

		// In the arguments of commands, and in pairs of other names.
		{"command", `["mysqld", "--password", "hunter2"]`, "a password"},
		{"", `[{"Name": "DB_PASSWORD", "Value": "hunter2"}]`, "a password"},
		{"", `[{"value": "hunter2", "key": "DB_PASSWORD"}]`, "a password"},
		{"", `[{"ParameterKey": "DbPassword", "ParameterValue": "hunter2"}]`, "a password"},
		{"", `"{\"password\": \"hunter2\"}"`, "a password"},
		{"", `curl -d "{\"user\":\"x\",\"password\":\"hunter2\"}" https://example.com`, "a password"},
		{"", `password = "a\"b9c1d2"`, "a password"},
		{"", "services:\n  db:\n    environment:\n      MYSQL_ROOT_PASSWORD: hunter2 # of root\n", "a password"},
		{"", "env:\n  - name: DB_PASSWORD\n    value: \"hunter2\"\n", "a password"},
		{"", "password: |\n  hunter2\n", "a password"},
		{"", "#cloud-config\nwrite_files:\n- encoding: b64\n  content: " + b64("DB_PASSWORD="+"hunter2\n") + "\n  path: /etc/shop.env\n", "a password in base64"},
		{"", "Content-Transfer-Encoding: base64\n\n" + wrapped(b64(strings.Repeat("echo starts the shop\n", 9)+"export DB_PASSWORD="+"hunter2\n")) + "\n--//--\n", "a password in base64"},
		{"", "#cloud-config\nchpasswd:\n  list: |\n    root:" + "hunter2\n", "a password"},
		{"", "echo 'root:" + "hunter2' | chpasswd", "a password"},
		{"", `{"auths": {"ghcr.io": {"auth": "` + b64("deploy:"+"hunter2") + `"}}}`, "a password in base64"},
		{"", "powershell -EncodedCommand " + b64("$\x00p\x00w\x00d\x00=\x00'\x00h\x00u\x00n\x00t\x00e\x00r\x002\x00'\x00"), "a password in base64"},
		{"", strings.ReplaceAll(block("PRIVATE "+"KEY", private), "\n", `\\n`), "a private key"},
		{"", "PuTTY-User-Key-File-2: ssh-rsa\nPrivate-Lines: 1\n" + b64(strings.Repeat("x7Kp2m", 20)), "a Putty private key"},
		{"", "machine git.example.com login deploy password " + "hunter2", "a password"},
		{"", "curl -H 'PRIVATE-TOKEN: " + of("q8w7e6r5", "t4y3u2i1o0") + "' https://git.example.com", "a token"},
		{"", "docker login -u deploy -p " + "hunter2 ghcr.io", "a password"},
		{"", "redis-cli -a " + "hunter2 ping", "a password"},
		{"", "requirepass " + "hunter2\nappendonly yes\n", "a password"},
		{"", "net user Administrator " + strong + " /add", "a password"},
		{"", "ALTER USER shop WITH PASSWORD '" + "hunter2'", "a password"},
		{"", "CREATE USER shop IDENTIFIED BY '" + "hunter2';", "a password"},
		{"", "<server><password>" + "hunter2</password></server>", "a password"},
		{"", `<add key="DbPassword" value="hunter2"/>`, "a password"},
		{"", "FROM mysql\nENV MYSQL_ROOT_PASSWORD " + "hunter2\n", "a password"},
		{"", `os.Setenv("DB_PASSWORD", "hunter2")`, "a password"},
		{"", "const password = process.env.DB_PASSWORD || '" + "hunter2'", "a password"},
		{"", "export DB_PASSWORD=${DB_PASSWORD:-" + "hunter2}", "a password"},
		{"", "export DB_PASSWORD=" + "sommerwind\nexec shop\n", "a password"},
		{"", "root:" + "hunter2@tcp(db.example.com:3306)/shop", "a URL with a password"},
		{"", "https://" + of("q8w7e6r5", "t4y3u2i1o0") + "@git.example.com/shop.git", "a URL with a password"},
		{"", "https://example.com/a?sp=r&amp;sig=" + "tT3kQ9w%2BLm2Kd8VbN5rYsZx71%2Fq0aPfGh%3D", "a shared access signature"},
		{"", of("https://discord.com/api", "/webhooks/123456789012345678/", strings.Repeat("aB3dE5fG7h", 6), "xyzAB12_"), "a Discord webhook URL"},
		{"", of("https://api.telegram.org/bot123456789:AA", "EhBP0av28frK7PuN3mXyZ9qWxLkJh2Df4/sendMessage"), "a Telegram bot token"},
		{"", of("sk-or", "-v1-", hex32, hex32), "an Openrouter API key"},
		{"masterPassword", "password123", "a password"},
		{"masterPassword", "YourStrong!Passw0rd", "a password"},
		{"dbpw", "hunter2x", "a password"},
		{"tunnel1PresharedKey", "hunter2_hunter2", "a password"},
		{"AZURE_DEVOPS_PAT", of("q8w7e6r5", "t4y3u2i1o0z9x8c7v6b5"), "a token"},
	} {
		switch kind, found := leak.Find(c.name, c.text); {
		case !found:
			t.Errorf("%s = %.120q passes", c.name, c.text)
		case kind != c.kind:
			t.Errorf("%s = %.120q is %s, want %s", c.name, c.text, kind, c.kind)
		}
	}
}

func TestLetsNoisePass(t *testing.T) {
	_, public := keys(t)
	policyDocument := `{"Version": "2012-10-17", "Statement": [{"Sid": "ReadSecret", "Effect": "Allow", "Principal": {"AWS": "arn:aws:iam::111122223333:role/shop"},
		"Action": ["secretsmanager:GetSecretValue", "kms:Decrypt"], "Resource": "arn:aws:secretsmanager:eu-central-1:111122223333:secret:shop/db-password-??????",
		"Condition": {"StringEquals": {"kms:EncryptionContext:SecretARN": "arn:aws:secretsmanager:eu-central-1:111122223333:secret:shop/db-password-a1B2c3", "aws:PrincipalOrgID": "o-a1b2c3d4e5"}}}]}`
	for _, c := range []struct{ name, text string }{
		{"", ""},
		{"", "checkout"},
		{"runtime", "provided.al2023"},

		// ARNs, ids, paths, addresses.
		{"kmsKeyId", "arn:aws:kms:eu-central-1:111122223333:key/3f2504e0-4f89-41d3-9a0c-0305e82c3301"},
		{"secretArn", "arn:aws:secretsmanager:eu-central-1:111122223333:secret:shop/db-password-a1B2c3"},
		{"DB_PASSWORD", "arn:aws:secretsmanager:eu-central-1:111122223333:secret:shop/db-password-a1B2c3"},
		{"resourceUri", "/subscriptions/3f2504e0-4f89-41d3-9a0c-0305e82c3301/resourceGroups/shop/providers/Microsoft.KeyVault/vaults/shop-Prod01"},
		{"scope", "/subscriptions/3f2504e0-4f89-41d3-9a0c-0305e82c3301/providers/Microsoft.Authorization/roleDefinitions/4633458b-17de-408a-b874-0445c86b69e6"},
		{"secret", "projects/shop-prod/secrets/db-password/versions/latest"},
		{"member", "serviceAccount:checkout@shop-prod.iam.gserviceaccount.com"},
		{"clientId", "3f2504e0-4f89-41d3-9a0c-0305e82c3301"},
		{"HEROKU_APP", "3f2504e0-4f89-41d3-9a0c-0305e82c3301"},
		{"userPoolId", "eu-central-1_Ab3dE5fGh"},
		{"vpcId", "vpc-0a1b2c3d4e5f67890"},
		{"ami", "ami-0abcdef1234567890"},
		{"dbInstanceIdentifier", "prod-Postgres15-PrimaryDatabase-EuWest1"},
		{"log", "/aws/lambda/shop-db-password-rotator"},
		{"file", "/etc/shop/secrets/db_password.txt"},
		{"", "C:\\ProgramData\\shop\\token.json"},
		{"email", "secrets-team@example.com"},
		{"password", "ops@example.com"},
		{"url", "https://docs.example.com/runbooks/RotateSecrets2026?section=Token1"},
		{"", "https://docs.google.com/document/d/1aB3dE5fG7hJ9kL1mN3pQ5rS7tU9vW1xY3zA5bC7dE9f/edit"},
		{"repository", "git@github.com:example/shop.git"},
		{"image", "111122223333.dkr.ecr.eu-central-1.amazonaws.com/shop@sha256:9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"},
		{"", "principalSet://iam.googleapis.com/projects/1/locations/global/workloadIdentityPools/ci/attribute.repository/example/shop"},
		{"issuerUrl", "https://oidc.eks.eu-central-1.amazonaws.com/id/4F1C9A7BE2D0835F6A9C01D7BE34F825"},

		// Names of secrets and keys.
		{"secretName", "shop/prod/db-password"},
		{"DB_PASSWORD_SECRET", "shop/prod/db-password"},
		{"DB_SECRET", "dbPassword"},
		{"DB_SECRET", "shop/tenant-0012345/db-password"},
		{"password", "shop-db-password"},
		{"password", "prod/orders/db"},
		{"name", "StripeWebhookSecretV2"},
		{"secret", "dbSecret-a1b2c3d"},
		{"secretId", "shop-db-Password-x7Kp2m"},
		{"alias", "alias/shop-secrets-key"},
		{"keyName", "shop-envelope-key-2026"},
		{"encryptionKey", "3f2504e0-4f89-41d3-9a0c-0305e82c3301"},
		{"SharedAccessKeyName", "RootManageSharedAccessKey"},
		{"tokenUrl", "https://login.example.com/oauth2/v2.0/token"},
		{"passwordPolicy", "min12-Upper1-Digit1"},
		{"passwordLength", "20"},
		{"TOKEN_EXPIRY", "3600s"},
		{"clientRequestToken", "3f2504e0-4f89-41d3-9a0c-0305e82c3301"},
		{"nextToken", "eyJ2IjoiMiIsImMiOiJ4N0twMm1ROXZSNHRXOHpMM24ifQ"},
		{"partitionKey", "customer#4711aB"},
		{"secretKeyRef", "db-4711aB3x"},

		// Hashes, public keys, certificates, ciphertexts.
		{"sourceCodeHash", "n4bQgYhMfWWaL+qgxVrQFaO/TxsrC4Is0V1sFbDwCgg="},
		{"code", "n4bQgYhMfWWaL+qgxVrQFaO/TxsrC4Is0V1sFbDwCgg="},
		{"digest", "sha256:9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"},
		{"commit", "da39a3ee5e6b4b0d3255bfef95601890afd80709"},
		{"description", "built from da39a3ee5e6b4b0d3255bfef95601890afd80709"},
		{"etag", "x7Kp2mQ9vR4tW8zL3nB6cY1d"},
		{"versionId", "3sL4kqtJlcpXroDTDmJ+rmSpXd3dIbrHY+MTRCxf3vjVBH40Nr8X8gdRQBpUMLUo"},
		{"thumbprint", "9e99a48a9960b14926bb7f3b02e22da2b0ab7280"},
		{"integrity", "sha384-oqVuAfXRKap7fdgcCY5uykM6+R9GqQ8K/uxy9rx7HNQlGYl1kPzQho1wx4JwY8wC"},
		{"", "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIHsKLqeplhpW+uObz5dvMgjz1OxfM/XXUB+VHtZ6isGN checkout@laptop"},
		{"publicKey", "AAAAC3NzaC1lZDI1NTE5AAAAIHsKLqeplhpW+uObz5dvMgjz1OxfM/XXUB+VHtZ6isGN"},
		{"recipient", "age1ql3z7hjy54pw3hyww5ayyfg7zqgvc7w3j2elw8zmrj2kg5sfn9aqmcac8p"},
		{"", block("PUBLIC KEY", public)},
		{"", block("CERTIFICATE", bytes.Repeat(public, 8))},
		{"", base64.StdEncoding.EncodeToString(public)},
		{"caData", b64(block("CERTIFICATE", bytes.Repeat(public, 8)))},
		{"ciphertext", "AQICAHhwm0YaISJeRtJm5n1G6uqeekXuoXXPe5UFce9Rq8/14wHVtJ9TzTqRbMQ3nZJm"},
		{"password", "AQICAHhwm0YaISJeRtJm5n1G6uqeekXuoXXPe5UFce9Rq8/14wHVtJ9TzTqRbMQ3nZJm"},
		{"passwordHash", "$6$rounds=5000$x7Kp2mQ9$vR4tW8zL3nB6cY1dx7Kp2mQ9vR4tW8zL3nB6cY1d"},
		{"jwks", `{"keys": [{"kty": "RSA", "alg": "RS256", "use": "sig", "e": "AQAB", "n": "ylH1Chl1tpfti3lh51E1g5dPogzXDaQseqjsefGLknaNl5W6Wd4frBhHyE2t41Q5zgz"}]}`},
		{"siteKey", "6LdpMXIpAAAAANkwWQPgEdjEhal7ugkH9RK9ytuw"},
		{"domainVerification", "google-site-verification=x7Kp2mQ9vR4tW8zL3nB6cY1dx7Kp2mQ9vR4tW8zL3nB"},

		// Placeholders and references.
		{"password", "changeme"},
		{"password", "change-me-please"},
		{"password", "<password>"},
		{"password", "your-password-here"},
		{"password", "********"},
		{"password", "[REDACTED]"},
		{"password", "${DB_PASSWORD}"},
		{"password", "$DB_PASSWORD"},
		{"password", "{{resolve:secretsmanager:shop/db:SecretString:password}}"},
		{"password", "op://shop/db/password"},
		{"password", "vault:secret/data/shop#password"},
		{"password", "@Microsoft.KeyVault(SecretUri=https://shop.vault.azure.net/secrets/db/)"},
		{"password", "secretref:db-password"},
		{"password", "ENC[AES256_GCM,data:x7Kp2mQ9vR4t,iv:W8zL3nB6cY1d,tag:AA==,type:str]"},
		{"API_KEY", "AKIA" + "IOSFODNN7EXAMPLE"},
		{"AWS_SECRET_ACCESS_KEY", "wJalrXUtnFEMI/K7MDENG/" + "bPxRfiCYEXAMPLEKEY"},
		{"MANAGE_PASSWORD", "enabled"},
		{"masterPassword", "true"},
		{"", "postgres://${DB_USER}:${DB_PASSWORD}@${DB_HOST}/orders"},
		{"", "postgres://user:password@localhost/orders"},
		{"", "Server=db;User ID=shop;Password=<password>;Encrypt=True"},
		{"", "host=db user=shop password=$DB_PASSWORD"},

		// Documents, scripts, code, prose.
		{"policy", policyDocument},
		{"", b64(policyDocument)},
		{"userData", b64("#!/bin/sh\nset -eu\nexport LOG=info\nexec shop --config /etc/shop.yaml\n")},
		{"", b64("log:\n  level: info\n  format: json\n")},
		{"", packed("#!/bin/sh\nexport LOG=info\nexec shop\n")},
		{"schedule", "rate(30 days)"},
		{"duration", "P28DT6H"},
		{"query", `AZKVAuditLogs | where OperationName == "SecretGet" and HttpStatusCode == 403 | summarize Count = count() by CallerIpAddress, bin(TimeGenerated, 5m)`},
		{"filter", `resource.type="audited_resource" AND protoPayload.methodName="google.cloud.secretmanager.v1.SecretManagerService.AccessSecretVersion"`},
		{"pattern", `{ ($.eventName = "GetSecretValue") && ($.errorCode = "AccessDenied*") }`},
		{"eventPattern", `{"source": ["aws.secretsmanager"], "detail": {"eventName": ["PutSecretValue", "RotateSecret"], "additionalEventData": {"SecretId": [{"prefix": "arn:aws:"}]}}}`},
		{"", `attributes.eventType = "SECRET_ROTATE"`},
		{"", "import os\nimport boto3\n\npassword = os.environ[\"DB_PASSWORD\"]\ntoken = client.get_secret_value(SecretId=name)['SecretString']\nconnect(user=user, password=password)\n"},
		{"", "func main() {\n\tpassword := os.Getenv(\"DB_PASSWORD\")\n\tsecret, err := store.Get(ctx, name)\n\tapiKey := secret.Value\n}\n"},
		{"", "const token = await client.getToken();\nheaders.Authorization = `Bearer ${token}`;\n"},
		{"", "#!/bin/sh\nDB_PASSWORD=$(aws secretsmanager get-secret-value --secret-id shop/db --query SecretString --output text)\nexport DB_PASSWORD\n"},
		{"", "shop migrate --password-file /run/secrets/db --token-url https://login.example.com/token"},
		{"", "shop login --password $DB_PASSWORD"},
		{"", "env:\n  - name: DB_PASSWORD\n    valueFrom:\n      secretKeyRef:\n        name: db-credentials\n        key: password\n"},
		{"", "secretName: shop-db\nsecretKey: password\ntokenTtl: 3600\n"},
		{"description", "The password of the orders database. Rotated each 30 days; token: see the runbook."},
		{"description", "Password must have 12 characters, 1 digit and 1 capital letter"},
		{"password", "The password of the orders database"},
		{"", `[{"name": "DB_PASSWORD", "valueFrom": "arn:aws:ssm:eu-central-1:111122223333:parameter/shop/db-password"}]`},
		{"", `{"password": {"type": "string", "minLength": 12}, "required": ["password"]}`},
		{"tags", "owner=payments,rotation=90d,secret=true"},

		// What only looks like a way to give a value to a name.
		{"", "DB_PASSWORD=\nDB_HOST=db.example.com\n"},
		{"", "DB_PASSWORD=/run/secrets/db1\nDB_SECRET=shop-db1-v2\nTOKEN_URL=https://example.com/1\n"},
		{"", "DB_PASSWORD=__DB_PASSWORD__\nAPI_KEY=%API_KEY%\n"},
		{"", "mysql -u root -p shop"},
		{"", "docker login -u AWS --password-stdin 111122223333.dkr.ecr.eu-central-1.amazonaws.com"},
		{"", "docker run -p 8080:8080 mysql && ssh -p 2222 deploy@203.0.113.7"},
		{"", "docker run --name mysql -p3306:3306 mysql:8"},
		{"", "docker build --secret id=npm,src=.npmrc1 ."},
		{"", "ARG NPM_TOKEN\nRUN npm ci\n"},
		{"", `echo "root:$PASS" | chpasswd`},
		{"", "connect({\n  user: config.user,\n  password: config.password,\n  token: settings.token\n})"},
		{"", "${DB_PASSWORD:?must be set}"},
		{"", "<password>${db.password}</password>"},
		{"", `["--password-file", "/run/x1", "--secret", "shop-db1", "--token", "$(TOKEN)", "--password", "--verbose"]`},
		{"creationStatements", `CREATE ROLE "{{name}}" WITH LOGIN PASSWORD '{{password}}' VALID UNTIL '{{expiration}}'`},
		{"tags", `[{"Key": "Secret", "Value": "shop-db1"}, {"Key": "PasswordRotation", "Value": "30d"}]`},
		{"secret", "k8s-shop-db"},
		{"", "token: default-token-x7k2m"},
		{"token", "azure-native:web:WebAppAuthSettingsV2"},
		{"roleName", "ShopStack-RotatorServiceRoleDefaultPolicy2A3B4C-K1L2M3N4O5P6"},
		{"image", "docker://alpine:3.20@sha256:9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"},
		{"", "https://my-organization-2026@dev.azure.com/my-organization-2026/shop/_git/shop"},
		{"SENTRY_DSN", "https://" + hex32 + "@o123.ingest.example.com/4567"},
		{"STRIPE_PUBLISHABLE_KEY", of("pk", "_live_4eC39HqLyjWDarjtT1zdp7dc")},
		{"records", "v=DKIM1; k=rsa; p=MIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8AMIIBCgKCAQEAx7Kp2mQ9vR4tW8zL3nB6cY1dx7Kp2mQ9vR4tW8zL3nB6cY1d"},
		{"bypass", "on2x4y6z"},
	} {
		if kind, found := leak.Find(c.name, c.text); found {
			t.Errorf("%s = %.120q is taken for %s", c.name, c.text, kind)
		}
	}
}

// Find is safe for concurrent use, also the first time.
func TestConcurrently(t *testing.T) {
	var wait sync.WaitGroup
	for range 8 {
		wait.Go(func() {
			if _, found := leak.Find("", pat); !found {
				t.Error("it passes")
			}
		})
	}
	wait.Wait()
}

func FuzzFind(f *testing.F) {
	f.Add("password", "hunter2")
	f.Add("", `{"a": [[[[[{"name": "x", "value": "y"}]]]]]}`)
	f.Add("", b64("export DB_PASSWORD="+"hunter2"))
	f.Add("", "-----BEGIN CERTIFICATE-----")
	f.Fuzz(func(t *testing.T, name, text string) {
		kind, found := leak.Find(name, text)
		if found != (kind != "") {
			t.Errorf("found is %v, and the kind %q", found, kind)
		}
		if len(text) > 12 && strings.Contains(kind, text) {
			t.Error("the kind has the text")
		}
	})
}

func BenchmarkFindShort(b *testing.B) {
	texts := [][2]string{
		{"name", "shop-db-password"},
		{"kmsKeyId", "alias/shop-secrets"},
		{"description", "The password of the orders database"},
		{"runtime", "provided.al2023"},
		{"role", "arn:aws:iam::111122223333:role/shop"},
		{"LOG_LEVEL", "info"},
		{"DB_SECRET_NAME", "shop/prod/db"},
		{"owner", "payments"},
		{"scope", "/subscriptions/3f2504e0-4f89-41d3-9a0c-0305e82c3301/resourceGroups/shop"},
	}
	b.ReportAllocs()
	for i := 0; b.Loop(); i++ {
		leak.Find(texts[i%len(texts)][0], texts[i%len(texts)][1])
	}
}

func BenchmarkFindMegabyte(b *testing.B) {
	texts := map[string]string{
		"script":  strings.Repeat("export LOG_LEVEL=info # the secret key of datadog is elsewhere, see eyJ and https://example.com/a?b=c\n", 10_000),
		"json":    `{"list": [` + strings.Repeat(`{"name": "TOKEN_URL", "value": "https://example.com/a"},`, 18_000) + `1]}`,
		"nested":  strings.Repeat("[", 1<<20),
		"base64":  b64(strings.Repeat("export LOG_LEVEL=info\n", 36_000)),
		"equals":  strings.Repeat("key=", 1<<18),
		"letters": strings.Repeat("a", 1<<20),
	}
	for name, text := range texts {
		b.Run(name, func(b *testing.B) {
			for b.Loop() {
				leak.Find("", text)
			}
		})
	}
}
