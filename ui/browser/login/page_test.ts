import assert from "node:assert/strict";
import { loginReason } from "./page.ts";

Deno.test("the sign-in page says why one is here when it is for a request or an ended session", () => {
  const request = "/web/headless/86172f78-af7c-5935-a7c1-ed06b94f17dc";
  assert.equal(loginReason("/web", false), undefined);
  assert.match(loginReason(request, false)!, /request that is waiting/);
  assert.match(loginReason("/web", true)!, /session has ended/);
  assert.match(loginReason(request, true)!, /session has ended.*request that is waiting/);
});
