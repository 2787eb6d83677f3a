import { ApiProblem } from "../api/problem.ts";
import { durationWords } from "./time_words.ts";
import type { Words } from "./words.ts";

/** A server's message as a sentence: it speaks like a program, in lower case and without a full stop. */
function sentence(message: string): string {
  const text = message.trim();
  if (text === "") return "The cluster refused.";
  const capital = text.charAt(0).toUpperCase() + text.slice(1);
  return /[.!?…]$/.test(capital) ? capital : `${capital}.`;
}

/** Puts a failed call into words. `refused` says what a 401 or 403 means here. */
export function apiErrorWords(error: unknown, { refused }: { refused?: Words } = {}): Words {
  if (!(error instanceof ApiProblem)) {
    return {
      said: "Something on this page went wrong.",
      next: "Load the page again. If it stays, tell your administrator.",
    };
  }
  if (error.status === 0) {
    return {
      said: "The cluster cannot be reached.",
      next: "Check the network connection and try again.",
    };
  }
  if (error.status === 429) {
    return {
      said: "Too many tries.",
      next: error.retryAfterSeconds === undefined
        ? "Wait a minute, then try again."
        : `Try again in ${durationWords(error.retryAfterSeconds * 1000)}.`,
    };
  }
  if (refused !== undefined && (error.status === 401 || error.status === 403)) return refused;
  if (error.status >= 500) {
    return {
      said: "The cluster could not do that.",
      next: "Try again. If it stays, tell your administrator.",
    };
  }
  return { said: sentence(error.message), next: "" };
}
