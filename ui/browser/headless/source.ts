import type {
  CredentialAssertion,
  CredentialAssertionResponse,
} from "../../../lib/wire/webauthn.ts";
import { browserPause, follow } from "../api/follow.ts";
import { ApiProblem, hasStatus } from "../api/problem.ts";
import type { WebApi } from "../api/web_api.ts";
import { randomFraction } from "../platform.ts";
import { apiErrorWords } from "../words/api_words.ts";
import type { Words } from "../words/words.ts";
import { Fields } from "../api/fields.ts";
import { type HeadlessRequest, parseRequestEvent } from "./request.ts";

/** HTTP status of the codes that a stream's `problem` tells, as far as the page tells them apart. */
const STATUS: Readonly<Record<string, number>> = {
  not_found: 404,
  bad_parameter: 400,
  access_denied: 403,
  limit_exceeded: 429,
};

/** News of a request. After `signed_out`, `not_found` and `refused`, and after a state that is final, no more come. */
export type RequestNews =
  | { type: "request"; request: HeadlessRequest; nowMs: number }
  | { type: "lost" }
  | { type: "not_found" }
  | { type: "refused"; problem: Words }
  | { type: "signed_out" };

/** Where a request comes from and where its answer goes: the cluster's web API, or a tool's page on localhost. */
export interface RequestSource {
  /** Tells `listener` what becomes of the request until there is nothing more to tell or `signal` aborts. */
  follow(listener: (news: RequestNews) => void, signal: AbortSignal): Promise<void>;
  /** A challenge whose answer approves. */
  challenge(signal: AbortSignal): Promise<CredentialAssertion>;
  approve(answer: CredentialAssertionResponse): Promise<void>;
  reject(): Promise<void>;
  /** Whether the person who looks is still signed in. */
  signedIn(): Promise<boolean>;
}

/** The request `id` on the cluster that sent the page. */
export function webRequestSource(api: WebApi, id: string): RequestSource {
  const signedIn = async (): Promise<boolean> => await api.currentUser() !== undefined;
  return {
    challenge: (signal) => api.approvalChallenge(signal),
    approve: (answer) => api.approveHeadless(id, answer),
    reject: () => api.rejectHeadless(id),
    signedIn,
    follow(listener, signal) {
      let seen = false;
      const end = (news: RequestNews): "end" => {
        listener(news);
        return "end";
      };
      const refused = async (problem: ApiProblem): Promise<"retry" | "end"> => {
        if (hasStatus(problem, 400, 404)) return end({ type: "not_found" });
        // A page that shows the request tries again by itself.
        if (hasStatus(problem, 429) && !seen) {
          return end({ type: "refused", problem: apiErrorWords(problem) });
        }
        if (!hasStatus(problem, 401, 403)) return "retry";
        return end({ type: await signedIn() ? "not_found" : "signed_out" });
      };
      // A stream that has begun can only tell its end as an event.
      const problemNews = async (data: string): Promise<"continue" | "end"> => {
        const fields = new Fields(JSON.parse(data));
        const status = STATUS[fields.text("code")] ?? 500;
        const answer = await refused(new ApiProblem(status, fields.optionalText("message") ?? ""));
        return answer === "end" ? "end" : "continue";
      };
      return follow(
        {
          open: (attempt) => api.openHeadlessEvents(id, attempt),
          pause: browserPause,
          random: randomFraction,
        },
        {
          event({ type, data }) {
            if (type === "problem") return problemNews(data);
            if (type !== "request") return "continue";
            const news = parseRequestEvent(data);
            seen = true;
            listener({ type: "request", ...news });
            return news.request.state === "pending" ? "continue" : "end";
          },
          refused,
          lost: () => listener({ type: "lost" }),
        },
        signal,
      );
    },
  };
}
