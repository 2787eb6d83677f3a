import assert from "node:assert/strict";
import { follow, retryWaitMs, type StreamHandler } from "./follow.ts";
import { ApiProblem } from "./problem.ts";

Deno.test("waits double up to eight seconds, and are spread by a quarter", () => {
  const waits = [1, 2, 3, 4, 5, 6, 50].map((failures) => retryWaitMs(failures, 0.5));
  assert.deepEqual(waits, [500, 1000, 2000, 4000, 8000, 8000, 8000]);
  assert.equal(retryWaitMs(5, 0), 6000);
  assert.ok(retryWaitMs(5, 0.999) < 10_000);
});

/** Follows scripted answers and tells what happened; each pause lasts no time. */
async function scenario(
  answers: (Response | ApiProblem | Error)[],
  handler: Partial<StreamHandler> = {},
): Promise<string[]> {
  const seen: string[] = [];
  const stop = new AbortController();
  await follow(
    {
      open() {
        const answer = answers.shift();
        if (answer === undefined) {
          stop.abort();
          return Promise.reject(new Error("no more answers"));
        }
        return answer instanceof Response ? Promise.resolve(answer) : Promise.reject(answer);
      },
      pause: (ms) => {
        seen.push(`pause ${ms}`);
        return Promise.resolve();
      },
      random: () => 0.5,
    },
    {
      event({ data }) {
        seen.push(data);
        return data === "last" ? "end" : "continue";
      },
      refused(problem) {
        seen.push(`refused ${problem.status}`);
        return "retry";
      },
      lost: () => seen.push("lost"),
      ...handler,
    },
    stop.signal,
  );
  return seen;
}

Deno.test("a stream that breaks is opened again; an event starts the waits anew", async () => {
  const seen = await scenario([
    new ApiProblem(0, "no answer"),
    new ApiProblem(0, "no answer"),
    new Response("data: first\n\n"),
    new Response("data: last\n\n"),
  ]);
  assert.deepEqual(
    seen,
    ["lost", "pause 500", "lost", "pause 1000", "first", "lost", "pause 500", "last"],
  );
});

Deno.test("a refusal can end it or be tried again", async () => {
  assert.deepEqual(
    await scenario([new ApiProblem(502, ""), new Response("data: last\n\n")]),
    ["refused 502", "lost", "pause 500", "last"],
  );
  assert.deepEqual(await scenario([new ApiProblem(404, "")], { refused: () => "end" }), []);
});

Deno.test("aborting ends it without another word", async () => {
  assert.deepEqual(await scenario([]), []);
});

Deno.test("a message that makes no sense counts as a broken connection", async () => {
  const seen = await scenario([new Response("data: x\n\n"), new Response("data: last\n\n")], {
    event({ data }) {
      if (data === "x") JSON.parse(data);
      return "end";
    },
  });
  assert.deepEqual(seen, ["lost", "pause 500"]);
});
