import assert from "node:assert/strict";
import { formatTable } from "./table.ts";

const COLUMNS = [{ title: "Node Name" }, { title: "Address" }, { title: "Labels", givesWay: true }];

/** Nodes and tables that a tsh of Teleport 14 printed for them; its blanks at the ends of lines are left out. */
const NODES = [
  ["db-prod", "10.0.1.10:2222", "env=prod,team=data base"],
  [
    "many-labels.example.com",
    "10.0.2.10:22",
    "l01=value-one,l02=value-two,l03=value-three,l04=value-four,l05=value-five,l06=value-six",
  ],
  ["server01", "127.0.0.1:3022", "arch=x86_64"],
];

Deno.test("formatTable() draws the guide's table", () => {
  const rows = [["server01", "127.0.0.1:3022", "arch=x86_64"]];
  assert.equal(
    formatTable(COLUMNS, rows),
    "Node Name Address        Labels\n" +
      "--------- -------------- -----------\n" +
      "server01  127.0.0.1:3022 arch=x86_64\n",
  );
});

Deno.test("formatTable() cuts what gives way in a terminal of 80 columns, as tsh does", () => {
  assert.equal(
    formatTable(COLUMNS, NODES, { columns: 80 }),
    `\
Node Name               Address        Labels
----------------------- -------------- ----------------------------------------
db-prod                 10.0.1.10:2222 env=prod,team=data base
many-labels.example.com 10.0.2.10:22   l01=value-one,l02=value-two,l03=value...
server01                127.0.0.1:3022 arch=x86_64
`,
  );
});

Deno.test("formatTable() cuts long names, too, in a terminal of 60 columns, as tsh does", () => {
  assert.equal(
    formatTable(COLUMNS, NODES, { columns: 60 }),
    `\
Node Name                 Address        Labels
------------------------- -------------- ------------------
db-prod                   10.0.1.10:2222 env=prod,team=d...
many-labels.example.co... 10.0.2.10:22   l01=value-one,l...
server01                  127.0.0.1:3022 arch=x86_64
`,
  );
});

Deno.test("formatTable() cuts nothing in a pipe", () => {
  const table = formatTable(COLUMNS, NODES);
  assert.ok(table.includes(NODES[1]![2]!));
  assert.ok(!table.includes("..."));
});

Deno.test("formatTable() fits every line into terminals of any size", () => {
  for (let columns = 40; columns < 200; columns++) {
    for (const line of formatTable(COLUMNS, NODES, { columns }).split("\n")) {
      assert.ok(line.length <= columns, `${columns}: ${line}`);
    }
  }
});

Deno.test("formatTable() draws a head when there are no rows", () => {
  assert.equal(formatTable(COLUMNS, []), "Node Name Address Labels\n--------- ------- ------\n");
});

Deno.test("formatTable() lines up wide characters", () => {
  assert.equal(
    formatTable([{ title: "Name" }, { title: "Address" }], [["サーバー", "a:1"], ["x", "b:2"]]),
    "Name     Address\n-------- -------\nサーバー a:1\nx        b:2\n",
  );
});

Deno.test("formatTable() lets no cell steer the terminal", () => {
  const table = formatTable(COLUMNS, [["a\x1b[2J", "b\nc", "d=\u202ee"]]);
  // deno-lint-ignore no-control-regex
  assert.doesNotMatch(table, /[\u0000-\u0009\u000b-\u001f\u202e]/);
  assert.equal(table.split("\n").length, 4);
});
