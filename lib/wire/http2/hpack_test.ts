import assert from "node:assert/strict";
import fc from "fast-check";
import { ErrorCode } from "./frames.ts";
import { encodeHeaders, HeaderDecoder } from "./hpack.ts";
import type { Header } from "./hpack_table.ts";
import { decodeHuffman } from "./huffman.ts";

const decoder = (maxTableBytes = 4096, maxListBytes = 32_768) =>
  new HeaderDecoder({ maxTableBytes, maxListBytes });
const bytes = (hex: string) => Uint8Array.fromHex(hex.replaceAll(/\s/g, ""));
const compressionError = { code: ErrorCode.COMPRESSION_ERROR };

// RFC 7541 appendix C.3 and C.4: three requests on one connection, without and with Huffman code.
const REQUESTS: Header[][] = [
  [[":method", "GET"], [":scheme", "http"], [":path", "/"], [":authority", "www.example.com"]],
  [
    [":method", "GET"],
    [":scheme", "http"],
    [":path", "/"],
    [":authority", "www.example.com"],
    ["cache-control", "no-cache"],
  ],
  [
    [":method", "GET"],
    [":scheme", "https"],
    [":path", "/index.html"],
    [":authority", "www.example.com"],
    ["custom-key", "custom-value"],
  ],
];
const REQUEST_BLOCKS = {
  plain: [
    "8286 8441 0f77 7777 2e65 7861 6d70 6c65 2e63 6f6d",
    "8286 84be 5808 6e6f 2d63 6163 6865",
    "8287 85bf 400a 6375 7374 6f6d 2d6b 6579 0c63 7573 746f 6d2d 7661 6c75 65",
  ],
  huffman: [
    "8286 8441 8cf1 e3c2 e5f2 3a6b a0ab 90f4 ff",
    "8286 84be 5886 a8eb 1064 9cbf",
    "8287 85bf 4088 25a8 49e9 5ba9 7d7f 8925 a849 e95b b8e8 b4bf",
  ],
};

// RFC 7541 appendix C.5 and C.6: three responses with a table of 256 bytes, so that entries are evicted.
const RESPONSES: Header[][] = [
  [
    [":status", "302"],
    ["cache-control", "private"],
    ["date", "Mon, 21 Oct 2013 20:13:21 GMT"],
    ["location", "https://www.example.com"],
  ],
  [
    [":status", "307"],
    ["cache-control", "private"],
    ["date", "Mon, 21 Oct 2013 20:13:21 GMT"],
    ["location", "https://www.example.com"],
  ],
  [
    [":status", "200"],
    ["cache-control", "private"],
    ["date", "Mon, 21 Oct 2013 20:13:22 GMT"],
    ["location", "https://www.example.com"],
    ["content-encoding", "gzip"],
    ["set-cookie", "foo=ASDJKHQKBZXOQWEOPIUAXQWEOIU; max-age=3600; version=1"],
  ],
];
const RESPONSE_BLOCKS = {
  plain: [
    `4803 3330 3258 0770 7269 7661 7465 611d 4d6f 6e2c 2032 3120 4f63 7420 3230 3133 2032 303a 3133 3a32 3120 474d 546e
     1768 7474 7073 3a2f 2f77 7777 2e65 7861 6d70 6c65 2e63 6f6d`,
    "4803 3330 37c1 c0bf",
    `88c1 611d 4d6f 6e2c 2032 3120 4f63 7420 3230 3133 2032 303a 3133 3a32 3220 474d 54c0 5a04 677a 6970 7738 666f 6f3d
     4153 444a 4b48 514b 425a 584f 5157 454f 5049 5541 5851 5745 4f49 553b 206d 6178 2d61 6765 3d33 3630 303b 2076 6572
     7369 6f6e 3d31`,
  ],
  huffman: [
    `4882 6402 5885 aec3 771a 4b61 96d0 7abe 9410 54d4 44a8 2005 9504 0b81 66e0 82a6 2d1b ff6e 919d 29ad 1718 63c7 8f0b
     97c8 e9ae 82ae 43d3`,
    "4883 640e ffc1 c0bf",
    `88c1 6196 d07a be94 1054 d444 a820 0595 040b 8166 e084 a62d 1bff c05a 839b d9ab 77ad 94e7 821d d7f2 e6c7 b335 dfdf
     cd5b 3960 d5af 2708 7f36 72c1 ab27 0fb5 291f 9587 3160 65c0 03ed 4ee5 b106 3d50 07`,
  ],
};

Deno.test.each([
  { name: "C.3", blocks: REQUEST_BLOCKS.plain, lists: REQUESTS, table: 4096 },
  { name: "C.4", blocks: REQUEST_BLOCKS.huffman, lists: REQUESTS, table: 4096 },
  { name: "C.5", blocks: RESPONSE_BLOCKS.plain, lists: RESPONSES, table: 256 },
  { name: "C.6", blocks: RESPONSE_BLOCKS.huffman, lists: RESPONSES, table: 256 },
])("HeaderDecoder reads RFC 7541's example $name", ({ blocks, lists, table }) => {
  const reader = decoder(table);
  for (const [i, block] of blocks.entries()) {
    assert.deepEqual(reader.decode(bytes(block)), lists[i]);
  }
});

Deno.test("HeaderDecoder reads RFC 7541's examples C.2 of single fields", () => {
  const cases: [block: string, header: Header][] = [
    ["400a 6375 7374 6f6d 2d6b 6579 0d63 7573 746f 6d2d 6865 6164 6572", [
      "custom-key",
      "custom-header",
    ]],
    ["040c 2f73 616d 706c 652f 7061 7468", [":path", "/sample/path"]],
    ["1008 7061 7373 776f 7264 0673 6563 7265 74", ["password", "secret"]],
    ["82", [":method", "GET"]],
  ];
  for (const [block, header] of cases) assert.deepEqual(decoder().decode(bytes(block)), [header]);
});

const name = fc.stringMatching(/^:?[a-z0-9-]{1,20}$/);
const value = fc.string({
  unit: fc.integer({ min: 0x20, max: 0xff }).map((code) => String.fromCharCode(code)),
});

Deno.test("HeaderDecoder reads what encodeHeaders() wrote", () => {
  const reader = decoder();
  const known = fc.constantFrom<Header>(
    [":method", "POST"],
    [":status", "200"],
    ["te", "trailers"],
    ["cookie", "a=b"],
  );
  const list = fc.array(fc.oneof(known, fc.tuple(name, value)), { maxLength: 20 });
  fc.assert(fc.property(list, (headers) => {
    assert.deepEqual(
      reader.decode(encodeHeaders(headers)),
      headers.map(([name, value]) => [name, value]),
    );
  }));
  const long: Header[] = [["grpc-message", "x".repeat(20_000)]];
  assert.deepEqual(reader.decode(encodeHeaders(long)), long);
});

Deno.test("encodeHeaders() uses the static table, and marks secrets as never to be stored", () => {
  assert.equal(encodeHeaders([[":method", "POST"], [":status", "200"]]).toHex(), "8388");
  assert.equal(encodeHeaders([["authorization", "x"]]).toHex(), "1f080178");
  assert.throws(() => encodeHeaders([["a", "日"]]), TypeError);
});

Deno.test("HeaderDecoder refuses what is malformed", () => {
  const bad = {
    "index 0": "80",
    "index past both tables": "be",
    "name index past both tables": "7f00 0161",
    "string past the end": "0001 6105 61",
    "block cut in an integer": "ff",
    "integer without end": "ff ffff ffff ffff ffff ffff",
    "EOS in a Huffman string": "0001 6184 ffff ffff",
    "Huffman padding of zeros": "0001 6181 00",
    "Huffman padding of eight ones": "0001 6182 1fff",
    "table larger than allowed": "3fe2 1f",
    "size of the table after a header": "82 20",
  };
  for (const [what, block] of Object.entries(bad)) {
    assert.throws(() => decoder().decode(bytes(block)), compressionError, what);
  }
});

Deno.test("a table that is made smaller forgets its oldest entries", () => {
  const reader = decoder();
  reader.decode(bytes("4001 6101 31"));
  reader.decode(bytes("4001 6201 32"));
  assert.deepEqual(reader.decode(bytes("be bf")), [["b", "2"], ["a", "1"]]);
  assert.deepEqual(reader.decode(bytes("3f03 be")), [["b", "2"]]);
  assert.throws(() => reader.decode(bytes("bf")), compressionError);
  assert.deepEqual(reader.decode(bytes("20 3f03 82")), [[":method", "GET"]]);
  assert.throws(() => reader.decode(bytes("be")), compressionError);
});

Deno.test("a small block cannot become a large list", () => {
  const reader = decoder();
  const filler = encodeHeaders([["x", "y".repeat(3000)]]);
  // The same header, with indexing: 0x40 in place of 0x00.
  filler[0] = 0x40;
  reader.decode(filler);
  assert.throws(() => reader.decode(new Uint8Array(1000).fill(0xbe)), {
    code: ErrorCode.ENHANCE_YOUR_CALM,
  });
});

Deno.test("HeaderDecoder never throws anything but a connection error", () => {
  fc.assert(
    fc.property(fc.array(fc.uint8Array({ maxLength: 60 }), { maxLength: 5 }), (blocks) => {
      const reader = decoder(200);
      for (const block of blocks) {
        try {
          reader.decode(block);
        } catch (error) {
          assert.equal((error as Error).name, "ConnectionError");
          return;
        }
      }
    }),
    { numRuns: 2000 },
  );
});

// The bytes 0 to 255 in their order, encoded by golang.org/x/net/http2/hpack 0.10.0.
const ALL_BYTES = [
  "ffc7fffd8fffffe2fffffe3fffffe4fffffe5fffffe6fffffe7fffffe8ffffeafffffff3fffffa7fffffabffffffdfffffeb",
  "fffffecfffffedfffffeefffffefffffff0ffffff1ffffff2fffffffbfffffcffffffd3fffffd7fffffdbfffffdffffffe3f",
  "ffffe7fffffebfffffed4fe3f9ffaffcabf1febfafefe7fdfd2cbb00089969b71d79fb9f7fff20ffbff3ff50ddbd7f061c58",
  "f265cd9f469d5af66dddbf871e5f9cff7ff7fffc3ff9ffe45fff4719242cb34e6e9d68a6a3d7dac426defe3cfaf7fffbfe7f",
  "fbffdffffffcfffe6ffff4bfff9ffffa3fffd3ffff53fffd5ffffb3fffeb7fffdaffffb7ffff73fffeeffffdeffffebffffb",
  "fffffd9ffffdbfffebffffe0ffffeeffffc3ffff8bffff1ffffe4fffee7fffb1ffff97fffd9ffffcdffff9fffffbffffdaff",
  "feeffff4ffffb7fffee7fffe8ffffd3fffdeffffd5fffeeffffbdffffe1fffdfffff7fffff5ffffecffff07fff87fffe0fff",
  "f17fffedffff87ffff77fffeffffeaffff8bfffe3ffff93ffff87fffcbffff37ffff1fffff83ffffe1fffebfffe3ffff3fff",
  "ff2ffffa3ffffd9fffff17ffffc7fffff27ffffdefffffbffffff2fffff8fffffb7fff97fff8fffffe6fffffc1fffff87fff",
  "fe7fffffc5ffffe5fffe4ffff2fffffd1fffff4ffffffefffffe3fffffc9fffff97fffb3ffffcffffb7fffcdffff4ffff9ff",
  "ffd1ffffcffffeaffffafffffddffffeffffff4fffff5fffffabffffa7ffffd7fffff9bffffecfffffb7fffff3fffffe8fff",
  "ffd3fffffabfffff5fffffff7ffffecfffffdbfffffbbfffff7ffffff0fffffbbf",
].join("");

Deno.test("decodeHuffman() knows the code of every byte", () => {
  const text = String.fromCharCode(...Array.from({ length: 256 }, (_, i) => i));
  assert.equal(decodeHuffman(bytes(ALL_BYTES)), text);
  assert.equal(decodeHuffman(new Uint8Array()), "");
});
