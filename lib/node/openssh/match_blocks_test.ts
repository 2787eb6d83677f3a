import assert from "node:assert/strict";
import { findDecidingMatch } from "./match_blocks.ts";

/** Where it is found among files, whose first one is the configuration; `DIR` stands for their directory. */
async function found(files: Record<string, string>): Promise<string | undefined> {
  const folder = await Deno.makeTempDir({ prefix: "latchkey-match-" });
  try {
    for (const [name, text] of Object.entries(files)) {
      await Deno.mkdir(`${folder}/${name}`.replace(/\/[^/]*$/, ""), { recursive: true });
      await Deno.writeTextFile(`${folder}/${name}`, text.replaceAll("DIR", folder));
    }
    const line = await findDecidingMatch(`${folder}/${Object.keys(files)[0]}`);
    return line && `${line.file.slice(folder.length + 1)}:${line.line} ${line.text}`;
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

Deno.test("findDecidingMatch() finds what a Match block decides, however it is written", async () => {
  const cases: [text: string, found: string][] = [
    ["Match User root\n  AuthorizedPrincipalsFile /x\n", "2 AuthorizedPrincipalsFile /x"],
    ["Match all\n\nAuthorizedPrincipalsCommand /x\n", "3 AuthorizedPrincipalsCommand /x"],
    ["match=all\nauthorizedprincipalscommanduser=bob", "2 authorizedprincipalscommanduser=bob"],
    ["\tMATCH all\r\n\tTRUSTEDUSERCAKEYS\t/x\r\n", "2 TRUSTEDUSERCAKEYS\t/x"],
    ['"Match" all\nTrusted"UserCAKeys" /x\n', '2 Trusted"UserCAKeys" /x'],
    ["=Match all\n= TrustedUserCAKeys /x\n", "2 = TrustedUserCAKeys /x"],
  ];
  for (const [text, at] of cases) assert.equal(await found({ a: text }), `a:${at}`, text);
});

Deno.test("findDecidingMatch() leaves everything else to the machine", async () => {
  const cases = [
    "",
    "AuthorizedPrincipalsFile /x\nTrustedUserCAKeys /y\n",
    "AuthorizedPrincipalsFile /x\nMatch User bob\nPermitTTY no\nAuthorizedKeysFile /y\n",
    "Match User bob\n# AuthorizedPrincipalsFile /x\n",
    "#Match User bob\nAuthorizedPrincipalsFile /x\n",
    "Include DIR/missing DIR/none*/*.conf\n",
  ];
  for (const text of cases) assert.equal(await found({ a: text }), undefined, text);
});

Deno.test("findDecidingMatch() follows what is included, as sshd does", async () => {
  const line = "TrustedUserCAKeys /x";
  const block = `Match all\n${line}\n`;
  for (
    const include of [
      "DIR/d/*.conf",
      '"DIR/d/my file.conf"',
      "DIR/d/my\\ file.conf",
      "'DIR/d/my file.conf'",
      "DIR/none.conf DIR/?/my*[[:alpha:]].conf",
      "DIR/*/*.con[a-f]",
    ]
  ) {
    const files = { a: `Include ${include}\n`, "d/my file.conf": block };
    assert.equal(await found(files), `d/my file.conf:2 ${line}`, include);
  }
  const deep = { a: "Include DIR/b\n", b: "\nInclude DIR/c\n", c: block };
  assert.equal(await found(deep), `c:2 ${line}`);
  // A block goes on in a file that it includes, and ends with the file that it is in.
  assert.equal(await found({ a: "Match all\nInclude DIR/b\n", b: line }), `b:1 ${line}`);
  assert.equal(await found({ a: `Include DIR/b\n${line}\n`, b: "Match all\n" }), undefined);
  assert.equal(await found({ a: "Include DIR/d/*\n", "d/.hidden": block }), undefined);
  assert.equal(await found({ a: "Include DIR/*.conf\n", "b.conf.old": block }), undefined);
  assert.equal(await found({ a: "Include DIR/a\n" }), undefined);
});
