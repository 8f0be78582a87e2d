package mysql

import "testing"

func TestDefine(t *testing.T) {
	a := account{"o`a", "10.%"}
	for shown, want := range map[string]definition{
		"IDENTIFIED BY PASSWORD '*AB'":                                                     {plugin: native},
		"IDENTIFIED BY PASSWORD '*AB' REQUIRE SSL WITH MAX_USER_CONNECTIONS 5":             {native, "", " REQUIRE SSL WITH MAX_USER_CONNECTIONS 5"},
		"IDENTIFIED VIA ed25519 USING 'x' OR unix_socket OR gssapi USING 'y' REQUIRE X509": {"ed25519", " OR unix_socket OR gssapi USING 'y'", " REQUIRE X509"},
		"IDENTIFIED VIA unix_socket":                                                       {},
	} {
		if got, _ := define("CREATE USER `o``a`@`10.%` "+shown, a, true); got != want {
			t.Errorf("MariaDB: %s: %+v, want %+v", shown, got, want)
		}
	}
	for shown, want := range map[string]definition{
		"IDENTIFIED WITH 'caching_sha2_password' AS '$A$005$'' AS \n' REQUIRE NONE PASSWORD REQUIRE CURRENT DEFAULT": {
			"caching_sha2_password", "", " REQUIRE NONE PASSWORD REQUIRE CURRENT DEFAULT",
		},
		"IDENTIFIED WITH 'mysql_native_password' AS '*AB' DEFAULT ROLE `r`@`%` REQUIRE SSL": {native, "", " DEFAULT ROLE `r`@`%` REQUIRE SSL"},
		"IDENTIFIED WITH 'caching_sha2_password' REQUIRE NONE":                              {"caching_sha2_password", "", " REQUIRE NONE"},
	} {
		if got, _ := define("CREATE USER `o``a`@`10.%` "+shown, a, false); got != want {
			t.Errorf("MySQL: %q: %+v, want %+v", shown, got, want)
		}
	}
	if _, ok := define("CREATE USER `other`@`%` IDENTIFIED BY PASSWORD '*AB'", a, true); ok {
		t.Error("another account's definition was taken")
	}
}

func TestRegrant(t *testing.T) {
	from, to := account{"a", "%"}, account{"b`", "10.%"}
	for line, want := range map[string]string{
		"GRANT USAGE ON *.* TO `a`@`%` IDENTIFIED BY PASSWORD '*AB' REQUIRE SSL WITH GRANT OPTION": "GRANT USAGE ON *.* TO `b```@`10.%` REQUIRE SSL WITH GRANT OPTION",
		"GRANT USAGE ON *.* TO `a`@`%` IDENTIFIED VIA ed25519 USING 'x' OR unix_socket":            "GRANT USAGE ON *.* TO `b```@`10.%`",
		"GRANT SELECT ON ` TO ``a``@``%``` .* TO `a`@`%`":                                          "GRANT SELECT ON ` TO ``a``@``%``` .* TO `b```@`10.%`",
		"SET DEFAULT ROLE `r` FOR `a`@`%`":                                                         "SET DEFAULT ROLE `r` FOR `b```@`10.%`",
		"REVOKE SELECT ON `x`.* FROM `a`@`%`":                                                      "REVOKE SELECT ON `x`.* FROM `b```@`10.%`",
		"GRANT PROXY ON ''@'' TO 'a'@'%'":                                                          "",
	} {
		if got, ok := regrant(line, from, to); got != want || ok != (want != "") {
			t.Errorf("%s:\n%s\nwant\n%s", line, got, want)
		}
	}
}
