import { h } from "../core/dom.ts";
import type { IconName } from "../core/icons.ts";
import { detail, requestId, statement } from "../core/parts.ts";
import type { Part } from "../core/region.ts";
import { clockWords } from "../words/time_words.ts";
import type { Answered, HeadlessState } from "./machine.ts";
import type { HeadlessRequest } from "./request.ts";

/** An outcome's words. */
export interface OutcomeWords {
  picture: IconName;
  tone: "good" | "plain" | "problem";
  title: string;
  /** Paragraphs: what it means here and in the terminal, and what to do next. */
  body: string[];
}

const NOT_YOU = "If you did not start that command, contact your administrator.";

/** What became of a request, in words. `clock` says a time of day. */
export function outcomeWords(
  { request, by }: Pick<Answered, "request" | "by">,
  clock: (epochMs: number) => string,
): OutcomeWords {
  const when = request.endedAtMs === undefined ? "" : ` at ${clock(request.endedAtMs)}`;
  const elsewhere = by === "elsewhere" ? ", in another window or another program" : "";
  switch (request.state) {
    case "approved":
      return by === "here" ? APPROVED_HERE : {
        picture: "check",
        tone: "plain",
        title: "Already approved",
        body: [
          `This request was approved${when}${withDevice(request)}${elsewhere}.`,
          "The command goes on in its terminal. If it was not you who approved it, contact your " +
          "administrator at once.",
        ],
      };
    case "denied":
      return by === "here" ? REJECTED_HERE : {
        picture: "cross",
        tone: "plain",
        title: "Already rejected",
        body: [
          `This request was rejected${when}${elsewhere}.`,
          "The command has ended. To try once more, run it again and open the new link.",
        ],
      };
    case "withdrawn":
      return {
        picture: "unplugged",
        tone: "plain",
        title: "The command no longer waits",
        body: [
          `It was stopped in its terminal${when}, or lost its connection. Nothing was approved.`,
          `To try once more, run it again and open the new link. ${NOT_YOU}`,
        ],
      };
    case "expired":
    case "pending":
      return {
        picture: "clock",
        tone: "plain",
        title: "The request has expired",
        body: [
          `Nobody answered it in time${when && `: it ended${when}`}. Nothing was approved.`,
          `To try once more, run the command again and open the new link. ${NOT_YOU}`,
        ],
      };
  }
}

const APPROVED_HERE: OutcomeWords = {
  picture: "check",
  tone: "good",
  title: "Command has been approved",
  body: ["You can now return to your terminal.", "This page is done, you may close it."],
};

const REJECTED_HERE: OutcomeWords = {
  picture: "cross",
  tone: "plain",
  title: "Request has been rejected",
  body: [
    "The command was told and has ended.",
    "If it was not you who started it, contact your administrator: someone knows your user name " +
    "and may try again. If it was you, run it again and open the new link.",
  ],
};

function withDevice(request: HeadlessRequest): string {
  return request.deviceName === undefined ? "" : ` with your key “${request.deviceName}”`;
}

/** The screen of an outcome. */
export function outcomeStatement(state: Answered): Part<HeadlessState> {
  const words = outcomeWords(state, (ms) => clockWords(ms, { seconds: true }));
  return statement({
    picture: words.picture,
    tone: words.tone,
    title: words.title,
    body: [
      ...words.body,
      h(
        "dl",
        { class: "details" },
        detail("User", state.request.user),
        detail("From", h("span", { class: "address" }, state.request.clientAddress)),
        detail("Request", requestId(state.request.id)),
      ),
    ],
  });
}
