import assert from "node:assert/strict";
import { includedDirectory } from "./drop_in.ts";
import { parseEffectiveConfig } from "./effective_config.ts";

Deno.test("includedDirectory() finds the directory that counts for everybody", () => {
  const cases: [config: string, directory: string | undefined][] = [
    ["Include /etc/ssh/sshd_config.d/*.conf\nPort 22\n", "/etc/ssh/sshd_config.d"],
    ["# Include /a/*.conf\n\n  include   /b/*.conf\n", "/b"],
    ['Include "/with space/*.conf"\n', "/with space"],
    ["Include=/c/*.conf\n", "/c"],
    ["Include local.conf sshd_config.d/*.conf\n", "/etc/ssh/sshd_config.d"],
    ["Include /etc/ssh/one.conf\n", undefined],
    ["Include /etc/*/x/*.conf\n", undefined],
    ["Match User bob\nInclude /d/*.conf\n", undefined],
    ["", undefined],
  ];
  for (const [config, directory] of cases) {
    assert.equal(includedDirectory(config), directory, config);
  }
});

Deno.test("parseEffectiveConfig() reads what sshd -T prints", () => {
  const text = "port 2222\nport 22\nhostkey /a\nhostkey /b\npidfile /run/sshd.pid\n" +
    "trustedusercakeys none\nauthorizedprincipalscommand /bin/x %u\nhostkeyagent none\n" +
    "authorizedprincipalscommanduser root\nauthorizedprincipalsfile /x/%u\n";
  assert.deepEqual(parseEffectiveConfig(text), {
    hostKeys: ["/a", "/b"],
    port: 2222,
    pidFile: "/run/sshd.pid",
    authorizedPrincipalsCommand: "/bin/x %u",
    authorizedPrincipalsCommandUser: "root",
    authorizedPrincipalsFile: "/x/%u",
  });
  assert.deepEqual(parseEffectiveConfig(""), { hostKeys: [], port: 22 });
});
